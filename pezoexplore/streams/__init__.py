"""The perturbation hardware in software, bit for bit."""

from __future__ import annotations
