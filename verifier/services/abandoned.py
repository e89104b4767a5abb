"""Batches of tables that nobody is at work on: whoever filled them was stopped, and they hold up all later ones.

Whoever fills a batch holds its job (`verifier.services.held_job`), so that no time has to be guessed. Its rows were
promised to nobody, and the table can be issued again.
"""

from __future__ import annotations

import uuid

from store import batches, leases
from store.records import BatchRecord, Job
from verifier.services.held_job import LONGEST, lease_of
from verifier.services.office import Office


def abandoned(office: Office, *, agency: str | None = None, but: Job | None = None) -> list[tuple[int, BatchRecord]]:
    """Give the batches of tables that nobody is at work on, each with its job; those of the job `but` are left to it.

    Those of no job hold what was answered already: they are closed, never voided (`verifier.services.online_batches`).
    """
    now = office.clock()
    with office.database.read() as connection:
        return [
            (batch.job, batch)
            for batch in batches.filling(connection)
            if batch.ledger in office.ledgers
            and batch.job is not None
            and agency in {None, batch.agency}
            and (but is None or batch.job != but.id)
            and not leases.held(connection, lease_of(batch.job), now=now)
        ]


def void_abandoned(office: Office, *, agency: str | None = None, but: Job | None = None) -> int:
    """Void them, each while its job is ours; answer how many there were."""
    found = abandoned(office, agency=agency, but=but)
    return sum([_void(office, job, batch) for job, batch in found])


def _void(office: Office, job: int, batch: BatchRecord) -> bool:
    with office.database.begin() as connection:
        now = office.clock()
        lease = leases.take(connection, lease_of(job), holder=uuid.uuid4().hex, now=now, seconds=LONGEST)
        if lease is None:
            return False
        leases.release(connection, lease)
        return batches.void(connection, batch.id, reason="nobody was at work on it", now=now).moved
