"""Everything that is stored about one ledger, row by row as it lies there: for whoever compares it with the chain.

Unlike the rooms' own reads, nothing here is decoded or followed further than it must be, so that a damaged row is shown
and not stumbled over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select

from store.batch_reading import all_of_ledger
from store.events import EventRow
from store.issuers import ledger_id
from store.outbox import call_of, select_calls
from store.records import BatchRecord, Block, Call
from store.tables import batches, blocks, calls, certificates, events, issuers, jobs, ledgers, transactions

PIECE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableRow:
    """A row that cannot be made sense of."""

    table: str
    key: int
    why: str


_EVENT_COLUMNS = tuple(events.c[name] for name in EventRow.__slots__)


def event_rows(connection: Connection, ledger: str, *, after: int, until: int | None) -> Iterator[EventRow]:
    """Give the events of the blocks above `after` and up to `until` (None: all), in their order."""
    wanted = select(*_EVENT_COLUMNS).where(events.c.ledger_id == ledger_id(ledger), events.c.block > after)
    if until is not None:
        wanted = wanted.where(events.c.block <= until)
    for row in connection.execute(wanted.order_by(events.c.block, events.c.log).execution_options(yield_per=PIECE)):
        yield EventRow(**row._asdict())


def block_rows(connection: Connection, ledger: str) -> Iterator[Block]:
    """Give all headers that are kept, lowest first."""
    columns = (blocks.c.number, blocks.c.hash, blocks.c.parent, blocks.c.time)
    wanted = select(*columns).where(blocks.c.ledger_id == ledger_id(ledger)).order_by(blocks.c.number)
    for row in connection.execute(wanted.execution_options(yield_per=PIECE)):
        yield Block(**row._asdict())


def batch_rows(connection: Connection, ledger: str) -> Iterator[BatchRecord]:
    """Give all batches, void ones too, in the order of agencies and serials."""
    return all_of_ledger(connection, ledger)


def call_rows(connection: Connection, ledger: str) -> Iterator[Call | UnreadableRow]:
    """Give all calls, oldest first."""
    wanted = select_calls().where(ledgers.c.name == ledger).order_by(calls.c.id)
    for row in connection.execute(wanted.execution_options(yield_per=PIECE)):
        try:
            yield call_of(row)
        except (ValueError, TypeError) as error:
            yield UnreadableRow(table="calls", key=row.id, why=str(error))


def hashes_of_calls(connection: Connection) -> Iterator[tuple[int, bytes]]:
    """Give every hash under which a call was ever signed, with the call."""
    wanted = select(transactions.c.call_id, transactions.c.tx_hash).execution_options(yield_per=PIECE)
    for row in connection.execute(wanted):
        yield row.call_id, row.tx_hash


def strays(connection: Connection, ledger: str) -> Iterator[tuple[str, int, int]]:
    """Give agency, serial and batch of certificates that lie outside of their batch's serials."""
    wanted = (
        select(issuers.c.agency, certificates.c.serial, certificates.c.batch_id)
        .join(issuers, issuers.c.id == certificates.c.issuer_id)
        .join(batches, batches.c.id == certificates.c.batch_id)
        .where(
            issuers.c.ledger_id == ledger_id(ledger),
            or_(
                certificates.c.serial < batches.c.first_serial,
                certificates.c.serial >= batches.c.first_serial + batches.c.count,
                certificates.c.issuer_id != batches.c.issuer_id,
            ),
        )
    )
    for row in connection.execute(wanted):
        yield row.agency, row.serial, row.batch_id


def next_serials(connection: Connection, ledger: str) -> dict[str, int]:
    """Give each agency's next serial."""
    wanted = select(issuers.c.agency, issuers.c.next_serial).where(issuers.c.ledger_id == ledger_id(ledger))
    return {row.agency: row.next_serial for row in connection.execute(wanted)}


def count_certificates(connection: Connection, ledger: str) -> int:
    """Count the certificates of a ledger, those of void batches too."""
    wanted = (
        select(func.count())
        .select_from(certificates.join(issuers, issuers.c.id == certificates.c.issuer_id))
        .where(issuers.c.ledger_id == ledger_id(ledger))
    )
    return int(connection.execute(wanted).scalar_one())


def has_issued(connection: Connection) -> bool:
    """Tell whether anything that only this database knows lies in it: jobs, batches or calls of any ledger."""
    return any(connection.scalar(select(table.c.id).limit(1)) is not None for table in (jobs, batches, calls))
