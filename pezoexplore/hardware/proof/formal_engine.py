"""Formal proofs of the perturbation engine and the modules it is made of."""

from __future__ import annotations

from pezoexplore.hardware.proof.formal_proof import Edit, Proof, Property
from pezoexplore.hardware.proof.formal_signs import SIGN_PROOFS

_AXIS_SLICE = Proof(
    module="axis_slice",
    checker="axis_slice_properties",
    sources=("axis_slice.v",),
    properties=(
        Property(
            "held",
            "While valid && !ready, data are stable.",
            Edit("axis_slice.v", "= !shown_full_q || out_ready", "= 1'b1"),
        ),
        Property(
            "in_order",
            "The n-th beat that leaves is the n-th that came in: none is altered, doubled or "
            "passed by another.",
            Edit("axis_slice.v", "spare_full_q ? spare_q : in_data", "in_data"),
        ),
        Property(
            "none_lost",
            "A beat is shown exactly while more came in than left, and at most two are inside.",
            Edit(
                "axis_slice.v",
                "(!shown_free || spare_full_q || in_valid)",
                "(!shown_free || in_valid)",
            ),
        ),
        Property(
            "ready",
            "As long as the spare entry is free, a beat can come in.",
            Edit("axis_slice.v", "= !spare_full_q;", "= !spare_full_q && !shown_full_q;"),
        ),
    ),
)

_AXIL_PORT = Proof(
    module="axil_port",
    checker="axil_port_properties",
    sources=("axil_port.v",),
    properties=(
        Property(
            "held",
            "BVALID and RVALID stay until BREADY and RREADY, and so do BRESP, RDATA and RRESP.",
            Edit("axil_port.v", "b_full_q ? !s_axil_bready : write", "!b_full_q && write"),
        ),
        Property(
            "answered",
            "Each write and read handed on is answered once, and nothing else is.",
            Edit("axil_port.v", "r_full_q ? !s_axil_rready : read", "read"),
        ),
        Property(
            "response",
            "The answer has the error and the data that came with the write or read.",
            Edit("axil_port.v", "if (read) begin", "if (ar_full_q) begin"),
        ),
        Property(
            "once",
            "Every address and every word of data is handed on once; at most one waits.",
            Edit("axil_port.v", "w_full_q ? !write : s_axil_wvalid", "w_full_q || s_axil_wvalid"),
        ),
        Property(
            "passed",
            "The n-th write has the n-th write address, data and strobes, the n-th read the n-th "
            "read address.",
            Edit("axil_port.v", "if (!aw_full_q)", "if (!aw_full_q || s_axil_awvalid)"),
        ),
        Property(
            "begins",
            "An address or data are taken as soon as there is room, and a write or read begins as "
            "soon as all it needs is there and the response before it has been taken.",
            Edit("axil_port.v", "ar_full_q && !r_full_q", "ar_full_q && !r_full_q && !aw_full_q"),
        ),
        Property(
            "reset_ready",
            "Nothing is taken during reset.",
            Edit("axil_port.v", "s_axil_wready  = !w_full_q && !rst", "s_axil_wready  = !w_full_q"),
        ),
    ),
)  # fmt: skip


def _round(**parameters: int) -> Proof:
    nearest = parameters["STOCHASTIC"] == 0
    return Proof(
        module="perturb_round",
        checker="perturb_round_properties",
        sources=("perturb_round.v",),
        parameters=dict(parameters),
        depth=1,
        properties=(
            Property(
                "rounding",
                "Within the rails the result is the value over 2**shift, rounded to nearest with "
                "halves away from zero."
                if nearest
                else "Within the rails the result is floor(value / 2**shift + noise / "
                "2**NOISE_BITS), the noise cut to `shift` bits.",
                Edit("perturb_round.v", "below = !negative", "below = 1'b0")
                if nearest
                else Edit("perturb_round.v", "noise} << shift", "noise} << 1"),
            ),
            Property(
                "saturation",
                "Beyond the rails it is the nearer rail.",
                Edit("perturb_round.v", "{(OUT_BITS-1){!sign}}", "{(OUT_BITS-1){1'b1}}"),
            ),
        ),
    )


_ROUNDS = (
    # The probe and the move of 16-bit weights with 8-bit words.
    _round(IN_BITS=24, SHIFT_BITS=5, LARGEST=23, OUT_BITS=16, STOCHASTIC=0, NOISE_BITS=8),
    _round(IN_BITS=24, SHIFT_BITS=5, LARGEST=23, OUT_BITS=16, STOCHASTIC=1, NOISE_BITS=8),
    _round(IN_BITS=32, SHIFT_BITS=5, LARGEST=31, OUT_BITS=17, STOCHASTIC=0, NOISE_BITS=8),
    _round(IN_BITS=32, SHIFT_BITS=5, LARGEST=31, OUT_BITS=17, STOCHASTIC=1, NOISE_BITS=8),
    # A noise of fewer bits than the shift; one-bit words and 4-bit weights.
    _round(IN_BITS=5, SHIFT_BITS=3, LARGEST=4, OUT_BITS=4, STOCHASTIC=1, NOISE_BITS=1),
)

_SEGMENTS = Proof(
    module="perturb_segments",
    checker="perturb_segments_properties",
    sources=("perturb_segments.v",),
    properties=(
        Property(
            "segment",
            "Each lane has the shift of the last segment that begins at or before its weight, "
            "whichever beats the segments end in.",
            Edit("perturb_segments.v", "near ? 32'd0 :", "near ? left_q :"),
        ),
    ),
)


def _lane(draws: int) -> Proof:
    file = "perturb_lane.v"
    return Proof(
        module="perturb_lane",
        checker="perturb_lane_properties",
        sources=("perturb_lane.v", "perturb_round.v"),
        parameters={"WEIGHT_BITS": 4, "DRAWS": draws},
        properties=(
            Property(
                "rounds",
                "What is rounded is the word with its half, and factor * probe, each with its own "
                "noise.",
                Edit(file, "{word1_q, 1'b1,", "{word1_q, 1'b0,"),
            ),
            Property(
                "saturation",
                "Four enabled clocks after they came in, the result is the weight minus its move, "
                "or the rail that this is beyond.",
                Edit(file, "{(WEIGHT_BITS-1){!sign}}", "{(WEIGHT_BITS-1){sign}}"),
            ),
            Property(
                "restored",
                "With no move the weight leaves as it came.",
                Edit(file, "weight4_q  <= weight3_q", "weight4_q  <= weight2_q"),
            ),
        ),
    )


_CONTROL = Proof(
    module="perturb_control",
    checker="perturb_control_properties",
    sources=("perturb_control.v",),
    properties=(
        Property(
            "consumed",
            "A stream's beat is taken only while it is shown: of all streams with a beat of "
            "weights (of none in restore), of the selected ones to skip.",
            Edit("perturb_control.v", "discard = skipping && selected", "discard = skipping"),
        ),
        Property(
            "pulsed",
            "A pass that needs numbers pulses `start` or `replay` of the streams once, as "
            "requested, while all show a beat and before any is taken; a pass in restore does not.",
            Edit(
                "perturb_control.v",
                "source_start      = launch &&",
                "source_start      = pending_q &&",
            ),
        ),
        Property(
            "passes",
            "A pass is started, open until its last beat is taken, busy until all have left, and "
            "keeps its mode.",
            Edit("perturb_control.v", "draining_q && !drained", "1'b0"),
        ),
        Property(
            "phase_counts",
            "phase counts the beats taken of stream 0 since reset or reseed, as start and replay "
            "move it.",
            Edit("perturb_control.v", "else if (consumed[0])", "else if (taken)"),
        ),
        Property(
            "skips",
            "As many beats are skipped as were requested.",
            Edit("perturb_control.v", "left_q - 32'd1", "left_q - 32'd2"),
        ),
        Property(
            "cleared",
            "The streams are reset with the engine and a clock after a write that clears them: "
            "not in that clock, for whether it is refused depends on what they show.",
            Edit("perturb_control.v", "rst || clear_q;", "rst || clear;"),
        ),
        Property(
            "handed_on",
            "A reseed and a word to load reach the selected streams alone, in their clock.",
            Edit("perturb_control.v", "load ? select :", "load ? {SOURCES{1'b1}} :"),
        ),
        Property(
            "told",
            "It is told whether all streams show a beat, whether the selected ones do, whether "
            "these wait for a word, of which there is one at least, and whether any of all or of "
            "them does.",
            Edit("perturb_control.v", "&& select != {SOURCES{1'b0}}", ""),
        ),
    ),
)


_WORD = Property(
    "word",
    "A word to load is what SEED is written, with what was written to SEED_HIGH above it.",
    Edit("perturb_registers.v", "at == SEED_HIGH)", "is_command)"),
)


def _registers(has_reseed: int = 1, **parameters: int) -> Proof:
    return Proof(
        module="perturb_registers",
        checker="perturb_registers_properties",
        sources=("perturb_registers.v", "perturb_engine_map.vh"),
        parameters={**parameters, "HAS_RESEED": has_reseed},
        properties=(
            Property(
                "refused",
                "A write that is refused, or has no strobes, changes and starts nothing; while "
                "busy all are refused.",
                Edit("perturb_registers.v", "refused = busy", "refused = skipping"),
            ),
            Property(
                "one_action",
                "A write starts one thing at most.",
                Edit(
                    "perturb_registers.v",
                    "write_accepted && at == SKIP",
                    "write_accepted && is_command",
                ),
            ),
            Property(
                "strobes",
                "A register that keeps what it is written takes the bytes that have a strobe and "
                "keeps the others.",
                Edit(
                    "perturb_registers.v",
                    "(write_data[15:0] & merge[15:0]) | (step_q & ~merge[15:0])",
                    "write_data[15:0]",
                ),
            ),
            Property(
                "shift_in_range",
                "Every segment's shift stays within 0 to WEIGHT_BITS + VALUE_BITS - 2, which "
                "perturb_round is built for.",
                Edit("perturb_registers.v", "<= LARGEST_SCALE;", "<= LARGEST_SCALE + 1;"),
            ),
            Property(
                "load",
                "A state is loaded only into streams that wait for one, and a reseed asked only of "
                "streams that show a beat.",
                Edit("perturb_registers.v", "(at == SEED && !loading)", "(at == SEED && busy)"),
            ),
            Property(
                "no_wait",
                "A pass or a skip begins only where no stream whose numbers it takes waits for "
                "words of a reseed.",
                Edit(
                    "perturb_registers.v",
                    "(at == SKIP && selected_unloaded)",
                    "(at == SKIP && busy)",
                ),
            ),
            Property(
                "decoded",
                "A write is refused exactly where the map of registers says so.",
                Edit("perturb_registers.v", "at < SCALE + 8'h80 &&", "at < SCALE + 8'h78 &&")
                if parameters["SEGMENTS"] == 16
                else Edit(
                    "perturb_registers.v", "{28'b0, segment} + 32'd1 <", "{28'b0, segment} <"
                ),
            ),
            Property(
                "obeyed",
                "Exactly the writes that are not refused begin what their address says.",
                Edit(
                    "perturb_registers.v",
                    "write_accepted && at == CONTROL",
                    "write_accepted && at == CONTROL && numbers",
                ),
            ),
            Property(
                "reads",
                "Every register reads as what was written to it, or what it shows; other addresses "
                "are refused.",
                Edit("perturb_registers.v", "(SOURCES << 14)", "(SOURCES[0] << 14)"),
            ),
            *([_WORD] if has_reseed else []),
        ),
    )


_ENGINE = Proof(
    module="perturb_engine",
    checker="perturb_engine_properties",
    sources=(
        *("perturb_engine.v", "axil_port.v", "axis_slice.v", "perturb_registers.v"),
        *("perturb_engine_map.vh", "perturb_control.v", "perturb_segments.v", "perturb_lane.v"),
        "perturb_round.v",
    ),
    search=16,
    properties=(
        Property(
            "held",
            "TVALID, TDATA and TLAST stay until TREADY.",
            Edit("perturb_engine.v", ".out_ready(m_axis_tready)", ".out_ready(1'b1)"),
        ),
        Property(
            "in_order",
            "The n-th beat that leaves is the n-th that came in, with its TLAST.",
            Edit(
                "perturb_engine.v",
                "if (advance)\n            last_q",
                "if (taken)\n            last_q",
            ),
        ),
        Property(
            "none_lost",
            "Beats inside are those that came minus those that left; none is when a pass begins.",
            Edit("perturb_engine.v", "s_axis_tready = open && advance", "s_axis_tready = open"),
        ),
        Property(
            "restored",
            "A pass in restore sends every weight as it came, sign extended, whatever the passes "
            "before it were.",
            Edit("perturb_engine.v", ":                 16'sd0;", ":                 16'sd1;"),
        ),
        Property(
            "served",
            "No pass that needs numbers, and no skip, is under way while its stream waits for "
            "words of a reseed.",
            Edit(
                "perturb_engine.v",
                ".unloaded(unloaded), .selected_unloaded(selected_unloaded), .phase(phase), "
                ".begin_pass",
                ".unloaded(busy), .selected_unloaded(selected_unloaded), .phase(phase), "
                ".begin_pass",
            ),
        ),
    ),
)

ENGINE_PROOFS = (
    _AXIS_SLICE,
    _AXIL_PORT,
    *_ROUNDS,
    _lane(draws=1),
    _lane(draws=3),
    *SIGN_PROOFS,
    _SEGMENTS,
    _CONTROL,
    _registers(SEGMENTS=2),
    _registers(SEGMENTS=16, LANES=256, SOURCES=25, VALUE_BITS=25, SHIFT_BITS=6, DRAWS=3),
    _registers(SEGMENTS=1, WEIGHT_BITS=4, VALUE_BITS=2, SHIFT_BITS=3, SOURCES=2, has_reseed=0),
    _ENGINE,
)
"""Proofs of perturb_engine and what is inside."""
