"""stream: the words of a point in every form."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest

from pezoexplore.design.point import resolve
from pezoexplore.streams.stream import Stream

HEADER = "index,beat,lane,exponent,value"


def rows(text: str) -> list[dict[str, str]]:
    assert text.splitlines()[0] == HEADER
    return list(csv.DictReader(io.StringIO(text)))


def test_words_come_in_order(call):
    answer = call("stream", "--rng", "lfsr", "--reuse", "bank", "--lanes", 3, "--count", 8)
    assert answer.status == 0
    read = rows(answer.out)
    expected = Stream(resolve(reuse="bank", lanes=3)).beats(0, 0, 3).ravel()[:8]
    assert [int(row["value"]) for row in read] == expected.tolist()
    assert [int(row["index"]) for row in read] == list(range(8))
    assert [int(row["beat"]) for row in read] == [0, 0, 0, 1, 1, 1, 2, 2]
    assert [int(row["lane"]) for row in read] == [0, 1, 2, 0, 1, 2, 0, 1]
    assert {row["exponent"] for row in read} == {""}


def test_exponents_stand_beside_the_words(call):
    options = ["--reuse", "bank", "--lanes", 4, "--scaling", "pow2"]
    read = rows(call("stream", *options, "--count", 400).out)
    stream = Stream(resolve(reuse="bank", lanes=4, scaling="pow2"))
    assert [int(row["exponent"]) for row in read[::4]] == stream.exponents(0, 0, 100).tolist()


def test_every_axis_seed_and_epoch_counts(call):
    options = ["--reuse", "pool", "--rng", "clt", "--pool-size", 40, "--reuse-period", 2]
    more = ["--bit-width", 6, "--lanes", 5, "--seed", 7, "--epoch", 3]
    point = resolve(rng="clt", reuse="pool", pool_size=40, reuse_period=2, bit_width=6, lanes=5)
    read = rows(call("stream", *options, *more, "--count", 100).out)
    expected = Stream(point, 7).beats(3, 0, 20).ravel()
    assert [int(row["value"]) for row in read] == expected.tolist()


def test_a_generator_other_than_lfsr_is_not_reused_by_default(call):
    read = rows(call("stream", "--rng", "xorshift32", "--count", 62).out)
    expected = Stream(resolve(rng="xorshift32", reuse="none")).beats(0, 0, 2).ravel()
    assert [int(row["value"]) for row in read] == expected.tolist()


def test_the_software_gaussian_has_real_numbers(call):
    read = rows(call("stream", "--rng", "gaussian", "--count", 50).out)
    expected = Stream(resolve(rng="gaussian", reuse="none")).beats(0, 0, 50).ravel()
    assert [np.float32(row["value"]) for row in read] == expected.tolist()


def test_hex_is_a_beat_a_line_with_lane_0_last(call):
    answer = call("stream", "--lanes", 3, "--bit-width", 4, "--count", 12, "--format", "hex")
    words = Stream(resolve(lanes=3, bit_width=4)).beats(0, 0, 4)
    expected = ["".join(f"{word & 15:x}" for word in beat[::-1]) for beat in words.tolist()]
    assert answer.out.splitlines() == expected
    assert answer.err == ""


def test_hex_rounds_up_to_whole_beats_and_says_so(call):
    answer = call("stream", "--lanes", 3, "--bit-width", 3, "--count", 10, "--format", "hex")
    assert [len(line) for line in answer.out.splitlines()] == [3] * 4
    assert answer.err == "--format hex holds whole beats: 4 of 3 words\n"


def test_npy_is_int32(call, tmp_path):
    answer = call("stream", "--count", 70000, "--format", "npy", "--out", "words.npy")
    assert (answer.status, answer.out) == (0, "")
    words = np.load(tmp_path / "words.npy")
    assert (words.dtype, words.shape) == (np.dtype("int32"), (70000,))
    read = rows(call("stream", "--count", 70000).out)
    assert [int(row["value"]) for row in read] == words.tolist()
    assert [path.name for path in tmp_path.iterdir()] == ["words.npy"]


@pytest.mark.regression
def test_npy_goes_to_a_pipe(tmp_path):
    command = [sys.executable, "-m", "pezoexplore", "stream", "--count", "5", "--format", "npy"]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, check=True)
    expected = Stream(resolve()).beats(0, 0, 1).ravel()[:5]
    assert np.load(io.BytesIO(done.stdout)).tolist() == expected.tolist()


def test_json_holds_the_words_and_how_to_read_them(call):
    options = ["--lanes", 4, "--reuse", "bank", "--scaling", "pow2", "--state-bits", 12]
    document = call("stream", *options, "--count", 6, "--format", "json").document
    stream = Stream(resolve(lanes=4, reuse="bank", scaling="pow2", state_bits=12))
    assert document["words"] == stream.beats(0, 0, 2).ravel()[:6].tolist()
    assert document["exponents"] == stream.exponents(0, 0, 2).tolist()
    assert (document["scale"], document["half"]) == (stream.scale, True)
    assert document["axes"]["reuse_period"] == "inf"
    json.dumps(document, allow_nan=False)


def test_chunks_do_not_show(call, monkeypatch):
    options = ["stream", "--lanes", 7, "--reuse", "bank", "--count", 3000]
    whole = call(*options).out
    monkeypatch.setattr("pezoexplore.cli.design.stream_formats.CHUNK_WORDS", 64)
    assert call(*options).out == whole
    assert len(whole.splitlines()) == 3001


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rng", "clt", "--reuse", "bank"], "not a legal combination: reuse bank needs rng lfsr"),
        (["--leap", "3", "--state-bits", "12"], "leap 3 shares a factor with the period 4095"),
        (["--rng", "lfsx"], "--rng: got 'lfsx'; allowed: lfsr"),
        (["--lanes", "0"], "--lanes: got 0; allowed: integers 1 to 256"),
        (["--lanes", "4,8"], "--lanes: got 2 values; allowed: one"),
        (["--pool-size", "1000000000000", "--reuse", "pool"], "--pool-size: got"),
        (["--epoch", "1"], "--epoch 1: without a finite --reuse-period there is only epoch 0"),
        (["--rng", "gaussian", "--format", "hex"], "--format hex is for integers"),
        (["--rng", "gaussian", "--format", "npy"], "--format npy is for integers"),
        (["--out", "no/such/folder.csv"], "cannot write no/such/folder.csv: No such"),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_what_is_wrong_is_one_line(call, options, said):
    answer = call("stream", "--count", 4, *options)
    assert said in answer.error
    assert answer.status == 2


def test_raw_is_the_bits_of_the_words(call, tmp_path):
    words = ["--format", "raw", "--lanes", 4, "--bit-width", 8, "--count", 64]
    assert call("stream", *words, "--out", "bits").status == 0
    stream = Stream(resolve(lanes=4, bit_width=8))
    expected = stream.beats(0, 0, 16).astype("<i1").tobytes()
    assert (tmp_path / "bits").read_bytes() == expected
    assert call("stream", *words, "--lane", 2, "--out", "lane").status == 0
    lane = stream.beats(0, 0, 64)[:, 2].astype("<i1").tobytes()
    assert (tmp_path / "lane").read_bytes() == lane


def test_raw_is_endless_and_ends_with_its_reader():
    words = [sys.executable, "-m", "pezoexplore", "stream", "--format", "raw"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert len(process.stdout.read(2**21)) == 2**21
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--format", "raw", "--lanes", 4, "--lane", 4), "--lane 4: the lanes are 0 to 3"),
        (("--format", "raw", "--out", "file"), "--format raw is endless"),
        (("--format", "raw", "--rng", "gaussian"), "--format raw is for integers"),
        (("--format", "csv"), "--count is needed"),
        (("--format", "csv", "--count", 5, "--lane", 0), "--lane is for raw alone"),
    ],
)
def test_what_raw_needs(call, words, expected):
    assert expected in call("stream", *words).error
