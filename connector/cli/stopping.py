"""Ctrl-C in a command: what was finished stands, and a person is told what that is and how to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

EXIT = 130  # what a shell expects of a program that Ctrl-C ended


class StoppedError(Exception):
    """A person stopped the command; nothing is half done. No trouble of the product's, so none of its errors."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@contextmanager
def stoppable(told: Callable[[], str], *, hint: str = "type the same command again") -> Iterator[None]:
    """Turn Ctrl-C inside into what was done until then, and the next command."""
    try:
        yield
    except KeyboardInterrupt:
        raise StoppedError(f"stopped: {told()}", hint) from None
