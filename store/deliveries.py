"""Deliveries: each change for each watch, from its first attempt to its end. They move by compare-and-set.

An attempt is counted when its outcome is written. Where that write fails the same delivery is sent again, under the
same id, by which the receiver drops it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select, update

from store.changes import Change, change_of
from store.states import DeliveryState, Move
from store.tables import changes, deliveries, ledgers, watches

LONGEST_PAUSE = 86_400
"""Seconds for which nobody puts an attempt off: what is due later than that was so before the clock was set back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One change for one watch. `next_at`: the time of the next attempt, while it waits."""

    id: str
    watch: str
    change: Change
    state: DeliveryState
    attempts: int
    next_at: int
    last_status: int | None
    last_error: str | None
    created_at: int
    done_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A delivery whose time has come, with where it goes and whom it tells; `secret` is sealed."""

    delivery: Delivery
    caller: str
    url: str
    secret: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How an attempt went: the receiver's HTTP status, if it gave one, and a word for what went wrong."""

    status: int | None
    error: str | None


def due_watches(connection: Connection, *, now: int, limit: int) -> tuple[str, ...]:
    """Name the watches that have something due, those that wait longest first."""
    wanted = (
        select(deliveries.c.watch_id)
        .where(deliveries.c.state == DeliveryState.WAITING, _has_come(now))
        .group_by(deliveries.c.watch_id)
        .order_by(func.min(deliveries.c.next_at), deliveries.c.watch_id)
        .limit(limit)
    )
    return tuple(connection.execute(wanted).scalars())


def due(connection: Connection, watch: str, *, now: int, limit: int) -> tuple[Due, ...]:
    """Give what is due of one watch, longest waiting first."""
    wanted = (
        _deliveries()
        .add_columns(watches.c.caller.label("told"), watches.c.url, watches.c.secret)
        .join(watches, watches.c.id == deliveries.c.watch_id)
        .where(
            deliveries.c.watch_id == watch,
            deliveries.c.state == DeliveryState.WAITING,
            _has_come(now),
            watches.c.ended_at.is_(None),
        )
        .order_by(deliveries.c.next_at, deliveries.c.change_id)
        .limit(limit)
    )
    return tuple(
        Due(delivery=_delivery(row), caller=row.told, url=row.url, secret=row.secret)
        for row in connection.execute(wanted)
    )


def _has_come(now: int) -> ColumnElement[bool]:
    return or_(deliveries.c.next_at <= now, deliveries.c.next_at > now + LONGEST_PAUSE)


def done(connection: Connection, tried: Delivery, attempt: Attempt, *, now: int) -> Move[DeliveryState]:
    """Waiting -> done: the receiver took it."""
    return _move(connection, tried, attempt, state=DeliveryState.DONE, done_at=now)


def put_off(connection: Connection, tried: Delivery, attempt: Attempt, *, until: int) -> Move[DeliveryState]:
    """Waiting -> waiting: to be tried again at `until`."""
    return _move(connection, tried, attempt, state=DeliveryState.WAITING, next_at=until)


def fail(connection: Connection, tried: Delivery, attempt: Attempt, *, now: int) -> Move[DeliveryState]:
    """Waiting -> failed: that was the last attempt."""
    return _move(connection, tried, attempt, state=DeliveryState.FAILED, done_at=now)


def gone(connection: Connection, tried: Delivery, attempt: Attempt) -> Move[DeliveryState]:
    """Ended -> ended: the attempt that ended the watch is written beside it."""
    return _move(connection, tried, attempt, before=DeliveryState.ENDED)


def retry(connection: Connection, watch: str, delivery: str, *, now: int) -> Move[DeliveryState] | None:
    """Failed or waiting -> waiting, due now, with all its attempts again; None where the watch has no such delivery."""
    mine = (deliveries.c.id == delivery, deliveries.c.watch_id == watch)
    again = {"state": DeliveryState.WAITING, "attempts": 0, "next_at": now, "done_at": None}
    open_states = (DeliveryState.WAITING, DeliveryState.FAILED)
    active = select(watches.c.id).where(watches.c.id == watch, watches.c.ended_at.is_(None))
    held = connection.scalar(active.with_for_update(read=True))  # or it could end in between
    moved = connection.execute(
        update(deliveries)
        .where(*mine, deliveries.c.state.in_(open_states), deliveries.c.watch_id == held)
        .values(again)
    )
    state = connection.scalar(select(deliveries.c.state).where(*mine))
    return None if state is None else Move(moved=moved.rowcount == 1, state=DeliveryState(state))


def of_watch(
    connection: Connection, watch: str, *, after: int, limit: int, state: DeliveryState | None = None
) -> tuple[Delivery, ...]:
    """Give deliveries of a watch whose change has a number above `after`, in the order of the changes."""
    wanted = _deliveries().where(deliveries.c.watch_id == watch, deliveries.c.change_id > after)
    if state is not None:
        wanted = wanted.where(deliveries.c.state == state)
    rows = connection.execute(wanted.order_by(deliveries.c.change_id).limit(limit))
    return tuple(_delivery(row) for row in rows)


def _move(
    connection: Connection,
    tried: Delivery,
    attempt: Attempt,
    *,
    before: DeliveryState = DeliveryState.WAITING,
    **values: object,
) -> Move[DeliveryState]:
    """Write an attempt's outcome, if the delivery is as it was when it was sent."""
    moved = connection.execute(
        update(deliveries)
        .where(
            deliveries.c.id == tried.id,
            deliveries.c.state == before,
            deliveries.c.attempts == tried.attempts,
        )
        .values(attempts=tried.attempts + 1, last_status=attempt.status, last_error=attempt.error, **values)
    )
    state = connection.execute(select(deliveries.c.state).where(deliveries.c.id == tried.id)).scalar_one()
    return Move(moved=moved.rowcount == 1, state=DeliveryState(state))


def _deliveries() -> Select[Any]:
    columns = [column for column in changes.c if column.name != "id"]
    return (
        select(deliveries, *columns, ledgers.c.name.label("ledger"))
        .join(changes, changes.c.id == deliveries.c.change_id)
        .join(ledgers, ledgers.c.id == changes.c.ledger_id)
    )


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        watch=row.watch_id,
        change=change_of(row, row.change_id),
        state=DeliveryState(row.state),
        attempts=row.attempts,
        next_at=row.next_at,
        last_status=row.last_status,
        last_error=row.last_error,
        created_at=row.created_at,
        done_at=row.done_at,
    )
