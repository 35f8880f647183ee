"""Formal proof of the outer products of a stream's words."""

from __future__ import annotations

from pezoexplore.hardware.proof.formal_proof import Edit, Proof, Property

_FILE = "outer_product.v"
_CLAIMS = (
    (
        "delivered",
        "In each beat of a step each lane shows the word in its place or, in a row of a matrix "
        "that is not the first, the matrix's word of that column times the row's; of several "
        "streams half the sum of their signs.",
        ("factor[k] = word[LANES-1]", "factor[k] = word[0]"),
    ),
    (
        "held",
        "While valid && !ready, data are stable if the words are, except on rst, reseed or replay.",
        ("accept = words_valid && out_ready", "accept = words_valid"),
    ),
    (
        "replayed",
        "After rst, reseed or replay the first beat of a step is shown.",
        ("rst || reseed || replay ||", "rst || reseed ||"),
    ),
    (
        "valid",
        "A beat is shown while the stream of words shows one, and accepted with it.",
        ("assign words_ready = out_ready", "assign words_ready = 1'b1"),
    ),
    (
        "kept",
        "`start` reaches the stream of words in the first beat of a step and in no other.",
        ("start && beat_q == 0", "start"),
    ),
    (
        "in_range",
        "Beats of a step and weights of a row are counted to their end and no further.",
        ("LAST_BEAT = BEATS - 1", "LAST_BEAT = BEATS - 2"),
    ),
)

OUTER_PROOFS = tuple(
    Proof(
        module="outer_product",
        checker="outer_product_properties",
        sources=(_FILE,),
        parameters={"RANK": rank},
        search=24,
        properties=tuple(Property(name, text, Edit(_FILE, *edit)) for name, text, edit in _CLAIMS),
    )
    for rank in (1, 2, 4)
)
"""Proofs of rtl/outer_product.v."""
