"""Writes from the code: commands, columns, registers, generators; columns in README.md.

python docs/make_reference.py           # write
python docs/make_reference.py --check   # exit with 1 when something is out of date
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from pezoexplore.cli import app
from pezoexplore.design.columns import AXIS_HELP, COLUMN_HELP, IDENTITY_HELP, RESULT_HELP
from pezoexplore.hardware.rtl import engine_map
from pezoexplore.streams import catalogue

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- columns: made by docs/make_reference.py -->", "<!-- end of columns -->"
CATALOGUE_END = "<!-- end of the catalogue; what follows is written by hand -->"


def columns_table(columns: dict[str, str]) -> str:
    """A table of columns and what they mean."""
    rows = [f"| `{name}` | {_cell(text)} |" for name, text in columns.items()]
    return "\n".join(["| column | meaning |", "| --- | --- |", *rows])


def columns_page() -> str:
    """Every column of results.csv, in groups."""
    groups = (("Identity", IDENTITY_HELP), ("Axes", AXIS_HELP), ("Results", RESULT_HELP))
    parts = ["# Columns of results.csv", "One row is one design on one target."]
    for title, columns in groups:
        parts += [f"## {title}", columns_table(columns)]
    return "\n\n".join(parts) + "\n"


def commands_page() -> str:
    """Every command with its arguments and options."""
    parts = ["# Commands", _EXIT]
    for path, command in _commands(typer.main.get_command(app), ("pezoexplore",)):
        parts += [f"## {' '.join(path)}", _help(command.help)]
        rows = [_row(item) for item in command.params if item.name != "help"]
        if rows:
            parts.append("\n".join(["| option | what | default |", "| --- | --- | --- |", *rows]))
    return "\n\n".join(parts) + "\n"


_EXIT = (
    "The exit status is 0 when what was asked for is there, 1 when part of it failed, 2 when it "
    "could not be done (one line says why), 130 after Ctrl-C. With `--format json` one JSON "
    "document is printed on stdout; all else goes to stderr."
)


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401
    """Commands that do something, by path, in the order of ``--help``."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, each in inner.items():
        yield from _commands(each, (*path, name))


def _help(text: str | None) -> str:
    return "\n".join(line.strip() for line in (text or "").splitlines()).strip()


def _row(item: Any) -> str:  # noqa: ANN401 - the parser's type is private to Typer
    if item.param_type_name == "argument":
        name = f"`{item.metavar or item.name.upper()}`"
    else:
        name = ", ".join(f"`{text}`" for text in (*item.opts, *item.secondary_opts))
    default = item.default
    shown = "required" if item.required else ""
    if not item.required and default is not None and not callable(default) and default != ():
        value = getattr(default, "value", default)
        shown = "" if value is False else f"`{value}`"
    if getattr(item, "envvar", None):
        shown = f"`${item.envvar}`"
    return f"| {name} | {_cell(item.help or '')} | {shown} |"


def _cell(text: str) -> str:
    """Text as it may stand in a table."""
    return " ".join(text.split()).replace("|", r"\|").replace("<", "&lt;")


def readme() -> str:
    """README.md with the table of columns as it should be."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{columns_table(COLUMN_HELP)}\n\n{END}{after}"


def generators_page() -> str:
    """docs/generators.md: the catalogue, then the measured figures as they stand there."""
    text = (ROOT / "docs" / "generators.md").read_text(encoding="utf-8")
    _, _, after = text.partition(CATALOGUE_END)
    return f"{catalogue.page()}\n{CATALOGUE_END}{after}"


def pages() -> dict[Path, str]:
    """What each generated file should hold."""
    reference = ROOT / "docs" / "reference"
    return {
        reference / "commands.md": commands_page(),
        reference / "columns.md": columns_page(),
        reference / "registers.md": engine_map.page(),
        ROOT / "docs" / "pezo_engine.h": engine_map.c_header(),
        ROOT / "docs" / "generators.md": generators_page(),
        ROOT / "README.md": readme(),
    }


def main() -> int:
    """Write what is out of date, or say so."""
    stale = [
        path
        for path, text in pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages()[path], encoding="utf-8")
        print(path.relative_to(ROOT))
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
