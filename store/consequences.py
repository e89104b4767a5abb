"""What the end of a call means for batches and certificates, in the transaction that ends it."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from store import certificates, supersessions
from store.records import Call
from store.states import BatchState, JobState
from store.tables import batches, jobs


def of_settled(connection: Connection, call: Call, *, now: int) -> None:
    """Let certificates that are final give up their numbers; say what those that are anchored replace."""
    if call.kind == "anchor":
        first, count = int(call.args["first_serial"]), int(call.args["count"])
        supersessions.say(connection, call.ledger, call.agency, range(first, first + count), now=now)
    elif call.kind == "revoke":
        certificates.release(connection, call.ledger, call.agency, [int(serial) for serial in call.args["serials"]])
    elif call.kind == "supersede":
        certificates.release(connection, call.ledger, call.agency, [int(call.args["old"])])


def of_failed(connection: Connection, call: Call, *, now: int) -> None:
    """Void the batch of a failed anchor; its rows may be issued again, so a closed job fills again."""
    batch = connection.execute(
        select(batches.c.id, batches.c.job_id).where(batches.c.call_id == call.id, batches.c.state == BatchState.CLOSED)
    ).one_or_none()
    if batch is None:
        return
    connection.execute(
        update(batches).where(batches.c.id == batch.id).values(state=BatchState.VOID, void_reason=call.error)
    )
    certificates.release_batch(connection, batch.id)
    supersessions.undo(connection, call.ledger, call.agency, batch.id)
    connection.execute(
        update(jobs)
        .where(jobs.c.id == batch.job_id, jobs.c.state == JobState.CLOSED)
        .values(state=JobState.FILLING, updated_at=now)
    )
