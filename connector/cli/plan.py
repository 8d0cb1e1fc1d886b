"""`crm-connector plan`: what policies would write, field by field. The road stopped before the write; nothing is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.action import UpdateField, describe
from connector.adapter import Adapter, ChangeEvent, ChangeKind, ChangeOrigin
from connector.calibration import as_percent
from connector.change.trigger import watched_fields
from connector.cli.log import open_log
from connector.cli.opening import has_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile
from connector.cli.output import emit, note, say, table
from connector.cli.refs import parse_ref
from connector.cli.road import Road, open_policies, open_road
from connector.cli.stopping import stoppable
from connector.clock import SystemClock
from connector.decision.agents import AGENTS
from connector.errors import PolicyError
from connector.gate import Allow, Deny, RequireApproval, Verdict
from connector.pipeline import Judged
from connector.policy import Facts, NotMatched, Policy, PolicyName, PolicySet, load_policies
from connector.record import ConnectionName, Record, RecordRef, display, encode_value
from connector.settings import Settings, load_settings

app = typer.Typer(add_completion=False)
PAGES = 50  # of one object that are looked through for records a policy applies to


@app.command(epilog="Example: crm-connector plan --policy policies/ticket-triage.yaml --limit 10")
def plan(
    *,
    policy: Annotated[str | None, typer.Option(help="A policy file, or the name of a policy in force.")] = None,
    record: Annotated[list[str] | None, typer.Option(help="Only this record; repeatable.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=2000, help="So many records, newest first.")] = 20,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show what policies would write, field by field; nothing is written.

    It decides as the running service would, with what was learned so far. A paid tier is really asked, within its budget.
    """
    settings = load_settings(config)
    policies = _chosen(settings, policy)
    if not has_state(settings):
        note("nothing has been read or learned here yet, so the offline tier knows nothing; first: crm-connector run --once")
    with (
        stoppable(lambda: "nothing was written"),
        open_road(settings, policies, open_log(verbose=False)) as road,
    ):
        refs = [parse_ref(one) for one in record or ()]
        events = list(_named(refs, policies, road.around.adapters) if refs else _newest(road, policies, limit))
        judged = road.pipeline.deciding.plan(policies, events)
    rows = [row for one in judged for row in _rows(one)]
    if as_json:
        emit({"records": len({event.ref for event in events}), "decided": len(judged), "changes": rows})
    else:
        _show(rows, looked_at=len({event.ref for event in events}), decided=len(judged))


def _chosen(settings: Settings, wanted: str | None) -> PolicySet:
    if wanted is None:
        return open_policies(settings).current
    if Path(wanted).suffix in (".yaml", ".yml") or Path(wanted).exists():
        return load_policies(Path(wanted), agents=AGENTS)
    found = open_policies(settings).current.get(PolicyName(wanted))
    if found is None:
        raise PolicyError([f"{settings.policies}: there is no policy {wanted!r}"], hint="crm-connector plan --policy FILE")
    return PolicySet([found])


def _named(refs: Sequence[RecordRef], policies: PolicySet, connections: Collection[ConnectionName]) -> Iterator[ChangeEvent]:
    now = SystemClock().now()
    for ref in refs:
        if ref.connection not in connections:
            known = ", ".join(sorted(connections))
            raise typer.BadParameter(f"there is no connection {ref.connection!r}, only {known}", param_hint="--record")
        if not any(policy.when.object is ref.object and policy.serves(ref.connection) for policy in policies):
            raise typer.BadParameter(f"no policy is about {ref.object} records of {ref.connection}", param_hint="--record")
        yield ChangeEvent(ref=ref, kind=ChangeKind.BACKFILL, origin=ChangeOrigin.BACKFILL, occurred_at=now)


def _newest(road: Road, policies: PolicySet, limit: int) -> Iterator[ChangeEvent]:
    """The newest records each policy applies to, as events for that policy alone."""
    now = SystemClock().now()
    for policy in policies:
        for name, adapter in road.around.adapters.items():
            if policy.serves(name):
                for record in _applying(policy, name, adapter, limit):
                    yield ChangeEvent(
                        ref=record.ref, kind=ChangeKind.BACKFILL, origin=ChangeOrigin.BACKFILL, occurred_at=now,
                        slot=policy.name,
                    )


def _applying(policy: Policy, connection: ConnectionName, adapter: Adapter, limit: int) -> list[Record]:
    now, found, cursor = SystemClock().now(), [], None
    schema = adapter.records.schema(policy.when.object)
    for _ in range(PAGES):
        page = adapter.changes.sweep(policy.when.object, cursor, watched_fields([policy]) & schema.fields.keys())
        found += [record for record in page.records if _may_apply(policy, record, now)]
        cursor = page.cursor
        if not page.more:
            break
    else:
        note(f"{connection}: only the first {PAGES} pages of {policy.when.object} records were looked through")
    return sorted(found, key=lambda record: record.created_at, reverse=True)[:limit]


def _may_apply(policy: Policy, record: Record, now: Any) -> bool:
    """Whether the condition can match; one that asks about related records is left to the road itself."""
    facts = Facts(fields=record.fields, now=now, related={}, changed_from={}, changed_to={})
    related = policy.when.where is not None and policy.when.where.names.related
    return bool(related) or not isinstance(policy.applies_to(facts), NotMatched)


def _rows(one: Judged) -> Iterator[dict[str, Any]]:
    """One row per proposed action; a case for a person is a row without a field."""
    record, common = one.case.record, {"record": str(one.case.record.ref), "policy": str(one.case.policy.name)}
    if one.handoff is not None:
        yield {
            **common, "field": None, "before": None, "after": None, "shown": one.handoff.summary, "verdict": "handoff",
            "why": [one.handoff.summary], "confidence": None,
        }
    for judged in one.actions:
        action = judged.proposed.action
        field = action.field if isinstance(action, UpdateField) else None
        before = record.fields.get(field) if field is not None else None
        verdict, why = _verdict(judged.verdict)
        shown = f"{display(before)} → {display(action.value)}" if isinstance(action, UpdateField) else describe(action)
        yield {
            **common, "field": field, "before": encode_value(before),
            "after": encode_value(action.value) if isinstance(action, UpdateField) else None, "shown": shown,
            "verdict": verdict, "why": why, "confidence": round(judged.proposed.confidence, 6),
        }


def _verdict(verdict: Verdict) -> tuple[str, list[str]]:
    match verdict:
        case Allow(why=why):
            return "write", [why]
        case RequireApproval(reasons=reasons):
            return "brake" if verdict.braked else "approval", [reason.text for reason in reasons]
        case Deny(reasons=reasons):
            return "deny", [reason.text for reason in reasons]


_WORDS = {
    "write": "would be written", "approval": "asks a person", "brake": "held back", "deny": "denied",
    "handoff": "to a person",
}


def _show(rows: Sequence[dict[str, Any]], *, looked_at: int, decided: int) -> None:
    if rows:
        table("", ("record", "field", "now → then", "sure", "verdict", "why"), [
            (
                row["record"], row["field"] or "", "" if row["verdict"] == "handoff" else row["shown"],
                "" if row["confidence"] is None else as_percent(row["confidence"]), _WORDS[row["verdict"]],
                "; ".join(row["why"]),
            )
            for row in rows
        ], whole=("record", "sure"))  # fmt: skip
    same = looked_at - decided
    rest = f"; {same} were decided before, are not there, or sleep" if same > 0 else ""
    say(f"{looked_at} records looked at, {decided} to decide{rest}")
    say("nothing was written; next: crm-connector run", style="green")
