"""Formal proofs of the streams and the modules they are made of."""

from __future__ import annotations

from pezoexplore.hardware.formal_proof import Edit, Proof, Property


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
                Edit("reseed_control.v", "!(load && left_q == 0)", "!(load || left_q == 0)"),
            ),
            Property(
                "in_range",
                "The count of words left stays below the number of words.",
                Edit("reseed_control.v", "LAST = WORDS - 1", "LAST = WORDS"),
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
            Edit("row_memory.v", "if (write)\n", "if (write && write_address != next_address)\n"),
        ),
    ),
)

STREAM_PROOFS = (
    _reseed_control(words=31, after_reset=0),
    _reseed_control(words=1, after_reset=1),
    _period_counter(state_bits=3, taps=0b110),
    _period_counter(state_bits=4, taps=0b1100),
    _ROW_MEMORY,
)
"""Proofs of the streams and of what they share."""
