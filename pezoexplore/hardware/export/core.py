"""The FuseSoC core file of a bundle (CAPI 2)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from pezoexplore import __version__
from pezoexplore.design.yaml_tree import PlainDumper

_TYPES = {".v": "verilogSource-2005", ".vh": "verilogSource-2005", ".hex": "user"}


def core_file(label: str, files: Mapping[str, str], top: str, name: str | None) -> str:
    """Return the core file: RTL for any flow and for cores that depend on it, and a lint target.

    Args:
        label: Description of the design, one line.
        files: Contents of the bundle's files by path.
        top: Name of the top module.
        name: Name of the bundle, and of the core; None for one by its content.
    """
    paths = sorted(files)
    rtl = [path for path in paths if path.startswith("rtl/")]
    digest = hashlib.sha256("".join(files[path] for path in rtl).encode()).hexdigest()[:8]
    lint = {"tool": "verilator", "verilator_options": ["-Wall"]}
    content = {
        "name": f"pezoexplore:rng:{name or f'pezo_{digest}'}:{__version__}",
        "description": label,
        "license": "Apache-2.0",
        "filesets": {"rtl": {"files": _entries(rtl)}},
        "targets": {
            "default": {"filesets": ["rtl"], "toplevel": top},
            "lint": {"flow": "lint", "flow_options": lint, "filesets": ["rtl"], "toplevel": top},
        },
    }
    text = yaml.dump(content, Dumper=PlainDumper, sort_keys=False, width=100)
    return f"CAPI=2:\n# SPDX-License-Identifier: Apache-2.0\n{text}"


def _entries(paths: Iterable[str]) -> list[dict[str, Any]]:
    """List the RTL files; memory contents are copied to where a tool opens them by bare name."""
    entries: list[dict[str, Any]] = []
    for path in paths:
        suffix = path[path.rindex(".") :]
        facts: dict[str, Any] = {"file_type": _TYPES[suffix]}
        if suffix == ".vh":
            facts["is_include_file"] = True
        if suffix == ".hex":
            facts["copyto"] = path.rpartition("/")[2]
        entries.append({path: facts})
    return entries
