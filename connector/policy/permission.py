"""What a policy may do: which fields it may write and how, which other actions it may take, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from connector.policy.durations import Duration
from connector.policy.gate import Proof, Supervision
from connector.policy.reading import Section
from connector.policy.scalars import did_you_mean
from connector.record import ActionKind, ConflictRule, FieldName, FieldValue

STAFF_FIELDS = frozenset({FieldName(name) for name in ("stage", "amount", "owner", "consent")})
ASK_FIELDS = frozenset({FieldName(name) for name in ("stage", "amount", "owner")})
# These reach people or systems outside and cannot be taken back: autonomy may be earned, never simply granted.
NEVER_UNSEEN = frozenset({
    ActionKind.SEND_EMAIL, ActionKind.SCHEDULE_MEETING, ActionKind.START_WORKFLOW, ActionKind.CALL_ENDPOINT,
})  # fmt: skip
IRREVERSIBLE = NEVER_UNSEEN | {ActionKind.NOTIFY}
# A draft can be taken back, but it speaks to people outside: it is nobody's to grant by a general word.
_ASKED = IRREVERSIBLE | {ActionKind.DRAFT_EMAIL}
_HALF_AN_HOUR = Duration(span=timedelta(minutes=30))


class OnOverwrite(StrEnum):
    """What to do when a CRM without conditional writes lost a person's edit to ours."""

    RESTORE = "restore"
    ASK = "ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPermission:
    """How one field may be written. Empty `options` leaves the choice to the CRM's own list.

    `approval` None inherits the gate's supervision; `values` is stricter or looser for single options.
    `forward_only` lets an option move only towards the end of `options`, and a number only upwards.
    """

    options: tuple[str, ...] = ()
    conflict: ConflictRule = ConflictRule.HUMAN_WINS
    on_overwrite: OnOverwrite = OnOverwrite.RESTORE
    needs: Proof = Proof.ANY
    approval: Supervision | None = None
    low: Decimal | date | None = None
    high: Decimal | date | None = None
    max_length: int | None = None
    forward_only: bool = False
    values: Mapping[str, Supervision] = field(default_factory=dict)

    @classmethod
    def usual(cls, name: FieldName) -> FieldPermission:
        """The defaults for a field: money, stages, owners and consent are guarded more closely."""
        return cls(
            on_overwrite=OnOverwrite.ASK if name in ASK_FIELDS else OnOverwrite.RESTORE,
            needs=Proof.STAFF if name in STAFF_FIELDS else Proof.ANY,
        )

    def refusal(self, value: FieldValue, *, current: FieldValue) -> str | None:
        """Why this value may not be written over `current`, or None when it may."""
        chosen = value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()
        if self.options and (value is None or any(option not in self.options for option in chosen) or not chosen):
            return f"not one of {', '.join(self.options)}"
        if (self.low is not None and not _ordered(self.low, value)) or (
            self.high is not None and not _ordered(value, self.high)
        ):
            bounds = ((self.low, "at least"), (self.high, "at most"))
            return "not " + " and ".join(f"{words} {bound}" for bound, words in bounds if bound is not None)
        if self.max_length is not None and isinstance(value, str) and len(value) > self.max_length:
            return f"longer than {self.max_length} characters"
        if self.forward_only and not self._is_forward(value, current):
            return "would move the field backwards"
        return None

    def _is_forward(self, value: FieldValue, current: FieldValue) -> bool:
        if current is None:
            return True
        if isinstance(value, str) and isinstance(current, str) and self.options:
            # A current value outside the list has no place in the order: only a person can judge that move.
            return current in self.options and self.options.index(value) >= self.options.index(current)
        return _ordered(current, value)


def _ordered(low: FieldValue, high: FieldValue) -> bool:
    """Whether two values of one kind stand in this order; values of different kinds never do."""
    match low, high:
        case Decimal(), Decimal():
            return low <= high
        case date(), date() if type(low) is type(high):
            return low <= high
        case _:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPermission:
    """An action beside updates. `to` names whom or what it may reach: people, channels, workflows or endpoints.

    For e-mails and invitations `to` names relations of the record (`contact`), never addresses.
    """

    approval: Supervision | None = None
    needs: Proof = Proof.ANY
    to: tuple[str, ...] = ()
    subject: str | None = None
    due: Duration | None = None
    lasts: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """Everything a policy may do."""

    update: Mapping[FieldName, FieldPermission] = field(default_factory=dict)
    actions: Mapping[ActionKind, ActionPermission] = field(default_factory=dict)

    def allows(self, kind: ActionKind) -> bool:
        return bool(self.update) if kind is ActionKind.UPDATE else kind in self.actions


def read_permissions(section: Section) -> Permissions:
    """The section `may`; the key of every action is its name."""
    permissions = Permissions(update=_update(section.section("update")), actions=_actions(section))
    if not permissions.update and not permissions.actions:
        section.wrong("update", "name at least one field or action under `may`")
    section.close()
    return permissions


def _update(section: Section) -> Mapping[FieldName, FieldPermission]:
    return {FieldName(name): _field(FieldName(name), section.section(name)) for name in section.names()}


def _field(name: FieldName, section: Section) -> FieldPermission:
    usual, options = FieldPermission.usual(name), section.texts("options")
    permission = FieldPermission(
        options=options,
        conflict=section.word("conflict", ConflictRule, default=usual.conflict),
        on_overwrite=section.word("on_overwrite", OnOverwrite, default=usual.on_overwrite),
        needs=section.word("needs", Proof, default=usual.needs),
        approval=_approval(section),
        low=section.optional_bound("min"),
        high=section.optional_bound("max"),
        max_length=section.optional_whole("max_length"),
        forward_only=section.yes_or_no("forward_only", default=False),
        values=_values(section.section("values"), options),
    )
    _check_bounds(section, permission)
    section.close()
    return permission


def _check_bounds(section: Section, permission: FieldPermission) -> None:
    low, high = permission.low, permission.high
    if low is not None and high is not None and not _ordered(low, high):
        section.wrong("max", f"{high} is below min {low}, or of another kind")
    if permission.options and (low is not None or high is not None):
        section.wrong("options", "goes without `min` and `max`")


def _values(section: Section, options: tuple[str, ...]) -> Mapping[str, Supervision]:
    values: dict[str, Supervision] = {}
    for option in section.words_in_order():
        own = section.section(option)
        values[option] = own.word("approval", Supervision)
        own.close()
        if options and option not in options:
            section.wrong(option, f"is not among `options`{did_you_mean(option, options)}")
    return values


def _approval(section: Section) -> Supervision | None:
    return section.word("approval", Supervision) if section.has("approval") else None


# The key each action uses for what it may reach, and whether it must be given.
_TARGET_KEYS: Mapping[ActionKind, tuple[str | None, bool]] = {
    ActionKind.CREATE_TASK: ("assign", False),
    ActionKind.CREATE_NOTE: (None, False),
    ActionKind.DRAFT_EMAIL: ("to", False),
    ActionKind.SEND_EMAIL: ("to", False),
    ActionKind.NOTIFY: ("channels", True),
    ActionKind.SCHEDULE_MEETING: ("invite", False),
    ActionKind.START_WORKFLOW: ("workflows", True),
    ActionKind.CALL_ENDPOINT: ("endpoints", True),
}


def _actions(section: Section) -> Mapping[ActionKind, ActionPermission]:
    # An action is granted by its name alone: `create_note:` with nothing behind it is a grant with defaults.
    return {
        kind: _action(kind, section.section(kind.value))
        for kind in _TARGET_KEYS
        if section.mentions(kind.value)
    }  # fmt: skip


def _action(kind: ActionKind, section: Section) -> ActionPermission:
    key, required = _TARGET_KEYS[kind]
    to = section.texts(key) if key else ()
    if key and required and not to:
        section.wrong(key, f"is missing: name the {key} this policy may use")
    is_task, is_meeting = kind is ActionKind.CREATE_TASK, kind is ActionKind.SCHEDULE_MEETING
    approval = _approval(section)
    if approval is Supervision.NEVER and kind in NEVER_UNSEEN:
        section.wrong("approval", f"`{kind}` cannot be taken back: choose `always` or `until_earned`")
    due = section.optional_duration("due") if is_task else section.optional_duration("within") if is_meeting else None
    permission = ActionPermission(
        approval=Supervision.ALWAYS if approval is None and kind in _ASKED else approval,
        needs=section.word("needs", Proof, default=Proof.ANY),
        to=to,
        subject=section.optional_text("subject") if is_task else None,
        due=due,
        lasts=section.duration("lasts", default=_HALF_AN_HOUR) if is_meeting else None,
    )
    section.close()
    return permission
