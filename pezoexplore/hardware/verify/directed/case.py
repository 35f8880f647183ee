"""A directed test of one module: inputs clock by clock, and the outputs that a model expects.

The benches are plain Verilog for Icarus and need no cocotb: a case is a script of inputs and a
trace of outputs, of which many are simulated in one program.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.process import run_tool

Outputs = Mapping[str, int | None]
"""Values of outputs in a clock; None is unknown, in an expectation: not looked at."""

Parameters = Mapping[str, int | str]
"""Parameters of a module, as Verilog has them."""

_BENCH = """`timescale 1ns/1ps
module {name};
    reg clk = 0;
    reg [{high}:0] script [0:{last}];
    {declared}
    {module} #({parameters}) dut ({ports});
    integer clock, trace;
    initial begin
        $readmemh("{name}.hex", script);
        trace = $fopen("{name}.txt", "w");
        for (clock = 0; clock <= {last}; clock = clock + 1) begin
            {{{inputs}}} = script[clock];
            #4 $fdisplay(trace, "{formats}", {shown});
            #1 clk = 1;
            #5 clk = 0;
        end
        $fclose(trace);
    end
endmodule
"""


@dataclass(frozen=True)
class Case:
    """A module, what is done with it, and what it should show.

    Attributes:
        module: A module of rtl/.
        parameters: Its parameters.
        inputs: Bits of each input but ``clk``.
        outputs: Bits of each output that is looked at.
        script: Values of the inputs, clock by clock.
        expected: Values of outputs in the same clocks, before the edge that ends each.
        ignored: Inputs that must change nothing. Where there are any, ``expected`` is empty: the
            outputs are compared with those of the same script in which these inputs are zero.
        files: Memory files that the module reads, by name.
        clocked: Whether it has a port ``clk``.
    """

    module: str
    parameters: Parameters
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]
    script: Sequence[Mapping[str, int]]
    expected: Sequence[Outputs] = ()
    ignored: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    clocked: bool = True

    @property
    def label(self) -> str:
        """Its module and its parameters but for tables of more than 20 characters."""
        given = (f"{name}={value}" for name, value in self.parameters.items())
        return " ".join([self.module, *(text for text in given if len(text) <= 20)])

    def at_rest(self) -> Case:
        """Return the case with the ignored inputs at zero."""
        rest = dict.fromkeys(self.ignored, 0)
        return replace(self, script=[{**row, **rest} for row in self.script], ignored=())

    def bench(self, name: str) -> str:
        """Return a bench module that plays the script and writes the outputs of every clock."""
        declared = [f"reg [{bits - 1}:0] {port} = 0;" for port, bits in self.inputs.items()]
        declared += [f"wire [{bits - 1}:0] {port};" for port, bits in self.outputs.items()]
        ports = (*(("clk",) if self.clocked else ()), *self.inputs, *self.outputs)
        return _BENCH.format(
            name=name,
            module=self.module,
            high=sum(self.inputs.values()) - 1,
            last=len(self.script) - 1,
            declared="\n    ".join(declared),
            parameters=", ".join(f".{key}({value})" for key, value in self.parameters.items()),
            ports=", ".join(f".{port}({port})" for port in ports),
            inputs=", ".join(self.inputs),
            formats=" ".join(["%h"] * len(self.outputs)),
            shown=", ".join(self.outputs),
        )

    def memory(self) -> str:
        """Return the script as a memory file."""
        lines = []
        for row in self.script:
            word = 0
            for port, bits in self.inputs.items():
                word = word << bits | row[port]
            lines.append(f"{word:x}\n")
        return "".join(lines)


def simulated(
    cases: Sequence[Case], rtl_dir: Path, work_dir: Path, log_path: Path, timeout_s: float
) -> list[list[Outputs]]:
    """Return the outputs of each case, clock by clock.

    Args:
        cases: What to simulate.
        rtl_dir: Folder of the Verilog.
        work_dir: Folder to build in; replaced.
        log_path: Receives what the tools print.
        timeout_s: Time limit of each tool, s.

    Raises:
        ToolError: Icarus is missing or refuses the RTL, or the simulation ended early.
        ToolTimeoutError: A tool timed out.
    """
    shutil.rmtree(work_dir, ignore_errors=True)
    work_dir.mkdir(parents=True)
    for path in rtl_dir.glob("*.v*"):
        shutil.copyfile(path, work_dir / path.name)
    names = [f"bench_{number}" for number in range(len(cases))]
    for name, case in zip(names, cases, strict=True):
        for file, text in {f"{name}.hex": case.memory(), **case.files}.items():
            (work_dir / file).write_text(text, encoding="ascii")
    benches = [case.bench(name) for name, case in zip(names, cases, strict=True)]
    (work_dir / "benches.v").write_text("\n".join(benches), encoding="ascii")
    tops = [word for name in names for word in ("-s", name)]
    compiler = ["iverilog", "-g2005", "-y", ".", *tops, "-o", "benches.vvp", "benches.v"]
    for command in (compiler, ["vvp", "-n", "benches.vvp"]):
        status = run_tool(command, cwd=work_dir, log_path=log_path, timeout_s=timeout_s)
        if status != 0:
            raise ToolError(f"{command[0]}: exit status {status}; see {log_path}")
    return [
        _outputs(case, work_dir / f"{name}.txt") for name, case in zip(names, cases, strict=True)
    ]


def _outputs(case: Case, trace: Path) -> list[Outputs]:
    """Return the outputs in a trace.

    Raises:
        ToolError: It is missing or too short.
    """
    try:
        lines = trace.read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise ToolError(f"{trace}: the simulator left no trace ({error.strerror})") from error
    if len(lines) != len(case.script):
        raise ToolError(f"{trace}: {len(lines)} of {len(case.script)} clocks")
    return [dict(zip(case.outputs, map(_value, line.split()), strict=True)) for line in lines]


def _value(text: str) -> int | None:
    """Return a hexadecimal value; None where a bit is unknown."""
    return None if set(text.lower()) & {"x", "z"} else int(text, 16)


def first_difference(shown: Iterable[Outputs], expected: Iterable[Outputs]) -> str:
    """Return in which clock outputs differ from what is expected first, or nothing."""
    for clock, (is_, wanted) in enumerate(zip(shown, expected, strict=True)):
        for port, value in wanted.items():
            if value is not None and is_[port] != value:
                found = is_[port]
                shows = "unknown" if found is None else f"{found:#x}"
                return f"clock {clock}: {port} is {shows}, expected {value:#x}"
    return ""
