"""Follow-up tasks as a policy grants them: who may be given one, when it is due, and a text a person can act on."""

from __future__ import annotations

from datetime import datetime

from connector.action.action import CreateTask
from connector.decision.answer import is_plain
from connector.decision.decision import Question
from connector.decision.learner import SUBJECT
from connector.policy import ActionPermission
from connector.record import ActionKind, FieldName, User

FOLLOW_UP = "Follow up"  # how a task begins where the policy says nothing
_SUBJECT_LIMIT = 200
_DESCRIPTION_LIMIT = 4_000
_OWNER = FieldName("owner")


def task_permission(question: Question) -> ActionPermission | None:
    return question.policy.action_permission(ActionKind.CREATE_TASK)


def assignees(question: Question) -> tuple[User, ...]:
    """Whom the policy names for its tasks; nobody named leaves the task with the record's owner."""
    permission = task_permission(question)
    named = {*permission.to} if permission is not None else set()
    return tuple(
        user for user in question.owners if user.active and named & {user.name, user.email, user.owner_id}
    )


def follow_up(
    question: Question, permission: ActionPermission, *, text: str, owner: User | None = None, about: str = "",
    due: datetime | None = None,
) -> CreateTask:
    """The task on the question's record. Its subject is the policy's; what it is `about` comes after it.

    Without `about` these are the record's own words, without `due` the policy says when.
    """
    record, context = question.context.record, question.context
    written = one_line(about or record.value(SUBJECT))
    subject = permission.subject or FOLLOW_UP
    if due is None and permission.due is not None:
        due = permission.due.after(context.now, question.policy.zone)
    chosen = owner if owner is not None else next(iter(assignees(question)), None)
    return CreateTask(
        ref=record.ref,
        subject=(f"{subject}: {written}" if written else subject)[:_SUBJECT_LIMIT],
        description=visible(text)[:_DESCRIPTION_LIMIT],
        due=due,
        owner=chosen.owner_id if chosen is not None else _record_owner(question),
    )


def _record_owner(question: Question) -> str | None:
    owner = question.context.record.value(_OWNER)
    return owner if isinstance(owner, str) and any(user.owner_id == owner for user in question.owners) else None


def one_line(value: object) -> str:
    """A value in one line without characters that cannot be seen."""
    return visible(" ".join(value.split())) if isinstance(value, str) else ""


def visible(text: str) -> str:
    return "".join(character for character in text if is_plain(character, lines=True))
