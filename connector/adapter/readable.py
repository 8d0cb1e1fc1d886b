"""Answers of a shape nobody promised: what reading them trips over becomes one error that says to try again later."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from connector.errors import InvalidResponseError

P = ParamSpec("P")
R = TypeVar("R")

# A missing key, another type, a number that is none, a nesting without end: a proxy's page or a half-written answer.
_TRIPPED = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)


def readable(method: Callable[P, R]) -> Callable[P, R]:
    """For the reading methods of an adapter: raises InvalidResponseError for an answer it cannot make sense of.

    Never for methods that send writes: there an unreadable answer is an unknown outcome.
    """

    @wraps(method)
    def reading(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except _TRIPPED as error:
            what = f"an answer of the CRM has a shape we do not know ({method.__name__}: {type(error).__name__})"
            raise InvalidResponseError(what) from error

    return reading
