"""Generate the reference pages, the table of columns in README.md and the architecture's picture.

python docs/make_reference.py           # write
python docs/make_reference.py --check   # exit with status 1 if a page is out of date
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from draw_architecture import PICTURE, picture

from pezoexplore.cli import app
from pezoexplore.cli.commands import Listed
from pezoexplore.design.columns import (
    AXIS_HELP,
    CERTIFIED_HELP,
    COLUMN_HELP,
    ENGINE_HELP,
    IDENTITY_HELP,
    RESULT_HELP,
)
from pezoexplore.hardware.rtl import engine_map
from pezoexplore.markdown import markdown_table
from pezoexplore.streams.generators import catalogue

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- columns: made by docs/make_reference.py -->", "<!-- end of columns -->"
CATALOGUE_END = "<!-- end of the catalogue; what follows is written by hand -->"


def columns_table(columns: dict[str, str]) -> str:
    """Return a Markdown table of columns and their descriptions."""
    rows = ((f"`{name}`", _cell(text)) for name, text in columns.items())
    return markdown_table(["column", "meaning"], rows)


def columns_page() -> str:
    """Return the page of all columns of results.csv, in groups."""
    groups = (
        ("Identity", IDENTITY_HELP),
        ("Axes", AXIS_HELP),
        ("Results", RESULT_HELP),
        ("The engine", ENGINE_HELP),
        ("Certified defence", CERTIFIED_HELP),
    )
    parts = ["# Columns of results.csv", "One row is one design on one target."]
    for title, columns in groups:
        parts += [f"## {title}", columns_table(columns)]
    return "\n\n".join(parts) + "\n"


def commands_page() -> str:
    """Return the page of all commands with their arguments and options."""
    parts = ["# Commands", _EXIT]
    for path, command in _commands(typer.main.get_command(app), ("pezoexplore",)):
        parts += [f"## {' '.join(path)}", _help(command.help)]
        rows = [_row(item) for item in command.params if item.name != "help"]
        if rows:
            parts.append(markdown_table(["option", "what", "default"], rows))
    return "\n\n".join(parts) + "\n"


_EXIT = (
    "Exit status: 0 if everything requested succeeded, 1 if part of it failed, 2 if the command "
    "could not run (one line gives the reason), 130 after Ctrl-C, 143 after SIGTERM. With "
    "`--format json` one JSON "
    "document is printed on stdout; everything else goes to stderr. Of an error that "
    'stops the command it is `{"ok": false, "error": ..., "status": ...}`.'
)


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401
    """Yield path and command of every leaf command, in the order of ``--help``."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, each in inner.items():
        each = each.loaded() if isinstance(each, Listed) else each
        yield from _commands(each, (*path, name))


def _help(text: str | None) -> str:
    return "\n".join(line.strip() for line in (text or "").splitlines()).strip()


def _row(item: Any) -> tuple[str, str, str]:  # noqa: ANN401 - the parser's type is private to Typer
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
    return name, _cell(item.help or ""), shown


def _cell(text: str) -> str:
    """Return text escaped for a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", r"\|").replace("<", "&lt;")


def readme() -> str:
    """Return README.md with the current table of columns."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{columns_table(COLUMN_HELP)}\n\n{END}{after}"


def generators_page() -> str:
    """Return docs/generators.md: the catalogue, then the hand-written measurements in it."""
    text = (ROOT / "docs" / "generators.md").read_text(encoding="utf-8")
    _, _, after = text.partition(CATALOGUE_END)
    return f"{catalogue.page()}\n{CATALOGUE_END}{after}"


def pages() -> dict[Path, str]:
    """Return the current content of each generated file."""
    reference = ROOT / "docs" / "reference"
    return {
        reference / "commands.md": commands_page(),
        reference / "columns.md": columns_page(),
        reference / "registers.md": engine_map.page(),
        ROOT / "docs" / "pezo_engine.h": engine_map.c_header(),
        ROOT / "docs" / "generators.md": generators_page(),
        ROOT / "README.md": readme(),
        PICTURE: picture(),
    }


def main() -> int:
    """Write the pages that are out of date, or list them with ``--check``."""
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
