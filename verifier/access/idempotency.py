"""The header `Idempotency-Key`, for routes that write: the same request under the same key is carried out once.

    begun = await idempotency.begin(caller, key, request_hash(...))
    if isinstance(begun, Stored):
        return the stored answer, as it was
    with database.begin() as connection:
        ... write what was asked ...
        finish(connection, begun, status=201, answer=...)

A process that is killed between the two leaves a key which the same request may begin again after two minutes; what
the killed one had not committed never happened, and what it had committed has its answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable

from starlette.requests import Request

from store import idempotency
from store.database import Database
from store.idempotency import Attempt, Busy, Other, Stored, finish
from verifier.callers import Caller
from verifier.problems import Code, Flaw, RequestRefused

__all__ = ["HEADER", "Attempt", "Idempotency", "Stored", "finish", "key_of", "request_hash"]

HEADER = "Idempotency-Key"
_SOON = 2
"""Seconds after which a caller may ask whether the same request is done."""
_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


class Idempotency:
    """Begins requests under keys, and gives the answers that they got before."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, caller: Caller, key: str, request: bytes) -> Attempt | Stored:
        """Begin a request of a caller; `request` is the hash of all that it asks (`request_hash`).

        Raises:
            RequestRefused: 409 `conflict` while the same request is being carried out, 422 `key_reused` where the key
                was used for another one.
            StoreError: the database does not answer.
        """
        begun = await asyncio.to_thread(self._begin, caller.name or "", key, request)
        if isinstance(begun, Busy):
            raise RequestRefused(
                Code.CONFLICT,
                "The same request is being carried out: ask again.",
                headers={"retry-after": str(min(begun.seconds, _SOON))},
            )
        if isinstance(begun, Other):
            flaw = Flaw(place=HEADER, why="it was used for another request in the last 24 hours")
            raise RequestRefused(Code.KEY_REUSED, "One key is for one request.", [flaw])
        return begun

    async def abandon(self, attempt: Attempt) -> None:
        """Free the key of a request that was refused and did nothing, so that it can be sent again when it is mended.

        Raises:
            StoreError: the database does not answer; the key is free in two minutes.
        """
        await asyncio.to_thread(self._abandon, attempt)

    async def forget(self) -> None:
        """Delete the answers that are older than a day; raises `StoreError`."""
        await asyncio.to_thread(self._forget)

    def _begin(self, client: str, key: str, request: bytes) -> Attempt | Stored | Busy | Other:
        with self._database.begin() as connection:
            return idempotency.begin(connection, client, key, request, now=self._clock())

    def _abandon(self, attempt: Attempt) -> None:
        with self._database.begin() as connection:
            idempotency.abandon(connection, attempt)

    def _forget(self) -> None:
        with self._database.begin() as connection:
            idempotency.forget(connection, now=self._clock())


def key_of(request: Request) -> str | None:
    """Give the key of a request; None where it has none.

    Raises:
        RequestRefused: 422, it is empty, long, or not of visible ASCII, or there are two.
    """
    keys = request.headers.getlist(HEADER)
    if len(keys) > 1 or any(_KEY.fullmatch(key) is None for key in keys):
        flaw = Flaw(place=HEADER, why="1 to 255 visible ASCII characters are due, once")
        raise RequestRefused(Code.NOT_UNDERSTOOD, "The key cannot be used.", [flaw])
    return keys[0] if keys else None


def request_hash(request: Request, body: bytes) -> bytes:
    """Hash all that a request asks: method, address, and body as it came."""
    head = f"{request.method}\0{request.url.path}\0{request.url.query}\0{request.headers.get('content-type', '')}\0"
    return hashlib.sha256(head.encode() + body).digest()
