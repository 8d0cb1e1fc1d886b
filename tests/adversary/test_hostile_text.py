"""Text of strangers on its way into other formats: mail headers, calendars, spreadsheets."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from email import message_from_bytes, policy

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.channels import smtp
from adapters.channels.smtp import SMTP_FORM
from connector.adapter import Delivered, Dispatch
from connector.record import ActionKind, ConnectionName, ObjectType, RecordRef
from connector.web.csv_export import csv_of
from tests.support.mail_server import mail_server
from tests.support.outside import environment

NASTY = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            ("\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "Bcc: eve@evil.example", "END:VEVENT", ":", ";",
             ",", "\\", "BEGIN:VEVENT", "ATTENDEE:mailto:eve@evil.example", "=?utf-8?q?x?=", "\x00", "a", "=1+1",
             "\t@x", "-1", "+1", '"')
        ),
        max_size=12,
    ).map("".join),
)  # fmt: skip
ADA = "ada@example.com"


def channel(port: int = 25):
    options = {"host": "127.0.0.1", "port": port, "security": "none", "from": "Us <us@example.org>"}
    return smtp.connect(environment(options))


def dispatch(subject: str, body: str, kind: ActionKind = ActionKind.SEND_EMAIL, to: str = ADA) -> Dispatch:
    times = {"start": "2026-09-02T09:00:00+00:00", "end": "2026-09-02T09:30:00+00:00"}
    return Dispatch(
        intent="a" * 32, kind=kind, ref=RecordRef(ConnectionName("crm"), ObjectType.CONTACT, "1"), target="email", to=(to,),
        subject=subject, body=body, parameters=times if kind is ActionKind.SCHEDULE_MEETING else {},
        at=datetime(2026, 9, 1, tzinfo=UTC),
    )  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(subject=NASTY, body=NASTY, kind=st.sampled_from((ActionKind.SEND_EMAIL, ActionKind.SCHEDULE_MEETING)))
def test_no_text_becomes_a_header_or_a_line_of_a_calendar(subject: str, body: str, kind: ActionKind) -> None:
    try:
        content = channel().letter(dispatch(subject, body, kind)).as_bytes(policy=SMTP_FORM)
    except (ValueError, KeyError):
        return  # refused as `Refused(code="letter")`
    letter = message_from_bytes(content, policy=policy.default)
    assert letter["Bcc"] is None
    assert letter["To"] == ADA
    assert set(letter.keys()) <= {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding",
        "MIME-Version",
    }  # fmt: skip
    for part in letter.walk():
        if part.get_content_type() == "text/calendar":
            lines = part.get_content().replace("\r\n ", "").replace("\n ", "").splitlines()
            attendees = [line for line in lines if line.upper().startswith("ATTENDEE")]
            assert len(attendees) == 1
            assert attendees[0].endswith(f"mailto:{ADA}")
            assert sum(line == "BEGIN:VEVENT" for line in lines) == 1


@settings(max_examples=40, deadline=None)
@given(to=st.one_of(NASTY, NASTY.map(lambda text: f"{ADA}{text}")))
def test_no_recipient_but_a_plain_address_is_written_to(to: str) -> None:
    if to == ADA:
        return
    with mail_server() as box:
        made = channel(box.port).deliver(dispatch("Hello", "Hello", to=to))
        if isinstance(made, Delivered):
            assert box.recipients == [[to]]
            assert not any(mark in to for mark in "\r\n\t ,;<>\"\x00")
        else:
            assert box.letters == []


@settings(max_examples=120, deadline=None)
@given(cell=NASTY)
def test_no_cell_of_an_export_is_a_formula(cell: str) -> None:
    [_, row] = csv.reader(io.StringIO(csv_of(("a", "b"), [(cell, "x")])))
    assert not row[0].strip("\x00").lstrip().startswith(("=", "+", "-", "@"))
    assert row[1] == "x"
