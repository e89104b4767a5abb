"""The kinds of address that settings hold: of nodes, hosts, keys, a provider, and of this service itself."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def _http(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ValueError("an http(s) address is due, without a user name in it")
    return url


def _all_http(urls: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_http, urls))


def _hosts(names: tuple[str, ...]) -> tuple[str, ...]:
    if any("/" in name or "@" in name for name in names):
        raise ValueError("names of hosts or addresses are due, without https:// and without a port")
    return tuple(name.lower() for name in names)


def _keys(addresses: tuple[str, ...]) -> tuple[str, ...]:
    if not all(re.fullmatch("0x[0-9a-fA-F]{40}", address) for address in addresses):
        raise ValueError("addresses are due, each of 0x and 40 hexadecimal digits")
    return tuple(address.lower() for address in addresses)


def _provider(url: str) -> str:
    parts = urlsplit(_http(url))
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ValueError("an address with https is due")
    return url


def _base(url: str) -> str:
    parts = urlsplit(_http(url))
    if parts.query or parts.fragment or url.endswith("/"):
        raise ValueError("an address without query and without a slash at its end is due")
    return url


Nodes = Annotated[tuple[str, ...], AfterValidator(_all_http)]
"""Addresses of nodes."""
Address = Annotated[str, AfterValidator(_http)]
"""The address of a service."""
Keys = Annotated[tuple[str, ...], AfterValidator(_keys)]
"""Addresses of ledger keys, in small letters."""
Hosts = Annotated[tuple[str, ...], AfterValidator(_hosts)]
"""Names of hosts, or their addresses, in small letters."""
Provider = Annotated[str, AfterValidator(_provider)]
"""The address of an OpenID provider: https, but on this machine itself."""
Base = Annotated[str, AfterValidator(_base)]
"""What other addresses begin with."""
