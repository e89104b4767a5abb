"""Who may read `/metrics`: whoever asks from this machine or from a network of our proxies, unless all may."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request

from verifier.access.addresses import Network, forms_of

_FORWARDED = "x-forwarded-for"


class Readers:
    """Tells who may read.

    Where a proxy of ours passes a stranger's request on, it comes from an address of ours and is the stranger's all the
    same: every address that it names must be one of ours.
    """

    def __init__(self, *, anybody: bool = False, trusted: Sequence[Network] = ()) -> None:
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
        inner = forms_of(text)[-1:]
        return any(address.is_loopback or any(address in each for each in self._trusted) for address in inner)
