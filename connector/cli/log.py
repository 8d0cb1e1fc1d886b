"""The log of a running command: events on stderr, readable on a terminal, JSON elsewhere, with secrets masked."""

from __future__ import annotations

import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO, cast

from connector.adapter import Log

_SECRET_NAMES = re.compile(
    r"token|secret|password|passphrase|authorization|api_?key|private_?key|assertion|cookie", re.IGNORECASE
)
_SECRET_TEXTS = re.compile(
    r"Bearer\s+\S+|\bpat-[a-z0-9]{2,4}-[\w-]{8,}|\bsk-[\w-]{8,}|\b00D\w{12,15}![\w.]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_MASK = "[masked]"


def open_log(stream: TextIO | None = None, *, verbose: bool = True) -> Log:
    """Configure structlog and return the log. `verbose` False keeps warnings only."""
    import logging

    import structlog
    from structlog.tracebacks import ExceptionDictTransformer

    stream = stream or sys.stderr
    # A tick that comes while the one before still works is skipped by design; the scheduler would warn each time.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Without local variables: those hold records and credentials.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            mask_secrets,
            _renderer(stream),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if verbose else logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    return cast(Log, structlog.get_logger())


def _renderer(stream: TextIO) -> Any:
    import structlog

    if stream.isatty():
        return structlog.dev.ConsoleRenderer(colors=True)
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def mask_secrets(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask what is named like a secret, and what looks like one wherever it stands."""
    for name, value in event.items():
        event[name] = _MASK if _SECRET_NAMES.search(name) else _masked(value)
    return event


def _masked(value: Any) -> Any:
    match value:
        case str():
            return _SECRET_TEXTS.sub(_MASK, value)
        case dict():
            return {key: _MASK if _SECRET_NAMES.search(str(key)) else _masked(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_masked(inner) for inner in value]
        case _:
            return value


class Quiet:
    """A log that keeps nothing, for commands that only read."""

    def info(self, event: str, **fields: Any) -> None: ...

    def warning(self, event: str, **fields: Any) -> None: ...

