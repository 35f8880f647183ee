"""cocotb testbench of a stream top: reads its parameters back and plays the script.

It runs inside the simulator, in a folder with ``job.json``: the expected parameters and the
registers to set before given clocks. The outputs of the top are written to ``trace.txt`` and
afterwards compared in bulk with the software stream.
"""

from __future__ import annotations

import json
from pathlib import Path

import cocotb
from cocotb.handle import Immediate
from cocotb.triggers import RisingEdge, Timer


async def _run_to(dut, cycle: int) -> None:
    dut.stop.value = cycle
    dut.go.value = 1
    await RisingEdge(dut.idle)
    dut.go.value = 0
    await Timer(1, "ns")


def _text(found) -> str:
    """Return a string parameter: bytes in Icarus, in Verilator the bits of its characters."""
    if isinstance(found, bytes):
        return found.decode()
    number = int(found)
    return number.to_bytes(-(-number.bit_length() // 8), "big").decode("latin-1")


def read_back(stream, expected: dict) -> None:
    """Compare an instance's parameters with those expected, as text."""
    for name, value in expected.items():
        found = getattr(stream, name).value
        shown = f"{int(found):#x}" if value.startswith("0x") else _text(found)
        assert shown == value, f"parameter {name} is {shown}, not {value}"


@cocotb.test()
async def stream(dut) -> None:
    """Play the whole script."""
    job = json.loads(Path("job.json").read_text())
    instance = dut.u_top.u_stream
    for name, expected in job["parameters"].items():
        read_back(getattr(dut.u_top, name), expected)
    await Timer(1, "ns")
    for stop in job["deposits"]:
        await _run_to(dut, stop["cycle"])
        for path, value in stop["registers"].items():
            register = instance
            for part in path.split("."):
                register = getattr(register, part)
            register.value = Immediate(value)
            await Timer(1, "ns")
            assert int(register.value) == value, f"{path} did not take its value"
    await _run_to(dut, job["cycles"])
    assert int(dut.cycle.value) == job["cycles"], "the script was not played to its end"
