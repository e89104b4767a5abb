"""The gate: who sends a request, by access token, else by session, else nobody; and what a route demands of a caller.

Refusals are as RFC 6750 section 3 has them. Why a token is none that is good is not said: expired, forged, of another
issuer and of a client that is disabled are one answer.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request

from verifier.access.access_tokens import NotAToken
from verifier.access.addresses import Addresses
from verifier.access.bearers import Bearer, Bearers, UnknownClient
from verifier.access.meter import Meter
from verifier.access.paces import Of, Paces
from verifier.access.sessions import Sessions
from verifier.callers import ANYBODY, Act, Caller, Scope
from verifier.problems import Code, RequestRefused

_INVALID = {"www-authenticate": 'Bearer error="invalid_token"'}
_SCHEME = "bearer "


class AccessGate:
    """The gate of a service that knows clients and people."""

    def __init__(
        self,
        *,
        bearers: Bearers,
        sessions: Sessions,
        addresses: Addresses,
        paces: Paces,
        meter: Meter,
        clock: Callable[[], int],
    ) -> None:
        self._bearers = bearers
        self._sessions = sessions
        self._addresses = addresses
        self._paces = paces
        self._meter = meter
        self._clock = clock

    async def caller(self, request: Request) -> Caller:
        """Give the caller, and count the call: a caller's own, or against the address of whoever is none that we know.

        Raises:
            RequestRefused: 401 for a token or a session that is not good, 403 for a missing CSRF token, 429.
        """
        said = request.headers.get("authorization")
        if said is not None:
            return await self._system(request, said)
        if not self._sessions.remembers(request):
            self.count(request)  # before the database is asked who that is
        caller = request.state.caller = await self._sessions.caller(request) or ANYBODY
        if caller.name is not None:
            self._paces.hit(Of.CLIENT, caller.name)
        return caller

    def count(self, request: Request) -> None:
        """Count a call against the address that it comes from; raises `RequestRefused` (429) where it is too many."""
        self._paces.hit(Of.ADDRESS, self._addresses.of(request))

    def spend(self, caller: Caller, act: Act, count: int = 1) -> None:
        """Count what a caller is about to do; raises `RequestRefused` (429) where a client's quota forbids it."""
        client = None if caller.name is None or caller.operator is not None else self._bearers.client(caller.name)
        if client is None:
            return
        per_day = None if act is Act.REFUSED else client.per_day
        self._meter.spend(client.name, act, count, per_day)

    async def _system(self, request: Request, said: str) -> Caller:
        try:
            bearer = await self._bearer(said)
        except RequestRefused:
            self.count(request)
            raise
        request.state.caller = bearer.caller
        self._paces.hit(Of.CLIENT, bearer.client.name, bearer.client.per_minute)
        return bearer.caller

    async def _bearer(self, said: str) -> Bearer:
        if said[: len(_SCHEME)].lower() != _SCHEME:
            raise RequestRefused(Code.UNAUTHENTICATED, "Send an access token: Authorization: Bearer.", headers=_INVALID)
        token = said[len(_SCHEME) :].strip()
        try:
            return self._bearers.bearer(token, self._clock())
        except UnknownClient:
            if await self._bearers.look_again():
                return await self._bearer(said)
            raise _not_good() from None
        except NotAToken:
            raise _not_good() from None


def _not_good() -> RequestRefused:
    return RequestRefused(
        Code.UNAUTHENTICATED, "The access token is none that is good now: ask for another.", headers=_INVALID
    )


def require(caller: Caller, scope: Scope) -> None:
    """See that a caller may do something.

    Raises:
        RequestRefused: 401 where nobody is known, 403 with the missing scope where somebody is.
    """
    if scope in caller.scopes:
        return
    if not caller.known:
        raise RequestRefused(Code.UNAUTHENTICATED, f"This is for callers with the scope {scope}: say who you are.")
    missing = {"www-authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}
    raise RequestRefused(Code.FORBIDDEN, f"The scope {scope} is missing.", headers=missing)
