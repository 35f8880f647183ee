"""Spoken digits and the adaptation to them, on a handful of utterances."""

from __future__ import annotations

import shutil
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pezoexplore.design.point import resolve
from pezoexplore.errors import DesignError
from pezoexplore.train.fixed_loop import FixedTrainer
from pezoexplore.train.general_trainer import GeneralTrainer
from pezoexplore.train.selection import stream_source
from pezoexplore.train.tasks import speech, spoken
from pezoexplore.train.tasks.registry import get_task, task_identity
from pezoexplore.train.tasks.spoken import (
    BANDS,
    FRAMES,
    KEPT_VARIABLE,
    RATE,
    SOURCE,
    TARGET,
    WORDS,
    Utterance,
    features,
    in_room,
    synthesised,
)
from pezoexplore.train.trainer import Run

SAID = Utterance("en-us+f3", 175, 50, "seven")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder of what is synthesised, one for all tests: every utterance is a process."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("speech")
        patch.setenv(KEPT_VARIABLE, str(folder))
        yield folder


@pytest.fixture(scope="module")
def small(kept: Path) -> Iterator[None]:
    """Make the task of few utterances."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speech, "SOURCE_COUNT", 8)
        patch.setattr(speech, "TEST_COUNT", 4)
        patch.setattr(speech, "_STEPS", 150)
        speech.pretrained.cache_clear()
        yield
        speech.pretrained.cache_clear()


def write_recording(file: Path, sound: np.ndarray, rate: int = RATE, channels: int = 1) -> None:
    file.parent.mkdir(exist_ok=True, parents=True)
    with wave.open(str(file), "wb") as wav:
        wav.setnchannels(channels)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes((sound * 2**14).astype("<i2").tobytes())


@pytest.mark.regression
def test_a_word_is_the_same_each_time_and_voices_differ() -> None:
    sound = synthesised(SAID)
    assert 0.2 * RATE < len(sound) <= RATE
    assert 0.05 < np.abs(sound).max() <= 1
    assert np.array_equal(sound, synthesised(SAID))
    for other in ({"voice": "en-us+m2"}, {"speed": 120}, {"pitch": 80}, {"word": "one"}):
        changed = synthesised(replace(SAID, **other))
        assert len(changed) != len(sound) or not np.allclose(changed, sound)
    assert len(synthesised(replace(SAID, speed=120))) > 1.2 * len(sound)


def test_a_room_adds_the_noise_and_the_echo_that_it_says() -> None:
    click = np.zeros(100, np.float32)
    click[0] = 1
    quiet = replace(TARGET, noise=(200.0, 200.0), echo=0.4)
    for seed in range(3):
        heard = in_room(click, quiet, np.random.default_rng(seed))
        start = int(np.abs(heard).argmax())
        assert heard[start] == pytest.approx(1, abs=1e-3)
        assert np.abs(heard[:start]).max(initial=0) < 1e-6
        assert np.abs(heard[start + int(0.41 * RATE) :]).max(initial=0) < 1e-6
        assert 0.15 < np.linalg.norm(np.delete(heard, start)) < 0.81
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    loud = replace(TARGET, noise=(6.0, 6.0), echo=0.0)
    heard = in_room(tone, loud, np.random.default_rng(4))
    spectrum = np.abs(np.fft.rfft(heard)) ** 2
    peak = int(spectrum.argmax())
    speech_power = spectrum[peak - 3 : peak + 4].sum()
    assert 10 * np.log10(speech_power / (spectrum.sum() - speech_power)) == pytest.approx(6, abs=1)


@pytest.mark.regression
def test_a_tone_lights_its_band_and_loudness_does_not_matter() -> None:
    times = np.arange(RATE) / RATE
    tones = [np.sin(2 * np.pi * hertz * times).astype(np.float32) for hertz in (300, 1000, 4000)]
    made = features(tones)
    assert made.shape == (3, FRAMES, 1, BANDS) and made.dtype == np.uint8
    # Bands are even on Slaney's mel scale: linear up to 1 kHz, 15 mels, then 27 mels for each 6.4.
    mels = np.array([60 / 1000 * 15, 4.5, 15, 15 + 27 * np.log(4) / np.log(6.4)])
    top = 15 + 27 * np.log(7.6) / np.log(6.4)
    expected = np.rint((mels[1:] - mels[0]) / (top - mels[0]) * (BANDS + 1) - 1)
    assert made[:, 20, 0].argmax(-1).tolist() == expected.tolist() == [2, 10, 25]
    assert made.max() == 255
    assert np.abs(features([0.01 * tones[0]]).astype(int) - made[:1]).max() <= 1


@pytest.mark.regression
def test_what_was_made_is_kept_and_the_first_ones_are_the_same(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    three = spoken.spoken(TARGET, 0, 3)
    assert three.inputs.shape == (30, FRAMES, 1, BANDS)
    np.testing.assert_array_equal(three.labels, np.repeat(range(10), 3))
    monkeypatch.setattr(spoken, "synthesised", None)  # would be called in vain
    np.testing.assert_array_equal(spoken.spoken(TARGET, 0, 3).inputs, three.inputs)
    monkeypatch.undo()
    monkeypatch.setenv(KEPT_VARIABLE, "")
    again = spoken.spoken(TARGET, 1, 2)
    later = three.inputs.reshape(10, 3, FRAMES, 1, BANDS)[:, 1:]
    np.testing.assert_array_equal(again.inputs, later.reshape(again.inputs.shape))
    assert not np.array_equal(spoken.spoken(SOURCE, 1, 1).inputs, again.inputs[::2])


def test_the_recipe_changes_with_espeak(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "espeak-ng"
    other.write_text("#!/bin/sh\necho 'eSpeak NG text-to-speech: 1.99  Data at: /x'\n")
    other.chmod(0o755)
    ours = spoken.recipe.__wrapped__()
    monkeypatch.setattr(spoken, "espeak", lambda: str(other))
    assert spoken.recipe.__wrapped__() != ours


@pytest.mark.regression
def test_adaptation_starts_from_a_network_that_knows_the_source(small: None) -> None:
    task = get_task("last-mile-speech-8")
    assert (len(task.train), len(task.fit), len(task.validation)) == (80, 60, 20)
    assert len(task.test) == 40
    assert task.parameters == task.init(0).size == 30_066
    start, source = GeneralTrainer(task), spoken.spoken(SOURCE, 0, 8)
    *_, (_, state) = start.run(task.train, Run((0,), (0.0,), 1, 4), lambda seeds: Still())
    assert start.score(state, source).accuracy[0, 0] > 85
    assert task.accuracy_before == pytest.approx(start.score(state, task.test).accuracy[0, 0])
    assert task.accuracy_before < 70
    identity = task_identity("last-mile-speech-8")
    assert identity == {"data_sha256": task.data_sha256, "code_sha256": ""}


class Still:
    """Directions of zeros."""

    scale = 1.0

    def block(self, first: int, steps: int) -> np.ndarray:
        return np.zeros((steps, 1, 30_066), np.int16)


@pytest.mark.regression
def test_a_few_utterances_help(small: None) -> None:
    task = get_task("last-mile-speech-8")
    trainer = GeneralTrainer(task, "backprop")
    *_, (_, state) = trainer.run(task.train, Run((0,), (0.03,), 60, 16), None)
    assert trainer.score(state, task.test).accuracy[0, 0] > task.accuracy_before + 5


@pytest.mark.regression
def test_it_adapts_in_integers(small: None) -> None:
    """With 16-bit weights and 8-bit activations, by forward passes alone."""
    task = get_task("last-mile-speech-8")
    point = resolve(reuse="phased", state_bits=16, weight_bits=16, activation_bits=8)
    trainer, run = FixedTrainer(task, point), Run((0,), (0.0008,), 150, 16, 0.064)
    states = trainer.run(task.train, run, stream_source(point, task), stops=[0])
    before, after = (trainer.score(state, task.train) for _, state in states)
    floats = GeneralTrainer(task)
    *_, (_, start) = floats.run(task.train, Run((0,), (0.0,), 1, 4), lambda seeds: Still())
    as_floats = floats.score(start, task.train)
    assert before.loss[0, 0] == pytest.approx(as_floats.loss[0, 0], rel=0.1)
    assert after.loss[0, 0] < 0.9 * before.loss[0, 0]


@pytest.mark.regression
def test_recordings_in_a_folder_take_the_same_road(small: None, tmp_path: Path) -> None:
    for number, word in enumerate(WORDS):
        for speaker in range(12):
            tone = np.sin(2 * np.pi * (200 + 150 * number) * np.arange(RATE // 2) / RATE)
            name = f"{word}/{speaker:08x}_nohash_0.wav"
            write_recording(tmp_path / name, tone, 8000 if speaker == 3 else RATE)
    task = get_task("last-mile-speech-4", str(tmp_path))
    assert len(task.train) == 40
    assert len(task.test) % 10 == 0 and 10 <= len(task.test) < 80
    seen = {bytes(example) for example in task.train.inputs}
    assert {bytes(example) for example in task.test.inputs} <= seen  # each word is one tone here
    assert task.data_sha256 != get_task("last-mile-speech-4").data_sha256
    with pytest.raises(DesignError, match=r"(zero|one|two): \d+ recordings .*-12 needs 12"):
        get_task("last-mile-speech-12", str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: shutil.rmtree(folder / "six"), "six: no recordings"),
        (lambda folder: (folder / "six/a.wav").write_bytes(b"RIFF"), "six/a.wav: not a WAV file"),
        (lambda folder: (folder / "six/a.wav").write_bytes(b""), "six/a.wav: not a WAV file"),
        (
            lambda folder: write_recording(folder / "six/a.wav", np.zeros(80), channels=2),
            "six/a.wav: 2 channels of 16 bits",
        ),
        (
            lambda folder: write_recording(folder / "six/a.wav", np.zeros(0)),
            "six/a.wav: 1 channels of 16 bits, 0 samples",
        ),
    ],
)
def test_what_is_no_folder_of_recordings_is_one_line(spoil, told: str, tmp_path: Path) -> None:
    for word in WORDS:
        write_recording(tmp_path / word / "a_nohash_0.wav", np.ones(100) * 0.1)
    spoil(tmp_path)
    with pytest.raises(DesignError, match=told) as caught:
        spoken.read_recordings(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("words", ["-3", "-2049", "-x", "16", "--16"])
def test_other_numbers_of_utterances_are_refused(words: str) -> None:
    with pytest.raises(DesignError, match="4 to 2048"):
        get_task(f"last-mile-speech{words}")


def test_a_missing_tool_is_one_line_that_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(DesignError, match="espeak-ng, not found: type `apt-get install espeak-ng`"):
        spoken.espeak.__wrapped__()
    monkeypatch.setattr(spoken, "find_spec", lambda name: None)
    with pytest.raises(DesignError, match=r"pip install 'pezoexplore\[speech\]'"):
        spoken.espeak.__wrapped__()


@pytest.mark.slow
def test_a_voice_that_espeak_has_not_got_is_one_line() -> None:
    with pytest.raises(DesignError, match=r"espeak-ng -v xx-nowhere: .*voice"):
        synthesised(replace(SAID, voice="xx-nowhere"))
