"""Putting back batches of which the chain knows the roots and somebody kept the certificates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, insert

from ecert.merkle import Tree
from store import certificates
from store.issuers import go_past, known_issuer
from store.pieces import pieces
from store.records import NewCertificate
from store.states import BatchState
from store.tables import batches, subtrees


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCertificate:
    """A certificate that was kept. `live`: it has its number for itself."""

    row: NewCertificate
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBatch:
    """A batch as the chain knows it; `anchored` is its block's time."""

    ledger: str
    agency: str
    certificate_type: bytes
    root: bytes
    first_serial: int
    count: int
    anchored: int


def restore(connection: Connection, batch: KnownBatch, rows: Iterable[KeptCertificate], *, now: int) -> int:
    """Put a whole batch back, closed and handed out, without a job or a call; answer its number.

    Raises:
        WriteRefused: one of its numbers or serials is taken; the transaction cannot go on.
    """
    issuer = known_issuer(connection, batch.ledger, batch.agency)
    number: int = connection.execute(
        insert(batches)
        .values(
            issuer_id=issuer,
            certificate_type=batch.certificate_type,
            state=BatchState.CLOSED,
            first_serial=batch.first_serial,
            capacity=batch.count,
            count=batch.count,
            root=batch.root,
            fed_at=batch.anchored,
            created_at=batch.anchored,
            closed_at=batch.anchored,
            handed_out_at=now,
        )
        .returning(batches.c.id)
    ).scalar_one()
    leaves: list[bytes] = []
    for piece in pieces(enumerate(rows, batch.first_serial)):
        leaves.extend(kept.row.leaf for _, kept in piece)
        certificates.insert_rows(
            connection,
            [(serial, kept.row, kept.live) for serial, kept in piece],
            issuer=issuer,
            batch=number,
            certificate_type=batch.certificate_type,
        )
    connection.execute(insert(subtrees).values(batch_id=number, hashes=Tree(leaves).subtrees))
    go_past(connection, issuer, batch.first_serial + batch.count)
    return number
