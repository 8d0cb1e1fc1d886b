"""Rehearse a policy on a team's own export: a sandbox CRM with their history, the real daemon, what would have happened."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path

from adapters.sandbox import serve
from connector.errors import SettingsError
from connector.evaluation.datasets import look_alikes
from connector.evaluation.outputs import check_outputs
from connector.evaluation.rehearse.crm import CLOSED, RehearsalCrm, stage
from connector.evaluation.rehearse.edits import RepEdits
from connector.evaluation.rehearse.figures import Writes, agent_set, duplicates, silent_overwrites, writes_of
from connector.evaluation.rehearse.process import DaemonProcess
from connector.evaluation.rehearse.progress import Observer, Settled
from connector.evaluation.rehearse.rows import HINT, Message, check_options, read_rows
from connector.evaluation.rehearse.workspace import CONNECTION, Workspace, first_policy, lay_out
from connector.evaluation.rehearse.written import CRM_LOG, DECISIONS, write_decisions, write_log
from connector.pipeline import BroughtVerdict, Pipeline
from connector.policy import ANY_AGENT, AgentNames, Facts, Matched, Policy
from connector.record import VOCABULARY, ConnectionName, FieldName
from connector.store import SqliteStore

Open = Callable[[Path, Mapping[str, str]], AbstractContextManager[Pipeline]]
"""Opens the road of a workspace as the commands do: from its connector.yaml and the secrets of the environment."""

Say = Callable[[str], None]

_HELP = "crm-connector rehearse --help"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to rehearse, and what may go wrong meanwhile."""

    policy: Path
    system: str
    history: Path
    verdicts: Path | None
    incoming: Path
    text: str
    label: str
    name: FieldName | None = None
    target: Decimal | None = None
    rate: int = 500
    decisions: Path | None = None
    crm_log: Path | None = None
    rep_edits: int = 0
    faults: Mapping[str, float] = field(default_factory=dict)
    kills: int = 0
    seed: int = 0
    effort: str = "full"
    agents: AgentNames = field(default_factory=lambda: ANY_AGENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What would have happened. The three zeros (lost, doubled, overwritten) are counted from the CRM's own log."""

    records: int
    captured: int
    decided: int
    auto_applied: int
    auto_correct: int | None
    precision: float | None
    coverage: float
    approvals: int
    handoffs: int
    braked: int
    lost: int
    duplicate_writes: int
    silent_overwrites: int
    conflicts: int
    kills: int
    rep_edits: int
    rep_edits_kept: int
    crm_calls: int
    seconds: float
    setup_seconds: float


@dataclass(slots=True)
class _Material:
    policy: Policy
    field: FieldName
    history: list[Message]
    verdicts: list[Message]
    incoming: list[Message]
    options: list[str]


def rehearse(plan: Plan, open_road: Open, say: Say, show: Say) -> Rehearsed:
    """Run a rehearsal in a workspace of its own, which is removed afterwards.

    What it begins is said once; `show` is told again and again how far the service is, for somebody who waits.

    Raises SettingsError and PolicyError for what is wrong with the files, before anything starts.
    """
    check_outputs(
        {DECISIONS: plan.decisions, CRM_LOG: plan.crm_log},
        inputs=(plan.policy, plan.history, plan.verdicts, plan.incoming),
    )
    material = _material(plan)
    for group in look_alikes(material.options):
        say(f"{' and '.join(map(repr, group))} count as different values; make them one if they are")
    started = time.monotonic()
    span = timedelta(hours=len(material.incoming) / plan.rate)
    start = datetime.now(UTC) - span - timedelta(hours=1)
    say(f"setting up a {plan.system} sandbox with {len(material.history)} records of history")
    crm = stage(
        plan.system, field=material.field, options=material.options, start=start, faults={}, seed=plan.seed
    )
    crm.load_history(material.history, until=start - timedelta(hours=1))
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder, serve(crm.face) as url:
        workspace = lay_out(
            Path(folder), plan.policy, field=material.field, options=material.options, target=plan.target,
            connection=crm.connection, url=url, secrets=crm.secrets, effort=plan.effort,
            disturbed=plan.rep_edits > 0, agents=plan.agents,
        )
        with open_road(workspace.config, workspace.environment) as pipeline:
            _prepare(pipeline, workspace.policy, material, say)
        setup_seconds = time.monotonic() - started
        return _run(plan, material, crm, workspace, span, setup_seconds, say, show)


def _run(
    plan: Plan, material: _Material, crm: RehearsalCrm, workspace: Workspace, span: timedelta, setup_seconds: float,
    say: Say, show: Say,
) -> Rehearsed:
    read_by_agent: set[str] = set()
    crm.org.after_agent_read.append(lambda rows: read_by_agent.update(row.id for row in rows))
    for name, probability in plan.faults.items():
        crm.org.faults.set(name, probability)
    say(f"the service works on {len(material.incoming)} incoming records")
    began = time.monotonic()
    records = _arrived(material, crm, workspace, span)
    edits = RepEdits(
        crm=crm, records=frozenset(records), options=material.options, wanted=plan.rep_edits,
        chance=random.Random(f"{plan.seed}:reps"),
    )
    if plan.rep_edits:
        say("people edit between our reads and our writes: limits.error_budget is lifted, or the policy would pause itself")
        edits.start(expected_writes=len(records) // 2)
    daemon = DaemonProcess(
        config=workspace.config, environment=workspace.environment, log=workspace.folder / "daemon.log"
    )
    store = SqliteStore(workspace.folder / "state" / "state.db")
    observer = Observer(store=store, records=frozenset(records), daemon=daemon, say=say, show=show)
    settled = observer.watch(kills=plan.kills, chance=random.Random(f"{plan.seed}:kills"))
    if plan.rep_edits:
        edits.finish()
    daemon.stop()
    writes = writes_of(crm.org.log.entries(), crm.field)
    rehearsed = _figures(
        plan, material, crm, records, edits, settled, writes, read_by_agent, daemon, began, setup_seconds
    )
    store.close()
    if plan.decisions is not None:
        overruled = edits.made.keys() - agent_set(writes, records)
        write_decisions(plan.decisions, records, settled, material.field, overruled)
    if plan.crm_log is not None:
        write_log(plan.crm_log, crm)
    return rehearsed


def _arrived(material: _Material, crm: RehearsalCrm, workspace: Workspace, span: timedelta) -> Sequence[str]:
    """The ids of the incoming records, which have all come in by now, spread over the time that their rate takes."""
    first = crm.clock.now() + timedelta(minutes=1)  # after everything the set-up has read
    apart = span / max(1, len(material.incoming))
    times = [first + apart * place for place in range(len(material.incoming))]
    records = crm.arrive(material.incoming, _matching_values(workspace.policy), times)
    crm.clock.jump(max(datetime.now(UTC), first + span + timedelta(minutes=1)))
    return records


def _figures(
    plan: Plan, material: _Material, crm: RehearsalCrm, records: Sequence[str], edits: RepEdits, settled: Settled,
    writes: Writes, read_by_agent: set[str], daemon: DaemonProcess, began: float, setup_seconds: float,
) -> Rehearsed:
    applied = agent_set(writes, records)
    labelled = [row.label for row in material.incoming]
    correct = sum(
        crm.value(record) == label for record, label in zip(records, labelled, strict=True) if record in applied
    )
    has_labels = any(labelled)
    unaccounted = [
        record
        for record in records
        if record not in read_by_agent or (record not in settled.dispositions and record not in applied)
    ]
    return Rehearsed(
        records=len(records),
        captured=len(read_by_agent & set(records)),
        decided=len(settled.dispositions),
        auto_applied=len(applied),
        auto_correct=correct if has_labels else None,
        precision=round(correct / len(applied), 6) if has_labels and applied else None,
        coverage=round(len(applied) / max(1, len(records)), 6),
        approvals=settled.count("approval"),
        handoffs=settled.count("handoff"),
        braked=settled.count("braked"),
        lost=len(unaccounted),
        duplicate_writes=duplicates(writes, records),
        silent_overwrites=silent_overwrites(writes, records),
        conflicts=settled.conflicts,
        kills=daemon.kills,
        rep_edits=len(edits.made),
        rep_edits_kept=sum(crm.value(record) == value for record, value in edits.made.items()),
        crm_calls=writes.calls,
        seconds=round(max(0.0, settled.ended - began), 3),
        setup_seconds=round(setup_seconds, 3),
    )


def _material(plan: Plan) -> _Material:
    policy = first_policy(plan.policy, plan.agents)
    if policy.when.object != "ticket":
        problem = f"{plan.policy}: only policies on tickets can be rehearsed, not on {policy.when.object}"
        raise SettingsError([problem], hint=_HELP)
    name = plan.name or next(iter(policy.may.update), None)
    if name is None:
        raise SettingsError([f"{plan.policy}: may.update names no field to rehearse"], hint=_HELP)
    if plan.rate <= 0:
        raise SettingsError(["--rate: must be more than 0 records an hour"])
    history = read_rows(plan.history, text=plan.text, label=plan.label, labelled=True)
    verdicts = read_rows(plan.verdicts, text=plan.text, label=plan.label, labelled=True) if plan.verdicts else []
    incoming = read_rows(plan.incoming, text=plan.text, label=plan.label, labelled=False)
    if not incoming:
        raise SettingsError([f"{plan.incoming}: holds no row"], hint=_HELP)
    options = sorted({row.label for row in (*history, *verdicts) if row.label is not None})
    if not options:
        problem = f"{plan.history}: no row has a value under {plan.label!r}: there is nothing to learn"
        raise SettingsError([problem], hint=HINT)
    check_options(options, system=plan.system, label=plan.label)
    return _Material(policy, name, history, verdicts, incoming, options)


def _prepare(pipeline: Pipeline, policy: Policy, material: _Material, say: Say) -> None:
    """Activate, read the history, learn from it, and let the verdicts count as earned autonomy."""
    say("reading the history through the adapter")
    while (done := pipeline.round()).baselining or not done.quiet:
        if done.unreachable:
            raise SettingsError([f"the sandbox did not answer: {done.unreachable[0]}"])
    say("learning from the history")
    pipeline.learning.step(pipeline.policies)
    if material.verdicts:
        say(f"judging {len(material.verdicts)} verdicts")
        brought = [
            BroughtVerdict(
                fields={FieldName("subject"): row.subject, FieldName("description"): row.description or None},
                value=row.label,
            )
            for row in material.verdicts
        ]
        pipeline.learning.bring(policy, ConnectionName(CONNECTION), material.field, brought)


def _matching_values(policy: Policy) -> Mapping[FieldName, str]:
    """Values under which the policy's condition holds for a new record; closed lists of the vocabulary are tried."""
    known = VOCABULARY[policy.when.object]
    names = [] if policy.when.where is None else [FieldName(name) for name in sorted(policy.when.where.names.fields)]
    lists = [known[name].options if name in known and known[name].options else ("new",) for name in names]
    now = datetime.now(UTC)
    for values in product(*(tuple(one for one in options if one != CLOSED) for options in lists)):
        chosen = dict(zip(names, values, strict=True))
        facts = Facts(fields={FieldName("subject"): "a", FieldName("description"): "b", **chosen}, now=now)
        if isinstance(policy.applies_to(facts), Matched):
            return {name: value for name, value in chosen.items() if name in known and known[name].options}
    raise SettingsError(["no new ticket can match the policy's `where`; rehearse a policy without it"])
