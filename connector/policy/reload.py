"""The policies in force while the daemon runs: a good edit replaces them, a bad one leaves them and says why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from connector.errors import PolicyError
from connector.policy.agent import ANY_AGENT, AgentNames
from connector.policy.difference import Change, diff_sets
from connector.policy.loader import load_policies
from connector.policy.policy_set import PolicySet


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """The files were edited well: `changes` is what is different now."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The files mean what they meant before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOld:
    """The files are wrong; the policies from before stay in force."""

    problems: tuple[str, ...]


Reload = Replaced | Unchanged | KeptOld


class PoliciesInForce:
    """Holds the current policies of one file or folder. Readers see the old set or the new one, never a mix."""

    def __init__(self, path: Path, *, agents: AgentNames = ANY_AGENT) -> None:
        """Loads for the first time; raises PolicyError, because there is nothing older to keep."""
        self._path = path
        self._agents = agents
        self._current = load_policies(path, agents=self._agents)

    @property
    def current(self) -> PolicySet:
        return self._current

    def reload(self) -> Reload:
        """Read the files again. MUST be called by one thread only; `current` may be read by any."""
        try:
            fresh = load_policies(self._path, agents=self._agents)
        except PolicyError as error:
            return KeptOld(problems=error.problems)
        changes = diff_sets(self._current, fresh)
        if fresh.version == self._current.version:
            return Unchanged()
        self._current = fresh
        return Replaced(changes=changes)
