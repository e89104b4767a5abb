"""Headers of the blocks that we read: what a fork is noticed by, and what a time is taken from."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, delete, exists, insert, select, update

from store.issuers import ledger_id
from store.records import Block
from store.tables import blocks, events

_COLUMNS = (blocks.c.number, blocks.c.hash, blocks.c.parent, blocks.c.time, blocks.c.header)


def read(connection: Connection, ledger: str, number: int) -> Block | None:
    """Give a block's header, if it was kept."""
    found = connection.execute(
        select(*_COLUMNS).where(blocks.c.ledger_id == ledger_id(ledger), blocks.c.number == number)
    ).one_or_none()
    return None if found is None else Block(**found._asdict())


def latest(connection: Connection, ledger: str, limit: int = 1024) -> tuple[Block, ...]:
    """Give the newest headers, newest first."""
    rows = connection.execute(
        select(*_COLUMNS).where(blocks.c.ledger_id == ledger_id(ledger)).order_by(blocks.c.number.desc()).limit(limit)
    )
    return tuple(Block(**row._asdict()) for row in rows)


def prune(connection: Connection, ledger: str, below: int) -> int:
    """Forget the headers below a height, but for those with events, which lose their seals; answer how many."""
    with_events = exists().where(events.c.ledger_id == blocks.c.ledger_id, events.c.block == blocks.c.number)
    gone = connection.execute(
        delete(blocks).where(blocks.c.ledger_id == ledger_id(ledger), blocks.c.number < below, ~with_events)
    )
    old = and_(blocks.c.ledger_id == ledger_id(ledger), blocks.c.number < below, blocks.c.header.is_not(None))
    connection.execute(update(blocks).where(old).values(header=None))
    return gone.rowcount


def add(connection: Connection, ledger: int, headers: Sequence[Block]) -> None:
    """Store headers of the ledger with number `ledger`."""
    if headers:
        connection.execute(
            insert(blocks),
            [
                {
                    "ledger_id": ledger,
                    "number": one.number,
                    "hash": one.hash,
                    "parent": one.parent,
                    "time": one.time,
                    "header": one.header,
                }
                for one in headers
            ],
        )


def drop_above(connection: Connection, ledger: str, number: int) -> None:
    """Forget the headers above a height: their blocks are no longer of the chain."""
    connection.execute(delete(blocks).where(blocks.c.ledger_id == ledger_id(ledger), blocks.c.number > number))
