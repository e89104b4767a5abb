"""Stored certificates: written in bulk, found by serial, batch or number.

A certificate is live while it has its number for itself among its agency's certificates of its type: from the moment
it is stored until its batch is void, or it is revoked or superseded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update
from sqlalchemy.exc import IntegrityError

from store.errors import Collision, NumberTaken
from store.issuers import issuer_id
from store.records import CertificateRecord, NewCertificate
from store.states import BatchState
from store.tables import batches, certificates, issuers, ledgers

PIECE = 500
"""Values that are asked for at once, and rows that are read at once."""


def read(connection: Connection, ledger: str, agency: str, serial: int) -> CertificateRecord | None:
    """Give the certificate with a serial, of a void batch too."""
    wanted = _certificates().where(
        certificates.c.issuer_id == issuer_id(ledger, agency), certificates.c.serial == serial
    )
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _certificate(row)


def of_batch(connection: Connection, batch: int, *, after: int = -1) -> Iterator[CertificateRecord]:
    """Give a batch's certificates by position, from the one after position `after` on."""
    wanted = (
        _certificates()
        .where(
            certificates.c.issuer_id == batches.c.issuer_id,
            certificates.c.serial > batches.c.first_serial + after,
            certificates.c.serial < batches.c.first_serial + batches.c.count,
            batches.c.id == batch,
        )
        .order_by(certificates.c.serial)
        .execution_options(yield_per=PIECE)
    )
    for row in connection.execute(wanted):
        yield _certificate(row)


def by_number(
    connection: Connection, ledger: str, agency: str, certificate_type: bytes, number_index: bytes
) -> tuple[CertificateRecord, ...]:
    """Give all certificates that have or had a number, newest first; at most one of them is live."""
    wanted = (
        _certificates()
        .where(
            certificates.c.issuer_id == issuer_id(ledger, agency),
            certificates.c.certificate_type == certificate_type,
            certificates.c.number_index == number_index,
        )
        .order_by(certificates.c.serial.desc())
    )
    return tuple(_certificate(row) for row in connection.execute(wanted))


def taken(
    connection: Connection, ledger: str, agency: str, certificate_type: bytes, number_indexes: Collection[bytes]
) -> dict[bytes, int]:
    """Give, for each number that a live certificate has, that certificate's serial."""
    wanted = select(certificates.c.number_index, certificates.c.serial).where(
        certificates.c.issuer_id == issuer_id(ledger, agency),
        certificates.c.certificate_type == certificate_type,
        certificates.c.live,
    )
    found: dict[bytes, int] = {}
    asked = iter(number_indexes)
    while piece := list(islice(asked, PIECE)):
        rows = connection.execute(wanted.where(certificates.c.number_index.in_(piece)))
        found.update((row.number_index, row.serial) for row in rows)
    return found


def issued_lines(connection: Connection, job: int) -> dict[int, int]:
    """Give the lines of a job's file that are in batches that are not void, each with its serial."""
    rows = connection.execute(
        select(certificates.c.line, certificates.c.serial)
        .join(batches, batches.c.id == certificates.c.batch_id)
        .where(batches.c.job_id == job, batches.c.state != BatchState.VOID, certificates.c.line.is_not(None))
    )
    return {row.line: row.serial for row in rows}


def release(connection: Connection, ledger: str, agency: str, serials: Sequence[int]) -> int:
    """Let certificates give up their numbers; answer how many were live."""
    count = 0
    for begin in range(0, len(serials), PIECE):
        released = connection.execute(
            update(certificates)
            .where(
                certificates.c.issuer_id == issuer_id(ledger, agency),
                certificates.c.serial.in_(serials[begin : begin + PIECE]),
                certificates.c.live,
            )
            .values(live=False)
        )
        count += released.rowcount
    return count


def release_batch(connection: Connection, batch: int) -> None:
    """Let all certificates of a batch give up their numbers."""
    connection.execute(update(certificates).where(certificates.c.batch_id == batch).values(live=False))


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
    fixed = {"issuer_id": issuer, "batch_id": batch, "certificate_type": certificate_type, "live": True}
    savepoint = connection.begin_nested()
    try:
        connection.execute(
            insert(certificates),
            [
                {
                    **fixed,
                    "serial": serial,
                    "number_index": row.number_index,
                    "line": row.line,
                    "leaf": row.leaf,
                    "compact": row.compact,
                }
                for serial, row in enumerate(rows, first_serial)
            ],
        )
    except IntegrityError:
        savepoint.rollback()
        collisions = _collisions(connection, rows, issuer, certificate_type)
        if not collisions:
            raise
        raise NumberTaken(collisions) from None
    savepoint.commit()


def _collisions(
    connection: Connection, rows: Sequence[NewCertificate], issuer: int, certificate_type: bytes
) -> list[Collision]:
    ledger, agency = connection.execute(
        select(ledgers.c.name, issuers.c.agency).join(ledgers).where(issuers.c.id == issuer)
    ).one()
    indexes = [row.number_index for row in rows if row.number_index is not None]
    there = taken(connection, ledger, agency, certificate_type, indexes)
    seen: set[bytes] = set()
    collisions = []
    for index, row in enumerate(rows):
        if row.number_index is None:
            continue
        if row.number_index in there or row.number_index in seen:
            collisions.append(Collision(index=index, line=row.line, serial=there.get(row.number_index)))
        seen.add(row.number_index)
    return collisions


def _certificates() -> Select[Any]:
    return (
        select(
            ledgers.c.name.label("ledger"),
            issuers.c.agency,
            certificates.c.serial,
            certificates.c.batch_id,
            batches.c.first_serial,
            certificates.c.certificate_type,
            certificates.c.number_index,
            certificates.c.live,
            certificates.c.line,
            certificates.c.leaf,
            certificates.c.compact,
        )
        .join(batches, batches.c.id == certificates.c.batch_id)
        .join(issuers, issuers.c.id == certificates.c.issuer_id)
        .join(ledgers, ledgers.c.id == issuers.c.ledger_id)
    )


def _certificate(row: Row[Any]) -> CertificateRecord:
    return CertificateRecord(
        ledger=row.ledger,
        agency=row.agency,
        serial=row.serial,
        batch=row.batch_id,
        position=row.serial - row.first_serial,
        certificate_type=row.certificate_type,
        number_index=row.number_index,
        live=row.live,
        line=row.line,
        leaf=row.leaf,
        compact=row.compact,
    )
