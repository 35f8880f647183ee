"""What holds for all tests: the same examples in every run, so that a failure can be had again."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.register_profile("search", derandomize=False)  # other examples each time: to find new ones
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
