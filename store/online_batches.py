"""Batches that certificates asked for one by one come into: of no job, shared by whoever issues the same type.

Nothing of them is kept in a process. Whoever adds to one, or closes it, locks its row first, so that several processes
can issue side by side, and what one that was killed left open is closed by the next that looks.
"""

from __future__ import annotations

from sqlalchemy import Connection, or_, select

from store.batch_reading import batch_of, read, select_batches
from store.issuers import issuer_id, ledger_id
from store.records import BatchRecord
from store.states import BatchState
from store.tables import batches, issuers


def locked_open(connection: Connection, ledger: str, agency: str, certificate_type: bytes) -> BatchRecord | None:
    """Give an open batch of an agency and a type that has room, held until the transaction ends; None: there is none.

    To be called in a write transaction.
    """
    wanted = (
        select(batches.c.id)
        .where(
            batches.c.issuer_id == issuer_id(ledger, agency),
            batches.c.certificate_type == certificate_type,
            batches.c.job_id.is_(None),
            batches.c.state == BatchState.FILLING,
            batches.c.count < batches.c.capacity,
        )
        .order_by(batches.c.id)
        .limit(1)
        .with_for_update(key_share=True)
    )
    found = connection.scalar(wanted)
    return None if found is None else read(connection, found)


def locked(connection: Connection, batch: int) -> BatchRecord | None:
    """Give a batch that is still open, held until the transaction ends; None: somebody has closed it."""
    wanted = select(batches.c.id).where(batches.c.id == batch, batches.c.state == BatchState.FILLING)
    found = connection.scalar(wanted.with_for_update(key_share=True))
    return None if found is None else read(connection, found)


def due(connection: Connection, ledger: str, *, before: int, now: int) -> tuple[BatchRecord, ...]:
    """Give the open batches that were begun at `before` or earlier; or later than now, by a clock that was set back."""
    wanted = select_batches().where(
        issuers.c.ledger_id == ledger_id(ledger),
        batches.c.job_id.is_(None),
        batches.c.state == BatchState.FILLING,
        or_(batches.c.created_at <= before, batches.c.created_at > now),
    )
    return tuple(map(batch_of, connection.execute(wanted.order_by(batches.c.id))))
