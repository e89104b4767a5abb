"""What holds up anchors: they go in the order of serials, so that nothing after a batch that is filling is anchored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from store import batches, jobs
from store.records import BatchRecord
from store.states import CallState
from verifier.services.abandoned import ABANDONED_AFTER
from verifier.services.office import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldUp:
    """A batch that is filling, and comes before others; `table` None: of certificates asked for one by one."""

    batch: BatchRecord
    table: str | None

    def __str__(self) -> str:
        """Say what is waited for."""
        first = f"{self.table}, which is not issued to its end," if self.table else "what was asked for one by one"
        return f"anchors go in the order of serials, and {first} comes first"

    @property
    def way_on(self) -> str:
        """Say how to go on where nobody is at work on it."""
        if self.table is None:
            return "the office (`ecert serve`) closes it as soon as it runs"
        return (
            f"go on with {self.table}, by `ecert issue` with its file or by `ecert reissue`; or the same command as"
            f" this goes on without it, {ABANDONED_AFTER} s after its last row"
        )


def held_up(office: Office, waiting: Iterable[BatchRecord]) -> HeldUp | None:
    """Give the first batch that holds up any of those that wait for their anchor; None where none does."""
    queued = [batch for batch in waiting if batch.call_state is CallState.QUEUED]
    if not queued:
        return None
    agency, last = queued[0].agency, max(batch.first_serial for batch in queued)
    with office.database.read() as connection:
        for batch in sorted(batches.filling(connection), key=lambda each: each.first_serial):
            if (batch.ledger, batch.agency) == (office.ledger, agency) and batch.first_serial < last:
                table = None if batch.job is None else jobs.read(connection, batch.job).name
                return HeldUp(batch=batch, table=table)
    return None
