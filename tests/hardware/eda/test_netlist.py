"""Netlists: which inverters a device has no LUT for."""

from __future__ import annotations

import pytest

from pezoexplore.hardware.eda.netlist import Instance, Netlist, Port, absorbed_inverters

A, B, C, OUT, NOT, CLK = 2, 3, 4, 5, 6, 7


def part(kind: str, **pins: int) -> Instance:
    """Return a cell: its pins O and Q are outputs."""
    return Instance(
        kind, {n: (b,) for n, b in pins.items()}, {}, frozenset({"O", "Q"} & pins.keys())
    )


LUT = part("LUT2", I0=A, I1=B, O=OUT)
FLOP = part("FDRE", C=CLK, D=A, Q=OUT)
MEMORY = part("RAMB18E2", C=CLK, D=A, Q=OUT)
INVERTER = part("INV", I=OUT, O=NOT)
READS_PLAIN = part("FDRE", C=CLK, D=OUT, Q=C)


@pytest.mark.parametrize(
    ("parts", "outputs", "absorbed"),
    [
        ((LUT, INVERTER), (NOT,), True),
        ((LUT, INVERTER), (NOT, OUT), False),
        ((LUT, INVERTER, READS_PLAIN), (NOT,), False),
        ((FLOP, INVERTER), (NOT,), False),
        ((MEMORY, INVERTER), (NOT,), False),
        ((FLOP, INVERTER, part("LUT2", I0=NOT, I1=B, O=C)), (C,), True),
        ((FLOP, INVERTER, part("LUT2", I0=NOT, I1=B, O=C)), (C, NOT), False),
        ((FLOP, INVERTER, part("FDRE", C=CLK, D=NOT, Q=C)), (C,), False),
        ((FLOP, INVERTER, part("CARRY4", S=NOT)), (), False),
        ((FLOP, INVERTER, part("SRL16E", D=NOT, Q=C)), (C,), False),
        ((part("INV", I=A, O=NOT),), (NOT,), True),
        ((part("INV", I=A, O=NOT), part("FDRE", C=CLK, D=NOT, Q=C)), (C,), False),
    ],
    ids=(
        "folds-into-its-driver",
        "plain-value-is-an-output",
        "plain-value-is-stored",
        "after-a-flip-flop",
        "after-a-memory",
        "folds-into-its-reader",
        "reader-and-output",
        "between-flip-flops",
        "into-a-carry-chain",
        "into-a-shift-register",
        "from-port-to-port",
        "from-a-port-to-a-flip-flop",
    ),
)
def test_an_inverter_is_a_lut_unless_a_lut_absorbs_it(
    parts: tuple[Instance, ...], outputs: tuple[int, ...], absorbed: bool
) -> None:
    ports = {
        "clk": Port("input", (CLK,)),
        "in": Port("input", (A, B)),
        "out": Port("output", outputs),
    }
    place = next(i for i, instance in enumerate(parts) if instance.kind == "INV")
    assert absorbed_inverters(Netlist(ports, parts)) == ({place} if absorbed else set())
