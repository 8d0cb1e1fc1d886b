"""Fill templates in: everything is escaped, nothing undefined is shown, and no character hides or turns what is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from connector.action import describe
from connector.calibration import as_percent
from connector.record import RecordRef
from connector.report.times import away, moment, span

# Direction overrides turn what is read around, control characters do nothing good on a page.
_HIDING = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
# Marks piled up on one letter are drawn over the lines above and below; no script needs more than three.
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILED = re.compile(f"({_MARK}{{3}}){_MARK}+")


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("connector.web"), autoescape=True, undefined=StrictUndefined, finalize=_plain,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )
    templates.filters |= {
        "away": _away, "day": _day,
        "dollars": _dollars, "iso": datetime.isoformat, "moment": moment, "percent": as_percent, "span": span,
        "at": _at, "path": _path, "says": describe,
    }
    return templates


def rendered(template: str, values: Mapping[str, Any]) -> str:
    return _templates().get_template(template).render(values)


def _plain(output: Any) -> Any:
    """Foreign text without what hides in it or covers its neighbours; escaped text passes as it is."""
    if type(output) is not str or (output.isascii() and output.isprintable()):
        return output  # most of a page: nothing can hide in it
    return _PILED.sub(r"\1", _HIDING.sub("", output))


def _away(at: datetime, now: datetime) -> str:
    return "just now" if abs(at - now) < timedelta(seconds=1) else away(at, now)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _dollars(usd: str) -> str:
    amount = Decimal(usd)
    return "no cost" if not amount else f"${amount:.4f}" if amount < Decimal("0.01") else f"${amount:.2f}"


def _path(text: object) -> str:
    """Foreign text as one part of an address."""
    return quote(str(text), safe="")


def _at(ref: RecordRef) -> str:
    """Where a record's story stands."""
    return f"/records/{quote(str(ref), safe=':/')}"
