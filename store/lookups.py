"""Blind indexes: which certificates a value leads to, without the value standing here.

An index is 16 bytes that somebody with the index key has made; the store neither makes nor understands one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Connection, delete, insert, select

from store.certificate_reading import of_batch_serials
from store.pieces import pieces
from store.tables import batches, lookups


def add(connection: Connection, issuer: int, rows: Iterable[tuple[int, Collection[bytes]]]) -> None:
    """Let each serial be found by its indexes, each of which is given once."""
    values = [{"index": index, "issuer_id": issuer, "serial": serial} for serial, indexes in rows for index in indexes]
    if values:
        connection.execute(insert(lookups), values)


def replace(connection: Connection, issuer: int, rows: Mapping[int, Collection[bytes]]) -> None:
    """Let each serial be found by these indexes and no other."""
    for piece in pieces(rows):
        connection.execute(delete(lookups).where(lookups.c.issuer_id == issuer, lookups.c.serial.in_(piece)))
    add(connection, issuer, rows.items())


def of_batch(connection: Connection, batch: int) -> dict[int, frozenset[bytes]]:
    """Give, for each serial of a batch that is found by anything, its indexes."""
    wanted = select(lookups.c.serial, lookups.c.index.label("found_by")).where(
        batches.c.id == batch, of_batch_serials(lookups)
    )
    found: dict[int, list[bytes]] = {}
    for row in connection.execute(wanted):
        found.setdefault(row.serial, []).append(bytes(row.found_by))
    return {serial: frozenset(indexes) for serial, indexes in found.items()}
