"""Two ledgers of one registry: a serial is on one of them, and what replaces it may stand on the next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from store import batches, calls, certificates, cursors, events, jobs, pins, supersessions
from store.database import Connection, Database
from store.events import standing_on
from store.records import BatchRecord
from store.states import BatchState, CallState, Contract
from tests.store.makers import (
    AGENCY,
    CHAIN,
    LEDGER,
    OTHER_AGENCY,
    OTHER_LEDGER,
    SENDER,
    TITLE,
    anchored,
    certificate,
    close,
    digest,
    header,
    seen,
    start,
)
from tests.store.test_pins import FOUND

STRANGE = f"{CHAIN}:0x{'99' * 20}"


def read(connection: Connection, ledger: str, first_serial: int, count: int) -> None:
    """Let a batch be read from the chain."""
    before = replace(start(), ledger=ledger)
    cursors.start(connection, before)
    after = replace(before, block=10, hash=digest((10, "")), time=1000, settled_block=10, ledger_sequence=1)
    event = anchored(10, 1, first_serial=first_serial, count=count)
    events.append(connection, before, after, seen=[seen(Contract.LEDGER, event)], headers=[header(10)])


@pytest.fixture(name="database")
def database_(database: Database) -> Database:
    """`LEDGER` was followed by `OTHER_LEDGER`; `STRANGE` is of another registry."""
    with database.begin() as connection:
        for name in (LEDGER, OTHER_LEDGER):
            pins.pin(connection, replace(FOUND, ledger=name))
        pins.pin(connection, replace(FOUND, ledger=STRANGE, registry=b"\7" * 20))
        begun = begin(connection, LEDGER, 5)
        close(connection, begun, [certificate(number) for number in range(5)])
        read(connection, LEDGER, 0, 5)
        read(connection, OTHER_LEDGER, 5, 3)
        read(connection, STRANGE, 0, 99)
    return database


def begin(connection: Connection, ledger: str, capacity: int) -> BatchRecord:
    return batches.begin(
        connection, ledger=ledger, agency=AGENCY, certificate_type=TITLE, job=None, capacity=capacity, now=1
    )


def replacing(connection: Connection) -> BatchRecord:
    """Close a batch on the next ledger whose certificate replaces 3, and has its number."""
    begun = begin(connection, OTHER_LEDGER, 1)
    assert begun.first_serial == 8
    supersessions.add(connection, OTHER_LEDGER, AGENCY, old=3, serial=8, sender=SENDER, gives_up=True)
    close(connection, begun, [certificate(3)])
    return batches.read(connection, begun.id)


def live(connection: Connection) -> list[int]:
    found = (certificates.read(connection, ledger, AGENCY, n) for ledger in (LEDGER, OTHER_LEDGER) for n in range(9))
    return [one.serial for one in found if one is not None and one.live]


def test_a_serial_is_on_the_ledger_whose_batch_has_it(database: Database) -> None:
    with database.read() as connection:
        for asked in (LEDGER, OTHER_LEDGER):
            found = [standing_on(connection, asked, AGENCY, serial) for serial in (0, 4, 5, 7)]
            assert found == [LEDGER, LEDGER, OTHER_LEDGER, OTHER_LEDGER]
            assert standing_on(connection, asked, OTHER_AGENCY, 0) == asked
        assert standing_on(connection, STRANGE, AGENCY, 4) == STRANGE


def test_the_retired_ledger_is_told_what_replaced_its_certificate(database: Database) -> None:
    with database.begin() as connection:
        batch = replacing(connection)
        assert live(connection) == [0, 1, 2, 4, 8]
        for asked in (LEDGER, OTHER_LEDGER):
            assert supersessions.of_olds(connection, asked, AGENCY, [3])[3].serial == 8
            assert supersessions.given_up(connection, asked) == {AGENCY: {3}}
        assert calls.settle(connection, batch.call or 0, now=2).moved
        (call,) = [each for each in calls.open_calls(connection, LEDGER, AGENCY) if each.kind == "supersede"]
        assert call.args == {"agency": AGENCY, "old": 3, "successors": [8]}
        assert [each.kind for each in calls.open_calls(connection, OTHER_LEDGER, AGENCY)] == []


def test_what_would_have_replaced_it_gives_its_number_back_when_refused(database: Database) -> None:
    with database.begin() as connection:
        batch = replacing(connection)
        assert calls.fail(connection, batch.call or 0, error="SerialsTaken", now=2).moved
        assert batches.read(connection, batch.id).state is BatchState.VOID
        assert live(connection) == [0, 1, 2, 3, 4]
        assert supersessions.of_olds(connection, LEDGER, AGENCY, [3]) == {}


def test_a_replacement_that_the_retired_ledger_refused_may_be_written_anew(database: Database) -> None:
    with database.begin() as connection:
        supersessions.add(connection, LEDGER, AGENCY, old=2, serial=4, sender=SENDER, gives_up=False)
        supersessions.say(connection, LEDGER, AGENCY, range(4, 5), now=2)
        said = supersessions.of_olds(connection, OTHER_LEDGER, AGENCY, [2])[2]
        assert calls.fail(connection, said.call or 0, error="StatusConflict", now=3).moved
        supersessions.add(connection, OTHER_LEDGER, AGENCY, old=2, serial=5, sender=SENDER, gives_up=False)
        found = supersessions.of_olds(connection, LEDGER, AGENCY, [2])[2]
        assert (found.serial, found.call_state) == (5, None)
        assert said.call_state is CallState.QUEUED


def test_the_same_file_is_the_same_job_on_the_next_ledger(database: Database) -> None:
    known = {"agency": AGENCY, "certificate_type": TITLE, "sha256": bytes(32)}
    with database.begin() as connection:
        first = jobs.start(connection, ledger=LEDGER, **known, name="a.csv", rows=3, now=1)
        again = jobs.start(connection, ledger=OTHER_LEDGER, **known, name="a.csv", rows=3, now=2)
        assert (again.created, again.job.id, again.job.ledger) == (False, first.job.id, LEDGER)
        assert jobs.find(connection, ledger=STRANGE, **known) is None
        assert jobs.void(connection, first.job.id, now=3).moved
        assert jobs.start(connection, ledger=OTHER_LEDGER, **known, name="a.csv", rows=3, now=4).created
