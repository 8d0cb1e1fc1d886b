"""Which objects and fields of a CRM somebody counts on: what policies name, what they create, what settings map."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from connector.adapter import Finding
from connector.context.relations import RELATIONS
from connector.daemon import wanted_by
from connector.decision.agents import AGENTS
from connector.decision.agents.custom import agent_of
from connector.policy import Policy, PolicySet, agent_conditions
from connector.record import ActionKind, ConnectionName, FieldName, ObjectType
from connector.settings import NONE_CHOSEN, ConnectionSettings, Settings

_CREATED: Mapping[ActionKind, tuple[ObjectType, ...]] = {
    ActionKind.CREATE_TASK: (ObjectType.TASK,),
    ActionKind.CREATE_NOTE: (ObjectType.NOTE,),
    ActionKind.DRAFT_EMAIL: (ObjectType.EMAIL, ObjectType.TASK),
    ActionKind.SCHEDULE_MEETING: (ObjectType.MEETING,),
}

Used = Mapping[ObjectType, frozenset[FieldName]]
"""Objects that are used, and those of their fields that are named as such."""


def used_of(connection: ConnectionSettings, policies: PolicySet | None, settings: Settings) -> Used:
    """What somebody counts on in one CRM; without policies, what its settings map."""
    found: defaultdict[ObjectType, set[FieldName]] = defaultdict(set)
    for object, name in (*_mapped(connection), *_asked(settings), *_named(connection.name, policies, settings)):
        found[object] |= {name} if name is not None else set()
    return {object: frozenset(names) for object, names in found.items()}


def matters(finding: Finding, used: Used) -> bool:
    """Whether anybody who uses this CRM would miss what was found missing."""
    if finding.object is None:
        return True
    return finding.object in used and (finding.field is None or finding.field in used[finding.object])


_Named = Iterator[tuple[ObjectType, FieldName | None]]


def _mapped(connection: ConnectionSettings) -> _Named:
    known = {object.value: object for object in ObjectType}
    for section in ("objects", "fields"):
        mapped = connection.options.get(section)
        for object, names in mapped.items() if isinstance(mapped, Mapping) else ():
            if object in known:
                yield known[object], None
                fields = names if section == "fields" and isinstance(names, Mapping) else ()
                yield from ((known[object], FieldName(str(name))) for name in fields)


def _asked(settings: Settings) -> _Named:
    if settings.approvals.tasks != NONE_CHOSEN:
        yield ObjectType.TASK, None


def _named(connection: ConnectionName, policies: PolicySet | None, settings: Settings) -> _Named:
    wanted = wanted_by(settings.privacy)
    for policy in policies or ():
        if policy.serves(connection):
            yield from _of_policy(policy)
            for name in wanted(policy, connection).related:
                relation = RELATIONS[name]
                yield relation.object, None
                if relation.via is not None:
                    yield relation.via, None


def _of_policy(policy: Policy) -> _Named:
    agent = agent_of(policy, AGENTS)
    yield from ((policy.when.object, name) for name in (agent.needs.fields if agent is not None else ()))
    yield from ((object, None) for object in (policy.when.object, *policy.when.related))
    for kind, objects in _CREATED.items():
        if policy.may.allows(kind):
            yield from ((object, None) for object in objects)
    own = (policy.when.where,) if policy.when.where is not None else ()
    for condition in (*own, *(condition for _, condition in agent_conditions(policy.agent))):
        for relation, names in condition.names.related.items():
            if relation in RELATIONS:
                yield from ((RELATIONS[relation].object, FieldName(name)) for name in names)
