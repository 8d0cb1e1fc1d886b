"""E-mail through your own server: encrypted or on this machine, one letter per intent, never sent twice."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from contextlib import ExitStack
from email.message import EmailMessage
from email.policy import SMTP as SMTP_FORM
from email.utils import format_datetime, parseaddr
from typing import Any

from adapters.channels.calendar import invite
from connector.adapter import (
    ActionKind,
    Channel,
    ChannelEnvironment,
    Delivered,
    DeliveryResult,
    Dial,
    Dispatch,
    FieldName,
    Finding,
    Postponed,
    Refused,
    Unknown,
    is_loopback,
)
from connector.errors import SettingsError, UnsafeReferenceError

KINDS = frozenset({ActionKind.SEND_EMAIL, ActionKind.SCHEDULE_MEETING})
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_ADDRESS = re.compile(r"[^\s@<>,;:\"\\()\[\]]{1,64}@[A-Za-z0-9.-]{1,253}")
_MOST = 20  # recipients; the record's own people are few


class SmtpChannel:
    """One server and one sender."""

    def __init__(self, environment: ChannelEnvironment) -> None:
        options = environment.options
        self._host = options.text("host")
        self._security = options.word("security", _PORTS, "starttls")
        self._port = options.whole("port", _PORTS[self._security], low=1, high=65535)
        self._sender = options.text("from")
        self._user = options.text("username", "-")
        self._seconds = options.whole("timeout", 20, low=1, high=300)
        self._ca_file = options.text("ca_file") if options.has("ca_file") else None
        if self._security == "none" and not is_loopback(self._host):
            options.wrong("security", "letters leave this machine encrypted only: choose starttls or tls")
        if not _ADDRESS.fullmatch(parseaddr(self._sender)[1]):
            options.wrong("from", "must be an address such as `Support <support@example.com>`")
        options.close()
        if options.problems:
            raise SettingsError(options.problems)
        self._secrets, self._dial = environment.secrets, environment.dial

    @property
    def kinds(self) -> frozenset[ActionKind]:
        return KINDS

    @property
    def needs(self) -> frozenset[FieldName]:
        return frozenset()

    def deliver(self, dispatch: Dispatch) -> DeliveryResult:
        """Hand the letter over. Until the body is sent nothing can have arrived; after that only the answer tells."""
        if not 1 <= len(dispatch.to) <= _MOST or not all(_ADDRESS.fullmatch(address) for address in dispatch.to):
            return Refused(code="address", reason="a recipient is not a plain e-mail address")
        try:
            letter = self.letter(dispatch).as_bytes(policy=SMTP_FORM)
        except (ValueError, KeyError) as error:
            return Refused(code="letter", reason=f"no letter can be made of it: {error}")
        try:
            server = self._opened()
        except UnsafeReferenceError as error:
            return Refused(code="address", reason=error.message)
        except SettingsError as error:
            return Postponed(reason=error.message)
        except (OSError, smtplib.SMTPException) as error:
            return _before(error)
        try:
            return self._handed_over(server, dispatch, letter)
        finally:
            server.close()

    def check(self) -> tuple[Finding, ...]:
        if self._user != "-" and self._secrets.find("password") is None:
            return (Finding(subject="secret", problem="password is not set", fix="set it as docs/channels.md says"),)
        try:
            self._opened().close()
        except (OSError, smtplib.SMTPException, UnsafeReferenceError) as error:
            # A server that repeats a refused login is not repeated.
            problem = error.message if isinstance(error, UnsafeReferenceError) else _before(error).reason
            fix = "check host, port and login"
            return (Finding(subject=self._host, problem=f"no session: {problem}", fix=fix, fatal=False),)
        return ()

    def letter(self, dispatch: Dispatch) -> EmailMessage:
        """The letter, with the same Message-ID however often it is made: a mailbox that got it twice shows it once."""
        letter = EmailMessage(policy=SMTP_FORM)
        domain = parseaddr(self._sender)[1].rpartition("@")[2]
        letter["From"], letter["To"] = self._sender, ", ".join(dispatch.to)
        letter["Subject"] = " ".join(dispatch.subject.split())
        letter["Date"] = format_datetime(dispatch.at)
        letter["Message-ID"] = f"<{dispatch.intent}@{domain}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(dispatch.body)
        if dispatch.kind is ActionKind.SCHEDULE_MEETING:
            request = invite(dispatch, organiser=parseaddr(self._sender)[1])
            letter.add_alternative(request, subtype="calendar", params={"method": "REQUEST"})
        return letter

    def _opened(self) -> smtplib.SMTP:
        """A session that is encrypted and signed in."""
        context = ssl.create_default_context(cafile=self._ca_file)
        made = _Tls if self._security == "tls" else _Pinned
        server = made(self._dial, self._host, self._port, self._seconds, context)
        with ExitStack() as on_failure:
            on_failure.callback(server.close)
            server.ehlo_or_helo_if_needed()
            if self._security == "starttls":
                server.starttls(context=context)
            if self._user != "-":
                server.login(self._user, self._secrets.get("password"))
            on_failure.pop_all()
        return server

    def _handed_over(self, server: smtplib.SMTP, dispatch: Dispatch, letter: bytes) -> DeliveryResult:
        try:
            code, said = server.mail(parseaddr(self._sender)[1])
            for address in dispatch.to:
                if code < 400:
                    code, said = server.rcpt(address)
        except (OSError, smtplib.SMTPException) as error:
            return _before(error)
        if code >= 400:  # one recipient refused refuses the letter: half a delivery is nobody's intention
            return _answer(code, said)
        try:
            code, said = server.data(letter)
        except smtplib.SMTPDataError as error:  # the server did not want the body
            return _answer(error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            return Unknown(reason=f"the letter was sent and {self._host} did not say that it has it: {type(error).__name__}")
        return Delivered(reference=f"<{dispatch.intent}>") if code < 400 else _answer(code, said)


class _Pinned(smtplib.SMTP):
    """A session whose connection is opened through the dial."""

    def __init__(self, dial: Dial, host: str, port: int, timeout: float, context: ssl.SSLContext) -> None:
        self._dial = dial
        self._open(host, port, timeout, context)

    def _open(self, host: str, port: int, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        return self._dial.connect(host, port, timeout)


class _Tls(_Pinned):
    """The same, encrypted from the first byte."""

    def _open(self, host: str, port: int, timeout: float, context: ssl.SSLContext) -> None:
        self._context = context
        super()._open(host, port, timeout, context)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        plain: socket.socket = super()._get_socket(host, port, timeout)
        return self._context.wrap_socket(plain, server_hostname=host)


def _before(error: Exception) -> Postponed | Refused:
    """The body was not sent: whatever went wrong, nothing arrived."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return Postponed(reason="the mail server does not accept our login")
        case smtplib.SMTPNotSupportedError():
            return Refused(code="encryption", reason="the mail server offers no encryption or no login")
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=said):
            return _answer(code, said)
        case _:
            return Postponed(reason=f"the mail server could not be reached: {type(error).__name__}")


def _answer(code: int, said: bytes | str) -> Postponed | Refused:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    reason = f"the mail server answered {code} {' '.join(text.split())[:200]}"
    return Postponed(reason=reason) if code < 500 else Refused(code=str(code), reason=reason)


def connect(environment: ChannelEnvironment) -> Channel:
    """The channel of one block with `kind: smtp`."""
    return SmtpChannel(environment)
