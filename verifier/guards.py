"""What stands around every route: limits before anything is read, headers on every answer, the last resort.

Pure ASGI, since a wrapper that buffers would defeat the limit.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from verifier.observing.places import places_of
from verifier.observing.watched import route_of
from verifier.problems import KINDS, MEDIA_TYPE, Code, Flaw, RequestRefused, body

_LOG = logging.getLogger(__name__)
MAX_BODY = 384 * 1024
"""Bytes: a certificate of 256 KiB and what is asked about it."""
MAX_BATCH_BODY = 16 << 20
"""Bytes of a batch, or of the lines that are answered together."""
BODY_SECONDS = 15.0
"""Seconds within which a body must be here whole."""
DRAINED = 16 * 1024 * 1024
"""Bytes of a body that is too large which are read and dropped, so that its sender gets to see the answer."""
DRAIN_SECONDS = 2.0
"""Seconds for which they are read."""
_LENGTH_DIGITS = 18
_BODY_IS_SHORT = Flaw(place="body", why="it is shorter than its headers say, or comes too slowly")

HEADERS = (
    (
        b"content-security-policy",
        (
            b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
            b" form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How many bytes a body may have (None: no limit), and how long it may take; `each`: every piece of it, not all."""

    limit: int | None = MAX_BODY
    seconds: float = BODY_SECONDS
    each: bool = False


ORDINARY = Allowance()


class BodyLimit:
    """Refuse a body that is too large, too slow or compressed, as soon as that is known.

    `allowances`: what other than the ordinary is allowed, by path and media type.
    """

    def __init__(
        self,
        app: ASGIApp,
        ordinary: Allowance = ORDINARY,
        allowances: Mapping[tuple[str, str], Allowance] = MappingProxyType({}),
    ) -> None:
        self._app = app
        self._ordinary = ordinary
        self._allowances = allowances

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a `receive` that watches; what is too large is answered first and then drained."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in reversed(scope["headers"])}
        kind = headers.get(b"content-type", "").partition(";")[0].strip().lower()
        body = _Body(headers, receive, self._allowances.get((scope["path"], kind), self._ordinary))

        async def answered(message: Message) -> None:
            last = message["type"] == "http.response.body" and not message.get("more_body", False)
            if not (last and body.leaves_much):
                await send(message)
                return
            await send({**message, "more_body": True})
            await _drain(receive)
            await send({"type": "http.response.body", "body": b""})

        await self._app(scope, body.receive, answered)


class _Body:
    """The body of one request as it comes in; of `headers` that are there twice the first counts."""

    def __init__(self, headers: Mapping[bytes, str], receive: Receive, allowance: Allowance) -> None:
        self._headers = headers
        self._receive = receive
        self._limit = allowance.limit
        self._seconds = allowance.seconds
        self._each = allowance.each
        self._deadline: float | None = None
        self._taken = 0
        self._begun = False
        self._whole = False
        self.leaves_much = False
        """It was refused while its sender may still be sending, and would miss an answer to a closed connection."""

    async def receive(self) -> Message:
        """Give the next piece.

        Raises:
            RequestRefused: it is too large, too slow or compressed.
        """
        if not self._begun:
            self._check_headers()
            self._begun = True
        message = await (self._receive() if self._whole or _is_here(self._receive) else self._in_time())
        self._whole = not message.get("more_body", False)
        self._taken += len(message.get("body", b""))
        if self._limit is not None and self._taken > self._limit:
            raise self._too_large()
        return message

    async def _in_time(self) -> Message:
        if self._deadline is None or self._each:
            self._deadline = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._receive()
        except TimeoutError:
            raise RequestRefused(
                Code.TOO_SLOW, f"The body did not arrive within {self._seconds:g} seconds.", [_BODY_IS_SHORT]
            ) from None

    def _check_headers(self) -> None:
        if self._headers.get(b"content-encoding", "identity").lower() != "identity":
            raise RequestRefused(Code.COMPRESSED, "Send the body without Content-Encoding.")
        declared = self._headers.get(b"content-length", "")
        told = int(declared[:_LENGTH_DIGITS]) if declared.isascii() and declared.isdigit() else 0
        if self._limit is not None and told > self._limit:
            raise self._too_large()

    def _too_large(self) -> RequestRefused:
        self.leaves_much = not self._whole and b"expect" not in self._headers
        return RequestRefused(Code.TOO_LARGE, f"At most {self._limit} bytes are read.")


def _is_here(receive: Receive) -> bool:
    """Whether a body is here whole, as uvicorn knows of most; a timer for each costs more than reading it."""
    return not getattr(getattr(receive, "__self__", None), "more_body", True)


async def _drain(receive: Receive) -> None:
    """Read on and forget, within bounds of size and time."""
    dropped = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while dropped < DRAINED:
                message = await receive()
                dropped += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


class SafeHeaders:
    """Put the security headers on every answer, and forbid keeping those that are about a certificate."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a `send` that adds headers."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", [])
                names = {name.lower() for name, _ in given}
                message["headers"] = [*given, *(header for header in HEADERS if header[0] not in names)]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


class LastResort:
    """Answer what nobody foresaw: 500 with an id and no text; the log has the id and the places, never a value."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and catch whatever comes back."""
        started = False

        async def noticed(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noticed)
        except ClientDisconnect:
            return  # nobody is there to be answered
        except Exception as error:  # noqa: BLE001 - the outermost handler
            said = unforeseen(error, scope)
            if scope["type"] == "http" and not started:
                await _answer_internal(send, said)


def unforeseen(error: Exception, scope: Scope) -> dict[str, object]:
    """Log what nobody foresaw in a request, and give the problem to answer with."""
    instance = str(uuid.uuid4())
    route, (kind, *places) = route_of(scope), places_of(error)
    named = {"id": instance, "route": route, "error": kind}
    _LOG.error("unforeseen %s, id %s, at %s\n%s", kind, instance, route, "\n".join(places), extra=named)
    return body(
        Code.INTERNAL, "Nothing is known to be wrong with the request. The id finds it in the log.", (), instance
    )


async def _answer_internal(send: Send, said: dict[str, object]) -> None:
    headers = [(b"content-type", MEDIA_TYPE.encode())]
    await send({"type": "http.response.start", "status": int(KINDS[Code.INTERNAL].status), "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(said).encode()})
