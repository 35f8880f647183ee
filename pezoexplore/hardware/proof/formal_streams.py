"""Formal proofs of the streams and the modules they are made of."""

from __future__ import annotations

from pezoexplore.hardware.proof.formal_proof import Edit, Proof, Property


def _reseed_control(words: int, after_reset: int) -> Proof:
    return Proof(
        module="reseed_control",
        checker="reseed_control_properties",
        sources=("reseed_control.v",),
        parameters={"WORDS": words, "AFTER_RESET": after_reset},
        properties=(
            Property(
                "lasts",
                "Loading lasts exactly as many loads as there are words; a reseed meanwhile is "
                "ignored.",
                Edit("reseed_control.v", "load && left_q == 0", "(load || left_q == 0)"),
            ),
            Property(
                "in_range",
                "The count of words left stays below the number of words.",
                Edit("reseed_control.v", "LAST = WORDS - 1", "LAST = WORDS"),
            ),
            Property(
                "marked",
                "The clock after the last load is marked, and no other.",
                Edit("reseed_control.v", "first_q <= !rst && ends", "first_q <= ends"),
            ),
        ),
    )


def _period_counter(state_bits: int, taps: int) -> Proof:
    return Proof(
        module="period_counter",
        checker="period_counter_properties",
        sources=("period_counter.v", "lfsr.v", "lfsr_taps.vh"),
        parameters={"STATE_BITS": state_bits, "TAPS": taps},
        search=40,
        properties=(
            Property(
                "last_beat",
                "`last` marks every 2**STATE_BITS - 1st accepted beat since clear and no other, "
                "counted on from the kept place after a replay.",
                Edit("period_counter.v", "LAST = 2", "LAST = 4"),
            ),
            Property(
                "nonzero",
                "Neither the count nor the kept one is ever the all-zero state.",
                Edit("period_counter.v", "kept_q <= FIRST", "kept_q <= 0"),
            ),
            Property(
                "reads_ahead",
                "next_count is what the count is a clock later.",
                Edit("period_counter.v", "= clear ? FIRST : replay", "= replay"),
            ),
        ),
    )


_ROW_MEMORY = Proof(
    module="row_memory",
    checker="row_memory_properties",
    sources=("row_memory.v",),
    properties=(
        Property(
            "last_write",
            "The row shown is what was last written at the address of the clock before.",
            Edit("row_memory.v", "if (write)", "if (write && write_address != next_address)"),
        ),
    ),
)

_TEXTS = {
    "held": "A beat that is not accepted stays, with its exponent, until rst, reseed or replay.",
    "scaled": "The exponent shown is that of the beat shown.",
    "replayed": "After `replay` the beat is shown that was shown when `start` came last or, with "
    "no `start` since rst or a reseed, the first beat after it.",
    "valid": "out_valid is high except in reset and while states load or rows fill.",
    "nonzero": "No state is ever zero: not a generator's, not the one that `start` keeps, nor the "
    "count of the period.",
    "in_range": "The row shown and the one that `start` keeps stay below ROWS.",
}
"""What holds of every stream that has a property of the name."""


def _properties(delivered: str, edits: dict[str, Edit]) -> tuple[Property, ...]:
    """Return the properties of a stream with their edits; `delivered` describes its beats."""
    texts = _TEXTS | {"delivered": delivered}
    return tuple(Property(name, texts[name], edit) for name, edit in edits.items())


_NONE_RTL = (
    *("stream_none.v", "generator.v", "lfsr.v", "lfsr_taps.vh"),
    *("uniform_word.v", "reseed_control.v"),
)


def _recovering(recovery: int) -> dict[str, int | str]:
    """Return the parameter of a checker whose module recovers from the state of zeros, or {}."""
    return {"LOCKUP_RECOVERY": 1} if recovery else {}


def _stream_none(has_reseed: int, recovery: int = 0) -> Proof:
    file = "stream_none.v"
    skipped = Edit(file, "else if (accept)", "else if (accept && !start)")
    turned = Edit(
        file,
        "{load_data, state[UNITS*STATE_BITS-1:STATE_BITS]}",
        "{state[(UNITS-1)*STATE_BITS-1:0], load_data}",
    )
    return Proof(
        module="stream_none",
        checker="stream_none_properties",
        sources=_NONE_RTL,
        parameters={"HAS_RESEED": has_reseed, **_recovering(recovery)},
        properties=_properties(
            "The n-th beat accepted holds every lane's n-th state since reset or reseed (word i of "
            "a reseed being lane i's), counted on from the kept beat after a replay: none is lost, "
            "none comes twice.",
            {
                "held": Edit(file, "else if (accept)", "else if (out_valid)"),
                "delivered": turned if has_reseed else skipped,
                "replayed": Edit(file, "kept_q <= state_q", "kept_q <= next_state"),
                "valid": Edit(file, "assign load_ready = loading", "assign load_ready = 1'b1"),
                "nonzero": Edit(file, "kept_q <= SEEDS", "kept_q <= 0"),
            },
        ),
    )


_TABLE_RTL = ("period_counter.v", "exponent_table.v", "row_memory.v", "reseed_control.v")
_BANK_RTL = ("stream_bank.v", "bank_lane.v", "lfsr.v", "lfsr_taps.vh", "uniform_word.v")
_ONE_EXPONENT = Edit("exponent_table.v", "exponent = BASE;", "exponent = ~BASE;")


def _valid(file: str, has_reseed: int) -> Edit:
    return Edit(file, "= !loading && !rst", "= !rst" if has_reseed else "= !loading")


def _stream_bank(has_reseed: int, exponent_bits: int, recovery: int = 0) -> Proof:
    file = "stream_bank.v"
    late = Edit(file, ".next_address(next_count)", ".next_address(count)")
    return Proof(
        module="stream_bank",
        checker="stream_bank_properties",
        sources=(*_BANK_RTL, *_TABLE_RTL),
        parameters={
            "HAS_RESEED": has_reseed,
            "EXPONENT_BITS": exponent_bits,
            **_recovering(recovery),
        },
        data={"exponents.hex": _hex(0, 1, 2, 3, 0, 2, 1, 3)},
        search=24,
        properties=_properties(
            "Lane j of the n-th beat since reset or reseed shows the n-th state of generator "
            "(j + k) mod LANES, k being the full periods since: none is lost, none comes twice.",
            {
                "held": Edit(
                    file, "load_state || restore || accept", "load_state || restore || out_valid"
                ),
                "delivered": Edit(file, "((lane+1)%LANES)", "((lane+2)%LANES)"),
                "scaled": late if exponent_bits else _ONE_EXPONENT,
                "replayed": Edit(
                    file, "first || (start && !replay && !loading)", "start && !loading"
                ),
                "valid": _valid(file, has_reseed),
                "nonzero": Edit(file, "kept_q <= SEEDS", "kept_q <= 0"),
            },
        ),
    )


_PHASED_RTL = (
    "stream_phased.v",
    "xor_luts.v",
    "generator.v",
    "uniform_word.v",
    "lfsr.v",
    "lfsr_taps.vh",
)


def _stream_phased(
    has_reseed: int, exponent_bits: int, shifted: int = 0, recovery: int = 0
) -> Proof:
    file = "stream_phased.v"
    late = (
        Edit(file, "(rst || wrap) ? begun : (load", "rst ? begun : (load")
        if shifted
        else Edit(file, ".next_address(next_state)", ".next_address(state_q)")
    )
    return Proof(
        module="stream_phased",
        checker="stream_phased_properties",
        sources=(*_PHASED_RTL, *_TABLE_RTL[1:]),
        parameters={
            "HAS_RESEED": has_reseed,
            "EXPONENT_BITS": exponent_bits,
            **({"SHIFTED": 1} if shifted else {}),
            **_recovering(recovery),
        },
        data={"exponents.hex": _hex(0, 1, 2, 3, 0, 2, 1, 3, 3, 0, 1, 2, 2, 1, 0, 3)},
        search=24,
        properties=_properties(
            "The n-th beat since reset holds the XORs of state n mod P, P being the largest prime "
            "number of states; a reseed begins anywhere in that cycle: none is lost, none comes "
            "twice.",
            {
                "held": Edit(file, "advance = restore || accept", "advance = restore || out_valid"),
                "delivered": Edit(file, "state == LAST", "stepped == LAST"),
                "scaled": late if exponent_bits else _ONE_EXPONENT,
                "replayed": Edit(
                    file, "first || (start && !replay && !loading)", "start && !loading"
                ),
                "valid": _valid(file, has_reseed),
                "nonzero": Edit(file, "kept_q <= SEED ^ INVERTED;", "kept_q <= 0;"),
            },
        ),
    )


_ROW_OF_ITS_OWN = Edit("stream_pool.v", "? kept_q", "? row_q")
_PAST_THE_LAST = Edit("stream_pool.v", "LAST_ROW = ROWS - 1", "LAST_ROW = ROWS")


def _stream_pool(rows: int) -> Proof:
    """Return the proof of a pool of `rows`; no power of two, so that addresses can be too large."""
    file = "stream_pool.v"
    return Proof(
        module="stream_pool",
        checker="stream_pool_properties",
        sources=("stream_pool.v", "row_memory.v"),
        parameters={"ROWS": rows},
        data={"rows.hex": _hex(0x1B, 0xC4, 0x72, 0x8D, 0x3F, 0, 0, 0)},
        properties=_properties(
            "The n-th beat accepted since reset is row n mod ROWS of the file, with its exponent, "
            "counted on from the kept row after a replay: none is lost, none comes twice.",
            {
                "held": Edit(file, "(accept || row_filled)", "(out_valid || row_filled)"),
                "delivered": Edit(file, "LAST_ROW = ROWS - 1", "LAST_ROW = ROWS - 2"),
                "replayed": _ROW_OF_ITS_OWN,
                "valid": Edit(file, "assign out_valid = !rst;", "assign out_valid = 1'b1;"),
                "in_range": _PAST_THE_LAST,
            },
        ),
    )


_POOL_REFILL = Proof(
    module="stream_pool",
    checker="stream_pool_refill_properties",
    sources=(
        *("stream_pool.v", "row_memory.v", "pool_filler.v", "generator.v"),
        *("lfsr.v", "lfsr_taps.vh", "uniform_word.v"),
    ),
    parameters={},
    search=24,
    properties=_properties(
        "With a filler, word j of row r is the generator's word number r LANES + j since reset or "
        "reseed, and the n-th beat accepted since is row n mod ROWS.",
        {
            "held": Edit("stream_pool.v", "(accept || row_filled)", "(out_valid || row_filled)"),
            "delivered": Edit("pool_filler.v", "{word, gathered_q}", "{gathered_q, word}"),
            "replayed": _ROW_OF_ITS_OWN,
            "valid": Edit("stream_pool.v", "!(filled && at_last)", "!filled"),
            "nonzero": Edit("stream_pool.v", "rst ? SEED : load_data", "rst ? 0 : load_data"),
            "in_range": _PAST_THE_LAST,
        },
    ),
)


_SHIFT_REGISTERS = {
    "held": "While valid && !ready, data are stable, except on rst, reseed or replay; after a "
    "`start`, the same beat follows the recovery of the registers.",
    "replayed": "A `replay` shows the beat that was shown when `start` came last or, with no "
    "`start` since rst or a reseed, the first beat after it.",
    "valid": "A beat is shown but in reset, while words load, for 17 clocks after these and for "
    "15 after a `start` at most.",
    "in_range": "The age, which addresses the shift registers, is 16 at most.",
}
"""What holds of a stream of LUT-SR generators."""


def _stream_lut_sr(has_reseed: int, recovery: int = 0) -> Proof:
    file = "stream_lut_sr.v"
    edits = {
        "held": Edit(file, "= idle && !rst;", "= idle && !rst && !load_valid;"),
        "replayed": Edit(file, ".keep(start_taken || expanded)", ".keep(expanded)"),
        "valid": Edit(file, "assign load_ready = loading", "assign load_ready = 1'b1"),
        "in_range": Edit(file, "else if (step && !full)", "else if (step)"),
    }
    return Proof(
        module="stream_lut_sr",
        checker="stream_lut_sr_properties",
        sources=_LUT_SR_RTL,
        parameters={"HAS_RESEED": has_reseed, **_recovering(recovery)},
        search=40,
        properties=tuple(Property(n, text, edits[n]) for n, text in _SHIFT_REGISTERS.items()),
    )


_LOCKUP = {
    "recovers": "With LOCKUP_RECOVERY, whatever the registers hold and the host loads, a generator "
    "shows the state of zeros in at most {} accepted one after another.",
    "counts": "So the count of a bank's period is zero for one clock at most.",
}


def _lockup(
    module: str, sources: tuple[str, ...], lasts: str, edit: Edit, counts: Edit | None = None
) -> Proof:
    """Return the proof that the state of zeros lasts no longer than `lasts`."""
    properties = [Property("recovers", _LOCKUP["recovers"].format(lasts), edit)]
    if counts is not None:
        properties.append(Property("counts", _LOCKUP["counts"], counts))
    return Proof(
        module=module,
        checker=f"{module}_lockup_properties",
        sources=sources,
        parameters={},
        search=4,
        properties=tuple(properties),
    )


_LUT_SR_RTL = ("stream_lut_sr.v", "lut_sr.v", "lut_sr_table.vh", "reseed_control.v")
_LOCKUP_PROOFS = (
    _lockup(
        "stream_none",
        _NONE_RTL,
        "one beat",
        Edit("stream_none.v", "if (locked[i])", "if (locked[i] && !start)"),
    ),
    _lockup(
        "stream_bank",
        (*_BANK_RTL, *_TABLE_RTL),
        "two beats",
        Edit("stream_bank.v", "if (locked)", "if (locked && !start)"),
        Edit("stream_bank.v", "lost = count == 0", "lost = count == 0 && start"),
    ),
    _lockup(
        "stream_phased",
        (*_PHASED_RTL, *_TABLE_RTL[1:]),
        "one beat",
        Edit("stream_phased.v", "locked = state == 0", "locked = state == 0 && !start"),
    ),
    _lockup(
        "pool_filler",
        ("pool_filler.v", *_NONE_RTL[1:-1]),
        "one word",
        Edit("pool_filler.v", "if (locked && fill", "if (locked && filled && fill"),
    ),
    _lockup(
        "stream_lut_sr",
        _LUT_SR_RTL,
        "34 beats",
        Edit("stream_lut_sr.v", "rst || locked[unit]", "rst"),
    ),
)
"""Proofs that the state of zeros does not last."""


def _hex(*entries: int) -> str:
    return "".join(f"{entry:02x}\n" for entry in entries)


STREAM_PROOFS = (
    _reseed_control(words=31, after_reset=0),
    _reseed_control(words=1, after_reset=1),
    _period_counter(state_bits=3, taps=0b110),
    _period_counter(state_bits=4, taps=0b1100),
    _ROW_MEMORY,
    _stream_none(has_reseed=0),
    _stream_none(has_reseed=1),
    _stream_bank(has_reseed=0, exponent_bits=0),
    _stream_bank(has_reseed=0, exponent_bits=2),
    _stream_bank(has_reseed=1, exponent_bits=0),
    _stream_bank(has_reseed=1, exponent_bits=2),
    _stream_phased(has_reseed=0, exponent_bits=0),
    _stream_phased(has_reseed=1, exponent_bits=0),
    _stream_phased(has_reseed=1, exponent_bits=2),
    _stream_phased(has_reseed=0, exponent_bits=2, shifted=1),
    _stream_pool(rows=5),
    _POOL_REFILL,
    _stream_lut_sr(has_reseed=0),
    _stream_lut_sr(has_reseed=1),
    _stream_none(has_reseed=1, recovery=1),
    _stream_bank(has_reseed=1, exponent_bits=0, recovery=1),
    _stream_phased(has_reseed=1, exponent_bits=0, recovery=1),
    _stream_lut_sr(has_reseed=1, recovery=1),
    *_LOCKUP_PROOFS,
)
"""Proofs of the streams and of what they share."""
