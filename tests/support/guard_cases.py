"""Parameters of every RTL module: values at the edge of what is legal, and outside it."""

from __future__ import annotations

from pezoexplore.hardware.board.boards import BOARDS
from pezoexplore.paths import boards_dir

Parameters = dict[str, int | str]

BOARD_FILES = sorted(
    {path.name for path in boards_dir().glob("*.v")}
    - {"board_core.v", *(f"{board.name}.v" for board in BOARDS)}
)
"""Modules of boards/ that need no generated one; tests/hardware/board has the others."""


def _outside(low: int, high: int) -> tuple[int, ...]:
    return low - 1, high + 1


FLAG = (-1, 2)
WIDTH_24, WIDTH_12 = _outside(1, 24), _outside(4, 12)
STATE, LEAP, LANES = _outside(3, 32), _outside(1, 64), _outside(1, 256)
BAUD = _outside(4, 65535)
GAUSSIAN = {"BIT_WIDTH": WIDTH_12, "STATE_BITS": _outside(33, 33)}

BAD: dict[str, dict[str, tuple[int | str, ...]]] = {
    "axil_port": {"ADDRESS_BITS": _outside(3, 32)},
    "axis_slice": {"BITS": (0,)},
    "bank_lane": {"STATE_BITS": STATE, "LEAP": LEAP},
    "box_muller": GAUSSIAN,
    "ca": {"BIT_WIDTH": WIDTH_24},
    "clt": GAUSSIAN,
    "cross_entropy": {"CLASSES": _outside(2, 16), "ADDRESS_BITS": (0, 3, 25)},
    "example_memory": {
        "WORDS": (1, 65537),
        "ADDRESS_BITS": (0, 15, 25),
        "BITS": _outside(1, 64),
        "HUGE": FLAG,
    },
    "exponent_table": {"ADDRESS_BITS": _outside(3, 32), "BITS": _outside(0, 6), "WRITABLE": FLAG},
    "host_link": {
        "LANES": _outside(1, 4),
        "BEATS": _outside(1, 65535),
        "COLUMNS": _outside(1, 1024),
    },
    "icdf": GAUSSIAN,
    "lfsr": {"STATE_BITS": STATE, "LEAP": (*LEAP, 3, 5, 51)},
    "lut_opt": {"BIT_WIDTH": WIDTH_24, "STATE_BITS": (15, 20, 49), "GROUP": _outside(1, 6)},
    "lut_sr": {"SEED": (0,)},
    "lut_sr_state": {"BIT_WIDTH": WIDTH_24},
    "mlp_forward": {
        "LANES": (9, 3),
        "INPUTS": (2, 1026, 63),
        "HIDDEN": (2, 1026, 31),
        "CLASSES": _outside(2, 16),
        "BIAS_SHIFT_1": _outside(0, 15),
        "BIAS_SHIFT_2": _outside(0, 15),
        "DROP_1": _outside(1, 24),
        "DROP_2": _outside(1, 24),
        "COLUMN_BITS": (4, 11),
        "ROW_BITS": (4, 11),
    },
    "period_counter": {"STATE_BITS": STATE},
    "outer_product": {
        "RANK": (0, 3, 5),
        "LANES": LANES,
        "BEATS": (1, 2**24 + 1),
        "MATRICES": (0, 257),
        "LONGEST": (30, 65),
        "SPAN": (63, 2**24),
        "FIRST": (30, 65),
        "COLUMNS": (64 << 24 | 30, 30 << 24 | 64, 65 << 24 | 64),
        "ENDS": (77 << 24, 79 << 24 | 66),
        "GAPS": (64 << 24 | 30, 65 << 24 | 64),
    },
    "perturb_control": {"SOURCES": _outside(1, 25)},
    "perturb_engine": {
        "LANES": LANES,
        "BIT_WIDTH": WIDTH_24,
        "HALF": FLAG,
        "STATE_BITS": (0,),
        "WEIGHT_BITS": _outside(4, 16),
        "SEGMENTS": _outside(1, 16),
        "DRAWS": _outside(0, 3),
        "NOISE_WORDS": _outside(1, 8),
        "HAS_RESEED": FLAG,
        "SOURCES": (2,),
        "SLOT_BITS": (8, 15),
    },
    "perturb_lane": {
        "BIT_WIDTH": WIDTH_24,
        "HALF": FLAG,
        "WEIGHT_BITS": _outside(4, 16),
        "SHIFT_BITS": (4, 7),
        "DRAWS": _outside(0, 3),
        "NOISE_BITS": _outside(1, 64),
    },
    "perturb_moves": {
        "WEIGHT_BITS": _outside(4, 16),
        "SHIFT_BITS": (4, 7),
        "DRAWS": (-1, 2),
        "NOISE_BITS": _outside(1, 64),
    },
    "perturb_registers": {
        "LANES": LANES,
        "WEIGHT_BITS": _outside(4, 16),
        "VALUE_BITS": _outside(2, 25),
        "SHIFT_BITS": (4, 7),
        "SOURCES": _outside(1, 25),
        "SEGMENTS": _outside(1, 16),
        "DRAWS": _outside(0, 3),
        "HAS_RESEED": FLAG,
        "STATE_BITS": (0,),
    },
    "perturb_round": {
        "IN_BITS": (65,),
        "SHIFT_BITS": _outside(1, 6),
        "LARGEST": (0, 32),
        "OUT_BITS": _outside(2, 32),
        "STOCHASTIC": FLAG,
        "NOISE_BITS": _outside(1, 64),
    },
    "perturb_segments": {
        "LANES": LANES,
        "SEGMENTS": _outside(1, 16),
        "SHIFT_BITS": _outside(1, 6),
    },
    "perturb_sign_lane": {
        "WEIGHT_BITS": _outside(4, 16),
        "INDEX_BITS": _outside(1, 4),
        "DRAWS": (-1, 2),
        "NOISE_BITS": _outside(1, 64),
    },
    "pool_filler": {
        "LANES": LANES,
        "HALF": FLAG,
        "EXPONENT_BITS": _outside(0, 6),
        "THRESHOLD_COUNT": (0,),
        "LOCKUP_RECOVERY": FLAG,
    },
    "power_up": {"CLOCKS": _outside(1, 65535)},
    "reseed_control": {"WORDS": _outside(1, 65535), "AFTER_RESET": FLAG},
    "row_memory": {
        "ROWS": (0, 2**24 + 1),
        "ADDRESS_BITS": (7, 25),
        "BITS": (0,),
        "WRITABLE": FLAG,
    },
    "sobol": {"BIT_WIDTH": WIDTH_24, "STATE_BITS": _outside(40, 40), "GROUP": _outside(1, 256)},
    "stream_bank": {
        "BIT_WIDTH": _outside(1, 8),
        "STATE_BITS": STATE,
        "LEAP": LEAP,
        "LANES": _outside(1, 255),
        "HAS_RESEED": FLAG,
        "EXPONENT_BITS": _outside(0, 6),
        "LOCKUP_RECOVERY": FLAG,
        "SEEDS": (1,),
    },
    "stream_lut_sr": {
        "BIT_WIDTH": WIDTH_24,
        "STATE_BITS": _outside(521, 521),
        "LANES": LANES,
        "GROUP": _outside(1, 4),
        "HAS_RESEED": FLAG,
        "LOCKUP_RECOVERY": FLAG,
    },
    "stream_none": {
        "LANES": LANES,
        "GROUP": (0, 32),
        "HAS_RESEED": FLAG,
        "ZERO_IS_LEGAL": FLAG,
        "LOCKUP_RECOVERY": FLAG,
        "SEEDS": (0, 1),
    },
    "stream_phased": {
        "BIT_WIDTH": _outside(1, 16),
        "STATE_BITS": STATE,
        "LEAP": LEAP,
        "LANES": LANES,
        "HAS_RESEED": FLAG,
        "EXPONENT_BITS": _outside(0, 6),
        "LOCKUP_RECOVERY": FLAG,
        "SHARES": _outside(0, 256),
        "TERMS": (0, 2, 7),
        "LAST": (1,),
        "SEED": (0,),
        "AGAIN": (0,),
    },
    "stream_pool": {
        "LANES": LANES,
        "ROWS": (0, 2**24 + 1),
        "HAS_RESEED": FLAG,
        "HALF": FLAG,
        "EXPONENT_BITS": _outside(0, 6),
        "ZERO_IS_LEGAL": FLAG,
        "LOCKUP_RECOVERY": FLAG,
        "SEED": (0,),
    },
    "table_hadamard": GAUSSIAN | {"GROUP": _outside(1, 4)},
    "treegrng": GAUSSIAN,
    "trivium": {"BIT_WIDTH": WIDTH_24, "GROUP": _outside(1, 8)},
    "uart_receiver": {"CLOCKS_PER_BIT": BAUD},
    "uart_sender": {"CLOCKS_PER_BIT": BAUD},
    "uniform_word": {"BIT_WIDTH": _outside(1, 8), "STATE_BITS": _outside(1, 64)},
    "walsh": {"GROUP": _outside(1, 32)},
    "weight_store": {"BITS": _outside(8, 128), "BEATS": _outside(1, 65535)},
    "xor_luts": {"WIDTH": (0,)},
    "xormix": {
        "BIT_WIDTH": WIDTH_24,
        "STATE_BITS": _outside(64, 64),
        "GROUP": _outside(1, 128),
    },
    "xoshiro128pp": {"BIT_WIDTH": WIDTH_24, "GROUP": _outside(1, 4)},
}
"""Values that each parameter must not have, the others at their defaults."""

STATES = {
    "ca": 32, "clt": 33, "lfsr": 8, "icdf": 33, "sobol": 40, "lut_sr": 521, "lut_opt": 48,
    "trivium": 288, "ternary": 32, "treegrng": 33, "box_muller": 33, "xorshift32": 32,
    "rademacher": 32, "xoshiro128pp": 128, "table_hadamard": 33,
    "walsh": 32, "xormix": 64,
}  # fmt: skip
"""State bits of each family of generator.v."""

WORDS = {"ternary": 2, "rademacher": 1, "walsh": 1}
"""Word bits of the families that have words of one width."""

LEGAL: list[tuple[str, Parameters]] = [
    *((module, {}) for module in BAD),
    *(("lfsr", {"STATE_BITS": bits, "LEAP": leap}) for bits in (3, 32) for leap in (1, 64)),
    *(("lfsr", {"STATE_BITS": bits, "LEAP": leap}) for bits in (4, 32) for leap in (8, 19)),
    *(("axil_port", {"ADDRESS_BITS": bits}) for bits in (3, 32)),
    *((module, {"BIT_WIDTH": bits}) for module in ("clt", "icdf") for bits in (4, 12)),
    *((module, {"BIT_WIDTH": bits}) for module in ("ca", "lut_opt", "trivium") for bits in (1, 24)),
    *(("trivium", {"BIT_WIDTH": 1, "GROUP": 64}), ("lut_opt", {"BIT_WIDTH": 24, "GROUP": 2})),
    *(("xoshiro128pp", {"GROUP": 4}), ("table_hadamard", {"GROUP": 4}), ("walsh", {"GROUP": 32})),
    *(("exponent_table", {"BITS": 0, "ADDRESS_BITS": bits}) for bits in (3, 32)),
    *(("exponent_table", {"BITS": 6, "WRITABLE": 1, "ADDRESS_BITS": bits}) for bits in (3, 12)),
    ("row_memory", {"ROWS": 1, "ADDRESS_BITS": 1, "BITS": 1, "WRITABLE": 1}),
    ("row_memory", {"ROWS": 8, "ADDRESS_BITS": 3, "FILE": "rows.hex"}),
    *(("reseed_control", {"WORDS": words, "AFTER_RESET": 1}) for words in (1, 65535)),
    *((f"uart_{side}", {"CLOCKS_PER_BIT": 4}) for side in ("receiver", "sender")),
    ("host_link", {"LANES": 4, "BEATS": 1, "COLUMNS": 1}),
    ("mlp_forward", {"LANES": 1, "INPUTS": 2, "HIDDEN": 2, "ROW_BITS": 4, "COLUMN_BITS": 1}),
    ("mlp_forward", {"LANES": 8, "BIAS_SHIFT_1": 0, "DROP_1": 1, "DROP_2": 24, "COLUMN_BITS": 3}),
    ("weight_store", {"BEATS": 1, "BITS": 8}),
    ("sobol", {"BIT_WIDTH": 24, "STATE_BITS": 56}),
    ("xormix", {"BIT_WIDTH": 24, "STATE_BITS": 1056, "GROUP": 42}),
    ("stream_bank", {"STATE_BITS": 3, "BIT_WIDTH": 3, "LANES": 7}),
    ("stream_bank", {"STATE_BITS": 9, "LANES": 256, "HAS_RESEED": 1}),
    ("stream_none", {"LANES": 1}),
    ("stream_none", {"KIND": "sobol", "STATE_BITS": 40, "ZERO_IS_LEGAL": 1, "SEEDS": 0}),
    ("stream_phased", {"STATE_BITS": 32, "BIT_WIDTH": 8, "SHARES": 1, "LANES": 2}),
    ("stream_phased", {"KIND": "lut_opt", "STATE_BITS": 24, "LANES": 2}),
    ("stream_phased", {"KIND": "xormix", "STATE_BITS": 32, "BIT_WIDTH": 24, "LANES": 2}),
    *(("lut_opt", {"STATE_BITS": bits, "GROUP": 2}) for bits in (16, 24, 32)),
    ("stream_phased", {"TERMS": 6, "HAS_RESEED": 1, "LANES": 2}),
    ("stream_phased", {"LAST": 5, "AGAIN": 3, "LANES": 2}),
    ("stream_pool", {"HAS_RESEED": 1, "ROWS": 1, "LANES": 1}),
    ("stream_pool", {"HAS_RESEED": 0, "FILE": "rows.hex", "ROWS": 8}),
    ("stream_pool", {"KIND": "sobol", "STATE_BITS": 40, "ZERO_IS_LEGAL": 1, "SEED": 0}),
    ("stream_lut_sr", {"GROUP": 4, "HAS_RESEED": 1, "LANES": 3}),
    *((f"stream_{name}", {"LOCKUP_RECOVERY": 1}) for name in ("bank", "lut_sr", "none", "pool")),
    ("stream_phased", {"LOCKUP_RECOVERY": 1, "LANES": 1}),
    ("outer_product", {"LANES": 1, "FIRST": 1}),
    *(("outer_product", {"RANK": rank}) for rank in (2, 4)),
    ("outer_product", {"MATRICES": 1, "COLUMNS": 64, "ENDS": 78, "GAPS": 31}),
    ("perturb_engine", {"LANES": 1, "BIT_WIDTH": 1, "WEIGHT_BITS": 4, "SLOT_BITS": 8}),
    ("perturb_engine", {"LANES": 2, "DRAWS": 3, "NOISE_WORDS": 8, "SOURCES": 25, "SEGMENTS": 16}),
    ("perturb_engine", {"LANES": 3, "BIT_WIDTH": 1, "SEGMENTS": 1}),
    ("perturb_engine", {"LANES": 33, "BIT_WIDTH": 1, "SEGMENTS": 16, "DRAWS": 1, "SOURCES": 2}),
    ("perturb_engine", {"LANES": 11, "BIT_WIDTH": 1, "SEGMENTS": 5, "DRAWS": 2, "SOURCES": 3}),
    ("perturb_moves", {"WEIGHT_BITS": 4, "SHIFT_BITS": 6, "NOISE_BITS": 64, "DRAWS": 1}),
    ("perturb_sign_lane", {"WEIGHT_BITS": 4, "INDEX_BITS": 4, "NOISE_BITS": 1, "DRAWS": 1}),
    ("perturb_lane", {"BIT_WIDTH": 24, "SHIFT_BITS": 6, "NOISE_BITS": 64, "DRAWS": 3}),
    ("perturb_round", {"SHIFT_BITS": 6, "LARGEST": 63, "IN_BITS": 64, "OUT_BITS": 64}),
    *(
        ("generator", {"KIND": kind, "STATE_BITS": bits, "BIT_WIDTH": WORDS.get(kind, 8)})
        for kind, bits in STATES.items()
    ),
]
"""Modules and parameters that are at the edge of what is allowed."""


BOUNDS = {
    ("example_memory", "ADDRESS_BITS", 15),
    ("mlp_forward", "LANES", 3),
    ("outer_product", "SPAN", 63),
}
"""Values that leave another parameter no legal one: its guard stops them, and names them too."""


def _refused() -> list[tuple[str, Parameters, str]]:
    """Return modules, parameters that they refuse, and the module whose name says why."""
    found: list[tuple[str, Parameters, str]] = [
        (
            module,
            {name: value},
            rf"\b{module}_\w+_must_\w*{name}"
            if (module, name, value) in BOUNDS
            else rf"\b{module}_{name}_must_",
        )
        for module, parameters in BAD.items()
        for name, values in parameters.items()
        for value in values
    ]
    for kind in ("xorshfit32", "", "lfs", "table_hadamardx"):
        found.append(
            ("generator", {"KIND": kind, "STATE_BITS": 32}, r"\bgenerator_KIND_is_unknown")
        )
    for kind, bits in STATES.items():
        shape: Parameters = {"KIND": kind, "STATE_BITS": bits, "BIT_WIDTH": WORDS.get(kind, 8)}
        message = rf"\bgenerator_{kind}_takes_\w*"
        if kind == "lfsr":
            found.append(("generator", shape | {"GROUP": 2}, message + "GROUP_1"))
            continue
        found.append(("generator", shape | {"LEAP": 2}, message + "LEAP_1"))
        own = kind in (
            "clt",
            "icdf",
            "treegrng",
            "box_muller",
            "table_hadamard",
            "sobol",
            "lut_opt",
            "xormix",
        )
        refuses = rf"\b{kind}_STATE_BITS_must_" if own else message + "STATE_BITS_"
        found.append(("generator", shape | {"STATE_BITS": bits + 1}, refuses))
    for kind in WORDS:
        shape = {"KIND": kind, "STATE_BITS": 32, "BIT_WIDTH": 8}
        found.append(("generator", shape, rf"\bgenerator_{kind}_takes_BIT_WIDTH_"))
    thresholds: Parameters = {"EXPONENT_BITS": 2, "BIT_WIDTH": 8}
    found.append(("pool_filler", thresholds | {"SUM_BITS": 20}, r"\bpool_filler_SUM_BITS_must_"))
    wide = thresholds | {"SUM_BITS": 21, "LANES": 32}
    found.append(("pool_filler", wide, r"\bpool_filler_SUM_BITS_must_hold_"))
    found.append(
        ("pool_filler", thresholds | {"THRESHOLD_COUNT": 4}, r"\bpool_filler_THRESHOLD_COUNT_must_")
    )
    found.append(
        ("pool_filler", {"LOCKUP_RECOVERY": 1, "SEED": 0}, r"\bpool_filler_SEED_must_not_be_0")
    )
    for module in ("stream_none", "stream_pool"):
        both: Parameters = {"LOCKUP_RECOVERY": 1, "ZERO_IS_LEGAL": 1}
        found.append((module, both, rf"\b{module}_LOCKUP_RECOVERY_must_"))
    found.append(("row_memory", {"FILE": "", "WRITABLE": 0}, r"\brow_memory_FILE_must_"))
    table: Parameters = {"BITS": 1, "ADDRESS_BITS": 13}
    found.append(("exponent_table", table, r"\bexponent_table_ADDRESS_BITS_must_"))
    linear: Parameters = {"STATE_BITS": 32, "GROUP": 2}
    found.append(("xormix", linear, r"\bxormix_GROUP_must_be_1_with_"))
    half: Parameters = {"HALF": 0, "BIT_WIDTH": 1}
    found.append(("perturb_engine", half, r"\bperturb_engine_HALF_must_"))
    return found


REFUSED = _refused()
