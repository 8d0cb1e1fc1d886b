"""A policy in plain words: what a person should know before they put it in force."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.policy.agent import CustomAgent
from connector.policy.gate import Proof, Supervision
from connector.policy.handoff import Unanswered
from connector.policy.permission import ActionPermission, FieldPermission
from connector.policy.reasoning import PAID, Tier
from connector.policy.scalars import percent
from connector.policy.schema import Policy
from connector.policy.trigger import Scope, Trigger, Wake
from connector.record import ActionKind, ConflictRule

_EVENTS = {
    Wake.CREATED: "is created",
    Wake.CHANGED: "changes",
    Wake.ASSOCIATED: "is linked to another record",
    Wake.AGENT_WRITE: "is written by another policy",
}
_WITHOUT_FIELDS = (_EVENTS[Wake.CREATED], _EVENTS[Wake.ASSOCIATED])
_CONFLICTS = {
    ConflictRule.HUMAN_WINS: "a person's edit wins",
    ConflictRule.FILL_EMPTY: "only when it is empty",
    ConflictRule.AGENT_OWNED: "the agent's value wins over a person's edit",
    ConflictRule.NEWER_WINS: "the newer value wins",
    ConflictRule.REVIEW: "a person decides when somebody edited it meanwhile",
}
_SUPERVISION = {
    Supervision.ALWAYS: "a person approves each one",
    Supervision.UNTIL_EARNED: "a person approves until autonomy is earned",
    Supervision.NEVER: "without anybody's approval",
}
_ACTIONS = {
    ActionKind.CREATE_TASK: "create a task",
    ActionKind.CREATE_NOTE: "write a note",
    ActionKind.DRAFT_EMAIL: "draft an e-mail",
    ActionKind.SEND_EMAIL: "send an e-mail",
    ActionKind.NOTIFY: "post a message",
    ActionKind.SCHEDULE_MEETING: "schedule a meeting",
    ActionKind.START_WORKFLOW: "start a workflow",
    ActionKind.CALL_ENDPOINT: "call an endpoint",
}


def explain(policy: Policy) -> str:
    """The policy as lines of text, every default said out loud."""
    return "\n".join(_lines(policy))


def _lines(policy: Policy) -> Iterator[str]:
    yield f"{policy.name}: {policy.goal}"
    yield f"  Wakes      {_wakes(policy.when)}"
    if policy.when.where is not None:
        yield f"  Only if    {policy.when.where.source}"
    if policy.after_policy:
        yield f"  After      {_joined(policy.after_policy)}"
    yield f"  Serves     {_joined(policy.connections) or 'every connection'}"
    yield f"  Decides    {_decides(policy)}"
    yield f"  Reads      {_reads(policy)}"
    for number, grant in enumerate(_grants(policy)):
        yield f"  {'May' if number == 0 else '':<10} {grant}"
    yield "             and nothing else"
    yield f"  Proof      {_proof(policy)}"
    yield f"  Stops at   {_limits(policy)}"
    yield f"  Hands to   {_ladder(policy)}"
    yield f"  Version    {policy.version[:12]}"


def _wakes(when: Trigger) -> str:
    ways = [f"when a {when.object} {_EVENTS[event]}" for event in Wake if event in when.events]
    if when.fields:
        fields = _joined(when.fields, "or")
        ways = [way if way.endswith(_WITHOUT_FIELDS) else f"{way} ({fields})" for way in ways]
    for kind, events in when.related.items():
        ways += [f"when a related {kind} {_EVENTS[event]}" for event in Wake if event in events]
    if when.every is not None:
        at = f" at {when.every.at:%H:%M}" if when.every.at is not None else ""
        what = f"over all {when.object} records together" if when.scope is Scope.SET else f"for each {when.object}"
        ways.append(f"every {when.every.interval}{at} {what}")
    if when.after is not None:
        ways.append(f"{when.after.silent_for} after `{when.after.field}` of a {when.object}")
    if when.before is not None:
        ways.append(f"{when.before.by} before `{when.before.field}` of a {when.object}")
    return "; ".join(ways)


def _decides(policy: Policy) -> str:
    custom = isinstance(policy.agent, CustomAgent)
    agent = f"{'the custom agent' if custom else 'the agent'} {policy.agent.name}"
    tiers = _joined([step.tier.value for step in policy.reason.cascade], "then")
    costs = "costs nothing and nothing leaves the machine"
    if any(step.tier in PAID for step in policy.reason.cascade):
        costs = f"at most {policy.usd_per_day} USD a day"
        if policy.reason.usd_per_record is not None:
            costs += f" and {policy.reason.usd_per_record} USD a record"
    elif any(step.tier is Tier.LOCAL for step in policy.reason.cascade):
        costs = "costs nothing; goes to the model server named in settings"
    rules = len(policy.agent.rules) if isinstance(policy.agent, CustomAgent) else 0
    first = f"{rules} written rule{'s' if rules != 1 else ''} first, " if rules else ""
    return f"{agent}, {first}by {tiers} ({costs})"


def _reads(policy: Policy) -> str:
    context, parts = policy.context, ["the record itself"]
    parts += [f"{kind} {_joined(names)}" for kind, names in (
        ("related", context.related), ("lookups", context.lookups), ("knowledge", context.knowledge),
    ) if names]  # fmt: skip
    if policy.reason.searches:
        parts.append(f"up to {policy.reason.searches} searches")
    hidden = [f"never {_joined(context.never)}"] if context.never else []
    hidden += [f"masked {_joined(context.mask)}"] if context.mask else []
    return "; ".join(parts + hidden)


def _grants(policy: Policy) -> Iterator[str]:
    for name, permission in policy.may.update.items():
        approval = _approval(permission.approval, policy)
        yield f"write {name}{_field_terms(permission)}: {approval}{_field_rules(permission)}"
    for kind, action in policy.may.actions.items():
        yield f"{_ACTIONS[kind]}{_action_terms(action)}: {_approval(action.approval, policy)}{_staff(action.needs)}"


def _approval(own: Supervision | None, policy: Policy) -> str:
    return _SUPERVISION[own or policy.gate.supervised]


def _field_terms(permission: FieldPermission) -> str:
    terms = [_joined(permission.options, "or")] if permission.options else []
    terms += [f"from {permission.low}"] if permission.low is not None else []
    terms += [f"up to {permission.high}"] if permission.high is not None else []
    terms += ["only forward"] if permission.forward_only else []
    return f" ({', '.join(terms)})" if terms else ""


def _field_rules(permission: FieldPermission) -> str:
    values = "".join(f"; {option}: {_SUPERVISION[rule]}" for option, rule in permission.values.items())
    return f"{values}; {_CONFLICTS[permission.conflict]}{_staff(permission.needs)}"


def _action_terms(action: ActionPermission) -> str:
    terms = [f"about {action.subject!r}"] if action.subject else []
    terms += [f"to {_joined(action.to, 'or')}"] if action.to else []
    terms += [f"within {action.due}"] if action.due is not None else []
    return f" ({', '.join(terms)})" if terms else ""


def _staff(needs: Proof) -> str:
    return "; never on outsiders' word alone" if needs is Proof.STAFF else ""


def _proof(policy: Policy) -> str:
    gate = policy.gate
    proven = f"{percent(gate.target)} right, proven on your people's verdicts"
    lapses = f"an approval nobody gives lapses after {gate.expires}"
    least = f", after {gate.supervised_for} at the earliest" if gate.supervised_for is not None else ""
    return f"{proven}{least}; {percent(gate.audit)} judged blind after that; {lapses}{_staff(gate.needs)}"


def _limits(policy: Policy) -> str:
    limits = policy.limits
    parts = [
        f"{limits.writes_per_record_per_day} writes a record a day",
        f"{limits.records_per_hour} records an hour",
        f"{percent(limits.share_of_object)} of all {policy.when.object} records a day",
        f"{limits.actions_per_decision} actions a decision",
    ]
    parts += [f"{limits.actions_per_run} actions a run"] if limits.actions_per_run is not None else []
    parts += [f"{count} x {kind} a day" for kind, count in limits.per_day.items()]
    return f"{_joined(parts)}; pauses itself above {percent(limits.error_budget)} conflicts and overrides"


def _ladder(policy: Policy) -> str:
    rule = policy.handoff
    steps = _joined([f"{person} for {rule.due}" for person in rule.ladder], "then")
    end = "nothing is written" if rule.default is Unanswered.DENY else "it stays open with the last"
    return f"{steps}; if nobody answers, {end}"


def _joined(words: Sequence[str], last: str = "and") -> str:
    if last == "then":
        return ", then ".join(words)
    return f" {last} ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
