"""Sessions of people: a cookie of 256 random bits, of which we keep the hash, and a CSRF token for unsafe requests.

A session is over after it has been idle for a while, after its whole time, at log-out, and when its account is disabled
or gets another password; and where it was used so much later than now that the clock must have been set back. What was
read is remembered for a few seconds, and longer while the database is away, so that a clerk who is logged in can go on
verifying.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from store import sessions
from store.accounts import Account
from store.database import Connection, Database
from store.errors import DatabaseAway, StoreError
from store.sessions import Session
from verifier.access.roles import scopes_of
from verifier.callers import Caller
from verifier.problems import Code, RequestRefused

FRESH = 5
"""Seconds for which a session that was read is not read again."""
NOTED = 60
"""Seconds between two notes that a session is in use."""
KEPT = 10_000
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """For how many seconds a session is good: while it is not used, and in all."""

    idle: int
    whole: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session that was just begun: what the browser gets."""

    token: str
    csrf: str


class Sessions:
    """Begins, finds and ends sessions."""

    def __init__(self, database: Database, lasting: Lasting, clock: Callable[[], int], *, secure: bool) -> None:
        self._database = database
        self._lasting = lasting
        self._clock = clock
        self._secure = secure
        self._kept: dict[bytes, tuple[int, Session]] = {}
        self.cookie = "__Host-ecert" if secure else "ecert"
        """The cookie's name. Browsers take `__Host-` only over https, for this host alone and all its paths."""

    def open(self, connection: Connection, account: str) -> Opened:
        """Begin a session, in the transaction that lets its person in."""
        opened = Opened(token=secrets.token_urlsafe(_BYTES), csrf=secrets.token_urlsafe(_BYTES))
        now = self._clock()
        expires_at = now + self._lasting.whole
        digest = _hash(opened.token)
        sessions.start(connection, account, token=digest, csrf=opened.csrf, now=now, expires_at=expires_at)
        return opened

    def set_cookie(self, opened: Opened) -> str:
        """Give the header value that hands the browser its token, until it is closed."""
        return f"{self.cookie}={opened.token}; {self._attributes()}"

    def clear_cookie(self) -> str:
        """Give the header value that makes the browser forget its token."""
        return f"{self.cookie}=; Max-Age=0; {self._attributes()}"

    async def caller(self, request: Request) -> Caller | None:
        """Give who is logged in; None where the request has no session cookie.

        Raises:
            RequestRefused: the session is over (401), or an unsafe request lacks its CSRF token (403).
            StoreError: the database does not answer, and the session was not seen before.
        """
        session = await self.session(request)
        if session is None:
            return None
        if request.method not in SAFE and not await _has_token(request, session.csrf):
            raise RequestRefused(
                Code.FORBIDDEN, f"The session's CSRF token is due, in the header {CSRF_HEADER} or a field of the form."
            )
        return caller_of(session.account)

    async def session(self, request: Request) -> Session | None:
        """Give the session of a request; None where it has no session cookie; raises as `caller` does, but for 403."""
        digest = self._digest(request)
        if digest is None:
            return None
        now = self._clock()
        session = await self._find(digest, now)
        if session is None or self._is_over(session, now):
            self._kept.pop(digest, None)
            raise RequestRefused(
                Code.UNAUTHENTICATED, "The session is over: log in again.", headers={"set-cookie": self.clear_cookie()}
            )
        if now - session.seen_at >= NOTED:
            session = replace(session, seen_at=now)
            self._kept[digest] = (self._kept[digest][0], session)
            await self._note(digest, now)
        request.state.session = session
        return session

    def remembers(self, request: Request) -> bool:
        """Tell whether a request has the cookie of a session that was found here before, whatever became of it."""
        return self._digest(request) in self._kept

    async def end(self, session: Session) -> None:
        """End a session; raises `StoreError`."""
        await asyncio.to_thread(self._end, session.token)
        self._kept.pop(session.token, None)

    async def forget(self) -> None:
        """Delete the sessions that are over; raises `StoreError`."""
        await asyncio.to_thread(self._forget)

    def _digest(self, request: Request) -> bytes | None:
        token = request.cookies.get(self.cookie) if "cookie" in request.headers else None
        return None if token is None else _hash(token)

    async def _find(self, digest: bytes, now: int) -> Session | None:
        kept = self._kept.get(digest)
        if kept is not None and 0 <= now - kept[0] < FRESH:
            return kept[1]
        try:
            found = await asyncio.to_thread(self._read, digest)
        except DatabaseAway:
            if kept is None:
                raise
            return kept[1]
        if found is not None:
            self._keep(digest, now, found)
        return found

    def _is_over(self, session: Session, now: int) -> bool:
        idle = abs(now - session.seen_at) >= self._lasting.idle
        return idle or now >= session.expires_at or session.account.disabled_at is not None

    def _keep(self, digest: bytes, now: int, session: Session) -> None:
        if len(self._kept) >= KEPT:
            for old in list(self._kept)[: KEPT // 2]:
                del self._kept[old]
        self._kept[digest] = (now, session)

    async def _note(self, digest: bytes, now: int) -> None:
        """Note that a session is in use; where that cannot be written it ends a little early, and no more."""
        try:
            await asyncio.to_thread(self._see, digest, now)
        except StoreError:
            return

    def _read(self, digest: bytes) -> Session | None:
        with self._database.read() as connection:
            return sessions.read(connection, digest)

    def _see(self, digest: bytes, now: int) -> None:
        with self._database.begin() as connection:
            sessions.see(connection, digest, now=now)

    def _end(self, digest: bytes) -> None:
        with self._database.begin() as connection:
            sessions.end(connection, digest)

    def _forget(self) -> None:
        now = self._clock()
        with self._database.begin() as connection:
            sessions.forget(connection, idle=self._lasting.idle, now=now)

    def _attributes(self) -> str:
        return "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if self._secure else "")


def caller_of(account: Account) -> Caller:
    """Give a person as a caller: the operator is the account."""
    return Caller(
        name=account.name,
        relying_party=account.organisation,
        office=account.office,
        operator=account.name,
        agency=account.agency,
        scopes=scopes_of(account.roles, account.agency),
        defaults=MappingProxyType(dict(account.defaults)),
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


async def _has_token(request: Request, csrf: str) -> bool:
    said = request.headers.get(CSRF_HEADER)
    if said is None and request.headers.get("content-type", "").lower().startswith(_FORMS):
        said = await _field(request)
    return said is not None and hmac.compare_digest(said.encode(), csrf.encode())


async def _field(request: Request) -> str | None:
    """Read the token from the form, and leave the body to be read again by the route."""
    body = await request.body()

    async def again() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        async with Request(request.scope, again).form() as form:
            found = form.get(CSRF_FIELD)
    except (HTTPException, ValueError, LookupError):
        return None
    return found if isinstance(found, str) else None
