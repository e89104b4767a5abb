"""Where a request comes from: the connection's other end, or what a proxy of ours says, and nobody else's word.

The address counts calls of those whom we do not know. It is kept in memory only, and never in a log.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request

Network = IPv4Network | IPv6Network
_FORWARDED = "x-forwarded-for"
_MOST_HOPS = 16
_NOWHERE = "nowhere"
_SIXTY_FOUR = 64


class Addresses:
    """Tells addresses, given the networks of the proxies that stand before us."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)

    def of(self, request: Request) -> str:
        """Name where a request comes from; IPv6 by its first 64 bits, which one subscriber has for itself.

        `X-Forwarded-For` is read from its end, as far as the proxies that say it are ours.
        """
        found = _NOWHERE if request.client is None else request.client.host
        if self._trusted and self._is_ours(found):
            for hop in reversed(",".join(request.headers.getlist(_FORWARDED)).split(",")[-_MOST_HOPS:]):
                if not _is_address(hop.strip()):
                    break
                found = hop.strip()
                if not self._is_ours(found):
                    break
        return _counted(found)

    def _is_ours(self, text: str) -> bool:
        if not _is_address(text):
            return False
        forms = {ip_address(text), _plain(text)}  # either may be what was named
        return any(form in network for form in forms for network in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _plain(text: str) -> IPv4Address | IPv6Address:
    """Read an address; one of IPv4 as such also where a socket of IPv6 has wrapped it."""
    address = ip_address(text)
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if inner is None else inner


def _counted(text: str) -> str:
    if ":" not in text or not _is_address(text):
        return text
    address = _plain(text)
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((int(address), _SIXTY_FOUR), strict=False))
