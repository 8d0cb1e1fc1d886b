"""Which network address a host name may stand for: resolved once, judged, and connected to by that very address.

A name that is allowed by settings can still be pointed at the machines around us; so the answer of the resolver is judged,
not the name, and no second question is asked between judging and connecting.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from connector.errors import UnsafeReferenceError

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""The addresses of a host, best first; raises OSError when it has none."""

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
# Protocol assignments (RFC 6890), of which older Pythons know a part only: one cloud keeps its metadata at 192.0.0.192.
_ASSIGNED = ipaddress.IPv4Network("192.0.0.0/24")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address stands in the last 32 bits


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def system_resolve(host: str, port: int) -> Sequence[str]:
    """What the operating system's resolver answers."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(place[4][0]) for place in found))


class Dial:
    """Opens connections to judged addresses only; the one place from which channels and lookups reach the network.

    `local_hosts` are the names that may stand for an address inside the house. A host named as this machine stays on it.
    `opened` is told the host of every session.
    """

    def __init__(
        self, local_hosts: Collection[str] = (), *, resolve: Resolve = system_resolve,
        opened: Callable[[str], None] = lambda host: None,
    ) -> None:
        self._local = frozenset(host.lower().rstrip(".") for host in local_hosts)
        self._resolve = resolve
        self._opened = opened

    def connect(self, host: str, port: int, timeout: float | None) -> socket.socket:
        """A connected socket. Raises UnsafeReferenceError before connecting, OSError when nobody answers."""
        last: OSError = OSError(f"{host} has no address")
        for address in self._judged(host, port):
            try:
                made = socket.create_connection((address, port), timeout)
            except OSError as error:
                last = error
                continue
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._opened(host)
            return made
        raise last

    def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses of `host`, for a client that connects by itself: asking for them counts as a session.

        Every one of them is permitted; one that is not forbids the host altogether.
        """
        found = self._judged(host, port)
        self._opened(host)
        return found

    def _judged(self, host: str, port: int) -> tuple[str, ...]:
        name = host.lower().rstrip(".").removeprefix("[").removesuffix("]")
        found = tuple(self._resolve(name, port))
        for address in found:
            if not self._may_be(name, address):
                raise UnsafeReferenceError(
                    f"{host} stands for {address}, an address inside the house; list it under privacy.local_hosts if it may"
                )
        return found

    def is_local(self, host: str) -> bool:
        """Whether a host is this machine or one that people have named as theirs."""
        return is_loopback(host) or host.lower().rstrip(".") in self._local

    def _may_be(self, name: str, address: str) -> bool:
        if is_loopback(name):
            return is_loopback(address)
        return name in self._local or is_public(address)


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet, whichever way an IPv4 address is wrapped into it."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(_is_global(one) for one in _meant(found))


def _is_global(address: _Address) -> bool:
    inside = address.is_multicast or address.is_reserved or address.is_unspecified or address in _ASSIGNED
    return address.is_global and not inside


def _meant(address: _Address) -> tuple[_Address, ...]:
    """The address that is reached: of mapped, tunnelled and translated forms also the IPv4 address inside.

    The translated form counts as what it translates to; the prefix itself is global whatever it holds.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return (address, *address.teredo)
    if address in _NAT64:
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    return (address,)
