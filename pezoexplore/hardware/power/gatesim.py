"""Gate-level simulation of a netlist on Icarus, with toggle counts per net.

The workload of a stream is to run back to back: reset, then one beat per clock (``out_ready`` high,
no pulse), a few clocks of warm-up, then the measured clocks. Every beat is compared with the
software stream, so a netlist that computes something else, or does not settle within its clock
period, gives no figure. That of an engine is in :mod:`.engine_power`.

Every bit of the netlist is a separate wire, and the toggles are counted from a VCD file, which
holds the settled value of a net at each point in time: a simulation without delays has no glitches,
and one with delays has those that the inertia of the cells passes.
"""

from __future__ import annotations

import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar

import numpy as np
import numpy.typing as npt

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.netlist import Bit, Netlist, joined_ports, wire
from pezoexplore.hardware.eda.process import run_tool
from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.packing import pack_rows
from pezoexplore.streams.stream import Stream

WARM_CLOCKS = 16
"""Clocks of warm-up before the measured ones."""

RESET_CLOCKS = 4

INPUTS_AT = 0.1
"""When inputs change, in clock periods after the edge, so that they settle as well."""

TIMEOUT_S = 600.0


class Stimulus(ABC):
    """What a netlist is driven with, and what it has to answer.

    Attributes:
        clocks: Measured clocks.
        timeout_s: Time limit of the simulation, s.
    """

    clocks: int
    timeout_s: ClassVar[float] = TIMEOUT_S

    @abstractmethod
    def files(self, netlist: Netlist, cells: Sequence[str], period_ns: float) -> Mapping[str, str]:
        """Return the files of a simulation, in ASCII by name.

        Args:
            netlist: The netlist.
            cells: Verilog of its cells, over the wires that :func:`wire` names.
            period_ns: Shortest clock period in which it settles.

        Returns:
            ``bench.v`` with the module ``bench``, which writes the measured clocks to
            ``bench.vcd``; and what that reads.
        """

    @abstractmethod
    def check(self, folder: Path) -> None:
        """Compare what the simulation in a folder wrote down with the software.

        Raises:
            ToolError: They differ.
        """


@dataclass(frozen=True)
class Workload(Stimulus):
    """A stream top that runs back to back.

    Attributes:
        loads: Words that the host loads after reset, in order.
        load_bits: Bits of such a word.
        stall: Clocks without a beat after reset.
        clocks: Measured clocks.
        beats: Data of every beat since reset.
    """

    loads: tuple[int, ...]
    load_bits: int
    stall: int
    clocks: int
    beats: tuple[int, ...]

    @classmethod
    def of(cls, point: DesignPoint, clocks: int) -> Workload:
        """Return the back-to-back workload of a point."""
        stream = Stream(point)
        strategy, words = stream.strategy, stream.beats(0, 0, WARM_CLOCKS + clocks)
        loads = strategy.load_words(0) if strategy.loads_after_reset else []
        return cls(
            loads=tuple(loads),
            load_bits=point.load_bits or 1,
            stall=strategy.reset_stall,
            clocks=clocks,
            beats=tuple(pack_rows(words, point.bits)),
        )

    def files(self, netlist: Netlist, cells: Sequence[str], period_ns: float) -> Mapping[str, str]:
        """Implement :meth:`Stimulus.files`."""
        return {
            "bench.v": _bench(netlist, cells, self, period_ns),
            "loads.hex": "".join(f"{word:x}\n" for word in (*self.loads, 0)),
        }

    def check(self, folder: Path) -> None:
        """Implement :meth:`Stimulus.check`: compare all beats with those of the stream."""
        words = (folder / "trace.txt").read_text(encoding="ascii").split()
        if len(words) < len(self.beats):
            raise ToolError(f"the netlist delivered {len(words)} beats of {len(self.beats)}")
        for i, beat in enumerate(self.beats):
            if not re.fullmatch("[0-9a-f]+", words[i]) or int(words[i], 16) != beat:
                raise ToolError(f"beat {i} of the netlist is {words[i]}, of the stream {beat:x}")


def count_toggles(
    netlist: Netlist,
    cells: Sequence[str],
    workload: Stimulus,
    period_ns: float,
    folder: Path,
    log_path: Path,
    *,
    sources: Sequence[Path] = (),
    options: Sequence[str] = (),
) -> dict[int, int]:
    """Count the transitions of every net over the measured clocks.

    Args:
        netlist: The netlist.
        cells: Verilog of its cells, over the wires that :func:`wire` names.
        workload: The stimulus.
        period_ns: Clock period of the simulation; long enough for everything to settle.
        folder: Folder to work in, emptied first.
        log_path: Log file for the output of Icarus.
        sources: Verilog files with the modules of the cells.
        options: Further options of iverilog.

    Raises:
        ToolError: Icarus is missing or failed, or the netlist's words are not the stream's.
        ToolTimeoutError: Icarus timed out.
    """
    for program in ("iverilog", "vvp"):
        if shutil.which(program) is None:
            raise ToolError(f"{program}: not found on PATH; install it: apt-get install iverilog")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in workload.files(netlist, cells, period_ns).items():
        (folder / name).write_text(text, encoding="ascii", newline="\n")
    command = ["iverilog", "-g2005", "-o", "bench.vvp", "-s", "bench", *options, "bench.v"]
    for step in ([*command, *map(str, sources)], ["vvp", "-n", "bench.vvp"]):
        if run_tool(step, folder, log_path, workload.timeout_s) != 0:
            raise ToolError(f"{step[0]} failed on the netlist; see {log_path}")
    try:
        workload.check(folder)
        toggles = read_vcd(folder / "bench.vcd")
    except OSError as error:
        raise ToolError(f"{folder}: the simulator left no result ({error})") from error
    (folder / "bench.vcd").unlink()
    return {net: toggles.get(wire(net), 0) for net in netlist.nets}


def _bench(netlist: Netlist, cells: Sequence[str], workload: Workload, period_ns: float) -> str:
    """Return the testbench: clock, reset, loads, the trace of beats and the toggles to count."""
    ports = ports_of(netlist)
    driven = {n.partition("[")[0] for n, p in netlist.ports.items() if p.direction == "input"}
    data = ", ".join(wire(bit) for bit in reversed(ports["out_data"]))
    before = workload.stall + WARM_CLOCKS + 1
    width = workload.load_bits
    inputs = {"rst": "rst", "out_ready": "1'b1", "load_valid": "1'b1", "load_data": "load"}
    ready = wire(ports["load_ready"][0]) if "load_ready" in ports else "1'b0"
    return "\n".join(
        [
            "`timescale 1ns/1ps",
            "module bench;",
            "reg clk = 1'b0; reg rst = 1'b1; integer trace; integer at = 0;",
            f"reg [{width - 1}:0] loads [0:{len(workload.loads)}];",
            f"reg [{width - 1}:0] load;",
            *(f"wire n{net};" for net in netlist.nets),
            f"assign {wire(ports['clk'][0])} = clk;",
            *(
                f"assign {wire(bit)} = {_driver(inputs.get(name), i)};"
                for name, bits in ports.items()
                if name != "clk" and name in driven
                for i, bit in enumerate(bits)
            ),
            *cells,
            f"always #{period_ns / 2:.3f} clk = ~clk;",
            f"always @(posedge clk) #{INPUTS_AT * period_ns:.3f} load = loads[at];",
            f"always @(posedge clk) if (!rst) begin if ({ready}) at = at + 1;",
            f'if ({wire(ports["out_valid"][0])} === 1\'b1) $fdisplay(trace, "%h", {{{data}}});',
            "end",
            'initial begin $readmemh("loads.hex", loads); load = loads[0];',
            'trace = $fopen("trace.txt", "w");',
            f"repeat ({RESET_CLOCKS}) @(posedge clk); #{INPUTS_AT * period_ns:.3f} rst = 1'b0;",
            # From the middle of a low phase to the middle of another: whole clocks.
            f"repeat ({before}) @(negedge clk);",
            f'#{period_ns / 4:.3f} $dumpfile("bench.vcd"); $dumpvars(1, bench);',
            f"#{period_ns * workload.clocks:.3f} $finish; end",
            "endmodule",
            "",
        ]
    )


def ports_of(netlist: Netlist) -> dict[str, list[Bit]]:
    """Return the bits of a stream's ports by name, with split ports joined.

    Raises:
        ToolError: It lacks one that every stream has.
    """
    found = joined_ports(netlist)
    for name in ("clk", "rst", "out_ready", "out_valid", "out_data"):
        if name not in found:
            raise ToolError(f"the netlist has no port {name}")
    return found


def _driver(name: str | None, index: int) -> str:
    """Return the driver of a bit of an input port."""
    if name is None:
        return "1'b0"
    return f"load[{index}]" if name == "load" else name


def read_vcd(path: Path, at_once: int = 2**24) -> dict[str, int]:
    """Count the transitions between 0 and 1 of every one-bit signal of a VCD file, by name.

    A repeated value is no transition: Icarus writes a signal that changed back within one point in
    time. Format: IEEE Std 1364-2005, section 18.

    Args:
        path: The file.
        at_once: Bytes that are held at once.
    """
    with path.open("rb") as file:
        names = _vcd_names(file)
        keys, at = np.unique(
            [int.from_bytes(code, "little") for code in names], return_inverse=True
        )
        last, counts = np.zeros(len(keys), np.uint8), np.zeros(len(keys), np.int64)
        while lines := file.read(at_once) + file.readline():
            _count_lines(np.frombuffer(lines, np.uint8), keys.astype(np.uint64), last, counts)
    found = counts[at].tolist()
    return {
        name: count for named, count in zip(names.values(), found, strict=True) for name in named
    }


_BITS, _SCALARS = tuple(b"01"), tuple(b"01xz")


@compiled
def _count_lines(
    lines: npt.NDArray[np.uint8],
    keys: npt.NDArray[np.uint64],
    last: npt.NDArray[np.uint8],
    counts: npt.NDArray[np.int64],
) -> None:
    """Count the transitions of signals in whole lines of a VCD file.

    Args:
        lines: Their bytes.
        keys: Codes of the signals, the first character in the lowest byte, ascending.
        last: The last value of each signal, 0 before the first; updated.
        counts: Transitions of each signal; updated.
    """
    place, end = 0, len(lines)
    while place < end:
        value, key, shift = lines[place], np.uint64(0), np.uint64(0)
        place += 1
        while place < end and lines[place] != _NEWLINE:
            key |= np.uint64(lines[place]) << shift
            shift += np.uint64(8)
            place += 1
        place += 1
        if shift <= _LONGEST and value in _SCALARS:
            signal = np.searchsorted(keys, key)
            if signal < len(keys) and keys[signal] == key:
                before = last[signal]
                last[signal] = value
                known = value in _BITS and before in _BITS
                counts[signal] += known and before != value


_NEWLINE = ord("\n")
_LONGEST = np.uint64(64)
"""Bits of the longest code: eight characters name more signals than any file has."""


def _vcd_names(file: BinaryIO) -> dict[bytes, list[str]]:
    """Return signal names by VCD code; leave the file at the start of the values."""
    names: dict[bytes, list[str]] = {}
    for line in file:
        words = line.split()
        if words[:1] == [b"$var"]:
            names.setdefault(words[3], []).append(words[4].decode())
        elif words[:1] == [b"$enddefinitions"]:
            break
    return names
