"""``python -m pezoexplore``."""

from __future__ import annotations

from pezoexplore.cli import main

if __name__ == "__main__":
    main()
