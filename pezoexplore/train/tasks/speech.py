"""The last mile of speech: a network that knows some voices is adapted to others.

After QZO-FF (arXiv 2411.04036): a convolution network over time, trained by backprop on synthesised
speakers, adapts to K utterances of each digit by speakers of other accents in a noisy room, or in
recordings of the user's.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.train.general_loop import Method, Sgd, Start, train
from pezoexplore.train.networks.cnn import Cnn, speech_cnn
from pezoexplore.train.task import Split, Task, carve, class_losses
from pezoexplore.train.tasks.last_mile import accuracy, few
from pezoexplore.train.tasks.spoken import (
    BANDS,
    FRAMES,
    SOURCE,
    TARGET,
    WORDS,
    read_recordings,
    spoken,
)
from pezoexplore.train.trainer import Run

SPEECH_TASK = "last-mile-speech"
"""The task; the suffix ``-K`` sets K utterances per word."""

SPEECH_VARIABLE = "PEZOEXPLORE_SPEECH"
"""Environment variable that names a folder of recordings, in place of the synthesised target."""

SHOTS, FEWEST, MOST = 16, 4, 2048
"""Utterances per word of a name without ``-K``, and the least and the most."""

SOURCE_COUNT, TEST_COUNT = 150, 60
"""Utterances per word to pre-train on and to test on."""

_STEPS, _RATE, _BATCH = 800, 0.03, 32


def speech_task(name: str, folder: str | None = None) -> Task:
    """Build the adaptation task of that name.

    Args:
        name: ``last-mile-speech`` or ``last-mile-speech-K``.
        folder: Folder of recordings; None for synthesised ones.

    Raises:
        DesignError: Not such a name, too few recordings, or a tool is missing.
    """
    shots = _shots(name)
    if folder:
        recorded, test = read_recordings(Path(folder))
        train = _enough(few(recorded, shots), shots, folder)
    else:
        test, train = spoken(TARGET, 0, TEST_COUNT), spoken(TARGET, TEST_COUNT, shots)
    model, start = speech_cnn(FRAMES, BANDS, len(WORDS)), pretrained()
    fit, validation = carve(train, len(train) // 4)
    task = Task(name, model, train, fit, validation, test, initial=lambda seed: start.copy())
    return replace(task, accuracy_before=accuracy(task))


@cache
def pretrained() -> NDArray[np.float32]:
    """Train the network by backprop on the source's speakers; return weights [d]."""
    data, model = spoken(SOURCE, 0, SOURCE_COUNT), speech_cnn(FRAMES, BANDS, len(WORDS))
    return trained(model, data, _STEPS)


def trained(model: Cnn, data: Split, steps: int) -> NDArray[np.float32]:
    """Train a network by SGD with momentum; return weights [d]."""
    method = Method(model, class_losses, "backprop", sgd=Sgd(momentum=0.9))
    run = Run((0,), (_RATE,), steps, _BATCH)
    *_, (_, state) = train(method, data, run, None, Start(model.init(0)[None, None]))
    weights: NDArray[np.float32] = np.asarray(state.weights, np.float32)[0, 0]
    return weights


def _enough(split: Split, shots: int, folder: str) -> Split:
    """Return a split if it has so many examples of every word."""
    counts = np.bincount(split.labels, minlength=len(WORDS))
    if counts.min() < shots:
        word = WORDS[counts.argmin()]
        raise DesignError(
            f"{folder}/{word}: {counts.min()} recordings besides those of the test speakers; "
            f"-{shots} needs {shots}"
        )
    return split


def _shots(name: str) -> int:
    """Return the utterances per word that a name asks for."""
    found = re.fullmatch(rf"{SPEECH_TASK}(?:-(\d{{1,4}}))?", name)
    count = int(found[1] or SHOTS) if found else 0
    if not FEWEST <= count <= MOST:
        raise DesignError(
            f"task: '{name}' is not {SPEECH_TASK} or {SPEECH_TASK}-K with K utterances per word, "
            f"{FEWEST} to {MOST}"
        )
    return count
