"""Sweeping a design space: stages, store, worker processes, the run directory, the Pareto front."""

from __future__ import annotations
