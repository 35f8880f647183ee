"""The arms of rtl/generator.v, made from the generator families.

``python -m pezoexplore.hardware.rtl.ladder`` writes them into the committed file; a generator of
the user's gets a copy of the file with its arm alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from pezoexplore.paths import rtl_dir
from pezoexplore.streams.generators.family import Family
from pezoexplore.streams.generators.registry import families

FILE = "generator.v"

_BEGIN, _END = "    generate\n", "    endgenerate\n"
_UNKNOWN = "        end else begin : gen_unknown"
_UNIFORM = """\
            uniform_word #(.BIT_WIDTH(BIT_WIDTH), .STATE_BITS(STATE_BITS)) u_word (
                .state(state), .word(word));
"""


def with_arms(text: str, chosen: Sequence[Family]) -> str:
    """Return the text of generator.v with arms for these families, its last arm kept.

    Args:
        text: The file; between ``generate`` and ``endgenerate`` it holds arms, the last one for an
            unknown KIND.
        chosen: Families in hardware, at least one.
    """
    head, rest = text.split(_BEGIN)
    before, tail = rest.split(_END)
    last = before[before.index(_UNKNOWN) :]

    def order(item: Family) -> tuple[int, int]:
        """Sort names by length, so that no comparison has to widen KIND; a stable sort."""
        found = before.find(f"gen_{item.kind}\n")
        return len(item.kind), found if found >= 0 else len(before)

    arms = [
        f'if (KIND == "{item.kind}") begin : gen_{item.kind}\n{_instances(item)}'
        for item in sorted(chosen, key=order)
    ]
    return f"{head}{_BEGIN}        {'        end else '.join(arms)}{last}{_END}{tail}"


def _instances(item: Family) -> str:
    """Return what stands in the arm of a family: a guard of the fixed parameters, its modules."""
    pins = ".state(state), .next_state(next_state)" + ("" if item.top_bits else ", .word(word)")
    ports = [f".{name}({name})" for name in item.ports]
    name, rest = f"u_{item.kind}", _UNIFORM if item.top_bits else ""
    if not ports:
        return f"{_guard(item)}            {item.module} {name} ({pins});\n{rest}"
    joined = ", ".join(ports)
    listed = f"#(\n                {joined}\n            )" if len(ports) > 2 else f"#({joined})"
    instance = f"            {item.module} {listed} {name} (\n                {pins});\n"
    return f"{_guard(item)}{instance}{rest}"


def _guard(item: Family) -> str:
    """Return what stops elaboration where a parameter that the family fixes is another."""
    values = {"BIT_WIDTH": item.fixed_bits, "STATE_BITS": item.state, "LEAP": 1, "GROUP": 1}
    fixed = {name: v for name, v in values.items() if v is not None and name not in item.ports}
    if not fixed:
        return ""
    test = " || ".join(f"{name} != {value}" for name, value in fixed.items())
    told = "_".join(f"{name}_{value}" for name, value in fixed.items())
    return (
        f"            if ({test}) begin : gen_bad\n"
        f"                generator_{item.kind}_takes_{told} u_error ();\n"
        "            end\n"
    )


def main() -> None:
    """Write the arms of the package's families into rtl/generator.v."""
    path = rtl_dir() / FILE
    chosen = [item for item in families() if item.in_hardware]
    text = with_arms(path.read_text(encoding="utf-8"), chosen)
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
