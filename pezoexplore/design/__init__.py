"""Design spaces: from YAML to frozen design points."""

from __future__ import annotations
