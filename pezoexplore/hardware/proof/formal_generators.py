"""Formal proofs of the generators: none gets stuck in the all-zero state."""

from __future__ import annotations

from pezoexplore.hardware.proof.formal_proof import Edit, Proof, Property
from pezoexplore.streams.generators.family import Family
from pezoexplore.streams.generators.registry import families


def generator_proof(family: Family) -> Proof:
    """Return the proof of a family that names a defect which it must notice."""
    assert family.defect is not None, f"{family.name} names no defect"
    state_bits, word_bits = family.proof_bits or (family.state, family.fixed_bits or 8)
    edit = Edit(*family.defect)
    nonzero = Property("nonzero", "From any seed but zero the state never becomes zero.", edit)
    injective = Property("injective", "No two states have the same successor.", edit)
    parameters: dict[str, int | str] = {
        "KIND": family.kind,
        "BIT_WIDTH": word_bits,
        "STATE_BITS": state_bits,
    }
    if family.zero_is_legal:
        parameters["ZERO"] = 1
    return Proof(
        module=family.name,
        checker="generator_properties",
        sources=family.sources,
        parameters=parameters,
        properties=(injective,) if family.zero_is_legal else (nonzero, injective),
        own=family if family.folder else None,
    )


_WIDTHS = Proof(
    module="lfsr",
    checker="lfsr_properties",
    sources=("lfsr.v", "lfsr_taps.vh"),
    properties=(
        Property(
            "nonzero",
            "At every width of 3 to 32 bits the state never becomes zero.",
            Edit("lfsr_taps.vh", "32'h48000000", "32'h08000000"),
        ),
    ),
)

GENERATOR_PROOFS = (*(generator_proof(item) for item in families() if item.defect), _WIDTHS)
"""Proofs of the generators of generator.v."""
