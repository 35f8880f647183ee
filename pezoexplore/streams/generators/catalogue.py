"""The catalogue of the package's generators, as ``pezoexplore list rng`` and the docs show it."""

from __future__ import annotations

from pezoexplore.streams.generators.registry import families

FACTS = {
    "what": "what it is",
    "numbers": "distribution",
    "bit_widths": "word bits",
    "state_bits": "state bits",
    "period": "period (clocks)",
    "fresh_bits": "fresh bits per clock",
    "serves": "lanes per generator",
    "source": "source",
    "weaknesses": "known weaknesses",
}
"""The facts of a family and how each is called, in the order they are shown."""


def page() -> str:
    """Return `docs/generators.md`: a table of the figures, then a section a generator."""
    columns = [key for key in FACTS if key not in ("what", "source", "weaknesses")]
    head = ["rng", *(FACTS[key] for key in columns)]
    lines = ["# Generators", _INTRODUCTION, "", _row(head), _row(["---"] * len(head))]
    for item in families():
        known = item.facts()
        lines.append(_row([f"`{item.name}`", *(known[key] for key in columns)]))
    for item in families():
        lines += ["", f"## {item.name}", "", item.what, "", f"- Source: {item.source}"]
        lines += [f"- Known weaknesses: {item.weaknesses}"]
        if item.rtl:
            lines += [f"- RTL: {', '.join(f'`{name}`' for name in item.rtl)}"]
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


_INTRODUCTION = """
Made by `docs/make_reference.py` from `pezoexplore/streams/families/`, as is
`pezoexplore list rng`. `reuse: none` and `reuse: pool` take every generator, `bank` the
lfsr alone, `phased` the lfsr and LUT-OPT. Compare costs by fresh bits per clock: a register that
shifts by one bit produces one new bit, however many of its bits are read."""
