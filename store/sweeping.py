"""Certificates of all ledgers and agencies in one order, to be sealed or indexed anew, piece by piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Update, bindparam, func, select, tuple_, update

from store import lookups
from store.certificate_reading import certificate_of, select_certificates
from store.key_uses import Position
from store.records import CertificateRecord
from store.tables import certificates


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """A certificate and its place in the order."""

    position: Position
    record: CertificateRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIndexes:
    """All that a certificate is to be found by: its number's index, and those of look-ups."""

    number_index: bytes | None
    lookups: tuple[bytes, ...]


def piece(connection: Connection, after: Position, limit: int) -> Sequence[Swept]:
    """Give the next certificates behind a place, of void batches too; none at the end."""
    wanted = (
        select_certificates()
        .add_columns(certificates.c.issuer_id)
        .where(tuple_(certificates.c.issuer_id, certificates.c.serial) > (after.issuer, after.serial))
        .order_by(certificates.c.issuer_id, certificates.c.serial)
        .limit(limit)
    )
    return [
        Swept(position=Position(issuer=row.issuer_id, serial=row.serial), record=certificate_of(row))
        for row in connection.execute(wanted)
    ]


def seal(connection: Connection, rows: Mapping[Position, bytes]) -> None:
    """Replace the sealed disclosures of certificates."""
    if rows:
        connection.execute(
            _at_place().values(disclosures=bindparam("sealed")),
            [{**_place(position), "sealed": sealed} for position, sealed in rows.items()],
        )


def index(connection: Connection, rows: Mapping[Position, NewIndexes]) -> None:
    """Let certificates be found by these indexes and no other."""
    if not rows:
        return
    connection.execute(
        _at_place().values(number_index=bindparam("number")),
        [{**_place(position), "number": made.number_index} for position, made in rows.items()],
    )
    by_issuer: dict[int, dict[int, tuple[bytes, ...]]] = {}
    for position, made in rows.items():
        by_issuer.setdefault(position.issuer, {})[position.serial] = made.lookups
    for issuer, found in by_issuer.items():
        lookups.replace(connection, issuer, found)


def count(connection: Connection) -> int:
    """Count the certificates of all ledgers."""
    return int(connection.execute(select(func.count()).select_from(certificates)).scalar_one())


def keys_in_rows(connection: Connection) -> frozenset[int]:
    """Give the numbers of the keys under which any certificate is sealed; reads every row."""
    first = func.substr(certificates.c.disclosures, 1, 1, type_=certificates.c.disclosures.type)
    return frozenset(bytes(found)[0] for found in connection.execute(select(first).distinct()).scalars())


def _at_place() -> Update:
    return update(certificates).where(
        certificates.c.issuer_id == bindparam("of_issuer"), certificates.c.serial == bindparam("at_serial")
    )


def _place(position: Position) -> dict[str, object]:
    return {"of_issuer": position.issuer, "at_serial": position.serial}
