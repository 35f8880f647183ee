#!/usr/bin/env bash
# cocotb Runner: a build with other parameters in the same folder simulates the old circuit.
#
# Seen 2026-11-28, cocotb 2.1.0 with Icarus Verilog 11. Whether to compile is decided by the times of the
# sources alone: build(parameters={"N": 2}) after N = 1 logs "Skipping compilation", returns normally, and the
# test sees N = 1. always=True compiles.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages cocotb==2.1.0

cat > top.v <<'V'
module top #(parameter N = 0) (output wire [31:0] n);
    assign n = N;
endmodule
V
cat > test_top.py <<'P'
import os

import cocotb
from cocotb.triggers import Timer


@cocotb.test()
async def say(dut) -> None:
    await Timer(1, "ns")
    with open(os.environ["SAID"], "a") as file:
        file.write(f"{int(dut.n.value)} ")
P
cat > sweep.py <<'P'
from cocotb_tools.runner import get_runner

for number, always in ((1, False), (2, False), (2, True)):
    runner = get_runner("icarus")
    runner.build(
        sources=["top.v"], hdl_toplevel="top", parameters={"N": number}, always=always,
        build_dir="build", timescale=("1ns", "1ps"),
    )
    runner.test(hdl_toplevel="top", test_module="test_top", build_dir="build")
P
export SAID="$work/said" PYTHONPATH="$work"
python sweep.py > sweep.log 2>&1
expect "N seen of 1, 2, 2 with always" "1 1 2 " "$(cat said)"
