"""What several pages read from an address or a form in the same way."""

from __future__ import annotations

import re

from connector.record import RecordRef
from connector.web.page import Asked, BadRequestError, NotThereError

_MOST_PAGES = 10_000
_OWN_PATH = re.compile(r"/(?!/)[\w/:.,?&=%@+~-]*", re.ASCII)


def page_number(asked: Asked) -> int:
    """Which page of a long list is meant; the first when none is named."""
    text = asked.query.get("page", "1")
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:6]) <= _MOST_PAGES:
        raise BadRequestError("there is no such page")
    return int(text)


def own_path(text: str, otherwise: str = "/") -> str:
    """A path of ours to go back to; anything that could lead elsewhere is not one."""
    return text if _OWN_PATH.fullmatch(text) else otherwise


def word(text: str, what: str) -> str:
    """An id or a name of ours: letters, digits, dashes. No underscore: to SQL's LIKE that is any character."""
    if not text.isascii() or not text.replace("-", "").isalnum() or len(text) > 120:
        raise BadRequestError(f"that is no {what}")
    return text


def record_named(text: str) -> RecordRef:
    try:
        return RecordRef.parse(text)
    except ValueError as error:
        raise NotThereError("There is no such record; write for example crm:ticket/123.") from error
