"""Design spaces: the frozen, validated form of a design file.

Each key's kind, range and meaning is stated once, here; loading, error messages and the JSON
Schema are made from it.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pezoexplore.design.column_kinds import COLUMN, CONSTRAINT
from pezoexplore.design.columns import CERTIFIED_HELP, ENGINE_HELP, columns_of
from pezoexplore.design.conditions import Condition
from pezoexplore.design.kinds import MAX_POINTS, Several, choice, positive, refusal, whole
from pezoexplore.design.own_targets import TARGET, DesignTarget, target_name
from pezoexplore.design.point import AXES, DEFAULTS, MAX_POOL_BITS, REUSES, SCALINGS, TAPS
from pezoexplore.design.setting_kinds import (
    FOLDER,
    GENERATOR,
    NAME,
    SCOPE,
    SHARE,
    SWITCH,
    TASK_KIND,
    is_certified,
)
from pezoexplore.design.training_axes import (
    ESTIMATORS,
    FIXED_BITS,
    FLOAT,
    MAX_REPLAY,
    OPTIONAL_DEFAULTS,
    RANKS,
    ROUNDINGS,
    STEP_SIZES,
    UPDATE_ROUNDINGS,
)
from pezoexplore.errors import DesignError

TASK = "digits-mlp"
"""The training task of a design that names none."""


class _Section(BaseModel):
    """A mapping of the design file: frozen, and every key is known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _or_empty(kind: type) -> BeforeValidator:
    """Read a key with nothing behind its colon as a section left empty."""

    def read(value: object) -> object:
        return kind() if value is None else value

    return BeforeValidator(read)


def _axis(name: str, text: str, default: str = "") -> Any:  # noqa: ANN401 - pydantic's own Field
    words = default or str(DEFAULTS[name])
    return Field(
        default=None,
        description=f"{text} Default: {words}.",
        json_schema_extra=_without_default,
    )


def _without_default(schema: dict[str, Any]) -> None:
    """Drop the default: Python's None stands for "not named"; null is not allowed in a file."""
    schema.pop("default", None)


class SubSpace(_Section):
    """Values by axis: a scalar, a list, a range or powers of two; the cross product is meant.

    An axis that is not named takes its default (in an exclude: matches anything).
    """

    rng: Annotated[tuple[str, ...] | None, Several(GENERATOR)] = _axis(
        "rng",
        "Generator family; gaussian is MeZO's software reference, without hardware; "
        "module:Class is one of your own, in a module beside the design file.",
    )
    reuse: Annotated[tuple[str, ...] | None, Several(choice(REUSES))] = _axis(
        "reuse",
        "Reuse strategy: none (a generator per lane), pool (stored words), bank (generators "
        "that rotate) or phased (all lanes from one state). bank needs rng "
        "lfsr, phased lfsr, lut_opt or xormix.",
    )
    pool_size: Annotated[
        tuple[int, ...] | None,
        Several(whole(1, MAX_POOL_BITS, "bits of the largest target's memory"), ranges=True),
    ] = _axis("pool_size", "Least words in the pool; for reuse pool only.")
    reuse_period: Annotated[
        tuple[int | float, ...] | None, Several(whole(1, 10**9, inf=True), ranges=True)
    ] = _axis(
        "reuse_period",
        "Steps served before the pool is refilled or the generators are reseeded; inf: never.",
    )
    bit_width: Annotated[tuple[int, ...] | None, Several(whole(1, 24), ranges=True)] = _axis(
        "bit_width", "Signed output bits per number; rademacher always has 1."
    )
    state_bits: Annotated[
        tuple[int | None, ...] | None, Several(whole(3, 48, null=True), ranges=True)
    ] = _axis(
        "state_bits",
        "Bits of one generator's state: lfsr 3 to 32, null for bit_width; lut_opt 16, 24, 32 or "
        "48, null for 48. Fixed for the others.",
        "the generator's own",
    )
    lanes: Annotated[tuple[int, ...] | None, Several(whole(1, 256), ranges=True)] = _axis(
        "lanes", "Random numbers per beat."
    )
    leap: Annotated[tuple[int, ...] | None, Several(whole(1, 64), ranges=True)] = _axis(
        "leap", "State updates per clock; lfsr only. Coprime to 2^state_bits - 1."
    )
    taps: Annotated[tuple[str, ...] | None, Several(choice(TAPS))] = _axis(
        "taps",
        "How the lanes of phased read the one state: shifted (true phase shifts), xor (each "
        "bit its own XOR of state bits), shared (low bits wired from other lanes) or sparse (as "
        "shared, three bits a lane of its own, XORs of at most three state bits).",
    )
    scaling: Annotated[tuple[str, ...] | None, Several(choice(SCALINGS))] = _axis(
        "scaling",
        "none (|z| <= 1), constant (unit deviation, folded into epsilon and learning rate) "
        "or pow2 (a power of two with each beat).",
    )
    estimator: Annotated[tuple[str, ...] | None, Several(choice(ESTIMATORS))] = _axis(
        "estimator",
        "How a step estimates the gradient: rge (two-point), rge_onesided, sign_spsa (one-bit "
        "loss difference), cge (every coordinate, no random numbers), cge_sparse, "
        "cocd (queries coordinates in turn, no random numbers), forward_gradient (exact "
        "directional derivative) or backprop (the reference).",
    )
    queries: Annotated[tuple[int, ...] | None, Several(whole(1, 4096), ranges=True)] = _axis(
        "queries",
        "Directions per step, whose estimates are averaged; of cocd coordinates per step.",
    )
    weight_bits: Annotated[
        tuple[int | None, ...] | None, Several(whole(*FIXED_BITS, word=FLOAT), ranges=True)
    ] = _axis("weight_bits", "Bits of an integer weight, or float.", FLOAT)
    activation_bits: Annotated[
        tuple[int | None, ...] | None, Several(whole(*FIXED_BITS, word=FLOAT), ranges=True)
    ] = _axis("activation_bits", "Bits of an integer activation, or float.", FLOAT)
    rounding: Annotated[tuple[str, ...] | None, Several(choice(ROUNDINGS))] = _axis(
        "rounding", "How integer training rounds.", ROUNDINGS[0]
    )
    update_rounding: Annotated[tuple[str, ...] | None, Several(choice(UPDATE_ROUNDINGS))] = _axis(
        "update_rounding",
        "Whether probe and update share one rounding of z or take two independent ones.",
        UPDATE_ROUNDINGS[0],
    )
    step_size: Annotated[tuple[str, ...] | None, Several(choice(STEP_SIZES))] = _axis(
        "step_size",
        "plain (the learning rate alone) or scalar (divided by the root of one second moment of "
        "the slopes).",
    )
    momentum_replay: Annotated[
        tuple[int, ...] | None, Several(whole(0, MAX_REPLAY), ranges=True)
    ] = _axis(
        "momentum_replay",
        "Earlier directions that each update replays, for momentum without a stored velocity.",
    )
    rank: Annotated[tuple[str, ...] | None, Several(choice(RANKS))] = _axis(
        "rank",
        "Outer products of the stream's words that make up the direction of a matrix; full: a "
        "word a weight. Of one-bit words rank 1 has RTL.",
    )
    scope: Annotated[tuple[str, ...] | None, Several(SCOPE)] = _axis(
        "scope",
        "Weights that directions move: all; last:N, all but the last N layers, which backprop "
        "trains; or sparse:S, of each weight tensor the share S smallest at the start, and biases.",
    )

    @model_validator(mode="after")
    def _countable(self) -> SubSpace:
        if self.combinations > MAX_POINTS:
            raise refusal(f"lists {self.combinations} combinations; allowed: at most {MAX_POINTS}")
        return self

    def named(self) -> dict[str, tuple[str | int | float | None, ...]]:
        """Return the axes that are named, in the order of the columns, with their values."""
        return {axis: getattr(self, axis) for axis in AXES if getattr(self, axis) is not None}

    @property
    def combinations(self) -> int:
        """Size of the cross product."""
        return math.prod(len(values) for values in self.named().values())


class Entry(SubSpace):
    """One item of include or exclude: like space, and it names at least one axis."""

    @model_validator(mode="after")
    def _named(self) -> Entry:
        if not self.named():
            raise refusal(f"names no axis; allowed: {', '.join(AXES)}")
        return self


class TrainSettings(_Section):
    """How each point is trained."""

    steps: Annotated[int, whole(1, 10**9)] = Field(default=4000, description="Updates per run.")
    seeds: Annotated[int, whole(2, 10_000)] = Field(
        default=5, description="Runs a point; the interval is over them."
    )
    tuning_seeds: Annotated[int, whole(1, 10_000)] = Field(
        default=10_000, description="Most seeds that a rate is tried with."
    )
    learning_rates: Annotated[tuple[float, ...], Several(positive(1e6), once=True)] = Field(
        default=(0.003, 0.005, 0.01),
        description="Candidates; each point takes the best on a validation split.",
    )
    batch: Annotated[int, whole(1, 10**6)] = Field(default=64, description="Examples a step.")
    epsilon: Annotated[tuple[float, ...], Several(positive(1e6), once=True)] = Field(
        default=(1e-3,),
        description="Size of the perturbation: the loss is taken at w + and - epsilon * z. Of "
        "several, each point takes the best on a validation split.",
    )
    target_accuracy: Annotated[float, positive(100)] = Field(
        default=85.0,
        description="Validation accuracy, percent, that steps and energy to target are counted to.",
    )
    momentum: Annotated[float, SHARE] = Field(
        default=0.0,
        description="Share of the last move that is kept, of cocd of the earlier estimates (0: "
        "all); float weights only.",
    )
    weight_decay: Annotated[float, SHARE] = Field(
        default=0.0, description="Pull of the weights towards zero; float weights only."
    )
    normalise: Annotated[bool, SWITCH] = Field(
        default=False,
        description="Whether rge_onesided divides its step by the deviation of the losses (FZOO).",
    )
    sparsity: Annotated[float, SHARE] = Field(
        default=0.9, description="Share of the weights whose gradient cge_sparse leaves at zero."
    )
    mask_epochs: Annotated[int, whole(1, 10**6)] = Field(
        default=5, description="Epochs a mask of cge_sparse serves."
    )
    grasp_queries: Annotated[int, whole(1, 10**6)] = Field(
        default=192, description="Directions of the scores that share out cge_sparse's masks."
    )
    probe_workers: Annotated[int, whole(1, 1024)] = Field(
        default=1,
        description="Processes that share the probes of cge and cge_sparse; they change no bit.",
    )
    data: Annotated[str | None, FOLDER] = Field(
        default=None,
        description="Folder of CIFAR-10, for the tasks on it, or of recordings for "
        "last-mile-speech; default: what the environment variable PEZOEXPLORE_CIFAR10 or "
        "PEZOEXPLORE_SPEECH names.",
    )

    def determining(self) -> dict[str, Any]:
        """Return what results depend on, as JSON: all but how the work is divided."""
        more = {"tuning_seeds"} if self.tuning_seeds >= self.seeds else set()
        return self.model_dump(mode="json", exclude={"probe_workers", *more})


class HardwareSettings(_Section):
    """What the RTL is synthesised for."""

    targets: Annotated[tuple[DesignTarget, ...], Several(TARGET, once=True)] = Field(
        default=("xcup",),
        description="FPGA families and cell libraries, also of your own; each gives a row per "
        "point.",
    )
    clock_mhz: Annotated[float, positive(1e5)] = Field(
        default=200.0, description="Clock that power is estimated at, MHz."
    )
    power: bool = Field(
        default=False, description="Whether stage synth brings stage power along; it takes minutes."
    )
    engine: Annotated[bool, SWITCH] = Field(
        default=False,
        description="Whether stage synth also builds the perturbation engine around each design, "
        "for the columns engine_* and generator_share_pct; with stage power, its power too.",
    )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the targets."""
        return tuple(map(target_name, self.targets))

    @model_validator(mode="after")
    def _named_once(self) -> HardwareSettings:
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise refusal(f"targets: two are named {twice[0]}; give each a name of its own")
        return self


class Objectives(_Section):
    """What the Pareto front trades off: numeric columns of results.csv."""

    maximize: Annotated[tuple[str, ...], Several(COLUMN, empty=True)] = Field(
        default=("accuracy_mean",), description="Columns of which more is better."
    )
    minimize: Annotated[tuple[str, ...], Several(COLUMN, empty=True)] = Field(
        default=("lut", "ff"), description="Columns of which less is better."
    )

    @model_validator(mode="after")
    def _distinct(self) -> Objectives:
        columns = self.maximize + self.minimize
        if not columns:
            raise refusal("no objective; name a column to maximize or minimize")
        twice = sorted({column for column in columns if columns.count(column) > 1})
        if twice:
            raise refusal(f"{twice[0]} is named more than once; allowed: once")
        return self


class DesignSpace(_Section):
    """A design file: which points there are, how they are trained, built and ranked."""

    name: Annotated[str, NAME] = Field(description="Name of the design. Default: the file's.")
    tasks: Annotated[tuple[str, ...], Several(TASK_KIND, once=True)] = Field(
        default=(TASK,),
        alias="task",
        description="Training tasks: of the package, or package.module:function; of several, each "
        "gives a row per point.",
    )
    space: Annotated[SubSpace, _or_empty(dict)] = Field(
        default_factory=SubSpace,
        description="The main cross product; empty: only the includes count.",
    )
    include: Annotated[tuple[Entry, ...], _or_empty(list)] = Field(
        default=(),
        description="Extra points or sub-spaces, each standing on its own: an axis it does not "
        "name takes its default, not the values of space.",
    )
    exclude: Annotated[tuple[Entry, ...], _or_empty(list)] = Field(
        default=(), description="Points to drop: those that match every axis an item names."
    )
    train: Annotated[TrainSettings, _or_empty(dict)] = Field(
        default_factory=TrainSettings, description="How each point is trained."
    )
    hardware: Annotated[HardwareSettings, _or_empty(dict)] = Field(
        default_factory=HardwareSettings, description="What the RTL is synthesised for."
    )
    objectives: Annotated[Objectives, _or_empty(dict)] = Field(
        default_factory=Objectives, description="What the Pareto front trades off."
    )
    constraints: Annotated[tuple[Condition, ...], Several(CONSTRAINT, empty=True)] = Field(
        default=(), description="Bounds a design on the front keeps, such as lut <= 2000."
    )

    @model_validator(mode="after")
    def _countable(self) -> DesignSpace:
        total = sum(part.combinations for part in self.parts())
        if total > MAX_POINTS:
            raise refusal(f"lists {total} combinations; allowed: at most {MAX_POINTS}")
        return self

    @model_validator(mode="after")
    def _filled(self) -> DesignSpace:
        named = [*self.objectives.maximize, *self.objectives.minimize]
        named += [condition.column for condition in self.constraints]
        lacking = sorted(ENGINE_HELP.keys() & named)
        if lacking and not self.hardware.engine:
            raise refusal(f"{lacking[0]} is only there with hardware: {{engine: true}}; add that")
        lacking = sorted(CERTIFIED_HELP.keys() & named)
        if lacking and not all(map(is_certified, self.tasks)):
            raise refusal(f"{lacking[0]} is only there with a task certified-...; name one")
        return self

    @property
    def task(self) -> str:
        """The one training task.

        Raises:
            DesignError: There are several.
        """
        if len(self.tasks) > 1:
            raise DesignError(
                f"design {self.name} has the tasks {', '.join(self.tasks)}; allowed here: one; "
                "name it with --task, or -s task=NAME"
            )
        return self.tasks[0]

    def of_task(self, task: str) -> DesignSpace:
        """Return the design with one of its tasks alone."""
        return self.model_copy(update={"tasks": (task,)})

    def columns(self, tasks: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return the columns of the results of these tasks; None: of all."""
        named = {axis for part in self.parts() for axis in part.named()}
        axes = [axis for axis in OPTIONAL_DEFAULTS if axis in named]
        return columns_of(tasks or self.tasks, engine=self.hardware.engine, axes=axes)

    def parts(self) -> tuple[SubSpace, ...]:
        """Return the sub-spaces whose points make up the design: ``space``, then each include."""
        return ((self.space,) if self.space.named() else ()) + self.include
