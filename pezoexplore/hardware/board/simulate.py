"""A board in simulation: exchanges are played through the two wires of its serial line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path

from pezoexplore.errors import ToolError
from pezoexplore.hardware.board.build import Sources
from pezoexplore.hardware.board.protocol import Exchange
from pezoexplore.hardware.eda.process import run_tool

CLOCKS_PER_BIT = 4
"""Of the simulated line: the fewest that the receiver can do with."""

BENCH = Path(__file__).resolve().parent / "bench.v"

_END = "300"

_ADAPTER = """\
`default_nettype none
module board_under_test #(parameter CLOCKS_PER_BIT = 4) (
    input wire clk, input wire rx, output wire tx);
    {top} {parameters}top (.{clock}(clk), .{rx}(rx), .{tx}(tx));
endmodule
`default_nettype wire
"""


def play(
    sources: Sources,
    exchanges: Sequence[Exchange],
    log_path: Path,
    *,
    timeout_s: float,
    first: Sequence[str] = (),
    netlist: bool = False,
) -> list[bytes]:
    """Simulate a board's top with Icarus and return its answers.

    Args:
        sources: The Verilog, in the folder to work in.
        exchanges: Commands, each sent when the answer before it is complete.
        log_path: Receives what the tools print.
        timeout_s: Seconds the simulation may take.
        first: Operations of bench.v before them.
        netlist: Whether the files are the mapped top, whose bits have the board's own length.

    Raises:
        ToolError: A tool failed, or the board gave too few bytes or too many.
        ToolTimeoutError: The simulation timed out.
    """
    folder, board = sources.folder, sources.board
    ends = list(accumulate((e.answer for e in exchanges), initial=0))
    lines = list(first)
    for exchange, end in zip(exchanges, ends[1:], strict=True):
        lines += [f"{byte:03x}" for byte in exchange.sent]
        lines += ["100", f"{end >> 12:03x}", f"{end & 0xFFF:03x}"]
    lines.append(_END)
    (folder / "script.hex").write_text("\n".join(lines) + "\n", encoding="ascii")
    text = _ADAPTER.format(
        top=board.name,
        parameters="" if netlist else "#(.CLOCKS_PER_BIT(CLOCKS_PER_BIT)) ",
        clock=board.clock,
        rx=board.rx,
        tx=board.tx,
    )
    (folder / "adapter.v").write_text(text, encoding="ascii")
    compile_ = ["iverilog", "-g2005", "-o", "board.vvp", "-s", "bench"]
    clocks = board.clocks_per_bit if netlist else CLOCKS_PER_BIT
    compile_ += [f"-Pbench.CLOCKS_PER_BIT={clocks}", f"-Pbench.OPERATIONS={len(lines)}"]
    compile_ += [str(BENCH), "adapter.v", *sources.files]
    for command in (compile_, ["vvp", "-n", "board.vvp"]):
        code = run_tool(command, cwd=folder, log_path=log_path, timeout_s=timeout_s)
        if code != 0:
            raise ToolError(f"{command[0]} failed (exit {code}); see {log_path}")
    answer = bytes.fromhex((folder / "answer.hex").read_text(encoding="ascii"))
    if len(answer) != ends[-1]:
        raise ToolError(f"the board sent {len(answer)} bytes, not {ends[-1]}; see {log_path}")
    return [answer[start:end] for start, end in pairwise(ends)]
