"""Jobs: one file of one agency, issued as one type, once. The same file again is the same job.

It stays so when the ledger that it was begun for is followed by another: what is left of it goes there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, select, update

from store.errors import NoSuchRow
from store.insertion import insert_into
from store.issuers import known_issuer, of_registry
from store.records import Job
from store.states import BatchState, JobState, Move
from store.tables import batches, issuers, job_not_void, jobs, ledgers


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The job of a file; `created` False: the file was seen before, go on from where it stands."""

    job: Job
    created: bool


def start(
    connection: Connection,
    *,
    ledger: str,
    agency: str,
    certificate_type: bytes,
    sha256: bytes,
    name: str,
    rows: int,
    now: int,
) -> Started:
    """Begin the job of a file with SHA-256 `sha256`, of which `rows` are to be issued; or answer what is there."""
    issuer = known_issuer(connection, ledger, agency)
    before = find(connection, ledger=ledger, agency=agency, certificate_type=certificate_type, sha256=sha256)
    if before is not None:
        return Started(job=before, created=False)
    row = {
        "issuer_id": issuer,
        "certificate_type": certificate_type,
        "sha256": sha256,
        "name": name,
        "rows": rows,
        "state": JobState.FILLING,
        "created_at": now,
        "updated_at": now,
    }
    made = connection.execute(insert_into(connection, jobs).values(row).on_conflict_do_nothing().returning(jobs.c.id))
    created = made.scalar() is not None
    found = find(connection, ledger=ledger, agency=agency, certificate_type=certificate_type, sha256=sha256)
    if found is None:
        raise NoSuchRow("jobs", sha256.hex())
    return Started(job=found, created=created)


def find(connection: Connection, *, ledger: str, agency: str, certificate_type: bytes, sha256: bytes) -> Job | None:
    """Give the job of a file, if there is one that is not void: the newest on any ledger of a registry."""
    wanted = _jobs().where(
        jobs.c.issuer_id.in_(of_registry(connection, ledger, agency)),
        jobs.c.certificate_type == certificate_type,
        jobs.c.sha256 == sha256,
        job_not_void,
    )
    row = connection.execute(wanted.order_by(jobs.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _job(row)


def read(connection: Connection, job: int) -> Job:
    """Give a job.

    Raises:
        NoSuchRow: there is none of this number.
    """
    row = connection.execute(_jobs().where(jobs.c.id == job)).one_or_none()
    if row is None:
        raise NoSuchRow("jobs", job)
    return _job(row)


def close(connection: Connection, job: int, *, now: int) -> Move[JobState]:
    """Filling -> closed: all its rows are in closed batches. A job with a batch that still fills does not move."""
    return _move(connection, job, JobState.FILLING, JobState.CLOSED, now, none_in=BatchState.FILLING)


def finish(connection: Connection, job: int, *, now: int) -> Move[JobState]:
    """Closed -> done: all is settled and handed out."""
    return _move(connection, job, JobState.CLOSED, JobState.DONE, now)


def void(connection: Connection, job: int, *, now: int) -> Move[JobState]:
    """Filling -> void: nothing of it was issued. A job with a batch that fills does not move."""
    closed = exists().where(batches.c.job_id == job, batches.c.state == BatchState.CLOSED)
    if connection.scalar(select(closed)):
        return Move(moved=False, state=read(connection, job).state)
    return _move(connection, job, JobState.FILLING, JobState.VOID, now, none_in=BatchState.FILLING)


def _move(
    connection: Connection,
    job: int,
    before: JobState,
    after: JobState,
    now: int,
    *,
    none_in: BatchState | None = None,
) -> Move[JobState]:
    conditions = [jobs.c.id == job, jobs.c.state == before]
    if none_in is not None:
        conditions.append(~exists().where(batches.c.job_id == jobs.c.id, batches.c.state == none_in))
    moved = connection.execute(update(jobs).where(*conditions).values(state=after, updated_at=now)).rowcount == 1
    return Move(moved=moved, state=after if moved else read(connection, job).state)


def _jobs() -> Select[Any]:
    return (
        select(jobs, ledgers.c.name.label("ledger"), issuers.c.agency)
        .join(issuers, issuers.c.id == jobs.c.issuer_id)
        .join(ledgers, ledgers.c.id == issuers.c.ledger_id)
    )


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        ledger=row.ledger,
        agency=row.agency,
        certificate_type=row.certificate_type,
        sha256=row.sha256,
        name=row.name,
        rows=row.rows,
        state=JobState(row.state),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
