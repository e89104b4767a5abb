"""Where a request comes from: the connection's other end, or what a proxy of ours says, and nobody else's word.

The address counts calls of those whom we do not know. It is kept in memory only, and never in a log.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request

Address = IPv4Address | IPv6Address
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
                if not forms_of(hop.strip()):
                    break
                found = hop.strip()
                if not self._is_ours(found):
                    break
        return _counted(found)

    def _is_ours(self, text: str) -> bool:
        return any(form in network for form in forms_of(text) for network in self._trusted)


def forms_of(text: str) -> Sequence[Address]:
    """Read an address, and what is inside where a socket of IPv6 has wrapped one of IPv4; nothing of other texts.

    Either may be what somebody named.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return ()
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (address,) if inner is None else (address, inner)


def _counted(text: str) -> str:
    forms = forms_of(text)
    if ":" not in text or not forms:
        return text
    address = forms[-1]
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((int(address), _SIXTY_FOUR), strict=False))
