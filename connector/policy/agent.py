"""Which agent a policy uses: one of the product's by name, or one described in the policy file itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, runtime_checkable

from connector.policy.conditions import Condition, read_condition
from connector.policy.document import Scalar
from connector.policy.reading import Section
from connector.policy.scalars import did_you_mean
from connector.record import FieldName, FieldValue

MAX_OUTPUT_LENGTH = 4_000


class OutputKind(StrEnum):
    """What one value in a custom agent's answer may be."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    OPTION = "option"
    OPTIONS = "options"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSchema:
    """One value of the answer. Where its name is a field under `may.update`, it proposes that field's new value."""

    kind: OutputKind
    description: str = ""
    options: tuple[str, ...] = ()
    required: bool = True
    low: Decimal | None = None
    high: Decimal | None = None
    max_length: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedAgent:
    """An agent of the product. `options` is what the agent itself read of its own keys; it takes part in the version."""

    name: str
    options: object | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a custom agent answers by itself where `when` holds, before any model is asked.

    `task` is a task's text; `call` names an endpoint, `start` a workflow, `notify` a channel that gets the task's text.
    """

    when: Condition
    then: Mapping[str, FieldValue]
    task: str | None = None
    call: str | None = None
    start: str | None = None
    notify: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomAgent:
    """An agent described by fields in, instructions, and a closed schema out; `rules` answer what needs no model."""

    name: str
    fields: tuple[FieldName, ...]
    instructions: str
    schema: Mapping[str, OutputSchema]
    rules: tuple[Rule, ...] = ()


Agent = NamedAgent | CustomAgent


class OptionsReader(Protocol):
    """An agent of the product, as far as reading its policy goes."""

    def options(self, section: Section) -> object | None:
        """The agent's own keys beside `use`, as one frozen value; None where nothing is to be set.

        MUST ask for every key it knows and report what is wrong to the section; what it did not ask for is unknown.
        """
        ...


@runtime_checkable
class LooksAtMore(Protocol):
    """Options of an agent that name fields of the record, or conditions on it, beyond what its policy watches."""

    @property
    def fields(self) -> tuple[FieldName, ...]: ...

    @property
    def conditions(self) -> tuple[tuple[str, Condition], ...]:
        """Each with its path below `agent`, such as `scorecard[1].when`."""
        ...


def agent_fields(agent: Agent) -> tuple[FieldName, ...]:
    """The record's fields that the policy's own words about its agent name, beside those in conditions."""
    match agent:
        case CustomAgent():
            return agent.fields
        case NamedAgent(options=None):
            return ()
        case NamedAgent(options=LooksAtMore() as options):
            return options.fields
        case _:
            return ()


def agent_conditions(agent: Agent) -> Iterator[tuple[str, Condition]]:
    """The conditions that the agent's own part of the policy holds, each with its path below `agent`."""
    match agent:
        case CustomAgent():
            yield from ((f"rules[{place}].when", rule.when) for place, rule in enumerate(agent.rules, start=1))
        case NamedAgent(options=None):
            return
        case NamedAgent(options=LooksAtMore() as options):
            yield from options.conditions
        case _:
            return


AgentNames = Mapping[str, OptionsReader]
ANY_AGENT: AgentNames = {}
"""Where nobody says which agents exist, every name is taken and no agent's own keys are read."""


def read_agent(section: Section, key: str, agents: AgentNames) -> Agent:
    """The value of `agent`: a name, a section that starts with `use`, or one that starts with `custom`."""
    if isinstance(section.block.entries.get(key), Scalar) or not section.has(key):
        return _named(section, key, section.section(key) if not section.has(key) else None, agents)
    own = section.section(key)
    if own.has("use"):
        return _named(own, "use", own, agents)
    return _custom(own)


def _named(section: Section, key: str, own: Section | None, agents: AgentNames) -> NamedAgent:
    """The agent called `key` in `section`, with what it reads of its `own` keys."""
    name = section.name(key)
    reader = agents.get(name)
    if agents and reader is None and section.has(key):
        section.wrong(key, f"there is no agent `{name}`{did_you_mean(name, agents)}")
    if reader is None:
        return NamedAgent(name=name)
    options = reader.options(own if own is not None else section.empty(key))
    if own is not None:
        own.close()
    return NamedAgent(name=name, options=options)


def _custom(own: Section) -> CustomAgent:
    agent = CustomAgent(
        name=own.name("custom"),
        fields=tuple(FieldName(name) for name in own.names_list("fields")),
        instructions=own.text("instructions"),
        schema=(schema := _schema(own.section("schema"))),
        rules=tuple(rule for each in own.sections("rules", bare="when") if (rule := _rule(each, schema)) is not None),
    )
    if not agent.fields:
        own.wrong("fields", "name the fields the agent reads")
    if not agent.schema:
        own.wrong("schema", "describe at least one value the agent answers with")
    own.close()
    return agent


def _schema(section: Section) -> Mapping[str, OutputSchema]:
    return {name: _output(section.section(name)) for name in section.names()}


def _output(section: Section) -> OutputSchema:
    low, high = section.optional_bound("min"), section.optional_bound("max")
    output = OutputSchema(
        kind=section.word("kind", OutputKind),
        description=section.text("description", default="-").removeprefix("-"),
        options=section.texts("options"),
        required=section.yes_or_no("required", default=True),
        low=low if isinstance(low, Decimal) else None,
        high=high if isinstance(high, Decimal) else None,
        max_length=section.whole("max_length", default=500, high=MAX_OUTPUT_LENGTH),
    )
    chosen = output.kind in (OutputKind.OPTION, OutputKind.OPTIONS)
    if chosen is not bool(output.options):
        section.wrong("options", "goes with `kind: option` or `kind: options`, and those need it")
    if (low is not None or high is not None) and output.kind is not OutputKind.NUMBER:
        section.wrong("min" if low is not None else "max", "goes with `kind: number`")
    section.close()
    return output


def _rule(section: Section, schema: Mapping[str, OutputSchema]) -> Rule | None:
    when, task, then = read_condition(section, "when"), section.optional_text("task"), section.section("then")
    call, start, notify = (section.optional_text(name) for name in ("call", "start", "notify"))
    said: dict[str, FieldValue] = {}
    for name in then.names():
        if name in schema:
            said[name] = _said(then, name, schema[name])
        else:
            then.wrong(name, f"`schema` has no such value{did_you_mean(name, schema)}")
    if not said and (task, call, start, notify) == (None, None, None, None):
        section.wrong("then", "say what the rule answers, such as `{valid: false}`, or give a `task`")
    if not section.has("when"):
        section.wrong("when", "is missing: say when the rule holds")
    section.close()
    if when is None:
        return None
    return Rule(when=when, then=said, task=task, call=call, start=start, notify=notify)


def _said(then: Section, name: str, output: OutputSchema) -> FieldValue:
    """One value a rule gives, held to the schema as an answer would be."""
    match output.kind:
        case OutputKind.NUMBER | OutputKind.DATE:
            return _bounded(then, name, output)
        case OutputKind.BOOLEAN:
            return then.yes_or_no(name, default=False)
        case OutputKind.OPTIONS:
            chosen = then.texts(name)
            _listed(then, name, output, chosen)
            return tuple(sorted(chosen))
        case OutputKind.OPTION:
            text = then.text(name)
            _listed(then, name, output, (text,))
            return text
        case OutputKind.TEXT:
            text = then.text(name)
            if len(text) > output.max_length:
                then.wrong(name, f"is longer than {output.max_length} characters")
            return text


def _bounded(then: Section, name: str, output: OutputSchema) -> FieldValue:
    value = then.optional_bound(name)
    if isinstance(value, Decimal) is not (output.kind is OutputKind.NUMBER):
        then.wrong(name, f"is not a {output.kind}")
    elif isinstance(value, Decimal) and (
        (output.low is not None and value < output.low) or (output.high is not None and value > output.high)
    ):
        then.wrong(name, f"is not between {output.low} and {output.high}")
    return value


def _listed(then: Section, name: str, output: OutputSchema, chosen: tuple[str, ...]) -> None:
    for option in chosen:
        if option not in output.options:
            then.wrong(name, f"`{option}` is not among `options`{did_you_mean(option, output.options)}")
