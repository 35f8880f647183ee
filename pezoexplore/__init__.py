"""Find the cheapest random-number hardware that still trains a network, and prove it correct.

From Python: :func:`load_design`, :func:`sweep`, :func:`read_results` and :class:`Results`; see
``pezoexplore.api``. They are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pezoexplore.api import Results as Results
    from pezoexplore.api import load_design as load_design
    from pezoexplore.api import read_results as read_results
    from pezoexplore.api import sweep as sweep

__version__ = "0.1.0"

_API = ("Results", "load_design", "read_results", "sweep")


def __getattr__(name: str) -> object:
    """Return a name of the Python API, imported on first use: the command line needs none."""
    if name not in _API:
        raise AttributeError(f"module 'pezoexplore' has no attribute {name!r}")
    from pezoexplore import api

    return getattr(api, name)


def __dir__() -> list[str]:
    """Return all names, including those of the API."""
    return sorted([*globals(), *_API])
