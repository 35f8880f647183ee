"""Folders of the checkout or the installed wheel, and folders that the commands write to."""

from __future__ import annotations

from pathlib import Path

from pezoexplore.errors import DesignError, ToolError

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def rtl_dir() -> Path:
    """Return the folder of the hand-written Verilog."""
    return _folder("rtl")


def rtl_folder(named: Path | None) -> Path:
    """Return the folder of the RTL that ``--rtl-dir`` names; None names the bundled one.

    Raises:
        ToolError: It is not there, or it holds no Verilog.
    """
    folder = named or rtl_dir()
    if not folder.is_dir():
        raise ToolError(f"--rtl-dir {folder}: no such folder; give an edited copy of rtl/")
    if next(folder.glob("*.v"), None) is None:
        raise ToolError(f"--rtl-dir {folder}: holds no Verilog (.v); give an edited copy of rtl/")
    return folder


def boards_dir() -> Path:
    """Return the folder of the tops of boards, with their pins."""
    return _folder("boards")


def formal_dir() -> Path:
    """Return the folder of the formal properties of the Verilog."""
    return _folder("formal")


def designs_dir() -> Path:
    """Return the folder of the bundled design spaces."""
    return _folder("designs")


def grid_file() -> Path:
    """Return the results of a complete sweep of designs/full.yaml."""
    return _folder("bench/data") / "full_grid.csv.gz"


def bench_dir() -> Path:
    """Return the folder of the cocotb testbenches."""
    return _PACKAGE / "hardware/verify/bench"


def license_file() -> Path:
    """Return the license file, which exported bundles contain."""
    installed = _PACKAGE / "_data" / "LICENSE"
    return installed if installed.is_file() else _PACKAGE.parent / "LICENSE"


def make_folder(folder: Path, option: str = "--out") -> None:
    """Create the folder that an option names; it may exist.

    Raises:
        DesignError: It cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DesignError(f"{option} {folder}: cannot be created: {error.strerror}") from None


def check_writable(path: Path, option: str) -> None:
    """Create the folder of a file to be written later, so that an error is reported early.

    Raises:
        DesignError: The file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DesignError(f"cannot write {path}: {error.strerror or error}") from error
    if path.is_dir():
        raise DesignError(f"cannot write {path}: it is a folder; name a file with {option}")
