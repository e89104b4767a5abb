"""Stored certificates: written in bulk, each live or not. The reads come from `store.certificate_reading`.

A certificate is live while it has its number for itself among its agency's certificates of its type: from the moment
it is stored until its batch is void, or it is revoked or superseded.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from store import lookups
from store.certificate_reading import by_lookup, in_batch, issued_lines, leaves, of_batch, origins, read, taken
from store.errors import Collision, NumberTaken
from store.issuers import issuer_id
from store.pieces import pieces
from store.records import NewCertificate
from store.tables import batches, certificates, issuers, ledgers

__all__ = [
    "add",
    "by_lookup",
    "insert_rows",
    "issued_lines",
    "leaves",
    "of_batch",
    "origins",
    "read",
    "release",
    "release_batch",
    "taken",
]


def release(connection: Connection, ledger: str, agency: str, serials: Sequence[int]) -> int:
    """Let certificates give up their numbers; answer how many were live."""
    count = 0
    for piece in pieces(serials):
        released = connection.execute(
            update(certificates)
            .where(
                certificates.c.issuer_id == issuer_id(ledger, agency),
                certificates.c.serial.in_(piece),
                certificates.c.live,
            )
            .values(live=False)
        )
        count += released.rowcount
    return count


def release_batch(connection: Connection, batch: int) -> None:
    """Let all certificates of a batch give up their numbers."""
    its = select(certificates.c.serial).join(batches, in_batch()).where(batches.c.id == batch)
    issuer = select(batches.c.issuer_id).where(batches.c.id == batch).scalar_subquery()
    in_it = (certificates.c.issuer_id == issuer, certificates.c.serial.in_(its))
    connection.execute(update(certificates).where(*in_it).values(live=False))


def add(
    connection: Connection,
    rows: Sequence[NewCertificate],
    *,
    issuer: int,
    batch: int,
    certificate_type: bytes,
    first_serial: int,
) -> None:
    """Store certificates of a batch under consecutive serials: all, or none.

    Raises:
        NumberTaken: some numbers are taken; the transaction can go on without these rows.
    """
    if not rows:
        return
    held = _collisions(connection, rows, issuer, certificate_type, former=True)
    if held:
        raise NumberTaken(held)
    savepoint = connection.begin_nested()
    try:
        insert_rows(
            connection,
            [(serial, row, True) for serial, row in enumerate(rows, first_serial)],
            issuer=issuer,
            batch=batch,
            certificate_type=certificate_type,
        )
    except IntegrityError:
        savepoint.rollback()
        collisions = _collisions(connection, rows, issuer, certificate_type)
        if not collisions:
            raise
        raise NumberTaken(collisions) from None
    savepoint.commit()


def insert_rows(
    connection: Connection,
    rows: Sequence[tuple[int, NewCertificate, bool]],
    *,
    issuer: int,
    batch: int,
    certificate_type: bytes,
) -> None:
    """Insert certificates, each with its serial and whether it is live, and all that they are found by."""
    fixed = {"issuer_id": issuer, "batch_id": batch, "certificate_type": certificate_type}
    connection.execute(
        insert(certificates),
        [
            {
                **fixed,
                "serial": serial,
                "live": live,
                "number_index": row.number_index,
                "line": row.line,
                "leaf": row.leaf,
                "jwt": row.jwt,
                "disclosures": row.disclosures,
            }
            for serial, row, live in rows
        ],
    )
    lookups.add(connection, issuer, ((serial, row.lookups) for serial, row, _ in rows))


def _collisions(
    connection: Connection,
    rows: Sequence[NewCertificate],
    issuer: int,
    certificate_type: bytes,
    *,
    former: bool = False,
) -> list[Collision]:
    """Find the rows whose numbers are taken: under the key in use, or under the former one that is being replaced."""
    numbers = [row.former_index if former else row.number_index for row in rows]
    indexes = [index for index in numbers if index is not None]
    if not indexes:
        return []
    ledger, agency = connection.execute(
        select(ledgers.c.name, issuers.c.agency).join(ledgers).where(issuers.c.id == issuer)
    ).one()
    there = taken(connection, ledger, agency, certificate_type, indexes)
    seen: set[bytes] = set()
    collisions = []
    for place, (row, index) in enumerate(zip(rows, numbers, strict=True)):
        if index is None:
            continue
        if index in there or index in seen:
            collisions.append(Collision(index=place, line=row.line, serial=there.get(index)))
        seen.add(index)
    return collisions
