"""Errors grouped by what the caller should do next: try again, set the record aside, or call a person.

Every error carries its facts as attributes and a `hint`: the next command to type.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta


class ConnectorError(Exception):
    """Anything this product raises on purpose."""

    hint: str = "crm-connector status"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if hint is not None:
            self.hint = hint


class RetryableError(ConnectorError):
    """The same call may succeed later; nothing was applied."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class RateLimitedError(RetryableError):
    """The CRM or our own budget refuses more calls for now; `daily` says that only tomorrow helps."""

    hint = "crm-connector status --quota"

    def __init__(self, message: str, *, retry_after: timedelta | None = None, daily: bool = False) -> None:
        super().__init__(message, retry_after=retry_after)
        self.daily = daily


class UnavailableError(RetryableError):
    """The other side could not be reached, or answered that it cannot serve now."""


class LockedRowError(RetryableError):
    """Another transaction of the CRM holds the record."""


class InvalidResponseError(RetryableError):
    """The answer was not what the protocol promises (HTML, cut JSON, wrong shape)."""


class OutcomeUnknownError(ConnectorError):
    """A write was sent and no answer came: read before sending anything again."""


class PermanentError(ConnectorError):
    """The same call will fail again; the record is set aside with this reason."""


class RejectedError(PermanentError):
    """The CRM refused the values: a validation rule, an option, a required or read-only field."""

    def __init__(self, message: str, *, code: str, fields: Sequence[str] = ()) -> None:
        super().__init__(message, hint="crm-connector check")
        self.code = code
        self.fields = tuple(fields)


class AccessDeniedError(PermanentError):
    """The integration user may not do this."""

    hint = "crm-connector check"


class RecordGoneError(PermanentError):
    """The record was deleted."""


class UnknownFieldError(PermanentError):
    """The CRM does not know this object, field or option (or hides it from our user)."""

    hint = "crm-connector check"


class UnsafeReferenceError(PermanentError):
    """An id or address that could leave the record, the object or the host it claims to name."""


class CredentialsError(ConnectorError):
    """The CRM no longer accepts our credentials; the connection stops until a person mends them."""

    hint = "crm-connector check"


class FieldHiddenError(CredentialsError):
    """A field that policies watch was taken from our user: to read on without it would be to miss its changes."""


class ProblemsError(ConnectorError):
    """Something a person wrote is wrong; every problem is listed at once."""

    def __init__(self, problems: Sequence[str], *, hint: str | None = None) -> None:
        super().__init__("\n".join(problems), hint=hint)
        self.problems = tuple(problems)


class PolicyError(ProblemsError):
    """One or more policy files are wrong; the policies loaded before stay in force."""

    hint = "crm-connector check"


class SettingsError(ProblemsError):
    """connector.yaml or its secrets are wrong."""

    hint = "crm-connector check"


class StateError(ConnectorError):
    """The state folder cannot be used: locked by another daemon, full, damaged, or from a newer version."""


class DecisionError(ConnectorError):
    """A reasoner gave no usable answer; the case goes to a person."""


class BudgetExhaustedError(RetryableError):
    """A spending or call budget of a policy is used up for now."""
