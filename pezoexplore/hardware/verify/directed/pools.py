"""Directed cases of stream_pool: pools of few words, every pulse while they fill and after."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from pezoexplore.hardware.verify.directed.case import Case, Outputs
from pezoexplore.streams.families.lfsr import update_columns
from pezoexplore.streams.linear import apply

_CLOCKS = 8000
_STATE_BITS, _BITS = 5, 3
_SEED = 19
_BASE = 62
"""What exponents are added to, modulo 64."""

_SUM_BITS = 2 * _BITS + 5
_CHANCES = {"start": 0.15, "replay": 0.1, "reseed": 0.02, "load_valid": 0.5, "out_ready": 0.8}
"""Probability that each control input is high in a clock."""


@dataclass(frozen=True)
class Pool:
    """What a pool is built for.

    Attributes:
        lanes: Words of a row.
        rows: Rows of the pool.
        has_reseed: Whether it is filled; else its rows are in a file.
        exponent_bits: Bits of the exponent of a row; 0: none.
        recovers: Whether the filler leaves the state of zeros, which the host loads then.
        half: Whether a word w stands for w + 1/2.
    """

    lanes: int
    rows: int
    has_reseed: int
    exponent_bits: int
    recovers: int
    half: int = 0

    @property
    def thresholds(self) -> tuple[int, ...]:
        """Sums of squares up to which the exponent is one more each."""
        middle = self.lanes * (1 << 2 * _BITS) // 4
        return tuple(middle * k // 2 for k in range(1, 1 << self.exponent_bits))

    def row(self, words: list[int]) -> tuple[int, int]:
        """Return the data and the exponent's entry of a row of words."""
        data = sum(word % (1 << _BITS) << _BITS * lane for lane, word in enumerate(words))
        total = sum((2 * word + self.half) ** 2 for word in words)
        return data, sum(total <= threshold for threshold in self.thresholds)

    def filled(self, state: int) -> list[tuple[int, int]]:
        """Return the rows that are made from a state."""
        words = self._words(state)
        return [self.row([next(words) for _ in range(self.lanes)]) for _ in range(self.rows)]

    def _words(self, state: int) -> Iterator[int]:
        columns = update_columns(_STATE_BITS)
        while True:
            yield (state >> (_STATE_BITS - _BITS)) - (1 << (_BITS - 1))
            state = _SEED if self.recovers and state == 0 else apply(columns, state)


@dataclass
class _Model:
    """The stream, clock by clock: see the header of rtl/stream_pool.v.

    Attributes:
        busy: Clocks until the last word is written.
        late: Whether the clock is the one between that and the first beat.
    """

    pool: Pool
    rows: list[tuple[int, int]]
    waits: bool = False
    busy: int = 0
    late: bool = False
    at: int = 0
    kept: int = 0

    @property
    def valid(self) -> bool:
        """Whether a beat is shown."""
        return not (self.waits or self.busy or self.late)

    def reset(self) -> None:
        """Return to the state after rst."""
        self.at = self.kept = 0
        self.waits = self.late = False
        if self.pool.has_reseed:
            self._fill(_SEED)

    def _fill(self, state: int) -> None:
        self.rows = self.pool.filled(state)
        self.waits, self.busy = False, self.pool.lanes * self.pool.rows

    def clock(self, given: dict[str, int]) -> None:
        """Go on by one clock without rst."""
        valid = self.valid
        if self.waits:
            if given["load_valid"]:
                self._fill(given["load_data"])
        elif self.busy:
            self.busy -= 1
            self.late = self.busy == 0
        elif self.pool.has_reseed and given["reseed"]:
            self.waits, self.late, self.at, self.kept = True, False, 0, 0
        else:
            self.late = False
            if given["replay"]:
                self.at = self.kept
                return
            if given["start"]:
                self.kept = self.at
            if valid and given["out_ready"]:
                self.at = (self.at + 1) % self.pool.rows

    def shown(self) -> Outputs:
        """Return the beat that is shown."""
        data, entry = self.rows[self.at]
        return {"out_data": data, "out_exponent": (_BASE + entry) % 64}


def stream_pool(pool: Pool) -> Case:
    """Return a case of stream_pool.

    Args:
        pool: What it is built for.
    """
    draw = random.Random(f"{pool}")
    written = [_drawn_row(draw, pool) for _ in range(pool.rows)]
    model = _Model(pool, written)
    script: list[dict[str, int]] = []
    expected: list[Outputs] = []
    for clock in range(_CLOCKS):
        given = {name: int(draw.random() < chance) for name, chance in _CHANCES.items()}
        if model.late or (model.busy and draw.random() < 0.3):
            given |= {name: draw.randrange(2) for name in ("start", "replay", "reseed")}
        given["rst"] = int(clock < 2 or draw.random() < (0.2 if model.late else 0.006))
        zero = pool.recovers and draw.random() < 0.4
        given["load_data"] = 0 if zero else draw.randrange(1, 1 << _STATE_BITS)
        script.append(given)
        if given["rst"]:
            expected.append({"out_valid": 0} if clock > 1 else {})
            model.reset()
            continue
        ports = {"out_valid": int(model.valid), "load_ready": int(model.waits)}
        expected.append({**ports, **model.shown()} if model.valid else ports)
        model.clock(given)
    inputs = dict.fromkeys(_CHANCES, 1) | {"rst": 1, "load_data": _STATE_BITS}
    outputs = {"out_valid": 1, "load_ready": 1, "out_data": _BITS * pool.lanes}
    name = "" if pool.has_reseed else f"pool_{pool.lanes}_{pool.rows}.hex"
    files = {name: _lines(pool, written)} if name else {}
    parameters = _parameters(pool) | {"FILE": f'"{name}"'}
    outputs["out_exponent"] = 6
    return Case("stream_pool", parameters, inputs, outputs, script, expected, files=files)


def _drawn_row(draw: random.Random, pool: Pool) -> tuple[int, int]:
    """Return a row of a file, of which any word and exponent are legal."""
    return draw.getrandbits(_BITS * pool.lanes), draw.randrange(1 << pool.exponent_bits)


def _lines(pool: Pool, rows: list[tuple[int, int]]) -> str:
    """Return the memory file of rows."""
    return "".join(f"{entry << _BITS * pool.lanes | data:x}\n" for data, entry in rows)


def _parameters(pool: Pool) -> dict[str, int | str]:
    """Return the parameters of the module but the file."""
    named = {key.upper(): value for key, value in vars(pool).items() if key != "recovers"}
    parameters: dict[str, int | str] = {
        **named,
        "LOCKUP_RECOVERY": pool.recovers,
        "BIT_WIDTH": _BITS,
        "STATE_BITS": _STATE_BITS,
        "SEED": _SEED,
        "EXPONENT_BASE": _BASE,
        "SUM_BITS": _SUM_BITS,
    }
    if pool.exponent_bits:
        packed = sum(limit << _SUM_BITS * k for k, limit in enumerate(pool.thresholds))
        parameters["THRESHOLD_COUNT"] = len(pool.thresholds)
        parameters["THRESHOLDS"] = f"{_SUM_BITS * len(pool.thresholds)}'d{packed}"
    return parameters
