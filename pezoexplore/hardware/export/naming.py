"""The name of a bundle: a prefix on its modules, files and symbols.

With names of their own any number of bundles stand in one design: every Verilog module is called
``NAME_...``, ``pezo_top`` is ``NAME_top``, and so are the files, the symbols of the C model and the
FuseSoC core.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from pezoexplore.errors import DesignError

PREFIX = "pezo"
"""The name of a bundle that is given none; modules other than its tops then have no prefix."""

_MODULE = re.compile(r"^\s*module\s+(\w+)", re.MULTILINE)
_PLAIN = re.compile(r'//[^\n]*|/\*.*?\*/|"[^"\n]*"|[^/"]+|.', re.DOTALL)


def check_name(name: str) -> str:
    """Return the name of a bundle.

    Raises:
        DesignError: It cannot begin the names of Verilog modules, C symbols and files alike.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or len(name) > 40:
        raise DesignError(
            f"--name {name}: allowed: up to 40 small letters and digits, a letter first, single "
            "underscores between them"
        )
    return name


def renamed(files: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the files of a bundle under a name.

    Args:
        files: Contents by path, of a bundle without a name.
        name: The name.
    """
    rtl = {path: text for path, text in files.items() if path.startswith("rtl/")}
    modules = {module for text in rtl.values() for module in _MODULE.findall(text)}
    others = {path.rpartition("/")[2] for path in rtl if not path.endswith(".v")}
    return {
        _path(path, name): _symbols(
            _verilog(text, modules, others, name) if path in rtl else text, name
        )
        for path, text in files.items()
    }


def _path(path: str, name: str) -> str:
    folder, slash, file = path.rpartition("/")
    if file.startswith(f"{PREFIX}_"):
        file = name + file.removeprefix(PREFIX)
    elif folder == "rtl":
        file = f"{name}_{file}"
    return f"{folder}{slash}{file}"


def _symbols(text: str, name: str) -> str:
    text = re.sub(rf"\b{PREFIX.upper()}_", f"{name.upper()}_", text)
    return re.sub(rf"\b{PREFIX}(?=_|\.core\b)", name, text)


def _verilog(text: str, modules: Collection[str], others: Collection[str], name: str) -> str:
    """Put a prefix on modules, where they are defined and instantiated, and on files read."""
    listed = "|".join(sorted(m for m in modules if not m.startswith(f"{PREFIX}_")))
    used = re.compile(rf"(\bmodule\s+)?\b({listed})\b(?(1)|(?=\s*#\s*\(|\s+[A-Za-z_]\w*\s*\())")

    def piece(found: re.Match[str]) -> str:
        part = found[0]
        if part.startswith('"'):
            return f'"{name}_{part[1:]}' if part[1:-1] in others else part
        if part.startswith(("//", "/*")):
            return part
        return used.sub(lambda m: f"{m[1] or ''}{name}_{m[2]}", part)

    return _PLAIN.sub(piece, text)
