"""Which addresses may be called: what a caller's watch can make this service reach.

A watch is a way for a stranger to send requests from inside our network. So: https, or http to this machine itself; no
user name; a host that the settings name, or, where they name none, any host all of whose addresses are public. The
name is resolved when the watch is made and again at every attempt, and the connection goes to the address that was
checked.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import httpx

from store.watches import MAX_URL

_MAX_PORT = 65_535
_PORTS = {"https": 443, "http": 80}
_FIRST_FREE = 1024
"""Ports below are of other services of a machine, which nobody may try out by a watch."""
_AT_ONCE = 256
"""Names that are asked for at once: as many as there are deliveries under way at most."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Awaitable[Collection[str]]]
"""Gives the addresses of a host; OSError where it has none."""


class AddressRefused(Exception):
    """This address is not called; `why` says so to whoever asked for it, and nothing about our network."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL that keeps to the rules, and the addresses of its host that were checked."""

    url: httpx.URL
    addresses: tuple[str, ...]


class SystemResolver:
    """Asks the system for the addresses of a host, many at once, in threads that do nothing else.

    The name server may be the caller's own, and hang. An event loop by itself asks for two or for six names at once.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="resolver")

    async def __call__(self, host: str, port: int) -> Collection[str]:
        """Give the addresses."""
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return [str(address[0]) for *_, address in found]


class AddressRules:
    """Tells which URLs may be called.

    Args:
        hosts: the only hosts that may be, in lower case, wherever they lead; none: all public ones.
        resolver: who knows addresses; the system, unless another is named.
    """

    def __init__(self, hosts: Collection[str], resolver: Resolver | None = None) -> None:
        self._hosts = frozenset(hosts)
        self._resolver = resolver or SystemResolver()

    async def target(self, text: str) -> Target:
        """Check a URL and the addresses behind it.

        Raises:
            AddressRefused: it may not be called, or leads nowhere; both are said in the same words.
        """
        url = _read(text)
        host, port = url.host, url.port or _PORTS[url.scheme]
        if self._hosts and host not in self._hosts:
            raise AddressRefused("this host is not among those that may be called")
        try:
            found = [ipaddress.ip_address(each.partition("%")[0]) for each in await self._resolver(host, port)]
        except (OSError, UnicodeError, ValueError):
            found = []
        local = url.scheme == "http"
        if not found or not all(self._may_call(host, address, local=local) for address in found):
            raise AddressRefused("this host is not one that may be called from here")
        return Target(url=url, addresses=tuple(dict.fromkeys(map(str, found))))

    def _may_call(self, host: str, address: Address, *, local: bool) -> bool:
        if local and not address.is_loopback:
            return False
        return host in self._hosts or is_public(address)


def is_public(address: Address) -> bool:
    """Tell whether an address is of the internet at large, also where it only wraps one of IPv4."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _read(text: str) -> httpx.URL:
    if len(text) > MAX_URL:
        raise AddressRefused(f"longer than {MAX_URL} characters")
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise AddressRefused("this is no URL") from None
    if url.scheme not in _PORTS or not url.host or "%" in url.host:
        raise AddressRefused("an https URL with a host is due")
    if url.userinfo or url.fragment:
        raise AddressRefused("a URL without a user name and without a fragment is due")
    if url.port is not None and not 0 < url.port <= _MAX_PORT:
        raise AddressRefused("there is no such port")
    if url.port is not None and url.port < _FIRST_FREE and url.port not in _PORTS.values():
        raise AddressRefused(f"443, 80 or a port from {_FIRST_FREE} on is due")
    if url.scheme == "http" and not _is_this_machine(url.host):
        raise AddressRefused("https is due; http is only for this machine itself")
    return url


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
