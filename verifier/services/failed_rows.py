"""Rows that the ledger refused: in batches whose anchor call has failed, and not issued again since.

A row is known by its line in its job. A batch that came without a job gets one that is named after it, so that its
rows, too, are issued again once. A job is over when none of its rows is left so, and all its files are out. Where it
was begun for a ledger that another one follows now, its rows are issued again there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

from store import batches, certificates, inventory, jobs
from store.database import Connection, Database
from store.records import BatchRecord, CertificateRecord, Job
from store.states import BatchState


def jobs_with_failures(database: Database, ledgers: Sequence[str], agency: str | None, *, now: int) -> list[Job]:
    """Give the jobs that had a batch refused, of one agency or of all, and are not over.

    `ledgers`: the one that is issued on and those that it follows, the newest first. Of a table that was begun for
    more than one of them, the newest job has its rows.
    """
    with database.begin() as connection:
        failed = [one for one in _batch_rows(connection, ledgers) if _has_failed(one)]
        wanted = [one for one in failed if agency in {None, one.agency}]
        found = {job.id: job for job in [_job_of(connection, one, now) for one in wanted]}
        found = {number: job for number, job in found.items() if _is_newest(connection, ledgers[0], job)}
    return [job for job in found.values() if rows_due(database, ledgers, job) or _has_files_due(database, job)]


def _batch_rows(connection: Connection, ledgers: Sequence[str]) -> Iterator[BatchRecord]:
    for ledger in reversed(ledgers):
        yield from inventory.batch_rows(connection, ledger)


def _is_newest(connection: Connection, ledger: str, job: Job) -> bool:
    newest = jobs.find(
        connection, ledger=ledger, agency=job.agency, certificate_type=job.certificate_type, sha256=job.sha256
    )
    return newest is None or newest.id == job.id


def _has_files_due(database: Database, job: Job) -> bool:
    with database.read() as connection:
        closed = [one for one in batches.of_job(connection, job.id) if one.state is BatchState.CLOSED]
    return any(one.handed_out_at is None for one in closed)


def _has_failed(batch: BatchRecord) -> bool:
    return batch.state is BatchState.VOID and batch.call is not None


def _job_of(connection: Connection, batch: BatchRecord, now: int) -> Job:
    if batch.job is not None:
        return jobs.read(connection, batch.job)
    return jobs.start(
        connection,
        ledger=batch.ledger,
        agency=batch.agency,
        certificate_type=batch.certificate_type,
        sha256=_name(batch),
        name=f"batch {batch.id} again",
        rows=batch.count,
        now=now,
    ).job


def _name(batch: BatchRecord) -> bytes:
    return sha256(f"reissue {batch.ledger} batch {batch.id}".encode()).digest()


def rows_due(database: Database, ledgers: Sequence[str], job: Job) -> dict[int, CertificateRecord]:
    """Give a job's refused rows that were not issued again: line -> what was signed, the newest of each."""
    due: dict[int, CertificateRecord] = {}
    with database.read() as connection:
        issued = certificates.issued_lines(connection, job.id)
        for batch in list(_batch_rows(connection, ledgers)):
            if _has_failed(batch) and (batch.job == job.id or (batch.job is None and _name(batch) == job.sha256)):
                for row in certificates.of_batch(connection, batch.id):
                    line = row.position + 1 if row.line is None else row.line
                    if line not in issued:
                        due[line] = row
    return due
