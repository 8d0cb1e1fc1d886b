"""The scenes of the demo: each does something real and tells what came of it, read from the journal and the CRMs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from connector.action import UpdateField
from connector.calibration import as_percent
from connector.cli.customers import Arrived, Part, let_customers_write
from connector.cli.journal import document_of
from connector.cli.output import copyable, heading, indented, say, table
from connector.cli.run import make_daemon
from connector.cli.stage import CATEGORY, CONNECTIONS, Stage, prepared, raised
from connector.clock import SystemClock, system_random
from connector.daemon import journal_key, kept_heads
from connector.errors import StateError
from connector.gate import approvals
from connector.gate.approval import ApprovalState
from connector.journal import EntryKind, Journal, of_record, verify
from connector.pipeline import People
from connector.record import display
from connector.report.earning import earned_so_far
from connector.report.story import Story, story_of
from connector.revert import Selection, revert
from connector.writeback import OutboxState, outbox

PATIENCE = 30.0
_UNFINISHED = (OutboxState.READY, OutboxState.SENDING, OutboxState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What one scene showed."""

    title: str
    sentences: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    entry: dict[str, Any] | None = None
    figures: dict[str, Any] = field(default_factory=dict)


def scenes(seed: int) -> Iterator[Scene]:
    """The whole demo, scene by scene; the stage is taken down at the end."""
    clock = SystemClock()
    began = clock.monotonic()
    with raised(seed) as stage:
        yield Scene(title="Two CRMs of a made-up company are served on this machine", sentences=tuple(
            f"{name}: {system}, over its own protocol on loopback" for name, system in CONNECTIONS.items()
        ))  # fmt: skip
        yield _learned(stage)
        with _running(stage):
            arrived = let_customers_write(stage.crms, stage.chance)
            _wait(lambda: _settled(stage, arrived), "the tickets were not decided and written in time")
            stories = {one.ref: _story(stage, one) for one in arrived}
            yield _captured(arrived, stories)
            yield _about(arrived, stories, "Written", (EntryKind.APPLIED,))
            yield _about(arrived, stories, "Sent to people", (EntryKind.APPROVAL_REQUESTED, EntryKind.HANDED_OFF))
            yield _about(arrived, stories, "Left to a colleague's edit", (EntryKind.CONFLICTED, EntryKind.RESTORED))
            yield _about(arrived, stories, "Refused, and why", (EntryKind.REFUSED, EntryKind.DENIED))
            yield _approved(stage, arrived)
            yield _entry(stage, arrived)
            yield _reverted(stage, arrived)
        yield _verified(stage, clock.monotonic() - began)


def _learned(stage: Stage) -> Scene:
    done = prepared(stage)
    return Scene(
        title="The service read the history and learned from it",
        sentences=(
            f"{done['read']} records read, {done['learned']} fields learned; older records are a baseline, not written to",
            f"{done['verdicts']} verdicts of the team were counted, so what is proven may act alone:",
        ),
        columns=("field", "acts alone from", "on"), rows=tuple(_earned(stage)), figures=dict(done),
    )


def _earned(stage: Stage) -> Iterator[tuple[str, ...]]:
    with stage.road.around.store.snapshot() as tx:
        for cell in earned_so_far(tx, targets={}, now=SystemClock().now()):
            if cell.threshold is not None:
                right = f"{cell.right} of {cell.labels} right"
                yield f"{cell.cell.connection} {cell.cell.field}", f"{cell.threshold:.1%} sure", right


@contextmanager
def _running(stage: Stage) -> Iterator[None]:
    """The real daemon in a thread, stopped as a signal would stop it."""
    daemon = make_daemon(stage.settings, stage.road, stage.in_force, stage.road.log)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            daemon.run()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, name="daemon")
    thread.start()
    try:
        yield
    finally:
        daemon.stop()
        thread.join()
    if failed:
        raise failed[0]


def _wait(done: Callable[[], bool], otherwise: str) -> None:
    clock = SystemClock()
    deadline = clock.monotonic() + PATIENCE
    while not done():
        if clock.monotonic() > deadline:
            raise StateError(otherwise, hint="crm-connector demo --seed 8")
        clock.sleep(0.1)


def _settled(stage: Stage, arrived: Sequence[Arrived]) -> bool:
    """Every ticket has a decision, and no write is under way."""
    with stage.road.around.store.snapshot() as tx:
        counts = outbox.counts(tx)
        entries = [of_record(tx, one.ref) for one in arrived]
    decided = all(any(e.entry.kind in (EntryKind.DECIDED, EntryKind.NOT_ENOUGH) for e in some) for some in entries)
    return decided and not any(counts.get(state.value) for state in _UNFINISHED)


def _story(stage: Stage, one: Arrived) -> Story:
    with stage.road.around.store.snapshot() as tx:
        return story_of(tx, one.ref)


def _captured(arrived: Sequence[Arrived], stories: Any) -> Scene:
    rows = []
    for one in arrived:
        decision = next(s for s in stories[one.ref].steps if s.kind in (EntryKind.DECIDED, EntryKind.NOT_ENOUGH))
        rows.append((str(one.ref), one.subject, one.part.value, decision.sentence))
    return Scene(
        title="Captured and decided", columns=("ticket", "subject", "what is special", "what the agent proposed"),
        rows=tuple(rows), sentences=(f"{len(arrived)} customers wrote while the service was running",),
    )


def _about(arrived: Sequence[Arrived], stories: Any, title: str, kinds: Sequence[EntryKind]) -> Scene:
    rows = tuple(
        (str(one.ref), one.part.value, step.sentence)
        for one in arrived
        for step in stories[one.ref].steps
        if step.kind in kinds
    )
    return Scene(
        title=title, columns=("ticket", "what is special", "what happened"), rows=rows, figures={"count": len(rows)},
        sentences=() if rows else ("none this time",),
    )


def _approved(stage: Stage, arrived: Sequence[Arrived]) -> Scene:
    """A person agrees to one proposal; the service writes it."""
    around = stage.road.around
    refs = {one.ref for one in arrived}
    with around.store.snapshot() as tx:
        asked = next(
            one for one in approvals.listed(tx, ApprovalState.PENDING)
            if one.ref in refs and isinstance(one.action, UpdateField)
        )  # fmt: skip
    people = People(store=around.store, journal=Journal(system_random()), clock=around.clock)
    people.approve(asked.id, by="lucia", remark="looks right")

    def written() -> bool:
        with around.store.snapshot() as tx:
            row = outbox.find(tx, asked.intent)
        return row is not None and row.state not in _UNFINISHED

    _wait(written, "the approved write was not made in time")
    with around.store.snapshot() as tx:
        row = outbox.find(tx, asked.intent)
    assert row is not None
    assert isinstance(asked.action, UpdateField)
    return Scene(
        title="A person approves one proposal", figures={"outcome": row.state.value},
        sentences=(
            f"lucia approves: set {asked.action.field} of {asked.ref} to “{display(asked.action.value)}” "
            f"(the agent was {as_percent(asked.confidence)} sure)", f"outcome: {row.state.value}",
        ),
    )


def _entry(stage: Stage, arrived: Sequence[Arrived]) -> Scene:
    """The journal's entry of one conflict, whole."""
    with stage.road.around.store.snapshot() as tx:
        entries = [entry for one in arrived if one.part is Part.CONTESTED for entry in of_record(tx, one.ref)]
    conflict = next(entry for entry in entries if entry.entry.kind is EntryKind.CONFLICTED)
    return Scene(title="One journal entry in full: the conflict", entry=document_of(conflict))


def _reverted(stage: Stage, arrived: Sequence[Arrived]) -> Scene:
    """Take one write back; the CRM shows the earlier value again."""
    around = stage.road.around
    with around.store.snapshot() as tx:
        applied = [
            row for one in arrived if one.part is Part.ORDINARY for row in outbox.of_record(tx, one.ref)
            if row.state is OutboxState.APPLIED and isinstance(row.action, UpdateField) and row.action.field == CATEGORY
        ]  # fmt: skip
    row = applied[0]
    crm = stage.crms[row.ref.connection]
    before = crm.value(row.ref.id, crm.names.category)
    revert(
        around.store, Journal(system_random()), around.clock, around.adapters, Selection(intent=row.intent), by="lucia",
        remark="shown in the demo",
    )
    _wait(lambda: crm.value(row.ref.id, crm.names.category) != before, "the undo was not written in time")
    after = crm.value(row.ref.id, crm.names.category)
    return Scene(
        title="One write is taken back",
        sentences=(
            f"category of {row.ref} in the CRM: “{before}” before, “{after or '(empty)'}” after the undo",
            "had a colleague edited it since, their value would have stayed",
        ),
        figures={"record": str(row.ref), "before": before, "after": after},
    )


def _verified(stage: Stage, seconds: float) -> Scene:
    """The service has stopped; its journal proves itself."""
    with stage.road.around.store.snapshot() as tx:
        found = verify(tx, journal_key(stage.settings.state), kept_heads(stage.settings.heads))
    said = "nothing was changed, added or removed" if not found.problems else "; ".join(found.problems)
    return Scene(
        title="The journal is verified",
        sentences=(f"{found.entries} entries under {found.seals} seals: {said}", f"the demo took {seconds:.0f} s"),
        figures={"entries": found.entries, "problems": list(found.problems), "seconds": round(seconds, 1)},
    )


NEXT = (
    ("crm-connector sandbox hubspot", "serve such a company, and leave it running"),
    ("crm-connector init my-crm", "write a connector.yaml and a first policy"),
    ("crm-connector plan", "see what it would write; nothing is written"),
)


def play(seed: int) -> dict[str, Any]:
    """The demo as one document."""
    return {"seed": seed, "scenes": [asdict(scene) for scene in scenes(seed)], "next": [command for command, _ in NEXT]}


def show(seed: int) -> None:
    """The demo on a terminal."""
    for number, scene in enumerate(scenes(seed), start=1):
        heading(f"{number}  {scene.title}")
        for sentence in scene.sentences:
            indented(sentence, by=3)
        if scene.columns[:1] == ("ticket",):
            _show_tickets(scene)
        elif scene.rows:
            table("", scene.columns, scene.rows)
        if scene.entry is not None:
            _show_entry(scene.entry)
    say()
    say("Next:", style="bold")
    for command, why in NEXT:
        copyable(next_line(command, why))
    say()


def next_line(command: str, why: str) -> str:
    """A command to type next and what it is for, within 80 columns."""
    return f"   {command:<32} {why}"


def _show_tickets(scene: Scene) -> None:
    """Two lines a ticket, so that it reads well in a narrow terminal too."""
    for ticket, *middle, happened in scene.rows:
        about = " — ".join(one for one in middle if one != Part.ORDINARY)
        indented(f"{ticket}  {about}".rstrip(), by=3, style="dim")
        indented(happened, by=6)


def _show_entry(entry: dict[str, Any]) -> None:
    for line in json.dumps(entry, ensure_ascii=False, indent=2).splitlines():
        copyable(f"   {line}")
