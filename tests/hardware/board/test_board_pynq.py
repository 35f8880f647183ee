"""The driver for PYNQ on a fake of the engine's register map, and the overlay's script in Tcl."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest
from fixed_reference import Replica, held, loss
from tiny_board import tiny_session, tiny_trainer, weights_after

from pezoexplore.hardware.board.session import Session
from pezoexplore.hardware.export.verilog_ports import ports_in
from pezoexplore.hardware.rtl.engine import Shape, build_engine
from pezoexplore.hardware.rtl.engine_map import BY_NAME, ID_VALUE, MODES, REGISTERS
from pezoexplore.hardware.verify.engine.model import EngineModel, Settings
from pezoexplore.paths import boards_dir, rtl_dir
from pezoexplore.streams.stream import beats_per_step
from pezoexplore.train.selection import stream_source

PYNQ = boards_dir() / "pynq"


@pytest.fixture(scope="module")
def driver() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pezo_pynq", PYNQ / "pezo_pynq.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class FakeEngine:
    """The registers by engine_map, the numbers by the model of the engine's bench.

    A pass needs CONTROL first and leaves the engine busy for a few reads of STATUS.
    """

    def __init__(self, session: Session, stuck: bool = False) -> None:
        trainer = session.trainer
        self.shape = Shape.of(trainer.point, 2)
        self.model = EngineModel(trainer.point, self.shape)
        self.beats = beats_per_step(trainer.task.parameters, self.shape.lanes)
        self.names = {
            register.address + stride * segment: (register, segment)
            for register in REGISTERS
            for stride, count in [(register.stride or 0, 2 if register.stride else 1)]
            for segment in range(count)
        }
        self.values: dict[tuple[str, int], int] = {}
        self.busy = 10**9 if stuck else 0
        self.waiting, self.begun, self.next = None, 0, 0
        self.passes: list[str] = []

    def read(self, offset: int) -> int:
        register, segment = self.names[offset]
        fields = BY_NAME["SHAPE"]
        fixed = {
            "ID": ID_VALUE,
            "SHAPE": sum(
                fields.field(name, value)
                for name, value in (
                    ("LANES", self.shape.lanes),
                    ("WEIGHT_BITS", self.shape.weight_bits),
                    ("SOURCES", self.shape.sources),
                    ("SEGMENTS", self.shape.segments),
                    ("DRAWS", self.shape.draws),
                )
            ),
        }
        if register.name == "STATUS":
            self.busy = max(self.busy - 1, 0)
            return BY_NAME["STATUS"].field("BUSY", int(self.busy > 0))
        return fixed.get(register.name, self.values.get((register.name, segment), 0))

    def write(self, offset: int, value: int) -> None:
        register, segment = self.names[offset]
        assert "w" in register.access, f"{register.name} cannot be written"
        assert not self.busy and self.waiting is None, "the engine is busy: SLVERR"
        assert 0 <= value < 2**32
        signed = value - 2**32 if value >> 31 else value
        if register.name == "RESEED":
            assert value == 2
            self.next = self.begun = 0
        elif register.name == "CONTROL":
            self.waiting = value
        elif register.name == "SCALE":
            low, high = self.shape.scales
            assert low <= signed <= high
        self.values[register.name, segment] = signed

    def send(self, beats: np.ndarray) -> np.ndarray:
        assert beats.dtype == np.int16
        assert beats.size == self.beats * self.shape.lanes
        control, self.waiting = self.waiting, None
        mode = next(name for name, code in MODES.items() if code == control & 3)
        if not control & 4:
            self.begun = self.next
        self.next = self.begun + self.beats
        settings = Settings(
            scales=[self.values["SCALE", n] for n in range(2)],
            ends=[self.values["END", 0]],
            step=self.values.get(("STEP", 0), 0),
            step_shift=self.values["STEP_SHIFT", 0],
        )
        self.busy = 4
        self.passes.append(mode)
        found = self.model.send(mode, beats.astype(np.int32), [(0, self.begun)], settings)
        return found.astype(np.int16)


def test_it_trains_as_the_software(driver):
    session = tiny_session(tiny_trainer(), steps=4)
    trainer, model = session.trainer, session.trainer.network.model
    fake = FakeEngine(session)
    engine = driver.Engine(fake, fake.send)
    assert (engine.lanes, engine.weight_bits, engine.segments) == (2, 16, 2)
    scale = stream_source(trainer.point, trainer.task)(session.run.seeds).scale
    arithmetic, rates = trainer.prepare(session.run, scale)
    points = trainer.network.scales
    engine.set_up(
        [arithmetic.exponent + bits for bits in points.weights],
        [model.blocks[1].stop],
        arithmetic.update_shift,
    )
    replica = Replica(
        [], points.weights, points.activations, 16, 8, arithmetic.exponent, 0, 8, False
    )
    inputs = trainer.network.inputs(trainer.task.train.inputs)
    weights = session.initial.astype(np.int16)
    for step, (exchange, expected) in enumerate(
        zip(session.steps(), weights_after(session), strict=True)
    ):
        words = np.frombuffer(exchange.sent[4:], "<u2")

        def total(moved: np.ndarray, words: np.ndarray = words) -> int:
            layers = model.unpack(moved.astype(np.int64))
            logits = replica.logits(layers, inputs[words & 0xFFF])
            pairs = zip(logits, words >> 12, strict=True)
            return sum(loss(row.tolist(), int(label)) for row, label in pairs)

        def size(difference: int, rate: int = int(rates[step, 0])) -> int:
            return held((held(difference, 24) * rate + 2**14) // 2**15, 16)

        weights = engine.step(weights, total, size)
        assert (weights == expected).all()
    assert fake.passes == ["plus", "minus", "update"] * 4


def test_what_is_no_such_engine(driver):
    session = tiny_session(tiny_trainer(), steps=1)
    fake = FakeEngine(session)
    fake.read = lambda offset: 0
    with pytest.raises(RuntimeError, match="register ID is 00000000"):
        driver.Engine(fake, fake.send)
    with pytest.raises(ValueError, match="2 segments"):
        driver.Engine(FakeEngine(session), None).set_up([1], [], 0)


def test_an_engine_that_stays_busy(driver, monkeypatch):
    monkeypatch.setattr(driver, "MOST_POLLS", 5)
    fake = FakeEngine(tiny_session(tiny_trainer(), steps=1), stuck=True)
    with pytest.raises(RuntimeError, match="stays busy"):
        driver.Engine(fake, fake.send)


def test_the_addresses_are_those_of_the_map(driver):
    for name in (
        "ID",
        "SHAPE",
        "STATUS",
        "CONTROL",
        "STEP",
        "STEP_SHIFT",
        "RESEED",
        "SCALE",
        "END",
    ):
        assert getattr(driver, name) == BY_NAME[name].address, name
    assert driver.ID_VALUE == ID_VALUE
    assert {name: getattr(driver, name.upper()) for name in ("plus", "minus", "update")} == {
        name: MODES[name] for name in ("plus", "minus", "update")
    }
    assert BY_NAME["CONTROL"].field("REPLAY", 1) == driver.REPLAY


class _Buffer(np.ndarray):
    def flush(self) -> None:
        self.log.append("flush")

    def invalidate(self) -> None:
        self.log.append("invalidate")


def test_a_pass_is_one_transfer_each_way(driver):
    log: list[str] = []

    def allocate(shape: tuple[int, ...], dtype: str) -> _Buffer:
        buffer = np.zeros(shape, dtype).view(_Buffer)
        buffer.log = log
        return buffer

    class Channel:
        def __init__(self, name: str) -> None:
            self.name = name

        def transfer(self, buffer: np.ndarray) -> None:
            log.append(self.name)
            self.buffer = buffer

        def wait(self) -> None:
            log.append(f"{self.name} waits")
            if self.name == "back":
                self.buffer[:] = there.buffer + 1

    there, back = Channel("there"), Channel("back")
    dma = type("FakeDma", (), {"sendchannel": there, "recvchannel": back})()
    send = driver.Dma(dma, allocate)
    for first in (1, 5):
        assert send(np.array([first, 2], np.int16)).tolist() == [first + 1, 3]
    assert log[:6] == ["flush", "back", "there", "there waits", "back waits", "invalidate"]


def test_the_driver_needs_numpy_alone(driver):
    code = "import sys; sys.modules['pezoexplore'] = None; import pezo_pynq"
    done = subprocess.run([sys.executable, "-c", code], cwd=PYNQ, check=False, timeout=60)
    assert done.returncode == 0


FAKE_VIVADO = r"""
proc note {args} { puts [join $args "\t"] }
proc unknown {name args} { error "no such command in Vivado: $name" }
foreach name {create_project update_ip_catalog create_bd_design assign_bd_address validate_bd_design
        save_bd_design launch_runs wait_on_run add_files close_project make_bd_intf_pins_external
        connect_bd_intf_net connect_bd_net set_property} {
    proc $name {args} "note $name {*}\$args"
}
rename file real_file
proc file {command args} {
    if {$command eq "copy"} { note copy {*}$args } else { real_file $command {*}$args }
}
proc create_bd_cell {args} { note create_bd_cell {*}$args; return /[lindex $args end] }
foreach name {bd_pins bd_intf_pins} {
    proc get_$name {args} { return [join $args " "] }
}
proc get_files {name} { return $name }
proc get_runs {name} { return $name }
proc get_property {name of} { return run }
proc make_wrapper {args} { return wrapper.v }
proc current_project {} { return project }
proc current_fileset {} { return sources_1 }
set argv [list bundle]
"""


def test_the_overlay_connects_what_it_creates(tmp_path):
    (tmp_path / "run.tcl").write_text(f"{FAKE_VIVADO}\nsource {{{PYNQ / 'overlay.tcl'}}}\n")
    done = subprocess.run(
        ["tclsh", "run.tcl"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    noted = [line.split("\t") for line in done.stdout.splitlines()]
    cells = {words[-1] for words in noted if words[0] == "create_bd_cell"}
    assert cells == {"ps", "reset", "engine", "dma", "control", "memory"}
    joined = [words[1:] for words in noted if words[0] in ("connect_bd_net", "connect_bd_intf_net")]
    ends = [end for pair in joined for end in pair]
    assert {end.split("/")[0] for end in ends} == cells
    interfaces = [end for words in noted if words[0] == "connect_bd_intf_net" for end in words[1:]]
    assert len(interfaces) == len(set(interfaces)) == 16
    used = {end.split("/")[1] for end in ends if end.startswith("engine/")}
    verilog = build_engine(tiny_trainer().point, 2, rtl_dir()).top
    names = {re.sub(r"^([sm]_axi[ls]?s?)_.*", r"\1", port.name) for port in ports_in(verilog)}
    assert used == names
