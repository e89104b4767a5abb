"""Batches of tables that nobody feeds any more: whoever filled them was killed, and they hold up all later ones."""

from __future__ import annotations

from store import batches
from store.records import Job
from verifier.services.office import Office

ABANDONED_AFTER = 120
"""Seconds without a row after which a batch that is being filled counts as abandoned."""


def void_abandoned(office: Office, *, agency: str | None = None, but: Job | None = None) -> int:
    """Void batches that nobody has fed for a while: they hold up the agency's later ones.

    Their jobs can be taken up again; the batches of the job `but` are left to it. Those of no job hold what was
    answered already: they are closed, never voided (`verifier.services.online_batches`).
    """
    now = office.clock()
    with office.database.begin() as connection:
        found = [
            batch
            for batch in batches.unfed(connection, seconds=ABANDONED_AFTER, now=now)
            if batch.ledger == office.ledger
            and batch.job is not None
            and agency in {None, batch.agency}
            and (but is None or batch.job != but.id)
        ]
        return sum(
            batches.void(connection, batch.id, reason="nobody fed it", now=now, unfed_for=ABANDONED_AFTER).moved
            for batch in found
        )
