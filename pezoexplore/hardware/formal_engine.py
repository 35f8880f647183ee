"""Formal proofs of the perturbation engine and the modules it is made of."""

from __future__ import annotations

from pezoexplore.hardware.formal_proof import Edit, Proof, Property

_AXIS_SLICE = Proof(
    module="axis_slice",
    checker="axis_slice_properties",
    sources=("axis_slice.v",),
    properties=(
        Property(
            "held",
            "A beat shown and not taken is shown again, with the same data.",
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
            Edit("axis_slice.v", "(!move || spare_full_q || in_valid)", "(!move || in_valid)"),
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

ENGINE_PROOFS = (_AXIS_SLICE, _AXIL_PORT, *_ROUNDS)
"""Proofs of perturb_engine and what is inside."""
