"""What holds up anchors: they go in the order of serials, so that nothing after a batch that is filling is anchored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ecert.fields import Words
from store import batches, jobs
from store.records import BatchRecord
from store.states import CallState
from verifier.services.office import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldUp:
    """A batch that is filling, and comes before others; `table` None: of certificates asked for one by one."""

    batch: BatchRecord
    table: str | None

    @property
    def words(self) -> Words:
        """Say what is waited for."""
        if self.table is None:
            return Words(
                en="anchors go in the order of serials, and what was asked for one by one comes first",
                zh="登记按序列号顺序进行，逐份申请的证照在先",
            )
        return Words(
            en=f"anchors go in the order of serials, and {self.table} comes first, which somebody is issuing"
            " or was until a moment ago",
            zh=f"登记按序列号顺序进行，{self.table} 在先，该文件正在签发或刚刚中断",
        )


def held_up(office: Office, waiting: Iterable[BatchRecord]) -> HeldUp | None:
    """Give the first batch that holds up any of those that wait for their anchor; None where none does."""
    queued = [batch for batch in waiting if batch.call_state is CallState.QUEUED]
    if not queued:
        return None
    agency = queued[0].agency
    last = {batch.ledger: batch.first_serial for batch in sorted(queued, key=lambda each: each.first_serial)}
    with office.database.read() as connection:
        for batch in sorted(batches.filling(connection), key=lambda each: each.first_serial):
            if batch.agency == agency and batch.first_serial < last.get(batch.ledger, 0):
                table = None if batch.job is None else jobs.read(connection, batch.job).name
                return HeldUp(batch=batch, table=table)
    return None
