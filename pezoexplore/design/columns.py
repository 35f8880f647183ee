"""Columns of ``results.csv`` in their fixed order, with what each one means.

One row is one design point on one target. A stage that did not run leaves its cells empty.
"""

from __future__ import annotations

from pezoexplore.design.point import AXES

IDENTITY_HELP = {
    "point_id": "hash of everything that determines the row",
    "target": "FPGA family or cell library the resources are for",
    "status": "ok, failed:<stage>, timeout:<stage>, diverged:<step> or skipped:<reason>",
}

AXIS_HELP = {
    "rng": "generator family",
    "reuse": "reuse strategy: none, pool, bank or phased",
    "pool_size": "words in the pool; empty unless reuse is pool",
    "reuse_period": "steps served before a refill or reseed; inf: never",
    "bit_width": "signed output bits a number",
    "state_bits": "bits of one generator's state",
    "lanes": "random numbers a beat",
    "leap": "state updates a clock; lfsr only",
    "taps": "how the lanes read the state; phased only",
    "scaling": "how words become numbers of the size training expects: none, constant or pow2",
    "estimator": "how a step estimates the gradient",
    "queries": "directions a step; empty for estimators without",
    "weight_bits": "bits of an integer weight, or float",
    "activation_bits": "bits of an integer activation, or float",
    "rounding": "how integer training rounds: nearest or stochastic; empty for float",
    "update_rounding": "whether probe and update share a rounding of z; empty for float",
}

RESULT_HELP = {
    "accuracy_mean": "accuracy on the test split, percent, mean over the seeds",
    "accuracy_ci95": "half width of its 95 % interval, percent",
    "accuracy_per_seed": "accuracy of each seed, percent, joined by ;",
    "learning_rate": "learning rate chosen on the validation split",
    "forward_passes": "forward passes of one training run, each over one batch",
    "effective_span": "dimensions that all updates together can reach",
    "effective_dim": "participation ratio (tr C)^2 / tr C^2 of the directions",
    "stream_mean": "mean of z; 0 is ideal",
    "stream_std": "standard deviation of z; 1 once scaled",
    "stream_kurtosis": "kurtosis of z: 1 for +-1, 1.8 for uniform, 3 for Gaussian",
    "stream_lag1": "correlation of a lane with itself one beat later",
    "lane_correlation": "largest absolute correlation of two lanes of z, lags 0 to 64",
    "distinct_output_bits": "output bits that are different functions of the state",
    "rtl_status": "pass or fail of the bit-for-bit comparison of RTL and software stream",
    "rtl_words_checked": "words compared in RTL simulation",
    "reseed_stall_beats": "beats during which a refill or reseed delivers nothing",
    "lut": "LUTs, shift registers and LUT memory at the LUTs each takes: of six inputs (xcup, xc7) "
    "or four (ice40, ecp5)",
    "muxf": "wide multiplexers (MUXF7, MUXF8; PFUMX, L6MUX21)",
    "ff": "flip-flops",
    "carry": "carry cells: of four bits (xcup, xc7), two (ecp5) or one (ice40)",
    "bram": "block RAMs: of 36 Kb (xcup, xc7; an 18 Kb one counts 0.5), 18 Kb (ecp5), 4 Kb (ice40)",
    "dsp": "DSP blocks",
    "fmax_mhz": "highest clock, MHz: median over place and route with several seeds (ice40, ecp5), "
    "or static timing before layout (osu018)",
    "power_mw_est": "power of the stream at a beat a clock, hardware.clock_mhz, mW: toggles of the "
    "netlist, glitches included, times energies; stage power",
    "energy_to_target_uj_est": "estimated energy of training to the target accuracy, uJ; the "
    "generator's where its energy a number is there",
    "yosys_version": "version of Yosys that counted the resources",
    "rtl_sha256": "hash of the RTL",
    "epsilon": "length of the probe, chosen on the validation split",
    "tuning_forward_passes": "forward passes of one seed's tuning runs",
    "macs": "multiply-accumulates of one training run's forward passes",
    "random_numbers": "numbers one training run draws from the generator; replays draw none",
    "rng_state_bits": "bits of state the random-number hardware holds, a pool's words included",
    "steps_to_target": "steps after which the validation target is held; empty: never",
    "accuracy_before": "accuracy before adaptation, percent; tasks whose network comes trained",
    "test_loss_mean": "loss on the test split, mean over the seeds",
    "area_um2": "area of the cells on target osu018, um2; memories are flip-flops, wires take none",
    "gate_equivalents": "the same in areas of a two-input NAND gate (NAND2X1)",
    "fmax_mhz_low": "lowest fmax_mhz of the seeds; empty without place and route",
    "fmax_mhz_high": "highest fmax_mhz of the seeds; empty without place and route",
    "nextpnr_version": "version of nextpnr that placed and routed",
    "opensta_version": "version of OpenSTA that timed the cells",
    "front_confidence": "how sure the row is to be on the front, 0 to 1: its share of the fronts "
    "when the seeds are drawn again; empty for a row that can be on none",
    "power_mw_zero_delay": "the same without glitches: a simulation without delays, mW",
    "leakage_mw_est": "of it, leakage, mW; target osu018",
    "energy_per_number_pj_est": "energy of one random number at that power, pJ",
    "pareto": "whether the row is on the Pareto front",
}

COLUMN_HELP = IDENTITY_HELP | AXIS_HELP | RESULT_HELP
"""One line on each column, with its unit."""

COLUMNS = (*IDENTITY_HELP, *AXES, *RESULT_HELP)
"""Every column, in the order of the file."""

TEXT_COLUMNS = frozenset(
    {
        *IDENTITY_HELP,
        *("rng", "reuse", "taps", "scaling", "estimator"),
        *("weight_bits", "activation_bits", "rounding", "update_rounding"),
        *("accuracy_per_seed", "rtl_status", "yosys_version", "rtl_sha256", "pareto"),
        *("nextpnr_version", "opensta_version"),
    }
)
"""Columns that hold no number to compare."""

RESULT_COLUMNS = tuple(name for name in RESULT_HELP if name not in TEXT_COLUMNS)
"""Numeric results."""

NUMERIC_COLUMNS = tuple(name for name in COLUMNS if name not in TEXT_COLUMNS)
"""Numeric axes and results: what an objective or a constraint may name."""
