"""Whether a policy fits one CRM: every field and option it names must exist there, or it is refused for that CRM."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from connector.policy.agent import agent_conditions, agent_fields
from connector.policy.expression import ReferencedNames
from connector.policy.scalars import did_you_mean
from connector.policy.schema import Policy

_NONE: Mapping[str, Collection[str]] = {}


def check_against(
    policy: Policy,
    *,
    fields: Collection[str],
    options: Mapping[str, Collection[str]] = _NONE,
    read_only: Collection[str] = (),
    related: Mapping[str, Collection[str]] = _NONE,
    crm: str = "this CRM",
) -> tuple[str, ...]:
    """What the policy names that the CRM does not have, as `policies/x.yaml:12: ...`; empty when it fits.

    `fields` are the readable names of the policy's object, `options` the option keys of closed lists, `read_only` the
    fields our user cannot write. `related` holds the fields of relations; a relation that is not in it is not checked.
    """
    problems = [*_unknown_fields(policy, fields, crm), *_unknown_options(policy, options, crm)]
    problems += _read_only_fields(policy, read_only, crm)
    problems += _unknown_related_fields(policy, related, crm)
    return tuple(dict.fromkeys(problems))


def needed_fields(policy: Policy) -> frozenset[str]:
    """Every own field of the record the policy names, so that one read brings all of them."""
    return frozenset(name for _, name in _named_fields(policy))


def _names(policy: Policy) -> ReferencedNames | None:
    return policy.when.where.names if policy.when.where is not None else None


def _conditions(policy: Policy) -> Iterator[tuple[str, ReferencedNames]]:
    """Every condition of the policy with its path: its own, and those its agent is given."""
    if (names := _names(policy)) is not None:
        yield "when.where", names
    yield from ((f"agent.{path}", condition.names) for path, condition in agent_conditions(policy.agent))


def _named_fields(policy: Policy) -> Iterator[tuple[str, str]]:
    """The path of every mention and the field mentioned there."""
    when, names = policy.when, _names(policy)
    yield from (("when.fields", name) for name in when.fields)
    if names is not None:
        asked = (names.fields | names.changed) - frozenset(policy.context.related)
        yield from (("when.where", name) for name in sorted(asked))
    if when.after is not None:
        yield "when.after.field", when.after.field
    if when.before is not None:
        yield "when.before.field", when.before.field
    yield from (("agent.fields", name) for name in agent_fields(policy.agent))
    for path, condition in agent_conditions(policy.agent):
        named = condition.names.fields - frozenset(policy.context.related)
        yield from ((f"agent.{path}", name) for name in sorted(named))
    yield from ((f"may.update.{name}", name) for name in policy.may.update)
    yield from (("context.never", name) for name in policy.context.never)
    yield from (("context.mask", name) for name in policy.context.mask)


def _unknown_fields(policy: Policy, fields: Collection[str], crm: str) -> Iterator[str]:
    for path, name in _named_fields(policy):
        if name not in fields:
            hint = did_you_mean(name, fields)
            yield f"{policy.source.at(path)}: {path}: {crm} has no field `{name}` on {policy.when.object}{hint}"


def _read_only_fields(policy: Policy, read_only: Collection[str], crm: str) -> Iterator[str]:
    for name in policy.may.update:
        if name in read_only:
            path = f"may.update.{name}"
            yield f"{policy.source.at(path)}: {path}: our user may not write this field in {crm}"


def _unknown_options(policy: Policy, options: Mapping[str, Collection[str]], crm: str) -> Iterator[str]:
    for path, name, words in _named_options(policy):
        known = options.get(name)
        for word in words:
            if known is not None and word not in known:
                hint = did_you_mean(word, known) or f"; it knows {', '.join(sorted(known)) or 'none'}"
                yield f"{policy.source.at(path)}: {path}: {crm} has no option `{word}` for `{name}`{hint}"


def _named_options(policy: Policy) -> Iterator[tuple[str, str, Collection[str]]]:
    for name, permission in policy.may.update.items():
        yield f"may.update.{name}.options", name, permission.options
        yield f"may.update.{name}.values", name, tuple(permission.values)
    for path, names in _conditions(policy):
        yield from ((path, name, sorted(words)) for name, words in sorted(names.compared.items()))


def _unknown_related_fields(policy: Policy, related: Mapping[str, Collection[str]], crm: str) -> Iterator[str]:
    for path, names in _conditions(policy):
        for relation, name in sorted((relation, name) for relation, some in names.related.items() for name in some):
            if relation in related and name not in related[relation]:
                hint = did_you_mean(name, related[relation])
                yield f"{policy.source.at(path)}: {path}: {crm} has no field `{name}` on {relation}{hint}"
