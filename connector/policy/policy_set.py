"""The policies in force together: who wakes for an event, in which order, and whether they can live side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import combinations

from connector.policy.scalars import did_you_mean
from connector.policy.schema import Policy, PolicyName, PolicyVersion
from connector.policy.trigger import Wake
from connector.record import ConnectionName, FieldName, ObjectType

MAX_HOPS = 3


class PolicySet:
    """Policies in order of precedence: after those they name in `after_policy`, otherwise by name."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self._policies = _in_precedence(tuple(policies))
        self._by_name = {policy.name: policy for policy in self._policies}

    def __iter__(self) -> Iterator[Policy]:
        return iter(self._policies)

    def __len__(self) -> int:
        return len(self._policies)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PolicySet) and self._policies == other._policies

    def __hash__(self) -> int:
        return hash(self.version)

    def get(self, name: PolicyName) -> Policy | None:
        return self._by_name.get(name)

    @property
    def version(self) -> PolicyVersion:
        """One hash over all policies; it changes when any of them changes its meaning."""
        versions = sorted(f"{policy.name}={policy.version}" for policy in self._policies)
        return PolicyVersion(hashlib.sha256("\n".join(versions).encode()).hexdigest())

    def precedence(self, name: PolicyName) -> int:
        """The place of a policy in the order, 0 first; raises ValueError for a policy that is not here."""
        return [policy.name for policy in self._policies].index(name)

    def objects(self) -> frozenset[ObjectType]:
        """Every object somebody must watch for these policies."""
        return frozenset(kind for policy in self for kind in (policy.when.object, *policy.when.related))

    def matching(
        self,
        object: ObjectType,
        wake: Wake,
        *,
        connection: ConnectionName,
        changed: Collection[FieldName] | None = None,
        written_by: PolicyName | None = None,
        hops: int = 0,
    ) -> tuple[Policy, ...]:
        """The policies an event on a record of `object` wakes, before `where` is asked.

        `changed` None means that the changed fields are not known, which wakes rather than sleeps. A write of ours
        wakes only with `agent_write`, never the policy that wrote, and not after MAX_HOPS writes in a row.
        """
        return tuple(
            policy
            for policy in self._policies
            if policy.serves(connection)
            and policy.when.object is object
            and wake in policy.when.events
            and _touches(policy, wake, changed)
            and (wake is not Wake.AGENT_WRITE or (policy.name != written_by and hops < MAX_HOPS))
        )

    def woken_by_related(self, related: ObjectType, wake: Wake, *, connection: ConnectionName) -> tuple[Policy, ...]:
        """The policies whose own record must be looked at because a record related to it was created or changed."""
        return tuple(
            policy
            for policy in self._policies
            if policy.serves(connection) and wake in policy.when.related.get(related, frozenset())
        )

    def timed(self, connection: ConnectionName) -> tuple[Policy, ...]:
        """The policies with `every`, `after` or `before`."""
        return tuple(policy for policy in self._policies if policy.serves(connection) and policy.when.is_timed)


def set_problems(policies: Sequence[Policy], *, complete: bool = True) -> tuple[str, ...]:
    """Why these policies cannot be in force together. `complete` False skips what missing files could explain."""
    problems = [*_doubles(policies)]
    if complete:
        problems += _unknown_predecessors(policies)
    cycle = _cycle(policies)
    problems += [cycle] if cycle else _contests(policies)
    return tuple(problems)


def _touches(policy: Policy, wake: Wake, changed: Collection[FieldName] | None) -> bool:
    if wake not in (Wake.CHANGED, Wake.AGENT_WRITE) or changed is None:
        return True
    return any(name in changed for name in policy.when.fields)


def _doubles(policies: Sequence[Policy]) -> Iterator[str]:
    first: dict[PolicyName, Policy] = {}
    for policy in policies:
        if policy.name in first:
            other = first[policy.name].source.file
            yield f"{policy.source.at('policy')}: policy: `{policy.name}` is the name of {other} too"
        first.setdefault(policy.name, policy)


def _unknown_predecessors(policies: Sequence[Policy]) -> Iterator[str]:
    names = {policy.name for policy in policies}
    for policy in policies:
        for name in policy.after_policy:
            if name not in names:
                hint = did_you_mean(name, names - {policy.name})
                yield f"{policy.source.at('after_policy')}: after_policy: there is no policy `{name}`{hint}"


def _graph(policies: Iterable[Policy]) -> Mapping[PolicyName, tuple[PolicyName, ...]]:
    return {policy.name: policy.after_policy for policy in policies}


def _cycle(policies: Sequence[Policy]) -> str | None:
    try:
        TopologicalSorter(_graph(policies)).prepare()
    except CycleError as error:
        round_trip = " -> ".join(reversed(error.args[1]))
        where = next(policy for policy in policies if policy.name in error.args[1]).source.at("after_policy")
        return f"{where}: after_policy: goes in a circle: {round_trip}"
    return None


def _contests(policies: Sequence[Policy]) -> Iterator[str]:
    """Two policies that may write one field of one object, with no order between them."""
    before = _all_before(policies)
    for one, two in combinations(policies, 2):
        if one.name == two.name or one.when.object is not two.when.object or not _share_connection(one, two):
            continue
        if one.name in before[two.name] or two.name in before[one.name]:
            continue
        for name in sorted(one.may.update.keys() & two.may.update.keys()):
            path = f"may.update.{name}"
            yield (
                f"{two.source.at(path)}: {path}: `{one.name}` ({one.source.file}) may write this field of "
                f"{two.when.object} too; add `after_policy: {one.name}` here or `after_policy: {two.name}` there"
            )


def _share_connection(one: Policy, two: Policy) -> bool:
    return not one.connections or not two.connections or bool({*one.connections} & {*two.connections})


def _all_before(policies: Sequence[Policy]) -> Mapping[PolicyName, frozenset[PolicyName]]:
    graph = _graph(policies)
    before: dict[PolicyName, frozenset[PolicyName]] = {}
    for name in TopologicalSorter(graph).static_order():
        direct = graph.get(name, ())
        before[name] = frozenset(direct).union(*(before[earlier] for earlier in direct))
    return before


def _in_precedence(policies: tuple[Policy, ...]) -> tuple[Policy, ...]:
    sorter = TopologicalSorter(_graph(policies))
    by_name = {policy.name: policy for policy in policies}
    sorter.prepare()
    ordered: list[Policy] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += [by_name[name] for name in ready if name in by_name]
        sorter.done(*ready)
    return tuple(ordered)
