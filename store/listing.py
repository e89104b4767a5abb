"""Pages of an agency's certificates, in the order of their serials: where each is, and nothing of its face."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select

from store.batch_reading import batch_of, select_batches
from store.issuers import issuer_id
from store.records import BatchRecord
from store.tables import batches, certificates, lookups


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A certificate of a page, and the batch that it is in."""

    serial: int
    batch: BatchRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which certificates are wanted; None: whichever.

    `lookups`: for each value that they must be found by, its blind indexes, one of which must lead to them.
    `since`, `until`: when their batches were begun, from the first second to before the last. `serials`: these alone.
    """

    certificate_type: bytes | None = None
    serials: Collection[int] | None = None
    lookups: tuple[Collection[bytes], ...] = ()
    since: int | None = None
    until: int | None = None


def page(
    connection: Connection, ledger: str, agency: str, wanted: Filter, *, after: int, limit: int
) -> tuple[Listed, ...]:
    """Give at most `limit` certificates of an agency with serials above `after`, of void batches too."""
    issuer = issuer_id(ledger, agency)
    of_batches = tuple(_of_batches(wanted))
    if of_batches:
        # Look only where such certificates lie: an agency may have a million before and behind them.
        reach = select(func.min(batches.c.first_serial), func.max(batches.c.first_serial + batches.c.count))
        first, end = connection.execute(reach.where(batches.c.issuer_id == issuer, *of_batches)).one()
        if first is None:
            return ()
        after = max(after, first - 1)
        of_batches = (*of_batches, certificates.c.serial < end)
    query = (
        select_batches()
        .add_columns(certificates.c.serial)
        .join(certificates, certificates.c.batch_id == batches.c.id)
        .where(certificates.c.issuer_id == issuer, certificates.c.serial > after, *of_batches)
    )
    if wanted.serials is not None:
        query = query.where(certificates.c.serial.in_(wanted.serials))
    for indexes in wanted.lookups:
        found = select(lookups.c.serial).where(lookups.c.issuer_id == issuer, lookups.c.index.in_(indexes))
        query = query.where(certificates.c.serial.in_(found))
    rows = connection.execute(query.order_by(certificates.c.serial).limit(limit))
    return tuple(Listed(serial=row.serial, batch=batch_of(row)) for row in rows)


def _of_batches(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """Give what is wanted of the batches that the certificates are in."""
    if wanted.certificate_type is not None:
        yield batches.c.certificate_type == wanted.certificate_type
    if wanted.since is not None:
        yield batches.c.created_at >= wanted.since
    if wanted.until is not None:
        yield batches.c.created_at < wanted.until
