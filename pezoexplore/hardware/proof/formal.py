"""The formal proofs of the RTL, by module."""

from __future__ import annotations

from collections.abc import Sequence

from pezoexplore.design.kinds import nearest
from pezoexplore.errors import DesignError
from pezoexplore.hardware.proof.formal_engine import ENGINE_PROOFS
from pezoexplore.hardware.proof.formal_generators import GENERATOR_PROOFS, generator_proof
from pezoexplore.hardware.proof.formal_outer import OUTER_PROOFS
from pezoexplore.hardware.proof.formal_proof import Proof
from pezoexplore.hardware.proof.formal_streams import STREAM_PROOFS
from pezoexplore.streams.generators.registry import family

PROOFS: tuple[Proof, ...] = (
    *GENERATOR_PROOFS,
    *STREAM_PROOFS,
    *OUTER_PROOFS,
    *ENGINE_PROOFS,
)
"""Every proof."""

FORMAL_MODULES = tuple(dict.fromkeys(proof.module for proof in PROOFS))
"""Modules that have proofs."""


def chosen_proofs(modules: Sequence[str]) -> list[Proof]:
    """Return the proofs of these modules; all of them when none is named.

    Args:
        modules: Names, ``module:Class`` for generators of the user's.

    Raises:
        DesignError: There is no such module, or it has no proof.
    """
    own = dict.fromkeys(name for name in modules if ":" in name)
    unknown = [name for name in modules if name not in (*FORMAL_MODULES, *own)]
    if unknown:
        there, hint = ", ".join(FORMAL_MODULES), nearest(unknown[0], FORMAL_MODULES)
        raise DesignError(f"{unknown[0]}: no module with formal proofs{hint}; there are {there}")
    found = [proof for proof in PROOFS if proof.module in modules or not modules]
    return found + [_own_proof(name) for name in own]


def _own_proof(name: str) -> Proof:
    found = family(name)
    if not found.in_hardware or found.defect is None:
        lacking = "`defect`, which the proof must notice" if found.in_hardware else "Verilog"
        raise DesignError(f"{name}: the class names no {lacking}: nothing can be proved")
    return generator_proof(found)
