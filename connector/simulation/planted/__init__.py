"""Bugs that a simulation must find: each a mistake one could make in our own logic, planted for one run."""

from __future__ import annotations

from collections.abc import Mapping

from connector.simulation.planted import adapting, capturing, comparing, deciding, undoing, writing
from connector.simulation.planted.workbench import Bug, planted

BUGS: Mapping[str, Bug] = {
    **capturing.BUGS, **deciding.BUGS, **comparing.BUGS, **writing.BUGS, **undoing.BUGS, **adapting.BUGS
}

__all__ = ["BUGS", "Bug", "planted"]
