"""The stream cipher Trivium as a generator, bit-true with rtl/trivium.v.

Three shift registers a, b, c of 93, 84 and 111 bits (C. De Cannière and B. Preneel, "Trivium", in
New Stream Cipher Designs, LNCS 4986, 2008; ISO/IEC 29192-3). The bits s1 to s288 of the publication
are bits 0 to 287 of the state. One update makes one bit of key stream; since no tap comes before
the 66th bit of a register, up to 64 updates are made a clock side by side.

A state is an 80-bit key and an 80-bit initial value, drawn at random, after the 1,152 updates that
the cipher starts with: the host makes these, the hardware loads the state. Of the bits of a clock
the first lane that a generator serves takes the earliest, the earliest being its top bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.generators.compiled import compiled, inlined
from pezoexplore.streams.generators.family import Family, Point, Stepped
from pezoexplore.streams.generators.models import PYTHON_CUT, Model

U64 = NDArray[np.uint64]

DRAWN = 3
"""Random limbs of a key and an initial value: 80 bits each, of 192."""

PERIOD = 2**58
"""Clocks within the 2**64 bits that the designers allow a key, at 64 bits per clock."""

_LIMBS = 5
_START_CLOCKS = 4 * 288 // 64


def begin(limbs: U64) -> U64:
    """Return states uint64 [n, 5] from random limbs [n, 3]: keys and, above, initial values."""
    key = (limbs[:, 0], limbs[:, 1] & np.uint64(0xFFFF))
    rest = limbs[:, 1] >> np.uint64(16) | limbs[:, 2] << np.uint64(48)
    value = (rest, limbs[:, 2] >> np.uint64(16) & np.uint64(0xFFFF))
    return begin_with(key, value)


def begin_with(key: tuple[U64, U64], value: tuple[U64, U64]) -> U64:
    """Return states uint64 [n, 5] of keys and initial values, each as low 64 and high 16 bits [n].

    Bit 0 of a key is s1, bit 0 of an initial value s94.
    """
    states = np.zeros((len(key[0]), _LIMBS), dtype=np.uint64)
    states[:, 0] = key[0]
    states[:, 1] = key[1] | value[0] << np.uint64(29)
    states[:, 2] = value[0] >> np.uint64(35) | value[1] << np.uint64(29)
    states[:, 4] = np.uint64(7) << np.uint64(29)
    fill(states, 32, np.empty((len(states), _START_CLOCKS, 2), dtype=np.int32))
    return states


@inlined
def _window(low: np.uint64, high: np.uint64, top: int, updates: int) -> np.uint64:
    """Return bits `top` down to `top` - `updates` + 1 of a register of two limbs."""
    first = np.uint64(top - updates + 1)
    mask = np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(64 - updates)
    if first >= np.uint64(64):
        return high >> (first - np.uint64(64)) & mask
    if first == np.uint64(0):
        return low & mask
    return (low >> first | high << (np.uint64(64) - first)) & mask


@inlined
def _higher(low: np.uint64, high: np.uint64, updates: int) -> np.uint64:
    """Return the upper limb of a register after a shift."""
    if updates == 64:
        return low
    return high << np.uint64(updates) | low >> np.uint64(64 - updates)


@inlined
def _lower(low: np.uint64, fresh: np.uint64, updates: int) -> np.uint64:
    """Return the lower limb of a register after a shift."""
    return fresh if updates == 64 else low << np.uint64(updates) | fresh


@compiled
def fill(states: U64, bits: int, out: NDArray[Any]) -> None:
    """Write words of successive clocks; see :class:`Stepped`. At most 64 bits per clock."""
    updates = bits * out.shape[2]
    half = np.int64(1) << np.int64(bits - 1)
    low = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    for n in range(states.shape[0]):
        s = states[n]
        a0, a1 = s[0], s[1] & np.uint64(0x1FFFFFFF)
        b0 = s[1] >> np.uint64(29) | s[2] << np.uint64(35)
        b1 = s[2] >> np.uint64(29) & np.uint64(0xFFFFF)
        c0 = s[2] >> np.uint64(49) | s[3] << np.uint64(15)
        c1 = (s[3] >> np.uint64(49) | s[4] << np.uint64(15)) & np.uint64(0x7FFFFFFFFFFF)
        for clock in range(out.shape[1]):
            from_a = _window(a0, a1, 65, updates) ^ _window(a0, a1, 92, updates)
            from_b = _window(b0, b1, 68, updates) ^ _window(b0, b1, 83, updates)
            from_c = _window(c0, c1, 65, updates) ^ _window(c0, c1, 110, updates)
            stream = from_a ^ from_b ^ from_c
            to_b = from_a ^ _window(a0, a1, 90, updates) & _window(a0, a1, 91, updates)
            to_c = from_b ^ _window(b0, b1, 81, updates) & _window(b0, b1, 82, updates)
            to_a = from_c ^ _window(c0, c1, 108, updates) & _window(c0, c1, 109, updates)
            to_b ^= _window(b0, b1, 77, updates)
            to_c ^= _window(c0, c1, 86, updates)
            to_a ^= _window(a0, a1, 68, updates)
            a1 = _higher(a0, a1, updates) & np.uint64(0x1FFFFFFF)
            b1 = _higher(b0, b1, updates) & np.uint64(0xFFFFF)
            c1 = _higher(c0, c1, updates) & np.uint64(0x7FFFFFFFFFFF)
            a0 = _lower(a0, to_a, updates)
            b0 = _lower(b0, to_b, updates)
            c0 = _lower(c0, to_c, updates)
            for lane in range(out.shape[2]):
                word = stream >> np.uint64(updates - bits * (lane + 1)) & low
                out[n, clock, lane] = np.int64(word) - half
        s[0] = a0
        s[1] = a1 | b0 << np.uint64(29)
        s[2] = b0 >> np.uint64(35) | b1 << np.uint64(29) | c0 << np.uint64(49)
        s[3] = c0 >> np.uint64(15) | c1 << np.uint64(49)
        s[4] = c1 >> np.uint64(15)


class Trivium(Family):
    """The key stream of Trivium, up to 64 bits per clock."""

    what = "The stream cipher Trivium, as many updates per clock as there are output bits."
    source = "C. De Cannière and B. Preneel, LNCS 4986, 2008; ISO/IEC 29192-3; eSTREAM portfolio."
    weaknesses = (
        "None known in its statistics. Its period cannot be stated, as for any non-linear "
        "state; keys are drawn at random and the host makes the first 1,152 updates."
    )
    state = 288
    output_bits = 64
    ports = ("BIT_WIDTH", "GROUP")
    rtl = ("trivium.v",)
    colour = "#7F3B08"
    defect = ("trivium.v", "^ a[92 -: UPDATES]", "^ a[91 -: UPDATES]")
    small = ({}, *Family.small)
    c = Model(
        state="""\
typedef struct { uint8_t s[288]; } pezo_state; /* s[0] is the bit s1 of the publication */
""",
        functions="""\
/* One update of Trivium (ISO/IEC 29192-3): a bit of key stream. */
static inline int pezo_update(uint8_t *s)
{
    int a = s[65] ^ s[92], b = s[161] ^ s[176], c = s[242] ^ s[287], bit = a ^ b ^ c;
    a ^= (s[90] & s[91]) ^ s[170];
    b ^= (s[174] & s[175]) ^ s[263];
    c ^= (s[285] & s[286]) ^ s[68];
    memmove(s + 1, s, 287);
    s[0] = (uint8_t)c;
    s[93] = (uint8_t)a;
    s[177] = (uint8_t)b;
    return bit;
}

""",
        clock="""\
    for (int lane = 0; lane < PEZO_GROUP; lane++) { /* the earliest bit is the first lane's top bit */
        word[lane] = 0;
        for (int bit = 0; bit < PEZO_BIT_WIDTH; bit++)
            word[lane] = 2 * word[lane] + pezo_update(state->s);
        word[lane] -= 1 << (PEZO_BIT_WIDTH - 1);
    }
""",  # noqa: E501
        first="""\
    pezo_state state = {{0}};
    uint64_t limb[3];
    for (int i = 0; i < 3; i++)
        limb[i] = pezo_hash(seed, epoch, drawn + (uint64_t)i);
    for (int i = 0; i < 160; i++) /* an 80-bit key, then an 80-bit initial value */
        state.s[i < 80 ? i : i + 13] = limb[i / 64] >> (i % 64) & 1;
    memset(state.s + 285, 1, 3);
    for (int i = 0; i < 4 * 288; i++)
        pezo_update(state.s);
    return state;
""",
        load="""\
        for (int bit = 0; bit < 288; bit++)
            load[unit][bit / 32] |= (uint32_t)state.s[bit] << (bit % 32);
""",
    )
    python = Model(
        functions=PYTHON_CUT
        + '''\


def _updated(s: int, updates: int) -> tuple[int, int]:
    """Trivium (ISO/IEC 29192-3): state after some updates, and their key stream, first on top."""
    stream = 0
    for _ in range(updates):
        a, b, c = s >> 65 ^ s >> 92, s >> 161 ^ s >> 176, s >> 242 ^ s >> 287
        stream = stream << 1 | (a ^ b ^ c) & 1
        a ^= s >> 90 & s >> 91 ^ s >> 170
        b ^= s >> 174 & s >> 175 ^ s >> 263
        c ^= s >> 285 & s >> 286 ^ s >> 68
        s = s << 1 & ~(1 << 93 | 1 << 177 | 1 << 288 | 1)
        s |= (a & 1) << 93 | (b & 1) << 177 | c & 1
    return s, stream
''',
        clock="""\
    state, stream = _updated(s, BIT_WIDTH * GROUP)
    return _cut(stream, BIT_WIDTH * GROUP), state
""",
        first="""\
        key, value = drawn & 2**80 - 1, drawn >> 80 & 2**80 - 1
        states.append(_updated(key | value << 93 | 7 << 285, 4 * 288)[0])
""",
    )

    def stepped(self, point: Point) -> Stepped:
        """Return its start and its step."""
        return Stepped(PERIOD, DRAWN, begin, fill)

    def facts(self) -> dict[str, str]:
        """Return what is known in words."""
        return super().facts() | {
            "period": "not known; 2^64 bits allowed a key",
            "fresh_bits": "up to 64",
        }
