"""What happens when many do the same thing at once: it happens once, and everybody is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import pairwise
from threading import Barrier
from typing import TypeVar

from store import batches, calls, deliveries, idempotency, inventory, jobs, leases, watches
from store.database import Connection, Database
from store.deliveries import Attempt
from store.errors import NonceTaken, NumberTaken
from store.states import WatchEnd
from tests.store.makers import (
    AGENCY,
    LEDGER,
    TITLE,
    batch,
    certificate,
    certificates_from,
    close,
    digest,
    status_call,
)
from tests.store.test_tracking import CALLER, begin, mine, relied_on, revoked, track

MANY = 6
Answer = TypeVar("Answer")


def at_once(database: Database, write: Callable[[Connection, int], Answer]) -> list[Answer]:
    """Do a write in as many transactions at once, and give their answers."""
    ready = Barrier(MANY)

    def run(number: int) -> Answer:
        ready.wait()
        with database.begin() as connection:
            return write(connection, number)

    with ThreadPoolExecutor(MANY) as threads:
        return list(threads.map(run, range(MANY)))


def test_one_of_many_signs_a_call(database: Database) -> None:
    with database.begin() as connection:
        call = status_call(connection).id
    moves = at_once(
        database,
        lambda connection, number: calls.sign(
            connection, call, nonce=number, raw=bytes([number]), tx_hash=digest(number), now=1
        ),
    )
    assert sum(move.moved for move in moves) == 1
    with database.read() as connection:
        winner = moves.index(next(move for move in moves if move.moved))
        assert calls.read(connection, call).nonce == winner
        assert [one.nonce for one in calls.forms(connection, [call])[call]] == [winner]


def test_one_of_many_calls_gets_a_nonce(database: Database) -> None:
    with database.begin() as connection:
        waiting = [status_call(connection, agency=f"AGENCY-{number}").id for number in range(MANY)]

    def sign(connection: Connection, number: int) -> bool:
        try:
            return calls.sign(connection, waiting[number], nonce=5, raw=b"", tx_hash=digest(number), now=1).moved
        except NonceTaken:
            return False

    assert sum(at_once(database, sign)) == 1


def test_no_serial_is_given_twice(database: Database) -> None:
    begun = at_once(database, lambda connection, number: batch(connection, capacity=number + 1))
    spans = sorted((one.first_serial, one.first_serial + one.capacity) for one in begun)
    assert spans[0][0] == 0
    assert all(one[1] == following[0] for one, following in pairwise(spans))
    with database.read() as connection:
        assert inventory.next_serials(connection, LEDGER)[AGENCY] == spans[-1][1]


def test_one_of_many_certificates_gets_a_number(database: Database) -> None:
    with database.begin() as connection:
        begun = [batch(connection) for _ in range(MANY)]

    def fill(connection: Connection, number: int) -> int | None:
        try:
            batches.fill(connection, begun[number].id, position=0, rows=[certificate("A1")], now=1)
        except NumberTaken as error:
            return error.collisions[0].serial
        return None

    answers = at_once(database, fill)
    winner = answers.index(None)
    assert answers.count(None) == 1
    assert set(answers) == {None, begun[winner].first_serial}


def test_a_batch_is_filled_once_at_each_position(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection, capacity=100)
    moves = at_once(
        database,
        lambda connection, number: batches.fill(
            connection, begun.id, position=0, rows=certificates_from(number * 10, 3), now=1
        ),
    )
    assert sum(move.moved for move in moves) == 1
    with database.read() as connection:
        assert batches.read(connection, begun.id).count == len(batches.leaves(connection, begun.id)) == 3


def test_a_batch_is_closed_once_and_has_one_call(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection)
    answers = at_once(database, lambda connection, _: close(connection, begun, certificates_from(0, 3)))
    assert sum(answer.moved for answer in answers) == 1
    assert len({answer.call for answer in answers}) == 1
    with database.read() as connection:
        assert len(calls.open_calls(connection, LEDGER)) == 1


def test_one_file_begins_one_job(database: Database) -> None:
    answers = at_once(
        database,
        lambda connection, _: jobs.start(
            connection,
            ledger=LEDGER,
            agency=AGENCY,
            certificate_type=TITLE,
            sha256=digest("file"),
            name="file",
            rows=1,
            now=1,
        ),
    )
    assert sum(answer.created for answer in answers) == 1
    assert len({answer.job.id for answer in answers}) == 1


def test_one_key_writes_one_call(database: Database) -> None:
    assert len({call.id for call in at_once(database, lambda connection, _: status_call(connection, key="k"))}) == 1


def test_calls_of_an_agency_never_share_a_place(database: Database) -> None:
    written = at_once(database, lambda connection, _: status_call(connection))
    assert sorted(call.order for call in written) == list(range(MANY))


def test_one_of_many_takes_a_lease(database: Database) -> None:
    taken = at_once(
        database, lambda connection, number: leases.take(connection, "x", holder=str(number), now=1, seconds=9)
    )
    assert sum(lease is not None for lease in taken) == 1


def test_who_asks_what_changes_of_status_are_on_their_way_waits_for_who_writes_one(database: Database) -> None:
    def ask(connection: Connection, _: int) -> bool:
        calls.hold(connection, LEDGER, AGENCY)
        if calls.open_calls(connection, LEDGER, AGENCY):
            return False
        status_call(connection)
        return True

    assert sum(at_once(database, ask)) == 1


def test_a_request_that_is_freed_just_when_it_is_begun_again_is_begun(database: Database) -> None:
    begun = []

    def ask(_: int) -> None:
        for now in range(100):
            with database.begin() as connection:
                found = idempotency.begin(connection, "client", "key", b"request", now=now)
            if isinstance(found, idempotency.Attempt):
                begun.append(found)
                with database.begin() as connection:
                    idempotency.abandon(connection, found)

    with ThreadPoolExecutor(MANY) as threads:
        list(threads.map(ask, range(MANY)))
    assert begun


def test_what_is_tried_again_while_its_watch_ends_does_not_wait_for_ever(database: Database) -> None:
    begin(database)
    relied_on(database, 1)
    with database.begin() as connection:
        watches.add(connection, watch="w", caller=CALLER, url="https://a.example/", secret=b"sealed", now=1)
    mine(database, revoked(1))
    track(database)
    with database.begin() as connection:
        watches.spread(connection, now=1)
        (due,) = deliveries.due(connection, "w", now=1, limit=1)
        deliveries.fail(connection, due.delivery, Attempt(status=500, error="status"), now=1)

    def retry() -> bool:
        with database.begin() as connection:
            again = deliveries.retry(connection, "w", due.delivery.id, now=2)
        assert again is not None
        return again.moved

    with ThreadPoolExecutor(1) as thread:
        with database.begin() as connection:
            watches.end(connection, "w", reason=WatchEnd.REMOVED, now=2)
            tried = thread.submit(retry)
            wait([tried], timeout=1)  # it is at the watch by now, or past it
        assert tried.result() is False
    with database.read() as connection:
        assert deliveries.due_watches(connection, now=2, limit=9) == ()
