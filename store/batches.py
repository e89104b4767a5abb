"""Batches: serials set aside, rows written in small transactions, then closed with root and call in one.

Every write may be repeated when nobody knows whether it happened: rows are told by their position, a close by its root.
The reads come from `store.batch_reading`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from ecert.merkle import Tree
from store import certificates, outbox, supersessions
from store.batch_reading import counts, covering, filling, leaves, of_job, read, subtrees_of
from store.errors import BatchClosedOtherwise, BatchFull
from store.issuers import give_back, known_issuer, set_aside
from store.records import BatchRecord, NewCertificate
from store.states import BatchState, Move
from store.tables import batches, subtrees

__all__ = [
    "MAX_CAPACITY",
    "Closed",
    "begin",
    "close",
    "counts",
    "covering",
    "fill",
    "filling",
    "hand_out",
    "leaves",
    "of_job",
    "read",
    "subtrees_of",
    "void",
]

MAX_CAPACITY = 2**20
"""Leaves of a batch, and serials that the ledger lets an agency leave out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The batch is closed and `call` will anchor it; `moved` False: it was closed before, with the same root."""

    moved: bool
    call: int


def begin(
    connection: Connection,
    *,
    ledger: str,
    agency: str,
    certificate_type: bytes,
    job: int | None,
    capacity: int,
    now: int,
) -> BatchRecord:
    """Begin a batch: set `capacity` (1 ... 2^20) serials of the agency aside for it."""
    if not 1 <= capacity <= MAX_CAPACITY:
        raise ValueError(f"a batch of {capacity} certificates cannot be")
    issuer = known_issuer(connection, ledger, agency)
    row = {
        "issuer_id": issuer,
        "job_id": job,
        "certificate_type": certificate_type,
        "state": BatchState.FILLING,
        "first_serial": set_aside(connection, issuer, capacity),
        "capacity": capacity,
        "count": 0,
        "fed_at": now,
        "created_at": now,
    }
    made = connection.execute(insert(batches).values(row).returning(batches.c.id)).scalar_one()
    return read(connection, made)


def fill(
    connection: Connection, batch: int, *, position: int, rows: Sequence[NewCertificate], now: int
) -> Move[BatchState]:
    """Store rows from `position` on, which must be where the batch stands.

    `moved` False: it stands elsewhere, so these rows are there already or somebody else feeds it; go on from its count.

    Raises:
        NumberTaken: numbers of some rows are taken; let the whole transaction fail.
        BatchFull: more rows than serials were set aside.
    """
    found = read(connection, batch)
    if position + len(rows) > found.capacity:
        raise BatchFull(batch, found.capacity, position + len(rows))
    grown = connection.execute(
        update(batches)
        .where(batches.c.id == batch, batches.c.state == BatchState.FILLING, batches.c.count == position)
        .values(count=position + len(rows), fed_at=now)
        .returning(batches.c.issuer_id)
    ).scalar()
    if grown is None:
        return Move(moved=False, state=read(connection, batch).state)
    certificates.add(
        connection,
        rows,
        issuer=grown,
        batch=batch,
        certificate_type=found.certificate_type,
        first_serial=found.first_serial + position,
    )
    return Move(moved=True, state=BatchState.FILLING)


def close(
    connection: Connection,
    batch: int,
    *,
    position: int,
    rows: Sequence[NewCertificate],
    tree: Tree,
    suite: int,
    sender: bytes,
    now: int,
) -> Closed:
    """Store the last rows, the tree's root, and the call that anchors it, and give back unused serials.

    A repeat with the same root changes nothing.

    Raises:
        BatchClosedOtherwise: it is closed under another root, or void, or stands elsewhere than at `position`.
        NumberTaken, BatchFull: as `fill`.
        ValueError: it would be empty.
    """
    connection.execute(select(batches.c.id).where(batches.c.id == batch).with_for_update(key_share=True))
    found = read(connection, batch)
    if found.state is BatchState.CLOSED and found.root == tree.root and found.call is not None:
        return Closed(moved=False, call=found.call)
    if position + len(rows) < 1:
        raise ValueError("an empty batch has no root")
    if not fill(connection, batch, position=position, rows=rows, now=now).moved:
        raise BatchClosedOtherwise(batch, read(connection, batch).state)
    call = outbox.add(
        connection,
        ledger=found.ledger,
        agency=found.agency,
        kind="anchor",
        args={
            "agency": found.agency,
            "certificate_type": f"0x{found.certificate_type.hex()}",
            "suite": suite,
            "root": f"0x{tree.root.hex()}",
            "first_serial": found.first_serial,
            "count": position + len(rows),
        },
        sender=sender,
        now=now,
        key=f"batch:{batch}",
    )
    connection.execute(
        update(batches)
        .where(batches.c.id == batch)
        .values(state=BatchState.CLOSED, root=tree.root, call_id=call.id, closed_at=now)
    )
    connection.execute(insert(subtrees).values(batch_id=batch, hashes=tree.subtrees))
    _give_unused_back(connection, read(connection, batch))
    return Closed(moved=True, call=call.id)


def void(connection: Connection, batch: int, *, reason: str, now: int) -> Move[BatchState]:
    """Filling -> void: its certificates are never anchored, and give up their numbers."""
    voided = connection.execute(
        update(batches)
        .where(batches.c.id == batch, batches.c.state == BatchState.FILLING)
        .values(state=BatchState.VOID, void_reason=reason, fed_at=now)
    )
    found = read(connection, batch)
    if voided.rowcount != 1:
        return Move(moved=False, state=found.state)
    certificates.release_batch(connection, batch)
    supersessions.undo(connection, found.ledger, found.agency, batch)
    _give_unused_back(connection, found)
    return Move(moved=True, state=BatchState.VOID)


def hand_out(connection: Connection, batch: int, *, now: int) -> Move[BatchState]:
    """Mark a closed batch as handed out: its files are where they belong. `moved` False: they were before."""
    marked = connection.execute(
        update(batches)
        .where(batches.c.id == batch, batches.c.state == BatchState.CLOSED, batches.c.handed_out_at.is_(None))
        .values(handed_out_at=now)
    )
    return Move(moved=marked.rowcount == 1, state=read(connection, batch).state)


def _give_unused_back(connection: Connection, batch: BatchRecord) -> None:
    issuer = known_issuer(connection, batch.ledger, batch.agency)
    used = batch.first_serial + batch.count
    give_back(connection, issuer, first=used, end=batch.first_serial + batch.capacity)
