"""Who can have written each field of each object, so that no decision mistakes a stranger's words for a colleague's.

Where several can, the least trusted counts. An object that outsiders can create through a form or a mailbox counts as
written by them in every field that is not named as ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from connector.context.agent_values import AgentValue
from connector.record import FieldName, ObjectType, Origin, Record

_TRUST = tuple(Origin)  # from most to least trusted, as the enumeration lists them


def lowest(origins: Iterable[Origin]) -> Origin:
    """The least trusted of several origins; with none, the least trusted of all."""
    return max(origins, key=_TRUST.index, default=Origin.OUTSIDER)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Objects an outsider can fill: only the fields named here are set by staff or by the CRM itself.
_SET_BY_STAFF: Mapping[ObjectType, frozenset[str]] = {
    ObjectType.TICKET: _names("status priority category queue owner contact account channel pipeline"),
    ObjectType.LEAD: _names("status score tier converted owner last_activity"),
    ObjectType.CONTACT: _names("account owner last_activity consent opted_out bounced"),
    ObjectType.EMAIL: _names("at incoming status"),
    ObjectType.ACTIVITY: _names("kind at contact"),
    ObjectType.TRANSCRIPT: _names("at meeting owner"),
    ObjectType.MEETING: _names("start_time end_time outcome owner"),  # invitations come from outside
}

# HubSpot's per-field source types for values that a visitor or correspondent typed
# (developers.hubspot.com, CRM properties: propertySourceType); Salesforce stamps no field.
_OUTSIDE_SOURCES = frozenset({
    "ANALYTICS", "BCC_TO_CRM", "BOT", "COMMUNICATOR", "CONVERSATIONS", "EMAIL", "EMAIL_INTEGRATION", "FEEDBACK", "FORM",
    "FORMS", "FORWARD_TO_CRM", "LIVE_CHAT", "MEETINGS", "SOCIAL", "SURVEYS", "WEB_ANALYTICS",
})

# A reply carries the other side's words below one of these lines.
_QUOTED = re.compile(
    r"^[ \t]*(>|-{2,}[ \t]*(original message|forwarded message|ursprüngliche nachricht)|"
    r"on .{5,120} wrote:|am .{5,120} schrieb.{0,80}:|le .{5,120} a écrit\s?:|(from|von|de):\s\S)",
    re.IGNORECASE | re.MULTILINE,
)


def unquoted(text: str) -> str:
    """What the writer of a mail said, without the other side's words quoted below it."""
    quoted = _QUOTED.search(text)
    return text[: quoted.start()] if quoted else text


def origin_of(record: Record, field: FieldName) -> Origin:
    """Who can have written this field, before asking what our own agents wrote."""
    if record.ref.object is ObjectType.EMAIL and field not in _SET_BY_STAFF[ObjectType.EMAIL]:
        return _email_origin(record, field)
    ours = _SET_BY_STAFF.get(record.ref.object)
    if ours is not None and field not in ours:
        return Origin.OUTSIDER
    stamp = record.stamps.get(field)
    return Origin.OUTSIDER if stamp is not None and stamp.source.upper() in _OUTSIDE_SOURCES else Origin.STAFF


def _email_origin(record: Record, field: FieldName) -> Origin:
    """Our own mail is ours unless it quotes the other side; a mail of unknown direction came in."""
    if record.value(FieldName("incoming")) is not False:
        return Origin.OUTSIDER
    text = record.value(field)
    return Origin.OUTSIDER if isinstance(text, str) and _QUOTED.search(text) else Origin.STAFF


def origins_of(record: Record, written: Sequence[AgentValue] = ()) -> dict[FieldName, Origin]:
    """The origin of every field of a record.

    A field that still holds what an agent wrote is never trusted above `agent`, nor above the agent's own evidence.
    """
    origins = {name: origin_of(record, name) for name in record.fields}
    for value in written:
        if value.field in origins and value.is_still(record.fields[value.field]):
            origins[value.field] = lowest((origins[value.field], Origin.AGENT, value.origin))
    return origins
