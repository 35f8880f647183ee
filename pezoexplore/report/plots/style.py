"""The style shared by all plots, and reproducible files: their bytes depend on content only.

Figures are created without pyplot: no window, no global state, nothing to close.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pezoexplore.files import write_atomically
from pezoexplore.paths import make_folder
from pezoexplore.streams.generators.registry import NO_RNG, family, names

POINTS_PER_INCH = 72.0
WIDTH = 7.2
"""Width of a figure in inches: two columns of a paper."""

LABEL, TICK, NOTE = 8.0, 7.0, 6.3
"""The font scale of all plots, points: titles and axis labels; ticks and legends; all else."""

INK = "#222222"
FAINT = "#8a8a8a"
GRID = "#e6e6e6"

# Okabe and Ito (2008), "Color Universal Design": distinguishable with any colour vision.
_BLUE, _ORANGE, _GREEN, _SKY = "#0072B2", "#E69F00", "#009E73", "#56B4E9"
_VERMILION, _PURPLE, _BLACK = "#D55E00", "#CC79A7", "#000000"


def rng_colours(used: Iterable[str]) -> dict[str, str]:
    """Return the colours of the generators: the package's, none, then others in use."""
    listed = (*names(), NO_RNG)
    others = sorted(set(used) - set(listed))
    return {rng: family(rng).colour for rng in (*listed, *others)}


LINE_COLOURS = (_BLUE, _VERMILION, _GREEN, _PURPLE, _ORANGE, _SKY, _BLACK)
"""Colours of the lines along an axis, in the order of use."""

REUSE_MARKERS = {"none": "o", "pool": "s", "bank": "^", "phased": "D"}
"""Marker of a design by its reuse strategy."""

COLUMN_TITLES = {
    "accuracy_mean": "test accuracy (%)",
    "lut": "LUTs",
    "ff": "flip-flops",
    "bram": "block RAM (RAMB36; RAMB18 = 0.5)",
    "dsp": "DSP slices",
    "muxf": "MUXF",
    "carry": "carry cells",
    "reuse_period": "reuse period (steps)",
    "pool_size": "pool size (words)",
    "bit_width": "bit width (output bits)",
    "state_bits": "state bits",
    "lanes": "lanes (numbers per beat)",
    "leap": "leap (state updates per clock)",
    "fmax_mhz": "highest clock (MHz)",
    "power_mw_est": "power (mW, estimated)",
    "energy_to_target_uj_est": "energy to the target, without generator (µJ, est.)",
    "generator_energy_to_target_uj_est": "generator's energy to the target (µJ, est.)",
    "steps_to_target": "steps to the target",
}
"""Axis title of a column; others use the column's name."""

# Any: the type of the keys differs between versions of matplotlib
_RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Bitstream Vera Sans", "Verdana", "sans-serif"],
    "font.size": LABEL,
    "axes.labelsize": LABEL,
    "axes.edgecolor": "#555555",
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "xtick.labelsize": TICK,
    "ytick.labelsize": TICK,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.visible": False,
    "ytick.minor.visible": False,
    "legend.fontsize": TICK,
    "legend.frameon": False,
    "text.color": INK,
    "svg.fonttype": "none",  # text stays text: it can be searched and edited
    "svg.hashsalt": "pezoexplore",  # otherwise element names are random
    "pdf.fonttype": 42,  # TrueType, embedded: journals refuse Type 3
    "savefig.dpi": 200,
    "figure.dpi": 100,
    "path.simplify": False,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Apply Matplotlib's defaults and the project's style, regardless of user settings."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        yield


def title_of(column: str) -> str:
    """Return the axis title of a column."""
    return COLUMN_TITLES.get(column, column)


def axes_at(
    figure: Figure,
    left: float,
    bottom: float,
    width: float,
    height: float,
    sharex: Axes | None = None,
) -> Axes:
    """Add axes at a position in inches from the lower left corner of the figure."""
    across, up = figure.get_size_inches()
    place = (left / across, bottom / up, width / across, height / up)
    return figure.add_axes(place, sharex=sharex)


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG, SVG or PDF (by the file's extension), without date or version.

    Raises:
        PezoError: The file cannot be written.
    """
    kind = path.suffix.lstrip(".")
    metadata = {
        "png": {"Software": None},
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }[kind]
    content = io.BytesIO()
    figure.savefig(content, format=kind, metadata=metadata)
    make_folder(path.parent)
    write_atomically(path, content.getvalue(), durable=False)
    return path
