"""The seed that found each planted bug when it was last hunted; tried first, and never believed."""

from __future__ import annotations

from collections.abc import Mapping

HINTS: Mapping[str, int] = {}
