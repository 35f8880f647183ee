"""Hardware of a point: its RTL top, simulation against the stream, synthesis."""

from __future__ import annotations
