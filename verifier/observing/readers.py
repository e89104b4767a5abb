"""Who may read `/metrics`: whoever asks from this machine or from a network of our proxies, unless all may."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.requests import Request

_FORWARDED = "x-forwarded-for"


class Readers:
    """Tells who may read.

    Where a proxy of ours passes a stranger's request on, it comes from an address of ours and is the stranger's all the
    same: every address that it names must be one of ours.
    """

    def __init__(self, *, anybody: bool = False, trusted: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        self._anybody = anybody
        self._trusted = tuple(trusted)

    def admit(self, request: Request) -> bool:
        """Say whether a request may be answered."""
        if self._anybody:
            return True
        hops = ",".join(request.headers.getlist(_FORWARDED))
        told = [hop.strip() for hop in hops.split(",")] if hops else []
        return all(map(self._is_ours, [request.client.host if request.client is not None else "", *told]))

    def _is_ours(self, text: str) -> bool:
        try:
            address = ip_address(text)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return address.is_loopback or any(address in network for network in self._trusted)
