"""One small cell library in the styles of several makers, written for the tests.

Every style says the same physics of the same gates, so that whatever reads them must find the same
numbers: in ns and pF or ps and fF, energies per state (``when``) or per supply pin, tables whose
grid is in the template or has a third variable. Flip-flops come in several forms.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

GATES = {
    "INVX": ("!A", "A", 2.0),
    "BUFX": ("A", "A", 3.0),
    "ND2X": ("!(A B)", "AB", 4.0),
    "NR2X": ("(A+B)'", "AB", 4.5),
    "XO2X": ("A^B", "AB", 8.0),
}
"""Function, inputs and area of each gate."""

FLOPS = {
    "plain": ('next_state : "D"; clocked_on : "CK";', "IQ", ""),
    "inverted": ('next_state : "!D"; clocked_on : "CK";', "IQ", ""),
    "reset": ('next_state : D; clocked_on : CK; clear : "RN\'";', "IQ", "RN"),
    "both": ('next_state : "D"; clocked_on : "CK"; clear : "!RN"; preset : "!SN";', "IQ", "RN SN"),
    "inverse": ('next_state : "D"; clocked_on : "CK";', "IQN", ""),
}
"""The ``ff`` group, the function of the output Q, and further inputs of each form."""

Style = Callable[[str, str, float], str]
"""Text of a table: its group, its kind (``delay`` or ``energy``), and its level in ns or pJ."""


def _grid(group: str, kind: str, level: float, time: float = 1.0, load: float = 1.0) -> str:
    unit = time if kind == "delay" else load
    rows = [[(level + slew / 4 + pf) * unit for pf in (0.01, 0.1)] for slew in (0.01, 0.2)]
    values = ", ".join(f'"{row[0]:.6f}, {row[1]:.6f}"' for row in rows)
    return (
        f'{group} ({kind}_2x2) {{ index_1 ("{0.01 * time:g}, {0.2 * time:g}"); '
        f'index_2 ("{0.01 * load:g}, {0.1 * load:g}"); values ({values}); }}'
    )


def _templated(group: str, kind: str, level: float) -> str:
    whole = _grid(group, kind, level)
    return f"{whole.split('index_1')[0]}values{whole.split('values')[1]}"


def _cubed(group: str, kind: str, level: float) -> str:
    """Return a table with the load of another output as third variable, that changes energies."""
    if kind == "delay":
        return _grid(group, kind, level)
    flat = _grid(group, kind, level)
    rows = [
        f'"{first}, {float(first) + 9:.6f}"'
        for row in flat.split("values (")[1].split(");")[0].split('"')[1::2]
        for first in row.split(", ")
    ]
    head = flat.split("values")[0].replace("_2x2", "_2x2x2")
    return f'{head} index_3 ("0.01, 0.1"); values ({", ".join(rows)}); }}'


def library(style: str = "plain", flop: str = "plain", *, energies: bool = True) -> str:
    """Return a library.

    Args:
        style: ``plain``, ``small`` (ps, fF, pW), ``templated``, ``cubed``, ``states`` (energies and
            leakage per state), ``supplies`` (per supply pin) or ``together`` (one group for several
            related pins).
        flop: One of ``FLOPS``.
        energies: Whether the cells have internal energies and leakage.
    """
    time, load = (1e3, 1e3) if style == "small" else (1.0, 1.0)

    def table(group: str, kind: str, level: float) -> str:
        if style == "templated":
            return _templated(group, kind, level)
        if style == "cubed":
            return _cubed(group, kind, level)
        return _grid(group, kind, level, time, load)

    def energy(pins: str, level: float, others: str = "") -> str:
        if not energies:
            return ""

        def one(pin: str, level: float, more: str = "") -> str:
            rise, fall = (
                table(g, "energy", level + d) for g, d in (("rise_power", 0.1), ("fall_power", 0.0))
            )
            related = f'related_pin : "{pin}"; ' if pin else ""
            return f"internal_power () {{ {related}{more}{rise} {fall} }}"

        if style == "states" and others:
            parts = ((level - 0.2, f"!{others}"), (level + 0.2, others))
            return " ".join(
                one(p, e, f'when : "{w}"; ') for p in pins.split() or [""] for e, w in parts
            )
        if style == "supplies":
            halves = (f"related_pg_pin : {pg}; " for pg in ("VDD", "VSS"))
            # Each table adds slew and load once more.
            return " ".join(
                one(p, level, more)
                if "VDD" in more
                else f"internal_power () {{ "
                f'related_pin : "{p}"; {more}power (scalar) {{ values ("0.0"); }} }}'
                for more in halves
                for p in pins.split() or [""]
            )
        if style == "together":
            return one(pins, level)
        return " ".join(one(p, level) for p in pins.split() or [""])

    def leakage(nw: float) -> str:
        if not energies:
            return ""
        if style == "states":
            return " ".join(
                f'leakage_power () {{ when : "{when}"; value : {nw + more}; }}'
                for when, more in (("A", 1.0), ("!A", -1.0))
            )
        if style == "supplies":
            return (
                f"leakage_power () {{ related_pg_pin : VDD; value : {nw}; }} "
                "leakage_power () { related_pg_pin : VDD; when : A; value : 99; } "
                "leakage_power () { related_pg_pin : VSS; value : 0; }"
            )
        return f"cell_leakage_power : {nw * (1e3 if style == 'small' else 1):g};"

    def arc(pins: str, level: float, more: str) -> str:
        tables = " ".join(
            table(group, "delay", level)
            for group in ("cell_rise", "cell_fall", "rise_transition", "fall_transition")
        )
        listed = [pins] if style == "together" else pins.split()
        return " ".join(f'timing () {{ related_pin : "{p}"; {more} {tables} }}' for p in listed)

    def pin(name: str, pf: float, more: str = "") -> str:
        return f"pin ({name}) {{ direction : input; capacitance : {pf * load:g}; {more} }}"

    cells = []
    for name, (function, inputs, area) in GATES.items():
        pins = " ".join(inputs)
        level = area / 10
        cells.append(
            f"cell ({name}) {{ area : {area}; {leakage(area)} "
            + " ".join(pin(i, 0.01) for i in inputs)
            + f' pin (Y) {{ direction : output; function : "{function}"; '
            + energy(pins, level, inputs[0] if len(inputs) == 2 else "")
            + " "
            + arc(pins, level / 10, "timing_sense : non_unate;")
            + " } }"
        )
    group, output, further = FLOPS[flop]
    limits = (
        f'{e}_constraint (scalar) {{ values ("{0.05 * time:g}"); }}' for e in ("rise", "fall")
    )
    setup = f'timing () {{ related_pin : "CK"; timing_type : setup_rising; {" ".join(limits)} }}'
    cells.append(
        f"cell (FDX) {{ area : 20; {leakage(20.0)} ff (IQ, IQN) {{ {group} }} "
        + pin("CK", 0.02, "clock : true; " + energy("", 0.3, "D"))
        + pin("D", 0.01, setup)
        + " ".join(pin(name, 0.01) for name in further.split())
        + f' pin (Q) {{ direction : output; function : "{output}"; {energy("CK", 0.5)} '
        + arc("CK", 0.1, "timing_sense : non_unate; timing_type : rising_edge;")
        + " } }"
    )
    variables = (
        "variable_1 : input_net_transition; variable_2 : total_output_net_capacitance; "
        'index_1 ("0.01, 0.2"); index_2 ("0.01, 0.1");'
    )
    passive = variables.replace("net_transition", "transition_time")
    third = 'variable_3 : related_out_total_output_net_capacitance; index_3 ("0.01, 0.1");'
    head = (
        "delay_model : table_lookup; "
        f'time_unit : "{"1ps" if style == "small" else "1ns"}"; voltage_unit : "1V"; '
        f'leakage_power_unit : "{"1pW" if style == "small" else "1nW"}"; '
        f"capacitive_load_unit (1, {'ff' if style == 'small' else 'pf'}); "
    )
    head += " ".join(
        f"{side}_threshold_pct_{edge} : {value};"
        for side, value in (
            ("input", 50),
            ("output", 50),
            ("slew_lower", 20),
            ("slew_upper", 80),
        )
        for edge in ("rise", "fall")
    )
    voltage = (
        "operating_conditions (typ) { voltage : 1.5; } default_operating_conditions : typ;"
        if style == "templated"
        else "nom_voltage : 1.5;"
    )
    return "\n".join(
        [
            f"library (styles) {{ {head} {voltage}",
            f"lu_table_template (delay_2x2) {{ {variables} }}",
            f"power_lut_template (energy_2x2) {{ {passive} }}",
            f"power_lut_template (energy_2x2x2) {{ {passive} {third} }}",
            *cells,
            "}",
            "",
        ]
    )


EXTRAS = """
cell (SCANX) { area : 1; test_cell () { ff (IQ, IQN) { next_state : "D"; clocked_on : "CK"; } }
  ff (IQ, IQN) { next_state : "(SE SI) + (SE' D)"; clocked_on : "CK"; }
  pin (D, SI, SE, CK) { direction : input; capacitance : 0.01; }
  pin (Q) { direction : output; function : "IQ"; } }
cell (ENX) { area : 1; ff (IQ, IQN) { next_state : "(E D) + (!E IQ)"; clocked_on : "CK"; }
  pin (D, E, CK) { direction : input; capacitance : 0.01; }
  pin (Q) { direction : output; function : "IQ"; } }
cell (FALLX) { area : 1; ff (IQ, IQN) { next_state : "D"; clocked_on : "!CK"; }
  pin (D, CK) { direction : input; capacitance : 0.01; }
  pin (Q) { direction : output; function : "IQ"; } }
cell (BANKX) { area : 1; ff_bank (IQ, IQN, 4) { next_state : "D"; clocked_on : "CK"; }
  bus (D) { bus_type : nibble; direction : input; pin (D[3:0]) { capacitance : 0.01; } }
  bundle (Q) { members (Q0, Q1, Q2, Q3); direction : output; function : "IQ"; }
  pin (CK) { direction : input; capacitance : 0.01; } }
cell (GATEX) { area : 1; statetable ("CK EN", "IQ") { table : "L L : - : L, L H : - : H"; }
  pin (CK, EN) { direction : input; } pin (IQ) { direction : internal; }
  pin (GCK) { direction : output; state_function : "CK IQ"; } }
cell (NDSLOW) { area : 1; dont_use : true; pin (A, B) { direction : input; }
  pin (Y) { direction : output; function : "!A + !B"; } }
cell (FILLX) { area : 1; }
"""
"""Cells that are no register of the plain kind, that are not to be used, or that have no pins."""


def with_extras(text: str) -> str:
    """Return a library with :data:`EXTRAS`."""
    return f"{text.rstrip().removesuffix('}')}{EXTRAS}}}\n"


def put(folder: Path, text: str, name: str = "cells.lib") -> Path:
    """Write a library to a file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
