"""Writing down what was read of the chain: blocks, events and the cursor, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator

from chain.deployment import Deployment
from chain.headers import BlockHeader
from chain.history import REMEMBERED
from chain.reading import Stretch
from store import blocks, cursors, events
from store.database import Database
from store.records import Block, Cursor, SeenEvent
from store.states import Contract


def start(database: Database, deployment: Deployment, before: BlockHeader) -> None:
    """Make the cursor of a ledger of which nothing is known yet; `before` is the block before the contracts'."""
    cursor = Cursor(
        ledger=deployment.name,
        block=before.number,
        hash=before.hash,
        time=before.time,
        settled_block=before.number,
        generation=0,
        registry_sequence=0,
        registry_head=deployment.registry_instance,
        ledger_sequence=0,
        ledger_head=deployment.ledger_instance,
    )
    with database.begin() as connection:
        cursors.start(connection, cursor)


def append(database: Database, before: Cursor, stretch: Stretch, *, depth: int, sealed: bool) -> None:
    """Write a stretch after the cursor, and forget headers that are older than any fork.

    Args:
        database: where to.
        before: the cursor that the stretch was read after.
        stretch: what was read, and checked.
        depth: how many blocks must follow one before it counts.
        sealed: whether validators seal, so that whole headers are kept as evidence.

    Raises:
        CursorMoved: another indexer wrote meanwhile; nothing of it was written.
    """
    after = Cursor(
        ledger=before.ledger,
        block=stretch.last.number,
        hash=stretch.last.hash,
        time=stretch.last.time,
        settled_block=max(before.settled_block, stretch.last.number - depth),
        generation=before.generation,
        registry_sequence=stretch.counts[Contract.REGISTRY].sequence,
        registry_head=stretch.counts[Contract.REGISTRY].head,
        ledger_sequence=stretch.counts[Contract.LEDGER].sequence,
        ledger_head=stretch.counts[Contract.LEDGER].head,
    )
    headers = [
        Block(
            number=one.number,
            hash=one.hash,
            parent=one.parent,
            time=one.time,
            header=one.rlp if sealed else None,
        )
        for one in stretch.blocks
    ]
    with database.begin() as connection:
        events.append(connection, before, after, seen=list(seen_in(stretch)), headers=headers)
        blocks.prune(connection, before.ledger, after.block - REMEMBERED)


def seen_in(stretch: Stretch) -> Iterator[SeenEvent]:
    """Give a stretch's events as they are stored."""
    for one in stretch.events:
        yield SeenEvent(
            contract=one.contract,
            event=one.event,
            head=one.reading.head,
            transaction=one.log.transaction,
            log=one.log.index,
        )
