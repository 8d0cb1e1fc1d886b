"""What one action says and whom it reaches, looked at again whatever checked it before: the gate trusts no earlier stage."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import assert_never

from connector.action import Action, CreateNote, CreateTask, Message, UpdateField
from connector.context.context import Citation, Context, Passage
from connector.context.reachable import reachable
from connector.decision.answer import is_plain
from connector.gate.messages import MAILS, beyond
from connector.policy import ActionPermission, Policy
from connector.record import VOCABULARY, ActionKind, FieldKind, FieldName, ObjectSchema, ObjectType, Record, User

LONGEST = 65_536  # HubSpot's longest property; a field without a limit of its own holds no more
_OWNER, _PRIORITY = (FieldName(name) for name in ("owner", "priority"))
_CLOSED = frozenset({FieldKind.OPTION, FieldKind.OPTIONS})


def overreach(
    action: Action,
    policy: Policy,
    record: Record,
    schema: ObjectSchema,
    owners: Mapping[str, User],
    addresses: Collection[str],
) -> Iterator[str]:
    """Why a permitted kind of action still goes too far; `addresses` are those the policy lets it write to."""
    if not all(is_plain(text, lines=True) for text in _texts(action)):
        yield "it holds characters that cannot be seen or that turn the reading direction"
    if any(len(text) > LONGEST for text in _texts(action)):
        yield f"it is longer than {LONGEST} characters"
    permission = policy.action_permission(action.kind)
    match action:
        case UpdateField(field=name, value=None) if (known := schema.fields.get(name)) and known.kind in _CLOSED:
            yield f"an agent does not empty {name}"
        case UpdateField() | CreateNote():
            pass
        case CreateTask() if permission is not None:
            yield from _task(action, permission, record, owners)
        case Message() if permission is not None:
            yield from beyond(action, permission, policy, record, addresses)
        case CreateTask() | Message():
            pass  # refused for its kind
        case _:
            assert_never(action)


def addresses_for(policy: Policy, kind: ActionKind, context: Context) -> frozenset[str]:
    """The addresses of the record's own people that the policy names; nothing an answer says adds one.

    Who opted out and where mail came back is no address, whatever any stage before thought of it.
    """
    permission = policy.action_permission(kind)
    if permission is None or kind not in MAILS:
        return frozenset()
    return frozenset(reachable(context, permission.to))


def unfounded(citations: Sequence[Citation], passages: Sequence[Passage]) -> bool:
    """Whether any quote does not stand, with this origin, in the passage it names: an invented one voids the action."""
    return any(not _stands(citation, passages) for citation in citations)


def _stands(citation: Citation, passages: Sequence[Passage]) -> bool:
    if not 0 <= citation.passage < len(passages) or not citation.quote.strip():
        return False
    passage = passages[citation.passage]
    return citation.quote in passage.text and (citation.origin, citation.source) == (passage.origin, passage.source)


def _texts(action: Action) -> Iterator[str]:
    match action:
        case UpdateField(value=value):
            yield from (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ()
        case CreateTask():
            yield from (action.subject, action.description)
        case CreateNote():
            yield action.body
        case Message():
            yield from (action.subject, action.body, *action.to, *action.parameters.values())


def _task(task: CreateTask, granted: ActionPermission, record: Record, owners: Mapping[str, User]) -> Iterator[str]:
    if granted.subject is not None and not task.subject.startswith(granted.subject):
        yield "its subject does not begin as may.create_task.subject says"
    if "\n" in task.subject:
        yield "its subject has more than one line"
    if task.priority is not None and task.priority not in VOCABULARY[ObjectType.TASK][_PRIORITY].options:
        yield "its priority is none of a task's"
    named = {id for id, user in owners.items() if {id, user.name, user.email} & {*granted.to}}
    if task.owner is not None and task.owner not in {*named, record.fields.get(_OWNER)}:
        yield "its owner is neither named under may.create_task.assign nor the record's own"

