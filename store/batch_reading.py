"""Batches as they stand, with what became of their anchor calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from store.certificate_reading import in_batch
from store.errors import NoSuchRow
from store.issuers import issuer_id
from store.records import BatchRecord
from store.states import BatchState, CallState
from store.tables import batch_not_void, batches, calls, certificates, issuers, ledgers, subtrees

_PIECE = 1000  # rows that are read at once

_FIELDS = tuple(field.name for field in fields(BatchRecord))


def read(connection: Connection, batch: int) -> BatchRecord:
    """Give a batch.

    Raises:
        NoSuchRow: there is none of this number.
    """
    row = connection.execute(select_batches().where(batches.c.id == batch)).one_or_none()
    if row is None:
        raise NoSuchRow("batches", batch)
    return batch_of(row)


def of_job(connection: Connection, job: int) -> tuple[BatchRecord, ...]:
    """Give a job's batches, void ones too, in the order of their making."""
    wanted = select_batches().where(batches.c.job_id == job).order_by(batches.c.id)
    return tuple(map(batch_of, connection.execute(wanted)))


def all_of_ledger(connection: Connection, ledger: str) -> Iterator[BatchRecord]:
    """Give all batches of a ledger, void ones too, in the order of agencies and serials."""
    wanted = (
        select_batches()
        .where(ledgers.c.name == ledger)
        .order_by(issuers.c.agency, batches.c.first_serial, batches.c.id)
    )
    for row in connection.execute(wanted.execution_options(yield_per=_PIECE)):
        yield batch_of(row)


def covering(connection: Connection, ledger: str, agency: str, serial: int) -> BatchRecord | None:
    """Give the batch that has a serial among its certificates, if it is not void."""
    wanted = (
        select_batches()
        .where(
            batches.c.issuer_id == issuer_id(ledger, agency),
            batch_not_void,
            batches.c.first_serial <= serial,
        )
        .order_by(batches.c.first_serial.desc())
        .limit(1)
    )
    row = connection.execute(wanted).one_or_none()
    if row is None or serial >= row.first_serial + row.count:
        return None
    return batch_of(row)


def filling(connection: Connection) -> tuple[BatchRecord, ...]:
    """Give the batches that are being filled."""
    wanted = select_batches().where(batches.c.state == BatchState.FILLING).order_by(batches.c.id)
    return tuple(batch_of(row) for row in connection.execute(wanted))


def leaves(connection: Connection, batch: int) -> tuple[bytes, ...]:
    """Give the leaves of a batch by position: enough to make any path."""
    wanted = select(certificates.c.leaf).join(batches, in_batch()).where(batches.c.id == batch)
    return tuple(connection.execute(wanted.order_by(certificates.c.serial)).scalars().all())


def subtrees_of(connection: Connection, batch: int) -> bytes | None:
    """Give the hashes of the subtrees of a closed batch (`ecert.merkle.Tree.subtrees`); None where none were kept."""
    return connection.scalar(select(subtrees.c.hashes).where(subtrees.c.batch_id == batch))


def counts(connection: Connection, job: int) -> dict[str, int]:
    """Count a job's certificates by where they stand: `filling`, `void`, or the state of their anchor call."""
    rows = connection.execute(
        select(batches.c.state, calls.c.state.label("call_state"), func.sum(batches.c.count).label("total"))
        .join(calls, calls.c.id == batches.c.call_id, isouter=True)
        .where(batches.c.job_id == job)
        .group_by(batches.c.state, calls.c.state)
    )
    found: dict[str, int] = {}
    for row in rows:
        word = row.call_state if row.state == BatchState.CLOSED else row.state
        found[word] = found.get(word, 0) + int(row.total)
    return found


def select_batches() -> Select[Any]:
    """Begin a query for batches, ledger and agency by their names."""
    return (
        select(
            batches,
            batches.c.job_id.label("job"),
            batches.c.call_id.label("call"),
            ledgers.c.name.label("ledger"),
            issuers.c.agency,
            calls.c.state.label("call_state"),
            calls.c.waiting_reason,
            calls.c.error,
        )
        .join(issuers, issuers.c.id == batches.c.issuer_id)
        .join(ledgers, ledgers.c.id == issuers.c.ledger_id)
        .join(calls, calls.c.id == batches.c.call_id, isouter=True)
    )


def batch_of(row: Row[Any]) -> BatchRecord:
    """Make the value of a row that `select_batches` found."""
    known = {name: getattr(row, name) for name in _FIELDS}
    known["state"] = BatchState(known["state"])
    known["call_state"] = None if known["call_state"] is None else CallState(known["call_state"])
    return BatchRecord(**known)
