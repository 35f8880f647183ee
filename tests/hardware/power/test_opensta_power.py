"""OpenSTA's way of counting power, worked out by hand and read from what it prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_tools import fake, first_on_path, one_line
from opensta_power import (
    Check,
    emulated_mw,
    lets_through,
    reported_mw,
)
from tiny_library import TOGGLER, netlist, write

from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.boolean import parse_function
from pezoexplore.hardware.power.delays import find_loads
from pezoexplore.hardware.power.liberty import read_liberty

CHECK = Check(Path("/none/tiny.lib"), "top", 10.0, 0.5)


def test_emulation_by_hand(tmp_path):
    library = read_liberty(write(tmp_path))
    net = netlist(5, *TOGGLER)
    loads = find_loads(net, library, 0.0, 0.5)
    # Clock pin: 2 transitions of 0.2 + 0.4 pJ. Q at activity 0.5: 0.2 pJ switched, 0.5 + 0.5
    # inside. NOR: 0.2 switched, (0.2 + 0.2) / 2 for A and (0.6 + 0.6) / 2 for B.
    picojoules = 2 * 0.6 + 0.5 * (0.2 + 1.0) + 0.5 * (0.2 + 0.2 + 0.6)
    found = emulated_mw(net, library, loads, 10.0, 0.5)
    assert found == pytest.approx(picojoules / 10.0 + 12e-6)


@pytest.mark.parametrize(
    ("function", "pin", "chance"),
    [
        ("A", "A", 1.0),
        ("!A", "A", 1.0),
        ("!(A B)", "A", 0.5),
        ("!((A B) C)", "C", 0.25),
        ("!((A B) C)", "A", None),
        ("!((A B)+C)", "C", 0.75),
        ("A^B", "B", 0.5),
        ("!((S A)+(!S B))", "S", None),
        ("IQ", "CK", None),
        ("1", "A", None),
    ],
)
def test_when_an_input_is_let_through(function, pin, chance):
    found = lets_through(parse_function(function), pin)
    if chance is None:
        assert found is None
    else:
        assert found is not None
        assert found.probability(dict.fromkeys(found.pins(), 0.5)) == chance


REPORT = """\
Group                       Internal       Switching         Leakage           Total
                               Power           Power           Power           Power
------------------------------------------------------------------------------------
Sequential           5.395435262e-03 2.464452526e-03 1.060783994e-08 7.859897800e-03  28.7%
------------------------------------------------------------------------------------
Total                2.080434002e-02 6.623179186e-03 4.558235034e-08 2.742756344e-02 100.0%
                               75.9%           24.1%            0.0%
"""


def test_its_total_is_read(tmp_path, monkeypatch):
    fake(tmp_path / "bin", "sta", f"cat <<'END'\n{REPORT}END")
    first_on_path(monkeypatch, tmp_path / "bin")
    (tmp_path / "log").write_text("Total 1 2 3 4.0e-02 100.0%\n", encoding="utf-8")
    found = reported_mw(tmp_path, "net.v", CHECK, 0.5, tmp_path / "log")
    assert found == pytest.approx(27.42756344)
    script = (tmp_path / "power.tcl").read_text(encoding="utf-8")
    assert "read_liberty /none/tiny.lib" in script
    assert "-activity 0.5" in script


@pytest.mark.parametrize(
    ("body", "reason"), [("exit 1", "sta failed"), ("echo Total", "sta reported no total power")]
)
def test_a_failing_opensta(tmp_path, monkeypatch, body, reason):
    fake(tmp_path / "bin", "sta", body)
    first_on_path(monkeypatch, tmp_path / "bin")
    with pytest.raises(ToolError, match=reason) as caught:
        reported_mw(tmp_path, "net.v", CHECK, 0.5, tmp_path / "log")
    one_line(caught.value)
