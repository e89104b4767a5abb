"""Idempotency keys: what a caller asked once is done once, and answered again as it was.

    (nothing) --begin--> in progress --finish--> answered --24 h--> (nothing)
                            |  ^
                abandon ----'  '-- begin again after `PATIENCE`, as the next attempt

`finish` is part of the transaction that writes what was asked, so that both are there or neither. An attempt that took
so long that another one took the key over cannot finish: its number is no longer that of the row, and its whole
transaction is rolled back. Trust: who can write here can have a request answered with what it was not. An answer is
kept as the route gives it; routes put nothing about a person into it, and nothing secret that is not sealed.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, select, update

from store.errors import AttemptLost
from store.insertion import insert_into
from store.tables import idempotency

PATIENCE = 120
"""Seconds after which a request that has no answer yet counts as cut off, and may be begun again."""
KEPT = 86_400
"""Seconds for which an answer is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A request that was begun, and may be carried out by whoever holds this."""

    client: str
    key: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The answer that the request got before."""

    status: int
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """The same request is being carried out; it may be asked again in so many seconds at most."""

    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """The key was used for another request."""


def begin(
    connection: Connection, client: str, key: str, request: bytes, *, now: int
) -> Attempt | Stored | Busy | Other:
    """Begin a request, or say what became of it before; `request` is a hash of all that it asks.

    One that was begun later than now, before the clock was set back, is waited for twice as long at most.
    """
    fresh = {"client": client, "key": key, "request": request, "attempt": 1, "created_at": now}
    made = insert_into(connection, idempotency).values(fresh).on_conflict_do_nothing()
    if connection.execute(made.returning(idempotency.c.attempt)).one_or_none() is not None:
        return Attempt(client=client, key=key, number=1)
    row = connection.execute(select(idempotency).where(*_named(client, key)).with_for_update()).one_or_none()
    if row is None:  # freed this moment
        return begin(connection, client, key, request, now=now)
    if now < row.created_at + KEPT:
        if bytes(row.request) != request:
            return Other()
        if row.status is not None:
            return Stored(status=row.status, answer=row.answer)
        if abs(now - row.created_at) < PATIENCE:
            return Busy(seconds=row.created_at + PATIENCE - now)
    return _again(connection, client, key, request, number=row.attempt + 1, now=now)


def finish(connection: Connection, attempt: Attempt, *, status: int, answer: str) -> None:
    """Keep the answer, in the transaction that writes what was asked.

    Raises:
        AttemptLost: another attempt took the key over, or the request has an answer already; nothing may be written.
    """
    done = connection.execute(update(idempotency).where(*_held(attempt)).values(status=status, answer=answer))
    if done.rowcount != 1:
        raise AttemptLost


def abandon(connection: Connection, attempt: Attempt) -> None:
    """Free the key of a request that was refused and did nothing; harmless where the attempt was lost."""
    connection.execute(delete(idempotency).where(*_held(attempt)))


def forget(connection: Connection, *, now: int) -> int:
    """Delete what is kept for longer than it must be; give how many."""
    return connection.execute(delete(idempotency).where(idempotency.c.created_at <= now - KEPT)).rowcount


def _again(connection: Connection, client: str, key: str, request: bytes, *, number: int, now: int) -> Attempt:
    values = {"request": request, "attempt": number, "status": None, "answer": None, "created_at": now}
    connection.execute(update(idempotency).where(*_named(client, key)).values(values))
    return Attempt(client=client, key=key, number=number)


def _named(client: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return (idempotency.c.client == client, idempotency.c.key == key)


def _held(attempt: Attempt) -> tuple[ColumnElement[bool], ...]:
    return (
        *_named(attempt.client, attempt.key),
        idempotency.c.attempt == attempt.number,
        idempotency.c.status.is_(None),
    )
