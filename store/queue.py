"""Which calls a sender may work on, and which it has under way.

These questions are asked many times a second, so that their statements are made once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, func, or_, select

from store.outbox import OPEN, call_of, select_calls
from store.records import Call
from store.states import BatchState, CallState, Purpose
from store.tables import batch_not_void, batches, calls, transactions

UNDER_WAY = (CallState.SIGNED, CallState.SENT, CallState.MINED)
"""It has a nonce, and is not over."""


def ready(connection: Connection, chain: str, sender: bytes) -> tuple[Call, ...]:
    """Give the queued calls that may get a nonce now, oldest first: at most one of each agency and purpose.

    An earlier call of the same agency and purpose is in the way while it is queued, or under way with another
    sender's key (with this one the nonces keep the order). An anchor also waits while a batch of its agency with lower
    serials is filling: once a higher one is anchored, the lower one never can be.
    """
    found = connection.execute(_ready(), {"chain": chain, "sender": sender})
    return tuple(call_of(row) for row in found)


def in_flight(connection: Connection, chain: str, sender: bytes) -> tuple[Call, ...]:
    """Give the calls of a sender that have a nonce and are not over, by nonce."""
    found = connection.execute(_in_flight(), {"chain": chain, "sender": sender})
    return tuple(call_of(row) for row in found)


def queued(connection: Connection, chain: str, senders: Sequence[bytes]) -> Mapping[int, bytes]:
    """Give which calls of some senders have no nonce yet: the sender by the call's number."""
    found = connection.execute(_queued(), {"chain": chain, "senders": senders})
    return {row.id: row.sender for row in found}


def highest_nonce(connection: Connection, chain: str, sender: bytes) -> int | None:
    """Give the highest nonce that any call of a sender ever had; None where none had one."""
    highest = connection.scalar(
        select(func.max(transactions.c.nonce)).where(transactions.c.chain == chain, transactions.c.sender == sender)
    )
    return None if highest is None else int(highest)


def at_work(connection: Connection, chain: str, senders: Sequence[bytes]) -> frozenset[bytes]:
    """Give those of some senders for which calls are open."""
    return frozenset(connection.execute(_at_work(), {"chain": chain, "senders": senders}).scalars())


@cache
def _ready() -> Select[Any]:
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
    wanted = select_calls().where(
        calls.c.chain == bindparam("chain"),
        calls.c.sender == bindparam("sender"),
        calls.c.state == CallState.QUEUED,
        ~in_the_way,
        ~_still_filling(),
    )
    return wanted.order_by(calls.c.id)


@cache
def _in_flight() -> Select[Any]:
    wanted = select_calls().where(
        calls.c.chain == bindparam("chain"), calls.c.sender == bindparam("sender"), calls.c.state.in_(UNDER_WAY)
    )
    return wanted.order_by(calls.c.nonce)


@cache
def _queued() -> Select[Any]:
    return select(calls.c.id, calls.c.sender).where(*_of_these(), calls.c.state == CallState.QUEUED)


@cache
def _at_work() -> Select[Any]:
    return select(calls.c.sender).distinct().where(*_of_these(), calls.c.state.in_(OPEN))


def _of_these() -> tuple[ColumnElement[bool], ...]:
    """The index begins with chain and sender: named, they keep a long history of calls out of the question."""
    return calls.c.chain == bindparam("chain"), calls.c.sender.in_(bindparam("senders", expanding=True))


def _still_filling() -> ColumnElement[bool]:
    lower = exists().where(
        batches.c.issuer_id == calls.c.issuer_id,
        batches.c.state == BatchState.FILLING,
        batch_not_void,  # which the index on serials says of itself
        batches.c.first_serial < calls.c.order,
    )
    return and_(calls.c.purpose == Purpose.ANCHOR, lower)
