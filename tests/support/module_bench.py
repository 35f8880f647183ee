"""Modules of the RTL simulated at their own ports, many in one program, from scripts of inputs."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.paths import rtl_dir

_BENCH = """`timescale 1ns/1ps
module {name};
    reg clk = 0;
    reg [{high}:0] script [0:{last}];
    {declared}
    {module} #({parameters}) dut ({ports});
    integer clock;
    initial begin
        $readmemh("{name}.hex", script);
        for (clock = 0; clock <= {last}; clock = clock + 1) begin
            {{{inputs}}} = script[clock];
            #4 $display("{name}", {shown});
            #1 clk = 1;
            #5 clk = 0;
        end
    end
endmodule
"""


@dataclass(frozen=True)
class Case:
    """A module and what is done with it.

    Attributes:
        module: A module of rtl/.
        parameters: Its parameters.
        inputs: Bits of each input but ``clk``.
        outputs: Names and bits of the outputs that are looked at.
        script: Values of the inputs, clock by clock.
        clocked: Whether it has a clock.
    """

    module: str
    parameters: Mapping[str, int | str]
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]
    script: Sequence[Mapping[str, int]]
    clocked: bool = True

    def bench(self, name: str) -> str:
        """Return a bench that prints the outputs of every clock, before its edge."""
        ports = [f".{port}({port})" for port in (*self.inputs, *self.outputs)]
        declared = [f"reg [{bits - 1}:0] {port} = 0;" for port, bits in self.inputs.items()]
        declared += [f"wire [{bits - 1}:0] {port};" for port, bits in self.outputs.items()]
        return _BENCH.format(
            name=name,
            module=self.module,
            high=sum(self.inputs.values()) - 1,
            last=len(self.script) - 1,
            declared="\n    ".join(declared),
            parameters=", ".join(f".{key}({value})" for key, value in self.parameters.items()),
            ports=", ".join([".clk(clk)"] * self.clocked + ports),
            inputs=", ".join(self.inputs),
            shown=", ".join(f'" %h", {port}' for port in self.outputs),
        )

    def memory(self) -> str:
        """Return the script as a memory file."""
        lines = []
        for row in self.script:
            word = 0
            for port, bits in self.inputs.items():
                assert 0 <= row[port] < 1 << bits
                word = word << bits | row[port]
            lines.append(f"{word:x}\n")
        return "".join(lines)


def printed(
    folder: Path, benches: Mapping[str, str], edit: tuple[str, str, str] | None = None
) -> str:
    """Return what benches print when they are simulated with the RTL.

    Args:
        folder: Where to build.
        benches: Verilog by name of the module.
        edit: File, text and what replaces it, to simulate a defect.
    """
    texts = {path.name: path.read_text(encoding="utf-8") for path in rtl_dir().glob("*.v*")}
    if edit:
        name, old, new = edit
        assert texts[name].count(old) == 1
        texts[name] = texts[name].replace(old, new)
    texts |= {f"{name}.v": text for name, text in benches.items()}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    sources = sorted(name for name in texts if name.endswith(".v"))
    tops = [word for name in benches for word in ("-s", name)]
    command = ["iverilog", "-g2005", *tops, "-o", "bench.vvp", *sources]
    for line in (command, ["vvp", "bench.vvp"]):
        done = subprocess.run(line, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def outputs_of(
    folder: Path, cases: Sequence[Case], edit: tuple[str, str, str] | None = None
) -> list[list[dict[str, int | None]]]:
    """Return the outputs of each case, clock by clock; None where a bit is unknown.

    Args:
        folder: Where to build.
        cases: What to simulate.
        edit: File, text and what replaces it, to simulate a defect.
    """
    names = [f"bench{number}" for number in range(len(cases))]
    for name, case in zip(names, cases, strict=True):
        (folder / f"{name}.hex").write_text(case.memory(), encoding="utf-8")
    benches = {name: case.bench(name) for name, case in zip(names, cases, strict=True)}
    found: dict[str, list[dict[str, int | None]]] = {name: [] for name in names}
    for line in printed(folder, benches, edit).splitlines():
        name, *values = line.split()
        case = cases[names.index(name)]
        found[name].append(
            {
                port: None if set(value.lower()) & {"x", "z"} else int(value, 16)
                for port, value in zip(case.outputs, values, strict=True)
            }
        )
    return [found[name] for name in names]
