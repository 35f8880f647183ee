"""Reading Liberty: syntax, tables, functions, and files that are none."""

from __future__ import annotations

from itertools import product

import pytest
from fake_tools import one_line
from hypothesis import given
from hypothesis import strategies as st
from library_styles import GATES, put, with_extras
from library_styles import library as styled
from tiny_library import CLK, RST, cell, netlist, text, write

from pezoexplore.hardware.eda.boolean import Function, parse_function
from pezoexplore.hardware.eda.liberty_syntax import LibertyError, parse
from pezoexplore.hardware.power.cell_power import energies
from pezoexplore.hardware.power.delays import find_loads
from pezoexplore.hardware.power.liberty import LOAD, SLEW, Table, read_liberty


def test_groups_attributes_and_comments():
    group = parse(
        'library(l) { // end of line\n a : 1; b (1, x); /* c : 2; */ c : "x y"\n; pin(P, Q) {} }'
    )
    assert (group.kind, group.names) == ("library", ("l",))
    assert group.values == {"a": ("1",), "b": ("1", "x"), "c": ("x y",)}
    assert [(g.kind, g.names) for g in group.groups] == [("pin", ("P", "Q"))]


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        ("library(l) {\n a : 1;", 1),
        ("library(l) {\n a 1; }", 2),
        ('library(l) {\n\n a : "x; }', 3),
        ("library(l) { }\n }", 2),
        ("a : 1;", 1),
        ("library(l) {\n" + "a() {" * 3000 + "}" * 3001, 2),
    ],
)
def test_broken_syntax_names_the_line(broken, line):
    with pytest.raises(LibertyError, match=f"line {line}:") as caught:
        parse(broken)
    one_line(caught.value)


def test_a_line_may_lack_its_semicolon():
    """As in the ASAP7 libraries, of which one cell's area ends without."""
    group = parse('library(l) { a : 1\n pin(P) { b :\n 2 * 3; c : "x"\n}\n d : 4 }')
    assert group.values == {"a": ("1",), "d": ("4",)}
    assert group.groups[0].values == {"b": ("2", "*", "3"), "c": ("x",)}


def test_a_file_is_named(tmp_path):
    path = tmp_path / "x.lib"
    with pytest.raises(LibertyError, match=r"x\.lib: cannot be read"):
        read_liberty(path)
    path.write_text("cell(X) {}", encoding="utf-8")
    with pytest.raises(LibertyError, match=r"x\.lib: a cell group where a library was expected"):
        read_liberty(path)


@pytest.mark.parametrize(
    ("there", "instead", "reason"),
    [
        ('"1ns"', '"10px"', "time_unit is '10px'; allowed: a number and a unit such as 1ps"),
        ("(1,pf)", "(1,px)", "capacitive_load_unit"),
        ('"1nW"', '"1qW"', "leakage_power_unit"),
        ("nom_voltage : 2.0;", "", "no nom_voltage and no voltage of operating conditions"),
        ('values ("0.2")', 'values ("0.2 0.3")', "2 values for a table of 1"),
        ("area : 9", "area : wide", "'wide' is no number"),
        ("variable_1 : input_transition_time", "variable_1 : colour", "not read"),
    ],
)
def test_what_would_be_misread_is_refused(tmp_path, there, instead, reason):
    path = tmp_path / "x.lib"
    assert there in text()
    path.write_text(text().replace(there, instead), encoding="utf-8")
    with pytest.raises(LibertyError, match=reason) as caught:
        read_liberty(path)
    one_line(caught.value)


def test_a_byte_order_mark_is_passed_over(tmp_path):
    path = tmp_path / "x.lib"
    path.write_text(text(), encoding="utf-8-sig")
    assert read_liberty(path) == read_liberty(write(tmp_path))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("4 * 2.5", 10.0), ("4*2.5+1", 11.0), ("2 * (1 + 3) / 4", 2.0), ("-1 + 3", 2.0),
        ('"12.5"', 12.5), ("1e1", 10.0),
    ],
)  # fmt: skip
def test_an_area_may_be_an_expression(tmp_path, written, value):
    path = tmp_path / "x.lib"
    path.write_text(text().replace("area : 9", f"area : {written}"), encoding="utf-8")
    assert read_liberty(path).cells["DFF"].area == value


@pytest.mark.parametrize(
    "written",
    [
        "unit * 2",
        "2 *",
        "1 / 0",
        "2 ** 3",
        "f(3)",
        "9,5",
        "1 2",
        "nan",
        "-inf",
        "1e400",
        "1e300*1e300",
    ],
)
def test_an_area_that_is_none_names_its_line(tmp_path, written):
    path = tmp_path / "x.lib"
    path.write_text(text().replace("area : 9", f"area : {written}"), encoding="utf-8")
    at = text()[: text().index("area : 9")].count("\n") + 1
    with pytest.raises(LibertyError, match=rf"x\.lib: line {at}: area: .* is no number"):
        read_liberty(path)


@pytest.mark.parametrize(
    ("there", "instead", "reason"),
    [
        ("area : 9", "area : -9", "area: -9 cannot be: 0 or more"),
        ("area : 9", 'include_file("more.lib")', "include_file is not read: put more.lib in its"),
    ],
)
def test_what_would_make_a_cell_cheap_or_vanish_names_its_line(tmp_path, there, instead, reason):
    path = tmp_path / "x.lib"
    path.write_text(text().replace(there, instead), encoding="utf-8")
    at = text()[: text().index(there)].count("\n") + 1
    with pytest.raises(LibertyError, match=rf"x\.lib: line {at}: {reason}"):
        read_liberty(path)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("cell(INV) {\n area : 5; }\n", "line {last}: cell INV is there already, in line {inv}"),
        (
            "cell(N) {\n pin(A, B) { }\n pin(B) { } }\n",
            "line {last2}: pin B is there already, in line {last1}",
        ),
        (
            "cell(N) {\n area : 1;\n area : 2; }\n",
            "line {last2}: another area than in line {last1}",
        ),
    ],
)
def test_what_is_there_twice_is_named_with_both_lines(tmp_path, more, reason):
    path, whole = tmp_path / "x.lib", text().rstrip()
    assert whole.endswith("}")
    head = f"{whole[:-1].rstrip()}\n"
    path.write_text(f"{head}{more}}}\n", encoding="utf-8")
    last = head.count("\n") + 1
    inv = head[: head.index("cell (INV)")].count("\n") + 1
    said = reason.format(last=last, last1=last + 1, last2=last + 2, inv=inv)
    with pytest.raises(LibertyError, match=rf"x\.lib: {said}$"):
        read_liberty(path)


def test_the_same_attribute_twice_is_once():
    assert parse("library(l) { a : 1;\n a : 1; }").text("a") == "1"


def test_a_pin_of_several_names_is_several_pins(tmp_path):
    path = tmp_path / "x.lib"
    path.write_text(text().replace("pin(A) {", "pin(A, A2) {", 1), encoding="utf-8")
    pins = read_liberty(path).cells["INV"].pins
    assert list(pins) == ["A", "A2", "Y"]
    assert pins["A2"].capacitance == pins["A"].capacitance


def test_several_libraries_in_a_file_are_refused(tmp_path):
    path = tmp_path / "x.lib"
    path.write_text(text() + "\n" + text(), encoding="utf-8")
    with pytest.raises(LibertyError, match=r"x\.lib: line \d+: a second library in the file, the"):
        read_liberty(path)


def test_cells_pins_and_tables(tmp_path):
    library = read_liberty(write(tmp_path))
    assert (library.name, library.voltage) == ("tiny", 2.0)
    assert sorted(library.cells) == ["DFF", "INV", "NOR2", "XOR2"]
    dff, inverter = library.cells["DFF"], library.cells["INV"]
    assert (dff.area, dff.leakage_nw) == (9, 7)
    assert dff.state is not None
    assert dff.state.text("clocked_on") == "CK"
    assert dff.pins["CK"].clock
    assert not dff.pins["D"].clock
    assert dff.pins["CK"].energies[0].rise.at(0.5, 99.0) == pytest.approx(0.2)
    assert [pin.name for pin in inverter.outputs] == ["Y"]
    arc = inverter.pins["Y"].arcs[0]
    assert (arc.related, arc.sense, arc.kind) == ("A", "negative_unate", "")
    assert arc.delay[0].at(0.3, 0.25) == pytest.approx(0.35)
    assert arc.slew[1].at(0.3, 0.25) == pytest.approx(0.45)
    energies = library.cells["NOR2"].pins["Y"].energies
    assert [(e.related, e.rise.at(0, 0), e.fall.at(0, 0)) for e in energies] == [
        ("A", 0.2, 0.2),
        ("B", 0.6, 0.6),
    ]


@given(st.floats(-1, 3), st.floats(-1, 3), *[st.floats(-5, 5)] * 4)
def test_a_table_reproduces_what_is_linear_in_each_axis(slew, load, a, b, c, d):
    def value(s, p):
        return a + b * s + c * p + d * s * p

    grid = ((0.0, 0.5, 2.0), (0.0, 1.0))
    values = tuple(value(s, p) for p, s in product(*grid))
    table = Table((LOAD, SLEW), grid, values)
    assert table.at(slew, load) == pytest.approx(value(slew, load), abs=1e-9)


FUNCTIONS = [
    ("A", lambda a, b, c: a),
    ("!A", lambda a, b, c: not a),
    ("A'", lambda a, b, c: not a),
    ("(A B)'+C", lambda a, b, c: not (a and b) or c),
    ("A B + C", lambda a, b, c: (a and b) or c),
    ("A + B C", lambda a, b, c: a or (b and c)),
    ("A * B | !C", lambda a, b, c: (a and b) or not c),
    ("A & B ^ C", lambda a, b, c: a and (b != c)),
    ("(!((C A)+(!C B)))", lambda a, b, c: not (a if c else b)),
    ("((A^B)^C)", lambda a, b, c: a ^ b ^ c),
    ("A 1 + 0", lambda a, b, c: a),
]


@pytest.mark.parametrize(("written", "meant"), FUNCTIONS)
def test_functions(written, meant):
    function = parse_function(written)
    operators = {"&": " and ", "|": " or ", "^": " != ", "~": " not ", "1'b": ""}
    python = function.verilog({name: f"bool({name})" for name in "ABC"})
    for there, instead in operators.items():
        python = python.replace(there, instead)
    chance = 0.0
    for a, b, c in product((False, True), repeat=3):
        value = bool(meant(a, b, c))
        assert bool(eval(f"({python})", {}, {"A": a, "B": b, "C": c, "bool": bool})) == value
        at_most_once = {"A": float(a), "B": float(b), "C": float(c)}
        assert function.probability(at_most_once) == value
        chance += value / 8
    # The chances of the parts multiply only where no pin comes twice.
    if written.count("C") < 2:
        assert function.probability(dict.fromkeys("ABC", 0.5)) == pytest.approx(chance)


def test_pins_of_a_function():
    assert parse_function("!(A B) + 1").pins() == {"A", "B"}
    assert parse_function("0") == Function("constant", "0")


@pytest.mark.parametrize("broken", ["", "A +", "(A", "A)", "A ? B", "! "])
def test_broken_functions(broken):
    with pytest.raises(LibertyError) as caught:
        parse_function(broken)
    one_line(caught.value)


def _plain(table: Table) -> list[float]:
    return [table.at(slew, load) for slew in (0.01, 0.1, 0.3) for load in (0.01, 0.05, 0.2)]


@pytest.mark.parametrize("style", ["small", "templated", "cubed", "together"])
def test_the_same_physics_in_other_styles_reads_the_same(style, tmp_path):
    first, second = (
        read_liberty(put(tmp_path, with_extras(styled(name)), f"{name}.lib"))
        for name in ("plain", style)
    )
    assert first.voltage == second.voltage == 1.5
    assert list(first.cells) == list(second.cells)
    for name, one in ((name, first.cells[name]) for name in (*GATES, "FDX")):
        other = second.cells[name]
        assert other.leakage_nw == pytest.approx(one.leakage_nw)
        for pin, twin in zip(one.pins.values(), other.pins.values(), strict=True):
            assert twin.capacitance == pytest.approx(pin.capacitance)
            assert [e.related for e in twin.energies] == [e.related for e in pin.energies]
            for energy, same in zip(pin.energies, twin.energies, strict=True):
                assert _plain(same.rise) == pytest.approx(_plain(energy.rise))
                assert _plain(same.fall) == pytest.approx(_plain(energy.fall))
            for arc, same in zip(pin.arcs, twin.arcs, strict=True):
                for table, match in zip(arc.delay + arc.slew, same.delay + same.slew, strict=True):
                    assert _plain(match) == pytest.approx(_plain(table))


@pytest.mark.parametrize("style", ["states", "supplies"])
def test_energies_by_state_or_supply_make_the_same_power(style, tmp_path):
    """States are equally probable here, and of the supplies one delivers everything."""
    found = []
    for name in ("plain", style):
        library = read_liberty(put(tmp_path, styled(name), f"{name}.lib"))
        net = netlist(5, cell("FDX", CK=CLK, D=6, Q=5), cell("ND2X", A=5, B=RST, Y=6))
        loads = find_loads(net, library, 0.0, 0.05)
        found.append(energies(net, library, loads, {CLK: 20, 5: 10, 6: 8, RST: 2}, 10))
    assert found[1].internal_pj == pytest.approx(found[0].internal_pj)
    assert found[1].leakage_mw == pytest.approx(found[0].leakage_mw)


def test_a_state_that_a_constant_excludes_costs_nothing(tmp_path):
    library = read_liberty(put(tmp_path, styled("states")))
    powers = []
    for constant in ("0", "1"):
        net = netlist(6, cell("ND2X", A=constant, B=RST, Y=6))
        loads = find_loads(net, library, 0.0, 0.05)
        powers.append(energies(net, library, loads, {6: 10, RST: 10}, 10).internal_pj)
    assert powers[1] - powers[0] == pytest.approx(0.4)
