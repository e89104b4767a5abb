"""Stored certificates, found by serial, batch, number, or whatever a blind index stands for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, bindparam, select

from store.issuers import issuer_id, of_registry
from store.pieces import PIECE, pieces
from store.records import CertificateRecord, Origin
from store.states import BatchState
from store.tables import batch_not_void, batches, certificates, issuers, jobs, ledgers
from store.tables import lookups as lookup_rows

SOME = 128
"""Certificates that are looked through here, without the database sorting them."""


def read(connection: Connection, ledger: str, agency: str, serial: int) -> CertificateRecord | None:
    """Give the certificate with a serial, of a void batch too."""
    wanted = select_certificates().where(
        certificates.c.issuer_id == issuer_id(ledger, agency), certificates.c.serial == serial
    )
    row = connection.execute(wanted).one_or_none()
    return None if row is None else certificate_of(row)


def of_batch(connection: Connection, batch: int) -> Iterator[CertificateRecord]:
    """Give a batch's certificates by position."""
    wanted = (
        select_certificates()
        .where(in_batch(), batches.c.id == batch)
        .order_by(certificates.c.serial)
        .execution_options(yield_per=PIECE)
    )
    for row in connection.execute(wanted):
        yield certificate_of(row)


def by_lookup(
    connection: Connection,
    ledgers: Collection[str],
    indexes: Sequence[bytes],
    *,
    limit: int,
    agency: str | None = None,
    serial: int | None = None,
    types: Collection[bytes] | None = None,
) -> tuple[CertificateRecord, ...]:
    """Give some ledgers' certificates that one or two indexes lead to, newest first, whatever became of them since.

    Those of void batches were promised to nobody and are left out. `agency`, `serial`, `types`: of these alone.
    """
    if not indexes:
        return ()
    only = {"agency": agency, "serial": serial, "types": types}
    asked = {"ledgers": ledgers, "one": indexes[0], "other": indexes[-1], **only}
    found = connection.execute(_some(SOME), asked).all()
    if len(found) == SOME:
        narrowed = [name for name, value in only.items() if value is not None]
        found = connection.execute(_newest(*narrowed), {**asked, "most": limit}).all()
    else:
        found = [row for row in found if row.ledger in ledgers and row.state != BatchState.VOID]
        found = [row for row in found if agency in {None, row.agency} and serial in {None, row.serial}]
        found = [row for row in found if types is None or bytes(row.certificate_type) in types]
        found.sort(key=lambda row: (-row.created_at, -row.serial, row.agency))
    return tuple(certificate_of(row) for row in found[:limit])


def _places() -> Select[Any]:
    """Ask where the certificates are that the indexes lead to."""
    wanted = lookup_rows.c.index.in_([bindparam("one"), bindparam("other")])
    return select(lookup_rows.c.issuer_id, lookup_rows.c.serial).where(wanted).distinct()


@cache
def _some(most: int) -> Select[Any]:
    """Ask for some of them in few words, which is all where there are few; written once, as that takes longest."""
    return _of(select_certificates().add_columns(batches.c.created_at, batches.c.state), _places().limit(most))


@cache
def _newest(*narrowed: str) -> Select[Any]:
    """Ask for the newest of many; their places first, as a hundred thousand certificates are not sorted whole."""
    narrowing = {
        "agency": issuers.c.agency == bindparam("agency"),
        "serial": certificates.c.serial == bindparam("serial"),
        "types": certificates.c.certificate_type.in_(bindparam("types", expanding=True)),
    }
    order = (batches.c.created_at.desc(), certificates.c.serial.desc(), issuers.c.agency)
    newest = (
        _of(select_certificates().with_only_columns(certificates.c.issuer_id, certificates.c.serial), _places())
        .where(ledgers.c.name.in_(bindparam("ledgers", expanding=True)), batch_not_void)
        .where(*(narrowing[name] for name in narrowed))
        .order_by(*order)
        .limit(bindparam("most"))
    )
    return _of(select_certificates(), newest).order_by(*order)


def _of(wanted: Select[Any], places: Select[Any]) -> Select[Any]:
    at = places.subquery()
    return wanted.join(at, and_(at.c.issuer_id == certificates.c.issuer_id, at.c.serial == certificates.c.serial))


def leaves(connection: Connection, ledger: str, agency: str, serials: range) -> tuple[bytes, ...]:
    """Give the leaves of an agency's certificates from one serial to before another."""
    asked = {"ledger": ledger, "agency": agency, "first": serials.start, "end": serials.stop}
    return tuple(connection.execute(_leaves(), asked).scalars().all())


@cache
def _leaves() -> Select[Any]:
    return (
        select(certificates.c.leaf)
        .join(issuers, issuers.c.id == certificates.c.issuer_id)
        .join(ledgers, ledgers.c.id == issuers.c.ledger_id)
        .where(ledgers.c.name == bindparam("ledger"), issuers.c.agency == bindparam("agency"))
        .where(certificates.c.serial >= bindparam("first"), certificates.c.serial < bindparam("end"))
        .order_by(certificates.c.serial)
    )


def taken(
    connection: Connection, ledger: str, agency: str, certificate_type: bytes, number_indexes: Collection[bytes]
) -> dict[bytes, int]:
    """Give, for each number that a live certificate has, that certificate's serial; it may stand on a ledger before."""
    wanted = select(certificates.c.number_index, certificates.c.serial).where(
        certificates.c.issuer_id.in_(of_registry(connection, ledger, agency)),
        certificates.c.certificate_type == certificate_type,
        certificates.c.live,
    )
    found: dict[bytes, int] = {}
    for piece in pieces(number_indexes):
        rows = connection.execute(wanted.where(certificates.c.number_index.in_(piece)))
        found.update((row.number_index, row.serial) for row in rows)
    return found


def origins(connection: Connection, ledger: str, agency: str, serials: Collection[int]) -> dict[int, Origin]:
    """Give where those of these serials that are of a table come from, by serial; on any ledger of a registry."""
    wanted = (
        select(
            certificates.c.serial, certificates.c.line, batches.c.state, batches.c.job_id, jobs.c.sha256, jobs.c.name
        )
        .join(batches, batches.c.id == certificates.c.batch_id)
        .join(jobs, jobs.c.id == batches.c.job_id)
        .where(certificates.c.issuer_id.in_(of_registry(connection, ledger, agency)), certificates.c.line.is_not(None))
    )
    found: dict[int, Origin] = {}
    for piece in pieces(serials):
        for row in connection.execute(wanted.where(certificates.c.serial.in_(piece))):
            filling = row.state == BatchState.FILLING
            found[row.serial] = Origin(job=row.job_id, sha256=row.sha256, name=row.name, line=row.line, filling=filling)
    return found


def issued_lines(connection: Connection, job: int) -> dict[int, int]:
    """Give the lines of a job's file that are in batches that are not void, each with its serial."""
    rows = connection.execute(
        select(certificates.c.line, certificates.c.serial)
        .join(batches, in_batch())
        .where(batches.c.job_id == job, batch_not_void, certificates.c.line.is_not(None))
    )
    return {row.line: row.serial for row in rows}


def in_batch() -> ColumnElement[bool]:
    """Say that a certificate is in a batch: by the batch's serials, which an index begins with."""
    return and_(certificates.c.batch_id == batches.c.id, of_batch_serials(certificates))


def of_batch_serials(table: Table) -> ColumnElement[bool]:
    """Say that a row of a table with `issuer_id` and `serial` is of one of a batch's serials."""
    return and_(
        table.c.issuer_id == batches.c.issuer_id,
        table.c.serial >= batches.c.first_serial,
        table.c.serial < batches.c.first_serial + batches.c.count,
    )


def select_certificates() -> Select[Any]:
    """Select what `certificate_of` reads."""
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
            certificates.c.jwt,
            certificates.c.disclosures,
        )
        .join(batches, batches.c.id == certificates.c.batch_id)
        .join(issuers, issuers.c.id == certificates.c.issuer_id)
        .join(ledgers, ledgers.c.id == issuers.c.ledger_id)
    )


def certificate_of(row: Row[Any]) -> CertificateRecord:
    """Make a record of a row."""
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
        jwt=row.jwt,
        disclosures=row.disclosures,
    )
