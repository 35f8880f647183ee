"""What a generator family is, and where the families are found; light to import.

A family of one's own needs only the names below.
"""

from __future__ import annotations

from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import Axes, Columns, Family, Point, Stepped
from pezoexplore.streams.generators.models import Constant, Model

__all__ = ["Axes", "Columns", "Constant", "Family", "Model", "Point", "Stepped", "compiled"]
