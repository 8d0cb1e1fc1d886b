"""Which hosts a connection may call: the addresses its own settings name, else the vendor's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

_ADDRESSES = ("base_url", "login_url", "instance_url")
_VENDOR: Mapping[str, tuple[str, ...]] = {
    "hubspot": ("https://api.hubapi.com",),
    "salesforce": ("https://login.salesforce.com",),
}
# A generic login hands out the org's own address, which is not known before the first sign-in.
_GENERIC_LOGINS = frozenset({"login.salesforce.com", "test.salesforce.com"})
_ORGS = ("https://*.my.salesforce.com",)


def hosts_of(system: str, options: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses one connection is pinned to. `hosts:` in its settings adds to them."""
    named = [str(options[key]).rstrip("/") for key in _ADDRESSES if options.get(key)]
    found = tuple(named) or _VENDOR.get(system, ())
    if not options.get("instance_url") and any(_host(address) in _GENERIC_LOGINS for address in found):
        found += _ORGS
    return tuple(dict.fromkeys((*found, *map(str, options.get("hosts") or ()))))


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""
