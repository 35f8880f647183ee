"""Spoken digits: synthesised by espeak-ng in many voices, or read from a folder of recordings.

espeak-ng (https://github.com/espeak-ng/espeak-ng) speaks the words; noise and the echo of a room
are added here. Everything that chance decides about utterance i of a word follows from i, the word
and the domain, so that the first k utterances are the same however many are made. What was made
is kept in a folder under a hash of this file and of the tools' versions.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import wave
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.files import writing_bytes
from pezoexplore.train.task import Split

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

RATE = 16_000
"""Samples a second, as in Speech Commands."""

HOP, WINDOW, BANDS = 400, 640, 32
"""Samples from frame to frame and of a frame's window; mel bands."""

FRAMES = RATE // HOP
"""Frames of an utterance, which is cut or padded to a second."""

FLOOR_DB = 60.0
"""Range below the loudest band that is kept, decibels."""

KEPT_VARIABLE = "PEZOEXPLORE_SPEECH_CACHE"
"""Environment variable that names the folder of what was synthesised; empty: nothing is kept."""

_STREAM = 7


@dataclass(frozen=True)
class Domain:
    """Speakers and surroundings.

    Attributes:
        number: Of the random numbers; each domain has its own.
        accents: Voices of espeak-ng.
        variants: Its voice variants, each of which speaks in every accent.
        speeds: Least and greatest speed, words per minute.
        noise: Least and greatest ratio of speech to noise, decibels.
        echo: Longest time in which the room's echo fades by 60 dB, seconds.
    """

    number: int
    accents: tuple[str, ...]
    variants: tuple[str, ...]
    speeds: tuple[int, int]
    noise: tuple[float, float]
    echo: float


SOURCE = Domain(
    0,
    ("en-us", "en-gb", "en-us-nyc", "en-gb-x-rp"),
    ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "adam", "andy", "michael", "paul", "robert"),
    (130, 190),
    (20.0, 40.0),
    0.1,
)
"""Speakers of the pre-training: men in a quiet room, accents of the United States and England."""

TARGET = Domain(
    1,
    ("en-gb-scotland", "en-029"),
    ("f1", "f2", "f3", "f4", "f5", "Annie", "Alicia", "belinda", "linda", "steph"),
    (150, 260),
    (5.0, 20.0),
    0.4,
)
"""Speakers of the adaptation: women, Scottish and Caribbean accents, in a noisy room."""


@dataclass(frozen=True)
class Utterance:
    """How espeak-ng says a word."""

    voice: str
    speed: int
    pitch: int
    word: str


def spoken(domain: Domain, first: int, count: int) -> Split:
    """Return utterances ``first`` to ``first + count - 1`` of each word, synthesised or kept.

    Returns:
        Spectrograms, uint8 [10 count, FRAMES, 1, BANDS], word by word, and numbers of the words.

    Raises:
        DesignError: espeak-ng or librosa is missing, or fails.
    """
    labels = np.repeat(np.arange(len(WORDS)), count).astype(np.uint8)
    folder = _kept_folder()
    if folder is None:
        return Split(_made(domain, first, count), labels)
    kept = folder / f"{domain.number}_{first}_{count}.npy"
    if not kept.is_file():
        with kept.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.is_file():  # another process may have made it
                with writing_bytes(kept) as file:
                    np.save(file, _made(domain, first, count))
    return Split(np.load(kept), labels)


def _made(domain: Domain, first: int, count: int) -> U8:
    """Make the spectrograms of :func:`spoken`."""
    turns = [(word, index) for word in range(len(WORDS)) for index in range(first, first + count)]
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:  # each waits for a process
        return features(list(pool.map(lambda turn: _recorded(domain, *turn), turns)))


def _recorded(domain: Domain, word: int, index: int) -> F32:
    """Return an utterance as it is recorded, [RATE]."""
    rng = np.random.default_rng([_STREAM, domain.number, word, index])
    said = Utterance(
        f"{rng.choice(domain.accents)}+{rng.choice(domain.variants)}",
        int(rng.integers(*domain.speeds, endpoint=True)),
        int(rng.integers(20, 80, endpoint=True)),
        WORDS[word],
    )
    return in_room(synthesised(said), domain, rng)


def synthesised(said: Utterance) -> F32:
    """Have espeak-ng say a word; return it at RATE, trimmed of silence, at most a second.

    Raises:
        DesignError: espeak-ng is missing or fails.
    """
    import librosa

    voice = ["-v", said.voice, "-s", str(said.speed), "-p", str(said.pitch)]
    made = subprocess.run([espeak(), *voice, "--stdout", said.word], capture_output=True)
    if made.returncode or len(made.stdout) < 1000:
        told = made.stderr.decode(errors="replace").strip().splitlines() or ["no sound"]
        raise DesignError(f"espeak-ng -v {said.voice}: {told[0]}")
    rate = int.from_bytes(made.stdout[24:28], "little")  # of a WAV header of 44 bytes
    samples = np.frombuffer(made.stdout[44:][: (len(made.stdout) - 44) // 2 * 2], "<i2")
    sound = librosa.resample(samples / np.float32(2**15), orig_sr=rate, target_sr=RATE)
    loud = np.flatnonzero(np.abs(sound) > 0.01 * np.abs(sound).max())
    trimmed: F32 = sound[loud[0] : loud[-1] + 1][:RATE].astype(np.float32)
    return trimmed


def in_room(sound: F32, domain: Domain, rng: np.random.Generator) -> F32:
    """Place a sound of at most RATE samples at random in a second, with echo and noise; [RATE].

    The echo is noise that decays exponentially (Polack's model of late reverberation); the noise
    is white or pink, in equal shares.
    """
    from scipy.signal import fftconvolve

    placed = np.zeros(RATE)
    start = rng.integers(RATE - len(sound), endpoint=True)
    placed[start : start + len(sound)] = sound
    fading = max(0.02, rng.uniform(0, domain.echo)) * RATE
    times = np.arange(int(fading))
    tail = rng.normal(size=len(times)) * 10 ** (-3 * times / fading)
    tail *= rng.uniform(0.2, 0.8) / np.linalg.norm(tail)
    tail[0] = 1
    heard = fftconvolve(placed, tail)[:RATE]
    spectrum = np.fft.rfft(rng.normal(size=RATE))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 20)) ** rng.integers(2)
    noise = np.fft.irfft(spectrum)
    ratio = 10 ** (rng.uniform(*domain.noise) / 20)
    noise *= np.sqrt((heard**2).sum() / len(sound)) / (ratio * noise.std())
    return (heard + noise).astype(np.float32)


def features(sounds: Sequence[F32]) -> U8:
    """Compute mel spectrograms of sounds [RATE]: 0 is 60 dB below the loudest band, 255 that band.

    Returns:
        [n, FRAMES, 1, BANDS].
    """
    import librosa

    made = np.empty((len(sounds), FRAMES, 1, BANDS), np.uint8)
    for number, sound in enumerate(sounds):
        mel = librosa.feature.melspectrogram(
            y=sound, sr=RATE, n_fft=WINDOW, hop_length=HOP, n_mels=BANDS, fmin=60.0, fmax=7600.0
        )
        decibels = 10 * np.log10(np.maximum(mel[:, :FRAMES] / max(mel.max(), 1e-12), 1e-12))
        made[number, :, 0] = np.rint((decibels.T / FLOOR_DB + 1).clip(0, 1) * 255)
    return made


@cache
def espeak() -> str:
    """Return the path of espeak-ng, and see that librosa is there.

    Raises:
        DesignError: One is missing.
    """
    if find_spec("librosa") is None:
        raise DesignError(
            "task: last-mile-speech needs librosa, not found: "
            "type `pip install 'pezoexplore[speech]'`"
        )
    found = shutil.which("espeak-ng")
    if found is None:
        raise DesignError(
            "task: last-mile-speech needs the program espeak-ng, not found: type "
            "`apt-get install espeak-ng`, or see https://github.com/espeak-ng/espeak-ng"
        )
    return found


@cache
def recipe() -> str:
    """Return a hash of all that determines a spectrogram: this file and the tools' versions."""
    said = subprocess.run([espeak(), "--version"], capture_output=True, text=True).stdout
    tools = [version(name) for name in ("librosa", "numpy", "scipy")]
    known = "\n".join([said.split("Data at")[0], *tools]).encode()
    return hashlib.sha256(Path(__file__).read_bytes() + known).hexdigest()


def _kept_folder() -> Path | None:
    """Return the folder of what this recipe made; None where nothing is kept."""
    named = os.environ.get(KEPT_VARIABLE)
    if named == "":
        return None
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        folder = Path(named or f"{home}/pezoexplore/speech").expanduser() / recipe()[:16]
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # read-only, or there is no home
        return None
    return folder


def read_recordings(folder: Path) -> tuple[Split, Split]:
    """Read recordings of the digits in the layout of Speech Commands (arXiv 1804.03209).

    ``<word>/<speaker>_nohash_<number>.wav``, mono, 16 bits. A fifth of the speakers, by a hash of
    their names, is the test part.

    Returns:
        (to adapt to, to test on), as :func:`spoken`; words in order.

    Raises:
        DesignError: A word is missing, or a file is no such recording.
    """
    parts: tuple[list[Path], list[Path]] = ([], [])
    for word in WORDS:
        files = sorted((folder / word).glob("*.wav"))
        if not files:
            raise DesignError(
                f"{folder / word}: no recordings; Speech Commands has a folder of .wav files "
                f"for each of {', '.join(WORDS)}"
            )
        for file in files:
            speaker = file.stem.split("_nohash_")[0].encode()
            parts[int(hashlib.sha256(speaker).hexdigest()[:8], 16) % 5 == 0].append(file)
    adapting, testing = (
        Split(
            features([_read(file) for file in files]),
            np.array([WORDS.index(file.parent.name) for file in files], np.uint8),
        )
        for files in parts
    )
    return adapting, testing


def _read(file: Path) -> F32:
    """Read a recording, cut or padded to a second at RATE."""
    import librosa

    try:
        with wave.open(str(file)) as sound:
            channels, width, rate, frames = sound.getparams()[:4]
            content = sound.readframes(frames)
    except (OSError, EOFError, wave.Error) as error:
        raise DesignError(f"{file}: not a WAV file ({error or 'it ends early'})") from error
    if (channels, width) != (1, 2) or not len(content) >= 2:
        raise DesignError(
            f"{file}: {channels} channels of {8 * width} bits, {frames} samples; recordings are "
            "mono, of 16 bits"
        )
    samples = np.frombuffer(content, "<i2") / np.float32(2**15)
    if rate != RATE:
        samples = librosa.resample(samples, orig_sr=rate, target_sr=RATE)
    return np.pad(samples[:RATE], (0, max(0, RATE - len(samples)))).astype(np.float32)
