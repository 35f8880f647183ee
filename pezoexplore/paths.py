"""Where the RTL, the designs and the benches lie: in the checkout or in the installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def rtl_dir() -> Path:
    """Folder of the hand-written Verilog."""
    return _folder("rtl")


def formal_dir() -> Path:
    """Folder of the properties that are proved of the Verilog."""
    return _folder("formal")


def designs_dir() -> Path:
    """Folder of the bundled design spaces."""
    return _folder("designs")


def grid_file() -> Path:
    """Results of designs/full.yaml, trained and synthesised to the end."""
    return _folder("bench/data") / "full_grid.csv.gz"


def bench_dir() -> Path:
    """Folder of the cocotb benches."""
    return _PACKAGE / "hardware/verify/bench"


def license_file() -> Path:
    """The license, a copy of which goes with what is handed on."""
    installed = _PACKAGE / "_data" / "LICENSE"
    return installed if installed.is_file() else _PACKAGE.parent / "LICENSE"
