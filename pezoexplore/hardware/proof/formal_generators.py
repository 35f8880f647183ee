"""Formal proofs of the generators: none gets stuck in the all-zero state."""

from __future__ import annotations

from pezoexplore.hardware.proof.formal_proof import Edit, Proof, Property
from pezoexplore.streams.generators.family import Family
from pezoexplore.streams.generators.registry import families

_GAUSSIAN = Edit(
    "gaussian_source_table.vh", "{s[29], s[18], s[8], s[23]", "{s[0], s[18], s[8], s[23]"
)
"""With this the matrix of the Gaussians' source loses a rank."""

_KINDS: dict[str, tuple[int, int, Edit]] = {
    "lfsr": (8, 8, Edit("lfsr_taps.vh", "32'h000000b8", "32'h00000038")),
    "xorshift32": (
        32, 8, Edit("xorshift32.v", "{state[18:0], 13'b0}", "{state[18:0], state[31:19]}")
    ),
    "rademacher": (32, 1, Edit("rademacher.v", "32'h80200003", "32'h00200003")),
    "ternary": (32, 2, Edit("ternary.v", "32'h80200003", "32'h00200003")),
    "xoshiro128pp": (
        128, 8, Edit("xoshiro128pp.v", "[63:32]  = s1 ^ s2_mixed", "[63:32]  = s2_mixed")
    ),
    "ca": (32, 8, Edit("ca.v", "32'h00040100", "32'h00040300")),
    "trivium": (
        288, 8, Edit("trivium.v", "^ a[92 -: UPDATES]", "^ a[91 -: UPDATES]")
    ),
    "lut_opt": (
        48, 8, Edit("lut_opt_table.vh", "{s[11], s[22], s[14], s[8]", "{s[3], s[22], s[14], s[8]")
    ),
    "clt": (33, 8, _GAUSSIAN),
    "treegrng": (33, 8, _GAUSSIAN),
    "box_muller": (33, 8, _GAUSSIAN),
    "icdf": (33, 8, _GAUSSIAN),
    "table_hadamard": (33, 8, _GAUSSIAN),
    "lut_sr": (
        521, 8, Edit("lut_sr_table.vh", "{s[17], s[20], s[16], s[11]", "{s[1], s[20], s[16], s[11]")
    ),
    "sobol": (40, 8, Edit("sobol.v", "count + 32'd1", "count | 32'd1")),
}  # fmt: skip
"""State bits, word bits and a defect of each family."""

_ANY_STATE = ("sobol",)
"""Families for which zero is a state like any other."""


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
