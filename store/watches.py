"""Watches: where a caller wants to be told of changes, and from which change on.

Trust: `secret` is sealed with a key outside the database. Whoever can write here can send a caller's changes elsewhere,
but cannot sign them so that the caller's own receiver believes what is not so.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, func, insert, select, update

from store.insertion import insert_into
from store.states import DeliveryState, WatchEnd
from store.tables import changes, deliveries, watches

MAX_URL = 2000
"""Characters of the longest address."""

PIECE = 500
"""Deliveries that are made in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A watch; `ended_at` None: it is active. `secret` is sealed."""

    id: str
    caller: str
    url: str
    secret: bytes
    created_at: int
    ended_at: int | None
    end_reason: WatchEnd | None


def add(connection: Connection, *, watch: str, caller: str, url: str, secret: bytes, now: int) -> None:
    """Begin to tell a caller of the changes from now on."""
    newest = connection.scalar(select(func.max(changes.c.id))) or 0
    row = {"id": watch, "caller": caller, "url": url, "secret": secret, "after": newest, "created_at": now}
    connection.execute(insert(watches).values(row))


def of_caller(connection: Connection, caller: str) -> tuple[Watch, ...]:
    """Give all watches of a caller, ended ones too, oldest first."""
    wanted = select(watches).where(watches.c.caller == caller).order_by(watches.c.created_at, watches.c.id)
    return tuple(_watch(row) for row in connection.execute(wanted))


def read(connection: Connection, watch: str, caller: str) -> Watch | None:
    """Give a watch of a caller; None where there is none, or it is somebody else's."""
    wanted = select(watches).where(watches.c.id == watch, watches.c.caller == caller)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _watch(row)


def end(connection: Connection, watch: str, *, reason: WatchEnd, now: int) -> bool:
    """End a watch and what waits for it; False: it has ended before."""
    ended = connection.execute(
        update(watches)
        .where(watches.c.id == watch, watches.c.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
    )
    if ended.rowcount != 1:
        return False
    waiting = (deliveries.c.watch_id == watch, deliveries.c.state == DeliveryState.WAITING)
    connection.execute(update(deliveries).where(*waiting).values(state=DeliveryState.ENDED, done_at=now))
    return True


def sealed(connection: Connection) -> dict[str, bytes]:
    """Give the sealed secrets of all watches, ended ones too, by the watches' ids."""
    return {row.id: bytes(row.secret) for row in connection.execute(select(watches.c.id, watches.c.secret))}


def reseal(connection: Connection, made: Mapping[str, bytes]) -> None:
    """Replace the sealed secrets of watches."""
    if made:
        connection.execute(
            update(watches).where(watches.c.id == bindparam("of_watch")).values(secret=bindparam("made")),
            [{"of_watch": watch, "made": secret} for watch, secret in made.items()],
        )


def is_behind(connection: Connection) -> bool:
    """Tell whether any active watch has changes without a delivery."""
    behind = exists().where(
        watches.c.ended_at.is_(None), changes.c.caller == watches.c.caller, changes.c.id > watches.c.after
    )
    return bool(connection.scalar(select(behind)))


def spread(connection: Connection, *, now: int) -> int:
    """Make deliveries of changes that active watches have not had; answer how many, 0 when there are no more."""
    # Said once more of them all, so that what all of them have had is not read again.
    had_by_all = select(func.min(watches.c.after)).where(watches.c.ended_at.is_(None)).scalar_subquery()
    wanted = (
        select(watches.c.id, changes.c.id.label("change"))
        .join(changes, changes.c.caller == watches.c.caller)
        .where(watches.c.ended_at.is_(None), changes.c.id > watches.c.after, changes.c.id > had_by_all)
        .order_by(changes.c.id)
        .limit(PIECE)
    )
    found: dict[str, list[int]] = {}
    for row in connection.execute(wanted):
        found.setdefault(row.id, []).append(row.change)
    return sum(_deliver(connection, watch, found[watch], now) for watch in sorted(found))


def _deliver(connection: Connection, watch: str, new: list[int], now: int) -> int:
    """Make deliveries of one watch, unless it has ended meanwhile."""
    moved = connection.execute(
        update(watches).where(watches.c.id == watch, watches.c.ended_at.is_(None)).values(after=new[-1])
    )
    if moved.rowcount != 1:
        return 0
    rows = [
        {
            "id": str(uuid.uuid4()),
            "watch_id": watch,
            "change_id": change,
            "state": DeliveryState.WAITING,
            "attempts": 0,
            "next_at": now,
            "created_at": now,
        }
        for change in new
    ]
    connection.execute(insert_into(connection, deliveries).values(rows).on_conflict_do_nothing())
    return len(rows)


def _watch(row: Row[Any]) -> Watch:
    return Watch(
        id=row.id,
        caller=row.caller,
        url=row.url,
        secret=row.secret,
        created_at=row.created_at,
        ended_at=row.ended_at,
        end_reason=None if row.end_reason is None else WatchEnd(row.end_reason),
    )
