"""The service: ticks that drive the road, signals that stop it cleanly, and what an operator sees at 3 a.m."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from connector.adapter import Log
from connector.backfill import carry_on
from connector.clock import EPOCH
from connector.daemon.heads import append_head
from connector.errors import ConnectorError, CredentialsError, PermanentError, RetryableError, StateError
from connector.journal import Entry, EntryKind
from connector.pipeline import Pipeline, Round

WORK = timedelta(milliseconds=200)
SEAL, RELOAD, COUNT = timedelta(seconds=10), timedelta(seconds=10), timedelta(seconds=30)
AT_ONCE = timedelta(0)
PATIENCE = timedelta(minutes=15)  # how long records wait for the first learners while the history is still read
CLOCK_LOOK = timedelta(seconds=1)  # how often somebody looks whether the clock was set back under the ticks
BACKFILL, FILL, UPKEEP, LEARN, RECONCILE = (
    timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=1), timedelta(seconds=5), timedelta(hours=6)
)  # fmt: skip


def _nothing() -> None: ...


@dataclass(slots=True, kw_only=True)
class Daemon:
    """Runs one road until told to stop. One thread walks the road, another learns; both yield between steps.

    `reload` brings the policies in force, `fill` the index, `count` the egress ledger; `key` seals the journal,
    whose heads go to `heads`.
    """

    pipeline: Pipeline
    log: Log
    poll: timedelta
    batch: int
    key: bytes
    heads: Path
    reload: Callable[[], None]
    upkeep: Callable[[], None]
    fill: Callable[[], None] = _nothing
    count: Callable[[], None] = _nothing
    stopping: threading.Event = field(default_factory=threading.Event)
    baselined: bool = False
    _woken: threading.Event = field(default_factory=threading.Event)
    _failure: BaseException | None = None
    _patient_until: datetime = EPOCH
    _reported: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; whatever step is under way is finished first."""
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        recovered = self.pipeline.start()
        self.log.info("daemon_started", unknown_writes=recovered)
        self._journal(EntryKind.STARTED, unknown_writes=recovered)
        self.expect_learners()
        self._on_signals()
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"road": ThreadPoolExecutor(1), "learning": ThreadPoolExecutor(1)},
            # A tick that comes late or twice is one tick; what is due stands in tables, never in the scheduler.
            job_defaults={"coalesce": True, "misfire_grace_time": None},
        )
        self._schedule(scheduler)
        scheduler.start()
        waker = threading.Thread(target=self._begin_when_woken, args=(scheduler,), name="waker")
        waker.start()
        try:
            self.stopping.wait()
        finally:
            self.stopping.set()
            self.wake()
            waker.join()
            scheduler.shutdown(wait=True)
            self._seal()
        if self._failure is not None:
            raise self._failure
        self._journal(EntryKind.STOPPED)
        self._seal()
        self.log.info("daemon_stopped")

    def _schedule(self, scheduler: Any) -> None:
        ticks: tuple[tuple[str, Callable[[], None], timedelta, str, timedelta], ...] = (
            ("capture", self.capture, self.poll, "road", AT_ONCE),
            ("work", self.work, WORK, "road", AT_ONCE),
            ("seal", self._seal, SEAL, "road", AT_ONCE),
            ("reload", self.reload, RELOAD, "road", AT_ONCE),
            ("count", self.count, COUNT, "road", COUNT),
            ("backfill", self.backfill, BACKFILL, "road", AT_ONCE),
            ("fill", self.fill, FILL, "learning", AT_ONCE),
            ("learn", self.learn, LEARN, "learning", AT_ONCE),
            ("upkeep", self.upkeep, UPKEEP, "learning", UPKEEP),
            # Not before the backlog of a restart is worked off: comparing costs a read of every id.
            ("reconcile", self.reconcile, RECONCILE, "learning", timedelta(minutes=15)),
        )
        for name, tick, every, executor, first in ticks:
            scheduler.add_job(
                self._guarded, "interval", args=[tick], seconds=every.total_seconds(), executor=executor, id=name,
                next_run_time=self.pipeline.clock.now() + first,
                # One round may wait behind the one that runs: what woke it came after that one had looked.
                max_instances=2 if name == "work" else 1,
            )

    def wake(self) -> None:
        """Somebody says that something changed: the next round begins now. Never waits, and may be called at any time."""
        self._woken.set()

    def _begin_when_woken(self, scheduler: Any) -> None:
        """Bring the next round of work forward, again and again until the end; however many called, it is one round."""
        while not self.stopping.is_set():
            if self._woken.wait(CLOCK_LOOK.total_seconds()):
                self._woken.clear()
                if not self.stopping.is_set():
                    scheduler.modify_job("work", next_run_time=self.pipeline.clock.now())
            self._follow_clock(scheduler)

    def _follow_clock(self, scheduler: Any) -> None:
        """No tick waits for longer than its distance: on a clock that was set back it would wait for the old hour again."""
        now = self.pipeline.clock.now()
        for job in scheduler.get_jobs():
            latest = now + job.trigger.interval
            if job.next_run_time > latest:
                scheduler.modify_job(job.id, next_run_time=latest)

    def capture(self) -> None:
        """Poll every connection once."""
        done = Round()
        for connection in self.pipeline.adapters:
            try:
                self.pipeline.capture(connection, done)
            except StateError:
                raise
            except ConnectorError as error:
                self._report(f"{connection}: {error.message}", of=connection)
            else:
                self._reported.pop(connection, None)
        self.baselined = self.baselined or not done.baselining
        if done.queued:
            self.log.info("changes_captured", read=done.read, queued=done.queued)
            self.work()

    def work(self) -> None:
        """Decide and write until nothing moves or somebody says stop."""
        while not self.stopping.is_set():
            try:
                done = self.pipeline.work(self.batch)
            except CredentialsError as error:
                self._report(error.message)
                return
            for trouble in done.unreachable:
                self._report(trouble)
            if done.quiet:
                return
            self.log.info(
                "round_done", decided=done.decided.decided, applied=done.written.applied,
                conflicted=done.written.conflicted, refused=done.written.refused,
            )

    def backfill(self) -> None:
        """Go on with what somebody started by `crm-connector backfill`, a page at a time."""
        try:
            moved = carry_on(self.pipeline, batch=self.batch)
        except StateError:
            raise
        except ConnectorError as error:
            self._report(f"backfill: {error.message}", of="backfill")
            return
        if moved is not None:
            self._reported.pop("backfill", None)
            self.log.info("backfill_queued", name=moved.name, queued=moved.queued, done=moved.done)
            self.work()

    def expect_learners(self) -> None:
        """What comes before the history has taught anything waits for it, though not for as long as it may take to read."""
        self.pipeline.learning.expect(self.pipeline.policies)
        self._patient_until = self.pipeline.clock.now() + PATIENCE

    def learn(self) -> None:
        """Fit what is due, once the history has been read; then look at what is earned."""
        if self.baselined:
            for shelved in self.pipeline.learning.step(self.pipeline.policies):
                self.log.info("learned", field=shelved.key.field, examples=shelved.examples)
            self.pipeline.learning.review(self.pipeline.policies)
            self._read_stays()
        elif self.pipeline.clock.now() >= self._patient_until:
            self.pipeline.learning.expect(())

    def _read_stays(self) -> None:
        try:
            self.pipeline.learning.read_stays(self.pipeline.policies)
        except (RetryableError, PermanentError, CredentialsError) as error:
            self._report(f"stage history: {error.message}", of="stages")
        else:
            self._reported.pop("stages", None)

    def reconcile(self) -> None:
        """Prove that capture is complete, or repair it."""
        try:
            found = self.pipeline.reconcile()
        except RetryableError as error:
            self._report(error.message)
            return
        for one in found:
            self.log.info(
                "capture_reconciled", object=one.object.value, records=one.records, matched=one.matched,
                repaired=one.repaired,
            )

    def stop(self) -> None:
        self.stopping.set()

    def _guarded(self, tick: Callable[[], None]) -> None:
        """A surprise stops the daemon with its reason; limping on could lose or double something."""
        if self.stopping.is_set():
            return
        try:
            tick()
        except BaseException as error:
            self._failure = error
            self.stopping.set()

    def _seal(self) -> None:
        made = self.pipeline.seal(self.key)
        if made is not None:
            append_head(self.heads, made)

    def _journal(self, kind: EntryKind, **body: Any) -> None:
        pipeline = self.pipeline
        with pipeline.store.transaction(f"daemon: {kind}") as tx:
            pipeline.journal.append(tx, Entry(kind=kind, at=pipeline.clock.now(), body=body))

    def _report(self, trouble: str, *, of: str = "") -> None:
        """Say each trouble once, until it is over or another comes."""
        if self._reported.get(of) != trouble:
            self.log.warning("crm_unreachable", reason=trouble)
            self._reported[of] = trouble

    def _on_signals(self) -> None:
        def stop(number: int, frame: FrameType | None) -> None:
            self.stop()

        # Signals reach the main thread only; a daemon inside a test's thread is stopped by `stop`.
        with suppress(ValueError):
            signal.signal(signal.SIGTERM, stop)
            signal.signal(signal.SIGINT, stop)
