"""Under which names this page is reached. Loopback alone is no boundary: any site a browser is on can aim at it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from connector.settings import WebSettings


@dataclass(frozen=True, slots=True)
class Doors:
    """The origins that are ours, such as `http://127.0.0.1:8770`. A name that merely resolves to us is not."""

    origins: frozenset[str]

    @classmethod
    def of(cls, settings: WebSettings) -> Doors:
        """Loopback names when served there, and the address people type when that is another one."""
        names = []
        if ipaddress.ip_address(settings.address).is_loopback:
            host = f"[{settings.address}]" if ":" in settings.address else settings.address
            names = [f"http://{host}:{settings.port}", f"http://localhost:{settings.port}"]
        return cls(frozenset([*names, *([settings.origin] if settings.origin else [])]))

    @property
    def is_https(self) -> bool:
        """Whether people come by https only, so that the cookie may ask for it."""
        return all(origin.startswith("https://") for origin in self.origins)

    def knows_host(self, host: str) -> bool:
        """Whether the Host a browser names is one of ours: a rebound name of somebody else is turned away."""
        return host in {origin.partition("://")[2] for origin in self.origins}

    def is_own_post(self, headers: Mapping[str, str]) -> bool:
        """Whether a change was asked for by a page of ours: the browser says so in two headers nobody can forge there."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is None and site is None:
            return False
        return (origin is None or self._is_own_origin(origin, headers.get("host", ""))) and site in (None, "same-origin")

    def _is_own_origin(self, origin: str, host: str) -> bool:
        return origin in self.origins and origin.partition("://")[2] == host
