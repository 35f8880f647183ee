"""What the commands do, one module each; imported when the command is run."""

from __future__ import annotations
