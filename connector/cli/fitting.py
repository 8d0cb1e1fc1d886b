"""Whether the policies fit the connected CRMs, looked up in their live schemas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connector.adapter import Adapter
from connector.errors import ConnectorError, PermanentError
from connector.policy import Policy, check_against
from connector.record import ConnectionName, ObjectSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfits:
    """What policies name that a CRM lacks, and which CRMs could not be asked."""

    problems: tuple[str, ...]
    unreachable: tuple[str, ...]


def misfits(policies: Iterable[Policy], adapters: Mapping[ConnectionName, Adapter]) -> Misfits:
    """Every policy against the schema of every connection it serves."""
    problems: list[str] = []
    unreachable: list[str] = []
    for policy in policies:
        for name, adapter in adapters.items():
            if policy.serves(name):
                try:
                    problems += problems_of(policy, name, adapter)
                except PermanentError as error:
                    problems.append(f"{policy.source.at('when.object')}: when.object: {name}: {error.message}")
                except ConnectorError as error:
                    unreachable.append(f"{name}: {error.message}")
    return Misfits(problems=tuple(dict.fromkeys(problems)), unreachable=tuple(dict.fromkeys(unreachable)))


def problems_of(policy: Policy, connection: ConnectionName, adapter: Adapter) -> tuple[str, ...]:
    """What one policy names that one CRM does not have, in lines of the policy file."""
    schema = adapter.records.schema(policy.when.object)
    return check_against(
        policy, fields=[name for name, field in schema.fields.items() if field.readable], options=_options(schema),
        read_only=[name for name, field in schema.fields.items() if not field.updateable], crm=str(connection),
    )


def _options(schema: ObjectSchema) -> dict[str, list[str]]:
    return {
        name: [option.key for option in field.options if option.active]
        for name, field in schema.fields.items()
        if field.options
    }
