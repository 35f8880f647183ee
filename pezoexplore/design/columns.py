"""Columns of ``results.csv`` in their fixed order, with a description of each.

One row is one design point on one target. A stage that did not run leaves its cells empty.
"""

from __future__ import annotations

from collections.abc import Sequence

from pezoexplore.design.point import AXES
from pezoexplore.design.setting_kinds import is_certified
from pezoexplore.design.training_axes import OPTIONAL_DEFAULTS

IDENTITY_HELP = {
    "point_id": "hash of everything that determines the row",
    "target": "FPGA family or cell library that the resources refer to",
    "status": "ok, failed:<stage>, timeout:<stage>, diverged:<step> or skipped:<reason>",
}

TASK_HELP = {
    "task": "training task; only in the results of a design with several",
    "parameters": "weights of the task's network; only where column task is",
}

AXIS_HELP = {
    "rng": "generator family",
    "reuse": "reuse strategy: none, pool, bank or phased",
    "pool_size": "least words in the pool, whose rows of `lanes` words are raised to a prime "
    "number; pool only",
    "reuse_period": "steps served before a refill or reseed; inf: never",
    "bit_width": "output bits per number, signed",
    "state_bits": "bits of the state of one generator",
    "lanes": "random numbers per beat",
    "leap": "state updates per clock; lfsr only",
    "taps": "wiring from the state to the lanes: shifted, xor, shared or sparse; phased only",
    "scaling": "factor from stream words to direction entries: none, constant or pow2",
    "estimator": "gradient estimator of a step",
    "queries": "directions per step, of cocd coordinates; not for cge, cge_sparse and backprop",
    "weight_bits": "bits of an integer weight, or float",
    "activation_bits": "bits of an integer activation, or float",
    "rounding": "rounding of integer training: nearest or stochastic; integers only",
    "update_rounding": "rounding of z in probe and update: shared or independent; integers only",
    "step_size": "length of a step: plain (the learning rate) or scalar (divided by the root of "
    "one second moment)",
    "momentum_replay": "earlier directions that an update replays for its momentum",
    "rank": "outer products of the stream's words that make up the direction of a matrix, or full",
    "scope": "weights that directions move: all, last:N (all but the last N layers, which backprop "
    "trains) or sparse:S (a share S of each weight tensor)",
}

RESULT_HELP = {
    "accuracy_mean": "accuracy on the test split, percent, mean over the seeds",
    "accuracy_ci95": "half width of its 95 % confidence interval, percentage points",
    "accuracy_per_seed": "accuracy of each seed, percent, joined by ;",
    "learning_rate": "learning rate chosen on the validation split",
    "forward_passes": "forward passes of one training run, each over one batch",
    "effective_span": "dimensions that all updates together can reach, at most d and the run's "
    "directions",
    "effective_dim": "participation ratio (tr C)^2 / tr C^2 of the directions, C = E[z z^T]; "
    "with stochastic rounding, of the steps of the stream that are directions",
    "stream_mean": "mean of z; 0 is ideal",
    "stream_std": "standard deviation of z; 1 with scaling constant",
    "stream_kurtosis": "kurtosis of z: 1 for +-1, 1.8 for uniform, 3 for Gaussian",
    "stream_lag1": "autocorrelation of a lane at a lag of one beat",
    "lane_correlation": "largest absolute correlation of two lanes of z at lags of 0 to 64 beats",
    "distinct_output_bits": "number of output bits that are distinct functions of the state",
    "rtl_status": "pass or fail: bit-for-bit comparison of the RTL with the software stream",
    "rtl_words_checked": "number of words compared in RTL simulation",
    "reseed_stall_beats": "clocks without a beat after a refill or reseed",
    "lut": "LUTs, including those used as shift register, memory or inverter: of six inputs "
    "(xcup, xc7) or four (ice40, ice40up, ecp5, gowin, gatemate)",
    "muxf": "wide multiplexers (MUXF7, MUXF8; PFUMX, L6MUX21)",
    "ff": "flip-flops",
    "carry": "carry cells: of four bits (xcup, xc7), two (ecp5) or one "
    "(ice40, ice40up, gowin, gatemate)",
    "bram": "block RAMs: of 40 Kb (gatemate), 36 Kb (xcup, xc7), of which half a one counts 0.5, "
    "18 Kb (ecp5, gowin), 4 Kb (ice40, ice40up)",
    "dsp": "DSP blocks",
    "fmax_mhz": "highest clock, MHz: median over several place-and-route seeds (nextpnr), "
    "or static timing before layout (cell libraries)",
    "power_mw_est": "estimated power at one beat per clock and hardware.clock_mhz, mW: toggles of "
    "the netlist, glitches included, times energy per toggle; stage power",
    "energy_to_target_uj_est": "estimated energy of arithmetic and memory in training to the "
    "target accuracy, uJ, in 45 nm CMOS at 0.9 V; generator_energy_to_target_uj_est is apart",
    "yosys_version": "Yosys version that counted the resources; of the native build, pyosys first",
    "rtl_sha256": "SHA-256 hash of the RTL sources",
    "epsilon": "probe length (w +- epsilon z), chosen on the validation split",
    "tuning_forward_passes": "forward passes of the tuning runs of one seed",
    "macs": "multiply-accumulate operations of one training run: those of its forward passes; a "
    "tangent counts as one more pass, a backward sweep as two",
    "random_numbers": "random numbers that one training run takes from the stream, without replays",
    "rng_state_bits": "state bits of the random-number hardware: of each generator (it may serve "
    "several lanes, or fill a pool) and of a pool's words; not of the copy for replays, counters "
    "and exponents",
    "steps_to_target": "steps until the validation target is reached and kept; empty: never",
    "accuracy_before": "test accuracy before adaptation, percent; pre-trained tasks only",
    "test_loss_mean": "loss on the test split, mean over the seeds, nats for cross-entropy",
    "area_um2": "cell area on a cell library, um2; memories as flip-flops, without wiring",
    "gate_equivalents": "area_um2 in units of a two-input NAND gate",
    "fmax_mhz_low": "lowest fmax of the place-and-route seeds or of the corners of a cell library, "
    "MHz; else empty",
    "fmax_mhz_high": "highest fmax of the place-and-route seeds or of the corners, MHz; else empty",
    "nextpnr_version": "nextpnr version of place and route",
    "opensta_version": "OpenSTA version of static timing",
    "front_confidence": "confidence of being on the Pareto front, 0 to 1: share of bootstrap "
    "resamples of the seeds with the row on the front; empty for a row that can be on none",
    "power_mw_zero_delay": "power_mw_est from a zero-delay simulation (no glitch power), mW",
    "leakage_mw_est": "leakage share of power_mw_est, mW; cell libraries only",
    "energy_per_number_pj_est": "energy per random number at power_mw_est, pJ, in the technology "
    "of the target",
    "lut_kept": "LUTs with the functions kept whole that the RTL makes for one LUT (xcup, xc7); "
    "lut is the lower of this and lut_free",
    "lut_free": "LUTs where synthesis may take those functions apart (xcup, xc7)",
    "effective_dim_ci95": "half width of the 95 % interval of effective_dim, which for long runs "
    "of large models is estimated from a sample of the steps; 0: exact",
    "span_share": "effective_span as a share of what independent numbers reach in as many steps; "
    "far below 1, directions repeat or weights move together",
    "generator_energy_to_target_uj_est": "energy_per_number_pj_est times the numbers delivered in "
    "training to the target accuracy, uJ, in the technology of the target (osu018: 0.18 um at "
    "1.8 V), not that of energy_to_target_uj_est; without the clocks of reseeds and refills",
    "liberty_sha256": "first digits of the SHA-256 hash of the cell library's files; targets with "
    "a cell library",
    "vendor_version": "vendor's tool that placed and routed, and its version",
    "random_bits_per_step": "random bits that a step of training draws from the stream, without "
    "replays; 0 for sobol and walsh, functions of a count; empty for rng gaussian",
    "pareto": "1 if the row is on the Pareto front, else 0",
}

ENGINE_HELP = {
    "engine_lut": "LUTs of the perturbation engine with its streams; this column and the next "
    "seven only in the results of a design with hardware.engine",
    "engine_ff": "flip-flops of the engine",
    "engine_carry": "carry cells of the engine",
    "engine_dsp": "DSP blocks of the engine: its multipliers",
    "engine_area_um2": "cell area of the engine on a cell library, um2",
    "generator_share_pct": "share of the engine that its streams are, percent: their LUTs, or cell "
    "area, by those of the engine",
    "engine_power_mw_est": "power of the engine with its streams at hardware.clock_mhz under one "
    "training step, glitches included, mW; with stages synth and power",
    "generator_power_share_pct": "power_mw_est of a stream times the streams of the engine, by "
    "engine_power_mw_est, percent",
}

CERTIFIED_HELP = {
    "clean_accuracy": "accuracy of denoiser and classifier on test images without noise, percent; "
    "this column and the next five only in the results of a task certified-...",
    "certified_000": "test images whose class by randomised smoothing is right and certain "
    "(radius 0), percent; accuracy_mean is that share at radius 0.5",
    "certified_025": "the same at radius 0.25, percent",
    "certified_075": "the same at radius 0.75, percent",
    "certified_100": "the same at radius 1, percent",
    "abstained": "test images on which the smoothed classifier abstains, percent; they count as "
    "wrong in the shares",
}

OPTIONAL_HELP = ENGINE_HELP | CERTIFIED_HELP
"""Results of some designs only."""

_OPTIONAL_AXIS_HELP = {
    axis: f"{AXIS_HELP[axis]}; a column of the designs that name it" for axis in OPTIONAL_DEFAULTS
}

COLUMN_HELP = (
    IDENTITY_HELP | TASK_HELP | AXIS_HELP | _OPTIONAL_AXIS_HELP | RESULT_HELP | OPTIONAL_HELP
)
"""Description of each column in one line, with its unit."""

_USUAL_AXES = tuple(axis for axis in AXES if axis not in OPTIONAL_DEFAULTS)

COLUMNS = (*IDENTITY_HELP, *_USUAL_AXES, *RESULT_HELP)
"""Every column, in the order of the file, of a design with one task and no optional axis."""


def columns_of(
    tasks: Sequence[str], *, engine: bool = False, axes: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the columns of the results of a design.

    Args:
        tasks: Its tasks.
        engine: Whether it has ``hardware.engine``.
        axes: The optional axes that it names.
    """
    task, more = TASK_HELP if len(tasks) > 1 else {}, ENGINE_HELP if engine else {}
    smoothed = CERTIFIED_HELP if any(map(is_certified, tasks)) else {}
    return (*IDENTITY_HELP, *task, *_USUAL_AXES, *axes, *RESULT_HELP, *more, *smoothed)


TEXT_COLUMNS = frozenset(
    {
        *IDENTITY_HELP,
        "task",
        *("rng", "reuse", "taps", "scaling", "estimator"),
        *("weight_bits", "activation_bits", "rounding", "update_rounding"),
        *("step_size", "rank", "scope"),
        *("accuracy_per_seed", "rtl_status", "yosys_version", "rtl_sha256", "pareto"),
        *("nextpnr_version", "opensta_version", "liberty_sha256", "vendor_version"),
    }
)
"""Columns without a comparable number."""

RESULT_COLUMNS = tuple(name for name in RESULT_HELP if name not in TEXT_COLUMNS)
"""Numeric results."""

NUMERIC_COLUMNS = tuple(
    name
    for name in (*columns_of((), axes=tuple(OPTIONAL_DEFAULTS)), *OPTIONAL_HELP)
    if name not in TEXT_COLUMNS
)
"""Numeric axes and results: the columns allowed in objectives and constraints."""
