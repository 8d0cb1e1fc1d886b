"""Whether the policies fit the connected CRMs, looked up in their live schemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from connector.adapter import Adapter, StartsWorkflows
from connector.adapter.options import did_you_mean
from connector.decision.agent import sees_sets
from connector.decision.agents import AGENTS
from connector.decision.agents.custom import agent_of
from connector.errors import ConnectorError, PermanentError
from connector.policy import Policy, Scope, check_against
from connector.record import ActionKind, ConnectionName, FieldKind, ObjectSchema, ObjectType
from connector.settings import OutsideSettings, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfits:
    """What policies name that a CRM lacks, and which CRMs could not be asked."""

    problems: tuple[str, ...]
    unreachable: tuple[str, ...]


def misfits(
    policies: Iterable[Policy], adapters: Mapping[ConnectionName, Adapter], settings: Settings | None = None
) -> Misfits:
    """Every policy against the schema of every connection it serves."""
    told = told_about(settings) if settings is not None else frozenset()
    problems: list[str] = []
    unreachable: list[str] = []
    for policy in policies:
        for name, adapter in adapters.items():
            if policy.serves(name):
                try:
                    problems += problems_of(policy, name, adapter, told=name in told)
                except PermanentError as error:
                    problems.append(f"{policy.source.at('when.object')}: when.object: {name}: {error.message}")
                except ConnectorError as error:
                    unreachable.append(f"{name}: {error.message}")
    return Misfits(problems=tuple(dict.fromkeys(problems)), unreachable=tuple(dict.fromkeys(unreachable)))


def told_about(settings: Settings) -> frozenset[ConnectionName]:
    """The connections around whose records a sender tells what people do."""
    sources = settings.hooks.sources if settings.hooks is not None else ()
    named = (source.options.get("connection", source.name) for source in sources if source.kind == "signed")
    return frozenset(ConnectionName(str(name)) for name in named)


def unserved(policies: Iterable[Policy], settings: Settings) -> tuple[str, ...]:
    """What policies name that connector.yaml does not: channels, endpoints, lookups; each with the nearest right name."""
    return tuple(problem for policy in policies for problem in _unserved(policy, settings))


def _unserved(policy: Policy, settings: Settings) -> Iterator[str]:
    notify, call = (_targets(policy, kind) for kind in (ActionKind.NOTIFY, ActionKind.CALL_ENDPOINT))
    yield from _unnamed(policy, "context.lookups", policy.context.lookups, "lookups", settings.lookups)
    yield from _unnamed(policy, "may.notify.channels", notify, "channels", settings.channels)
    yield from _unnamed(policy, "may.call_endpoint.endpoints", call, "endpoints", settings.endpoints)
    if any(channel.kind == "smtp" for channel in settings.channels):
        return
    for kind in (ActionKind.SEND_EMAIL, ActionKind.SCHEDULE_MEETING):
        if policy.may.allows(kind):
            yield f"{policy.source.at(f'may.{kind}')}: may.{kind}: connector.yaml has no channel of kind smtp"


def _targets(policy: Policy, kind: ActionKind) -> tuple[str, ...]:
    granted = policy.action_permission(kind)
    return granted.to if granted is not None else ()


def _unnamed(
    policy: Policy, path: str, names: Iterable[str], section: str, blocks: Iterable[OutsideSettings]
) -> Iterator[str]:
    known = {block.name for block in blocks}
    for name in names:
        if name not in known:
            yield f"{policy.source.at(path)}: {path}: connector.yaml has no {section}.{name}{did_you_mean(name, known)}"


def _unstartable(policy: Policy, connection: ConnectionName, adapter: Adapter) -> tuple[str, ...]:
    """Workflows a policy names that this CRM cannot start."""
    granted = policy.action_permission(ActionKind.START_WORKFLOW)
    if granted is None:
        return ()
    path = "may.start_workflow.workflows"
    where = f"{policy.source.at(path)}: {path}"
    if not isinstance(adapter, StartsWorkflows):
        system = adapter.capabilities.system
        return (f"{where}: {connection}: {system} has no way to start a workflow from outside; use `connections`",)
    known = adapter.workflows()
    return tuple(
        f"{where}: {connection} has no active autolaunched flow `{name}`{did_you_mean(name, known)}"
        for name in granted.to
        if name not in known
    )


def problems_of(
    policy: Policy, connection: ConnectionName, adapter: Adapter, *, told: bool = False
) -> tuple[str, ...]:
    """What one policy names that one CRM does not have, in lines of the policy file; `told` of activities by a sender."""
    schema = adapter.records.schema(policy.when.object)
    fields = check_against(
        policy, fields=[name for name, field in schema.fields.items() if field.readable], options=_options(schema),
        read_only=[name for name, field in schema.fields.items() if not field.updateable], crm=str(connection),
    )
    wakes = (*_together(policy), *_unheard(policy, connection, adapter, told=told), *_undated(policy, schema, connection))
    return (*fields, *wakes, *_unstartable(policy, connection, adapter))


def _together(policy: Policy) -> Iterator[str]:
    """Not every agent can answer for many records at once."""
    agent = agent_of(policy, AGENTS)
    if policy.when.scope is Scope.SET and not sees_sets(agent):
        yield (
            f"{policy.source.at('when.scope')}: when.scope: the agent `{policy.agent.name}` looks at one record at a time; "
            "leave `set` out, and `every` looks at each matching record by itself"
        )


def _unheard(policy: Policy, connection: ConnectionName, adapter: Adapter, *, told: bool) -> Iterator[str]:
    """Related objects that this CRM, or our user's rights, do not have: nothing would ever wake for them."""
    for kind in sorted(policy.when.related):
        if kind is ObjectType.ACTIVITY and told:
            continue
        try:
            adapter.records.schema(kind)
        except PermanentError as error:
            path = f"when.related.{kind}"
            instead = "; or let a signed sender tell them: docs/hooks.md" if kind is ObjectType.ACTIVITY else ""
            yield f"{policy.source.at(path)}: {path}: {connection}: {error.message}{instead}"


def _undated(policy: Policy, schema: ObjectSchema, connection: ConnectionName) -> Iterator[str]:
    """Timers on fields that hold no moment."""
    moments = {"when.after.field": policy.when.after, "when.before.field": policy.when.before}
    for path, timer in moments.items():
        known = schema.fields.get(timer.field) if timer is not None else None
        if known is not None and known.kind not in (FieldKind.DATE, FieldKind.DATETIME):
            yield f"{policy.source.at(path)}: {path}: {connection}: `{known.name}` holds no date or moment"


def _options(schema: ObjectSchema) -> dict[str, list[str]]:
    return {
        name: [option.key for option in field.options if option.active]
        for name, field in schema.fields.items()
        if field.options
    }
