"""Formal proofs of the engine's lanes for words of one bit, which share moves."""

from __future__ import annotations

from pezoexplore.hardware.proof.formal_proof import Edit, Proof, Property


def _moves(draws: int) -> Proof:
    return Proof(
        module="perturb_moves",
        checker="perturb_moves_properties",
        sources=("perturb_moves.v", "perturb_round.v"),
        parameters={"WEIGHT_BITS": 4, "DRAWS": draws},
        search=4,
        properties=(
            Property(
                "moves_plus",
                "The move of the word 1, and the carry of its fraction and any noise, move any "
                "weight as the product of factor and probe does in perturb_lane.",
                Edit("perturb_moves.v", "? whole - less :", "? whole :"),
            ),
            Property(
                "moves_minus",
                "Likewise of the word -1.",
                Edit("perturb_moves.v", "<= -whole", "<= whole"),
            ),
        ),
    )


def _sign_lane(draws: int) -> Proof:
    file = "perturb_sign_lane.v"
    return Proof(
        module="perturb_sign_lane",
        checker="perturb_sign_lane_properties",
        sources=("perturb_sign_lane.v",),
        parameters={"WEIGHT_BITS": 4, "DRAWS": draws},
        properties=(
            Property(
                "moved",
                "Four enabled clocks after they came in, the result is the weight less the move "
                "of its segment and sign and the carry of fraction and noise, or the rail that "
                "this is beyond.",
                Edit(file, "{(WEIGHT_BITS-1){!sign}}", "{(WEIGHT_BITS-1){sign}}"),
            ),
            Property(
                "restored",
                "With no move and no carry the weight leaves as it came.",
                Edit(file, "weight4_q <= weight3_q", "weight4_q <= weight2_q"),
            ),
        ),
    )


SIGN_PROOFS = tuple(proof(draws) for proof in (_moves, _sign_lane) for draws in (0, 1))
"""Proofs that shared moves move weights as perturb_lane does."""
