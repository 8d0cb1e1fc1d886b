"""Watch a rehearsed daemon from its state until nothing moves; kill it at random moments if asked; read the outcome."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector.errors import StateError
from connector.evaluation.rehearse.process import DaemonProcess
from connector.store import SqliteStore, Transaction

STILL = 3.0  # seconds without any change, with nothing queued, that end a rehearsal
STUCK = 600.0  # seconds without any change after which a living daemon is given up; how long it all takes is no reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How every incoming record ended. `proposals` holds value and confidence for the rehearsed field."""

    dispositions: Mapping[str, str]
    proposals: Mapping[str, tuple[str, str]]
    conflicts: int
    ended: float

    def count(self, disposition: str) -> int:
        return sum(one == disposition for one in self.dispositions.values())


@dataclass(slots=True, kw_only=True)
class Observer:
    """Starts the daemon and looks at its state, read-only, a few times a second."""

    store: SqliteStore
    records: frozenset[str]
    daemon: DaemonProcess
    say: Callable[[str], None]
    show: Callable[[str], None]
    seconds: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    _last: tuple[int, ...] = ()
    _changed: float = 0.0

    def watch(self, *, kills: int, chance: random.Random) -> Settled:
        """Run until every record is settled and nothing moves. Raises StateError when the daemon gives up by itself."""
        self.daemon.start()
        self._changed = self.seconds()
        marks = sorted(chance.uniform(0.02, 0.98) for _ in range(kills))
        while True:
            self.pause(0.05)
            now = self.seconds()
            decided, moving = self._look(now)
            self.show(f"{decided} of {len(self.records)} records decided")
            progress = decided / max(1, len(self.records))
            if marks and (progress >= marks[0] or now - self._changed > STILL):
                marks.pop(0)
                self.pause(chance.uniform(0.0, 0.4))  # somewhere inside the next step, recovery included
                self.daemon.kill()
                self.daemon.start()
                self._changed = now
            elif not self.daemon.alive:
                raise StateError(f"the daemon stopped by itself:\n{self.daemon.last_words()}")
            elif not marks and not moving and decided >= len(self.records) and now - self._changed > STILL:
                return self._settled()
            elif now - self._changed > STUCK:
                self.say(
                    f"gave up: nothing moved for {STUCK:.0f} seconds with {decided} of {len(self.records)} records decided"
                )
                return self._settled()

    def _look(self, now: float) -> tuple[int, bool]:
        with self.store.snapshot() as tx:
            decided = _number(tx, "SELECT COUNT(DISTINCT record) AS n FROM decision_decisions")
            waiting = _number(tx, "SELECT COUNT(*) AS n FROM change_inbox WHERE buried = 0")
            sending = _number(
                tx, "SELECT COUNT(*) AS n FROM writeback_outbox WHERE state IN ('ready', 'sending', 'unknown')"
            )
            entries = _number(tx, "SELECT COUNT(*) AS n FROM journal_entries")
        seen = (decided, waiting, sending, entries)
        if seen != self._last:
            self._last, self._changed = seen, now
        return decided, bool(waiting or sending)

    def _settled(self) -> Settled:
        ended = self._changed
        with self.store.snapshot() as tx:
            dispositions = {
                row["record"]: row["disposition"]
                for row in tx.rows("SELECT record, disposition FROM decision_decisions ORDER BY decided_at")
            }
            proposals = {
                row["record"]: (_value(row["held"]), f"{row['confidence']:.6f}")
                for row in tx.rows(
                    "SELECT record, held, confidence FROM gate_approvals WHERE cell LIKE '%/update/%' ORDER BY asked_at"
                )
            }
            lost_race = {
                row["record"] for row in tx.rows(
                    "SELECT record FROM writeback_outbox WHERE purpose = 'act' "
                    "AND state IN ('conflicted', 'refused', 'stale')"
                )
            }  # fmt: skip
            conflicts = _number(
                tx, "SELECT COUNT(*) AS n FROM writeback_outbox WHERE purpose = 'act' AND state = 'conflicted'"
            )
        kept = {
            record: "none" if record in lost_race and disposition == "auto" else _word(disposition)
            for record, disposition in dispositions.items()
            if record in self.records
        }
        return Settled(dispositions=kept, proposals=proposals, conflicts=conflicts, ended=ended)


def _word(disposition: str) -> str:
    return "none" if disposition == "denied" else disposition


def _value(held: str) -> str:
    import json

    value = json.loads(held)["action"].get("value")
    return value if isinstance(value, str) else json.dumps(value)


def _number(tx: Transaction, sql: str) -> int:
    row = tx.one(sql)
    return int(row["n"]) if row else 0
