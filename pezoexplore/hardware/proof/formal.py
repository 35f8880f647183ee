"""The formal proofs of the RTL, by module."""

from __future__ import annotations

from collections.abc import Sequence

from pezoexplore.errors import DesignError
from pezoexplore.hardware.proof.formal_engine import ENGINE_PROOFS
from pezoexplore.hardware.proof.formal_generators import GENERATOR_PROOFS
from pezoexplore.hardware.proof.formal_proof import Proof
from pezoexplore.hardware.proof.formal_streams import STREAM_PROOFS

PROOFS: tuple[Proof, ...] = (*GENERATOR_PROOFS, *STREAM_PROOFS, *ENGINE_PROOFS)
"""Every proof."""

FORMAL_MODULES = tuple(dict.fromkeys(proof.module for proof in PROOFS))
"""Modules that have proofs."""


def chosen_proofs(modules: Sequence[str]) -> list[Proof]:
    """Return the proofs of these modules; all of them when none is named.

    Raises:
        DesignError: There is no such module, or it has no proof.
    """
    unknown = [name for name in modules if name not in FORMAL_MODULES]
    if unknown:
        there = ", ".join(FORMAL_MODULES)
        raise DesignError(f"{unknown[0]}: no module with formal proofs; there are {there}")
    return [proof for proof in PROOFS if proof.module in modules or not modules]
