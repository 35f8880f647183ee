"""Generators of the user's: found beside the design file, checked, the same in every process."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import DesignError
from pezoexplore.hardware.rtl.build import build, rtl_hash
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.generators.own_family import look_in, own_family
from pezoexplore.streams.generators.registry import family, known_family
from pezoexplore.streams.stream import Stream
from pezoexplore.sweeps.rows import point_id

EXAMPLE = Path(__file__).parents[3] / "docs/examples/own_generator"
NAME = "own_generator:Xorshift64"
AXES = {"reuse": "none", "bit_width": 8, "lanes": 10}

LINEAR = """
from pezoexplore.streams.generators import Family

class Own(Family):
    what, source, weaknesses = "A register.", "None.", "All."
    state, top_bits, rtl = 5, True, ("uniform_word.v", "{name}.v")
    widths = (1, 5)

    def columns(self, point):
        return (0b10100, 0b1, 0b10, 0b100, 0b1000)

    def words(self, states, point):
        return super().words(states, point)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the example, which is not the working folder."""
    made = tmp_path / "designs"
    shutil.copytree(EXAMPLE, made, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    look_in(made)
    return made


def own(folder: Path, module: str, old: str, new: str, text: str = LINEAR) -> str:
    """Write a module with a class in which a text is replaced; the name of the class."""
    text = text.replace("{name}", module)
    assert old in text
    (folder / f"{module}.py").write_text(text.replace(old, new), encoding="utf-8")
    (folder / f"{module}.v").write_text(f"module {module}; endmodule\n", encoding="utf-8")
    look_in(folder)
    return f"{module}:Own"


def test_words_are_those_of_the_published_recurrence(folder):
    stream = Stream(resolve(rng=NAME, **AXES))
    states = stream.strategy.registers(0, 0)
    for row in stream.beats(0, 0, 200):
        shown = [x >> (56 - 8 * lane) & 255 for x in states for lane in range(8)]
        assert [v + 128 for v in row.tolist()] == shown[:10]
        for shift in (13, -7, 17):
            moved = [x << shift if shift > 0 else x >> -shift for x in states]
            states = [x ^ m & 2**64 - 1 for x, m in zip(states, moved, strict=True)]


def test_marsaglias_own_seed(folder):
    stepped = family(NAME).stepped(resolve(rng=NAME, **AXES))
    states = np.array([[88172645463325252]], dtype=np.uint64)
    stepped.fill(states, 8, np.empty((1, 1, 1), dtype=np.int32))
    assert states[0, 0] == 8748534153485358512


def test_another_process_finds_it_by_what_the_point_carries(folder, monkeypatch, tmp_path):
    point = resolve(rng=NAME, **AXES)
    sent = pickle.dumps(point)
    assert pickle.loads(sent) == point
    (folder / "own_generator.v").write_text("module own_generator; endmodule\n", encoding="utf-8")
    look_in(folder)
    with pytest.raises(DesignError, match="does not hold the same files here"):
        pickle.loads(sent)


@pytest.mark.parametrize("file", ["own_generator.py", "own_generator.v"])
def test_hashes_hold_its_files(folder, file):
    def hashes() -> tuple[str, str]:
        point = resolve(rng=NAME, **AXES)
        return point_id(point.to_json(), "wine", {}, {}), rtl_hash(point, rtl_dir())

    before = hashes()
    path = folder / file
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    look_in(folder)
    after = hashes()
    assert before[0] != after[0]
    assert (before[1] != after[1]) == (file == "own_generator.v")


def test_its_rtl_has_a_ladder_of_its_own_arm(folder):
    built = build(Stream(resolve(rng=NAME, **AXES, scaling="none")), rtl_dir())
    assert '.KIND("own_generator")' in built.top
    text = built.data["generator.v"]
    assert text.count("KIND ==") == 2
    assert 'KIND == "lfsr"' in text and 'KIND == "own_generator"' in text
    assert folder / "own_generator.v" in built.sources


def test_a_name_without_a_module_is_known_by_name_only():
    name = "elsewhere:Own"
    point = DesignPoint.from_json(AXES | {"rng": name, "scaling": "constant"})
    assert point.label() == "none elsewhere:Own 8b x10"
    assert not point.family.known
    for use in (lambda: resolve(rng=name, **AXES), lambda: known_family(name)):
        with pytest.raises(DesignError, match="rng: 'elsewhere:Own': no module elsewhere beside"):
            use()


@pytest.mark.parametrize("module", ["only_a_folder", "a_package.that_is_a_folder"])
def test_a_folder_is_no_module(folder, module):
    place = folder / module.replace(".", "/")
    place.mkdir(parents=True)
    with pytest.raises(DesignError, match=f"rng: '{module}:Own': no module {module} beside"):
        known_family(f"{module}:Own")
    file = place.with_suffix(".py")
    file.write_text("Own = 1\n")
    look_in(folder)
    with pytest.raises(DesignError, match=f"{file}: class Own: there is no such class"):
        own_family(f"{module}:Own")


def test_a_linear_one_of_few_bits_jumps(folder):
    name = own(folder, "own_linear", "5, True", "5, True")
    point = resolve(rng=name, reuse="none", bit_width=5, lanes=3, scaling="none")
    words = Stream(point).beats(0, 0, 62)
    assert np.array_equal(words[:31], words[31:])
    assert sorted(words[:31, 0].tolist()) == [v for v in range(-16, 16) if v != -16]


@pytest.mark.parametrize(
    ("module", "old", "new", "reason"),
    [
        ("own_a", '"A register."', '""', "what must be a text, and is ''"),
        ("own_b", "state, top_bits, rtl = 5", "state, top_bits, rtl = 0", "state must be 1 to 40"),
        ("own_c", "5, True", "49, True", "a linear state has at most 48 bits, not 49"),
        ("own_d", '"own_d.v")', '"gone.v")', r"rtl: there is no file .*gone.v"),
        ("own_e", '"own_e.v")', '"../own_e.v")', r"is not the name of a .v or .vh file"),
        ("own_f", "0b10100", "0b10000", "the map of columns has not the period 2\\^5 - 1"),
        ("own_g", "0b1000)", "0b1000, 1)", "columns must be a tuple of 5 whole"),
        ("own_h", "(1, 5)", "(0, 30)", "widths must be a pair of bits from 1 to 24"),
        ("own_i", "super().words(states, point)", "states", "words must be signed integers"),
        (
            "own_j",
            "super().words(states, point)",
            "super().words(states, point) + 1",
            "words must lie from -1 to 0, and reach",
        ),
        ("own_k", "super().words(states, point)", "1 / 0", "words_of_lanes failed: ZeroDivision"),
        ("own_l", "class Own(Family)", "class Own", "is not a subclass of"),
        ("own_m", "class Own(Family)", "class Other(Family)", "there is no such class"),
        ("own_n", '"A register."', '"A register.", chooses', "importing own_n failed: "),
        ("own_o", "    def columns", "    def column", "columns failed: NotImplementedError"),
        ("own_p", "widths = (1, 5)", 'reuses = ("bank",)', "are for families of the package"),
    ],
)  # fmt: skip
def test_what_a_class_gets_wrong_is_one_line(folder, module, old, new, reason):
    name = own(folder, module, old, new)
    with pytest.raises(DesignError, match=reason) as caught:
        family(name)
    text = str(caught.value)
    assert "\n" not in text
    assert module in text and ("Own" in text or "importing" in text)


STEPPED = """
import numpy as np
from pezoexplore.streams.generators import Family, Stepped

def begin(limbs):
    return np.maximum(limbs, np.uint64(1))

def fill(states, bits, out):
    for clock in range(out.shape[1]):
        for lane in range(out.shape[2]):
            top = states[:, 0] >> np.uint64(64 - bits)
            out[:, clock, lane] = top.astype(np.int64) - 2 ** (bits - 1)
        states[:, 0] *= np.uint64(6364136223846793005)

class Own(Family):
    what, source, weaknesses = "A generator.", "None.", "All."
    state, rtl = 64, ("{name}.v",)

    def stepped(self, point):
        return Stepped(2**62, 1, begin, fill)
"""


@pytest.mark.parametrize(
    ("module", "old", "new", "reason"),
    [
        ("own_s", "np.maximum(limbs, np.uint64(1))", "limbs", "begin returns a state of zero"),
        ("own_t", "np.uint64(1))", "np.uint64(1))[:, 0]", r"begin must return \[n, 1\]"),
        ("own_u", "np.uint64(1))", "np.uint64(1)).astype(float)", "begin must return an array of"),
        ("own_v", "    state, rtl = 64", "    state, rtl = 60", "more than the 60 bits of state"),
        ("own_w", "- 2 ** (bits - 1)", "+ 0", "words must lie from -1 to 0, and reach 0 and 1"),
        ("own_x", "states[:, 0] *=", "states = states *", "fill must step the states in place"),
        ("own_y", "Stepped(2**62, 1, begin, fill)", "begin, fill", "stepped must return a pezo"),
        ("own_z", "2**62, 1, begin, fill", "2**62, 0, begin, fill", "drawn must be 1 to 64"),
    ],
)  # fmt: skip
def test_what_a_stepped_class_gets_wrong_is_one_line(folder, module, old, new, reason):
    name = own(folder, module, old, new, STEPPED)
    with pytest.raises(DesignError, match=reason) as caught:
        family(name)
    assert f"{module}.py: class Own: " in str(caught.value)
