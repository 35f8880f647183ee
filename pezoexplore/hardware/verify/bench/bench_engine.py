"""cocotb testbench of a perturbation engine: reads its parameters back and plays operations.

It runs inside the simulator, in a folder with ``job.json``. A job either has all its operations in
files, and the trace is checked afterwards; or it names a training run, whose operations depend on
the responses of the engine, and which gets a function that plays them.
"""

from __future__ import annotations

import json
from pathlib import Path

import cocotb
from bench_stream import read_back
from cocotb.triggers import RisingEdge, Timer


async def _play(dut, operations: int, beats: int) -> None:
    dut.op_count.value = operations
    dut.beat_count.value = beats
    await Timer(1, "ns")
    dut.go.value = 1
    await RisingEdge(dut.idle)
    dut.go.value = 0
    await Timer(1, "ns")


@cocotb.test()
async def engine(dut) -> None:
    """Play the whole job."""
    job = json.loads(Path("job.json").read_text())
    read_back(dut.u_top.u_engine, job["parameters"])
    read_back(dut.u_top.u_source0.u_stream, job["stream_parameters"])
    await Timer(1, "ns")
    if "training" not in job:
        await _play(dut, job["operations"], job["beats"])
        return
    from pezoexplore.hardware.verify import cosim

    await cosim.train_on(lambda operations, beats: _play(dut, operations, beats), Path.cwd())
