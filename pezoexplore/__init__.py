"""Find the cheapest random-number hardware that still trains a network, and prove it correct."""

from __future__ import annotations

__version__ = "0.1.0"
