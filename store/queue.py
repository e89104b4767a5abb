"""Which calls a sender may work on, and which it has under way."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from store.outbox import OPEN, call_of, select_calls
from store.records import Call
from store.states import BatchState, CallState, Purpose
from store.tables import batches, calls, transactions

UNDER_WAY = (CallState.SIGNED, CallState.SENT, CallState.MINED)
"""It has a nonce, and is not over."""


def ready(connection: Connection, chain: str, sender: bytes) -> tuple[Call, ...]:
    """Give the queued calls that may get a nonce now, oldest first: at most one of each agency and purpose.

    An earlier call of the same agency and purpose is in the way while it is queued, or under way with another
    sender's key (with this one the nonces keep the order). An anchor also waits while a batch of its agency with lower
    serials is filling: once a higher one is anchored, the lower one never can be.
    """
    earlier = calls.alias("earlier")
    comes_first = and_(
        earlier.c.issuer_id == calls.c.issuer_id,
        earlier.c.purpose == calls.c.purpose,
        earlier.c.order < calls.c.order,
        earlier.c.state.in_(OPEN),
    )
    in_the_way = exists().where(
        comes_first, or_(earlier.c.state == CallState.QUEUED, earlier.c.sender != calls.c.sender)
    )
    wanted = (
        select_calls()
        .where(
            calls.c.chain == chain,
            calls.c.sender == sender,
            calls.c.state == CallState.QUEUED,
            ~in_the_way,
            ~_still_filling(),
        )
        .order_by(calls.c.id)
    )
    return tuple(call_of(row) for row in connection.execute(wanted))


def in_flight(connection: Connection, chain: str, sender: bytes) -> tuple[Call, ...]:
    """Give the calls of a sender that have a nonce and are not over, by nonce."""
    wanted = select_calls().where(calls.c.chain == chain, calls.c.sender == sender, calls.c.state.in_(UNDER_WAY))
    return tuple(call_of(row) for row in connection.execute(wanted.order_by(calls.c.nonce)))


def highest_nonce(connection: Connection, chain: str, sender: bytes) -> int | None:
    """Give the highest nonce that any call of a sender ever had; None where none had one."""
    highest = connection.scalar(
        select(func.max(transactions.c.nonce)).where(transactions.c.chain == chain, transactions.c.sender == sender)
    )
    return None if highest is None else int(highest)


def newest(connection: Connection) -> int | None:
    """Give the number of the call that was written last; None where there is none."""
    found: int | None = connection.scalar(select(func.max(calls.c.id)))
    return found


def senders(connection: Connection, chain: str) -> tuple[bytes, ...]:
    """Give the addresses for which calls are open."""
    wanted = select(calls.c.sender).distinct().where(calls.c.chain == chain, calls.c.state.in_(OPEN))
    return tuple(connection.execute(wanted.order_by(calls.c.sender)).scalars())


def _still_filling() -> ColumnElement[bool]:
    lower = exists().where(
        batches.c.issuer_id == calls.c.issuer_id,
        batches.c.state == BatchState.FILLING,
        batches.c.first_serial < calls.c.order,
    )
    return and_(calls.c.purpose == Purpose.ANCHOR, lower)
