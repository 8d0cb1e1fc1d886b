"""Policy files to policies: one file or a folder, all problems at once, nothing loaded unless all is right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from connector.errors import PolicyError
from connector.policy.agent import ANY_AGENT, AgentNames, CustomAgent, Rule, read_agent
from connector.policy.document import MAX_BYTES, Block, Node, Problems, Sequence, read_document
from connector.policy.evidence import read_evidence
from connector.policy.fingerprint import version_of
from connector.policy.gate import read_gate
from connector.policy.handoff import read_handoff
from connector.policy.limits import read_limits
from connector.policy.permission import read_permissions
from connector.policy.policy_set import PolicySet, set_problems
from connector.policy.reading import Section
from connector.policy.reasoning import read_reasoning
from connector.policy.scalars import did_you_mean
from connector.policy.schema import SCHEMA_VERSION, Policy, PolicyName, Source
from connector.policy.trigger import read_trigger
from connector.record import ActionKind, ConnectionName

MAX_FILES = 500
_ENDINGS = (".yaml", ".yml")


def load_policies(path: Path, *, agents: AgentNames = ANY_AGENT) -> PolicySet:
    """The policies of one file or of the files in one folder (not below it).

    `agents` are the agents that exist, each reading its own keys; when given, a policy that names another is refused.
    Raises PolicyError with every problem of every file.
    """
    policies: list[Policy] = []
    problems: list[str] = []
    for file in _files(path):
        try:
            policies.append(parse_policy(_content(file), file=str(file), agents=agents))
        except PolicyError as error:
            problems.extend(error.problems)
    problems.extend(set_problems(policies, complete=not problems))
    if problems:
        raise PolicyError(tuple(problems))
    return PolicySet(policies)


def parse_policy(content: bytes | str, *, file: str = "policy.yaml", agents: AgentNames = ANY_AGENT) -> Policy:
    """The policy in one file's content; `file` is how messages call it. Raises PolicyError with every problem."""
    problems = Problems(file)
    root = read_document(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content, problems)
    policy = _read_policy(Section(root, "", problems), agents) if root is not None else None
    if problems.found or policy is None or root is None:
        raise PolicyError(problems.lines())
    policy = replace(policy, source=Source(file=file, lines=dict(_lines(root, ""))))
    return replace(policy, version=version_of(policy))


def _read_policy(section: Section, agents: AgentNames) -> Policy:
    if section.whole("schema", low=0) != SCHEMA_VERSION and section.has("schema"):
        section.wrong("schema", f"this version of the product reads `schema: {SCHEMA_VERSION}`")
    policy = Policy(
        name=PolicyName(section.name("policy")),
        goal=section.text("goal"),
        when=read_trigger(section.section("when")),
        agent=read_agent(section, "agent", agents),
        reason=read_reasoning(section.section("reason")),
        context=read_evidence(section.section("context")),
        may=read_permissions(section.section("may")),
        gate=read_gate(section.section("gate")),
        limits=read_limits(section.section("limits")),
        handoff=read_handoff(section.section("handoff")),
        after_policy=tuple(PolicyName(name) for name in section.names_list("after_policy")),
        connections=tuple(ConnectionName(name) for name in section.names_list("connections")),
        timezone=section.parsed("timezone", _zone, default="UTC"),
    )
    section.close()
    _check_whole(section, policy)
    return policy


def _check_whole(section: Section, policy: Policy) -> None:
    """What no section can see alone."""
    if policy.reason.can_cost and policy.usd_per_day is None:
        section.section("reason").wrong("usd_per_day", "is missing: a tier that costs money needs a daily budget")
    if policy.name in policy.after_policy:
        section.wrong("after_policy", "names the policy itself")
    if isinstance(policy.agent, CustomAgent):
        hidden = {*policy.agent.fields} & {*policy.context.never}
        for name in sorted(hidden):
            section.section("agent").wrong("fields", f"`{name}` is under `context.never`")
        in_tasks = any(rule.task and not rule.notify for rule in policy.agent.rules)
        if in_tasks and not policy.may.allows(ActionKind.CREATE_TASK):
            section.section("agent").wrong("rules", "a rule has a `task`, and `may` does not name `create_task`")
        for problem in dict.fromkeys(_unreachable(policy.agent.rules, policy)):
            section.section("agent").wrong("rules", problem)


def _unreachable(rules: Iterable[Rule], policy: Policy) -> Iterator[str]:
    """What rules set off outside that `may` does not name."""
    for rule in rules:
        for said, to, kind, names in (
            ("call", rule.call, ActionKind.CALL_ENDPOINT, "endpoints"),
            ("start", rule.start, ActionKind.START_WORKFLOW, "workflows"),
            ("notify", rule.notify, ActionKind.NOTIFY, "channels"),
        ):
            granted = policy.action_permission(kind)
            known = granted.to if granted is not None else ()
            if to is not None and to not in known:
                yield f"`{said}: {to}` is not among `may.{kind}.{names}`{did_you_mean(to, known)}"


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (OSError, ValueError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"`{text}` is not a time zone: write it like Europe/Berlin") from error
    except KeyError as error:
        raise ValueError(f"`{text}` is not a time zone: write it like Europe/Berlin") from error


def _files(path: Path) -> tuple[Path, ...]:
    if not path.is_dir():
        return (path,)
    files = sorted(file for file in path.iterdir() if file.suffix in _ENDINGS and not file.name.startswith("."))
    if not files:
        raise PolicyError((f"{path}: no policy file (*.yaml) in this folder",))
    if len(files) > MAX_FILES:
        raise PolicyError((f"{path}: more than {MAX_FILES} policy files",))
    return tuple(files)


def _content(file: Path) -> bytes:
    """At most one byte more than a policy file may have; links that lead out of the folder are refused."""
    try:
        if file.is_symlink() and not file.resolve().is_relative_to(file.parent.resolve()):
            raise PolicyError((f"{file}: is a link to another folder",))
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise PolicyError((f"{file}: cannot be read: {error.strerror}",)) from error


def _lines(node: Node, path: str) -> Iterator[tuple[str, int]]:
    if isinstance(node, Block):
        for key, value in node.entries.items():
            inner = f"{path}.{key}" if path else key
            yield inner, node.keys[key].line
            yield from _lines(value, inner)
    elif isinstance(node, Sequence):
        for position, entry in enumerate(node.entries, start=1):
            yield from _lines(entry, f"{path}[{position}]")
