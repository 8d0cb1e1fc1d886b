"""What an error of the transport means for a message that was to leave."""

from __future__ import annotations

from connector.adapter import DeliveryResult, NoAnswerError, NotSentError, Postponed, Refused, Unknown
from connector.errors import ConnectorError


def failed(error: ConnectorError) -> DeliveryResult:
    """Not sent: later. No answer: perhaps it arrived, so never blindly again. Anything else: the address may not be used."""
    match error:
        case NotSentError():
            return Postponed(reason=error.message)
        case NoAnswerError():
            return Unknown(reason=error.message)
        case _:
            return Refused(code="address", reason=error.message)
