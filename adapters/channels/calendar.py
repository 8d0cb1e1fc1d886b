"""Invitations as calendars understand them: one iCalendar request per intent, with the same UID however often it is made."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from connector.adapter import Dispatch


def invite(dispatch: Dispatch, *, organiser: str) -> str:
    """The request (RFC 5546) for the meeting a dispatch describes. Raises ValueError where its times make no meeting."""
    from icalendar import Calendar, Event, vCalAddress

    start, end = _moment(dispatch, "start"), _moment(dispatch, "end")
    if end <= start:
        raise ValueError("the meeting ends before it begins")
    event = Event()
    event.add("uid", f"{dispatch.intent}@{organiser.rpartition('@')[2]}")
    event.add("dtstamp", dispatch.at)
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("summary", _written(dispatch.subject))
    event.add("description", _written(dispatch.body))
    if place := dispatch.parameters.get("location"):
        event.add("location", _written(place))
    event.add("organizer", vCalAddress(f"mailto:{organiser}"))
    for address in dispatch.to:
        guest = vCalAddress(f"mailto:{address}")
        guest.params["RSVP"] = "TRUE"
        event.add("attendee", guest)
    calendar = Calendar()
    calendar.add("prodid", "-//crm-connector//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "REQUEST")
    calendar.add_component(event)
    return str(calendar.to_ical().decode())


def _moment(dispatch: Dispatch, name: str) -> datetime:
    moment = datetime.fromisoformat(dispatch.parameters[name])
    if moment.tzinfo is None:
        raise ValueError(f"{name} has no time zone")
    return moment.astimezone(UTC)


def _written(text: str) -> str:
    """The text without what no calendar text may hold (RFC 5545, 3.3.11); line ends of every script become plain ones.

    Some readers split at all of them, and would take what follows for a line of the calendar.
    """
    lines = "\n".join(text.splitlines())
    return "".join(one for one in lines if one in "\n\t" or unicodedata.category(one) != "Cc")
