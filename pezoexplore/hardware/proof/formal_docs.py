"""The table of formal properties in docs/verification.md, made from the registry.

``python -m pezoexplore.hardware.proof.formal_docs`` rewrites it.
"""

from __future__ import annotations

from pathlib import Path

from pezoexplore.hardware.proof.formal import PROOFS
from pezoexplore.hardware.proof.formal_proof import Edit

BEGIN = "<!-- properties: made by python -m pezoexplore.hardware.proof.formal_docs -->"
END = "<!-- end of properties -->"

_PAGE = Path(__file__).resolve().parents[3] / "docs" / "verification.md"


def property_table() -> str:
    """Return the table in Markdown: a row a property, its configurations together."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    edits: dict[tuple[str, str, str], Edit] = {}
    for proof in PROOFS:
        for item in proof.properties:
            key = (proof.module, item.name, item.text)
            where = f" ({proof.configuration})" if proof.configuration else ""
            rows.setdefault(key, []).append(f"{proof.bound}{where}")
            edits.setdefault(key, item.edit)
    lines = ["| module | property | what holds | proved | broken by |", "| --- " * 5 + "|"]
    for (module, name, text), proved in rows.items():
        edit = edits[module, name, text]
        change = f"`{_inline(edit.old)}` → `{_inline(edit.new)}`"
        cells = [f"`{module}`", f"`{name}`", _escaped(text), "<br>".join(proved), change]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def with_table(page: str) -> str:
    """Return a page with the table between the two marks replaced."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{property_table()}\n\n{END}{after}"


def _inline(code: str) -> str:
    return _escaped(" ".join(code.split()))


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    _PAGE.write_text(with_table(_PAGE.read_text(encoding="utf-8")), encoding="utf-8")
