"""What proves a delivery at the public door: a secret that its sender and we share, and a time close to ours."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from connector.adapter.channels import ChannelEnvironment
from connector.adapter.hooks import Forged, HookDelivery
from connector.clock import EPOCH
from connector.errors import SettingsError

WINDOW = timedelta(minutes=5)
"""How far the sender's time may be from ours, to both sides: one of the future could be played back until it comes."""


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """The secret of one source."""

    _secret: bytes = field(repr=False)

    @classmethod
    def of(cls, environment: ChannelEnvironment) -> SharedSecret:
        """The last step of opening a source, once its options are read.

        Raises SettingsError for options that are wrong, and where there is no secret: without one nothing could be proven.
        """
        environment.options.close()
        if environment.options.problems:
            raise SettingsError(environment.options.problems)
        return cls(environment.secrets.get("hook_secret").encode())

    def unproven(
        self, delivery: HookDelivery, *, sent: timedelta, given: str, signed: Callable[[bytes], str]
    ) -> Forged | None:
        """Why the delivery is not believed, if it is not. `sent` counts from 1970; `signed` signs as the sender must."""
        if abs(delivery.at - EPOCH - sent) > WINDOW:
            return Forged(why="its time is more than five minutes from ours")
        if not hmac.compare_digest(signed(self._secret).encode(), given.encode()):
            return Forged(why="its signature is not ours")
        return None
