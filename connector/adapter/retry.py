"""Which calls are sent again after a failure, by what they do; a create is never sent twice on a guess."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from enum import Enum, auto
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception

from connector.adapter.transport import NotSentError
from connector.clock import Clock
from connector.errors import ConnectorError, LockedRowError, OutcomeUnknownError, RateLimitedError, RetryableError

Answer = TypeVar("Answer")


class Operation(Enum):
    """What a call does to the CRM, which decides when it may be sent again."""

    READ = auto()  # changes nothing
    UPSERT = auto()  # by external id: sending it twice is the same as once
    GUARDED = auto()  # an update under its guard: a lost answer is read back, not resent
    CREATE = auto()  # sent once: again only when nothing can have arrived


def may_repeat(operation: Operation, error: BaseException) -> bool:
    """Whether the same call may be sent again after this error. A daily limit is never waited out here."""
    if isinstance(error, RateLimitedError) and error.daily:
        return False
    match operation:
        case Operation.READ | Operation.UPSERT:
            return isinstance(error, RetryableError | OutcomeUnknownError)
        case Operation.GUARDED:
            return isinstance(error, NotSentError | RateLimitedError | LockedRowError)
        case Operation.CREATE:
            return isinstance(error, NotSentError)


class Retries:
    """Bounded repetition with growing random waits; the server's own `retry_after` is honoured, never shortened."""

    def __init__(
        self,
        clock: Clock,
        chance: random.Random,
        *,
        attempts: int = 5,
        deadline: timedelta = timedelta(minutes=2),
        first: float = 0.5,
        longest: float = 30.0,
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._attempts = attempts
        self._deadline = deadline.total_seconds()
        self._first = first
        self._longest = longest

    def call(self, operation: Operation, work: Callable[[], Answer]) -> Answer:
        """The answer of `work`, repeated as far as the operation allows; the last error is raised unchanged."""
        end = self._clock.monotonic() + self._deadline
        try:
            return work()  # nearly every call ends here, and pays nothing for the machinery below
        except ConnectorError as error:
            if not may_repeat(operation, error):
                raise
            failed = [error]

        def repeated() -> Answer:
            if failed:  # the first attempt has been made
                raise failed.pop()
            return work()

        def spent(state: RetryCallState) -> bool:
            return state.attempt_number >= self._attempts or self._clock.monotonic() + state.upcoming_sleep > end

        attempts = Retrying(
            retry=retry_if_exception(lambda error: may_repeat(operation, error)),
            wait=self._wait,
            stop=spent,
            sleep=self._clock.sleep,
            reraise=True,
        )
        return attempts(repeated)

    def _wait(self, state: RetryCallState) -> float:
        # Own wait and stop: tenacity's draw on the global random and time modules, which a simulation cannot hold.
        grown = min(self._longest, self._first * 2.0 ** (state.attempt_number - 1))
        drawn = self._chance.uniform(grown / 2, grown)
        error = state.outcome.exception() if state.outcome is not None else None
        asked = error.retry_after if isinstance(error, RetryableError) else None
        return drawn if asked is None else asked.total_seconds() + drawn / 4
