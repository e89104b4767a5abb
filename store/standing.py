"""How much of everything waits, is done or failed: sums for those who watch over the service. Nothing of any row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Table, func, select

from store.leases import SENDERS, lasts
from store.outbox import OPEN
from store.states import BatchState, CallState, DeliveryState
from store.tables import batches, calls, cursors, deliveries, leases, ledgers, status_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The sums. Times are seconds since 1970, None where there is nothing that they could be of.

    `oldest_call`: when the oldest call that is neither settled nor failed was written. `held_up`: how many of those
    wait for a reason that somebody should look at. `head_time`: of the newest block that was read, of the ledger of
    which least was. `oldest_token`: of the oldest status token, the time of its block. `senders`: how many hold the
    right to send now.
    """

    calls: Mapping[CallState, int]
    oldest_call: int | None
    held_up: int
    batches: Mapping[BatchState, int]
    deliveries: Mapping[DeliveryState, int]
    oldest_delivery: int | None
    oldest_token: int | None
    head_time: int | None
    senders: int


def read(connection: Connection, now: int, names: Collection[str]) -> Backlog:
    """Count all; `names`: of the ledgers that are to be read, others may have been left behind."""
    waiting = deliveries.c.state == DeliveryState.WAITING
    of_calls, of_batches, of_deliveries = (_counts(connection, table) for table in (calls, batches, deliveries))
    return Backlog(
        calls={state: of_calls.get(state, 0) for state in CallState},
        oldest_call=connection.scalar(select(func.min(calls.c.created_at)).where(calls.c.state.in_(OPEN))),
        held_up=_held_up(connection),
        batches={state: of_batches.get(state, 0) for state in BatchState},
        deliveries={state: of_deliveries.get(state, 0) for state in DeliveryState},
        oldest_delivery=connection.scalar(select(func.min(deliveries.c.created_at)).where(waiting)),
        oldest_token=connection.scalar(select(func.min(status_tokens.c.iat))),
        head_time=connection.scalar(select(func.min(cursors.c.time)).join(ledgers).where(ledgers.c.name.in_(names))),
        senders=_held(connection, now),
    )


def _held_up(connection: Connection) -> int:
    wanted = calls.c.state.in_(OPEN), calls.c.waiting_reason.is_not(None)
    return int(connection.execute(select(func.count()).select_from(calls).where(*wanted)).scalar_one())


def _held(connection: Connection, now: int) -> int:
    held = leases.c.name.startswith(SENDERS), lasts(now)
    return int(connection.execute(select(func.count()).select_from(leases).where(*held)).scalar_one())


def _counts(connection: Connection, table: Table) -> dict[str, int]:
    state: Column[str] = table.c.state
    return {name: int(count) for name, count in connection.execute(select(state, func.count()).group_by(state))}
