"""Who is told of what: every settled change after a caller relied, once, whichever of the two came first."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from ecert.events import CertificateSuperseded, Event
from ecert.facts import Status
from store import changes, cursors, events, evidence, reliances, tracking
from store.database import Database
from store.records import Cursor, Evidence
from store.reliances import Reliance
from store.states import Contract
from tests.store.makers import AGENCY, LEDGER, OTHER_AGENCY, changed, digest, header, place, seen, start

CALLER = "tax"
OTHER = "bank"


def begin(database: Database) -> None:
    with database.begin() as connection:
        cursors.start(connection, start())


def cursor(database: Database) -> Cursor:
    with database.read() as connection:
        return cursors.read_known(connection, LEDGER)


def mine(database: Database, *told: Event, settled: int | None = None, fork: str = "") -> int:
    """Read one more block with these events; settled up to itself unless said otherwise. Answers its number."""
    before = cursor(database)
    number = before.block + 1
    after = replace(
        before,
        block=number,
        hash=digest((number, fork)),
        time=number * 100,
        settled_block=max(before.settled_block, number if settled is None else settled),
        ledger_sequence=before.ledger_sequence + len(told),
    )
    placed = [
        seen(Contract.LEDGER, replace(event, place=place(number, before.ledger_sequence + 1 + log)), log)
        for log, event in enumerate(told)
    ]
    with database.begin() as connection:
        events.append(connection, before, after, seen=placed, headers=[header(number, fork)])
    return number


def revoked(*serials: int, agency: str = AGENCY) -> Event:
    return changed(0, 0, 1, *serials, agency=agency)


def relied_on(database: Database, *serials: int, caller: str = CALLER, block: int | None = None) -> None:
    since = cursor(database).settled_block if block is None else block
    with database.begin() as connection:
        reliances.relied(
            connection,
            [
                Reliance(ledger=LEDGER, agency=AGENCY, serial=serial, caller=caller, settled_block=since)
                for serial in serials
            ],
        )


def track(database: Database) -> int:
    """Track until there is nothing more to do; answer how many changes were written."""
    written = 0
    while True:
        with database.read() as connection:
            if not tracking.is_due(connection, LEDGER):
                return written
        with database.begin() as connection:
            written += tracking.track(connection, LEDGER).written


def told(database: Database, caller: str = CALLER, after: int = 0) -> list[tuple[int, int, Status]]:
    with database.read() as connection:
        found = changes.of_caller(connection, caller, after=after, limit=1000)
    assert [one.id for one in found] == sorted(one.id for one in found)
    assert {one.caller for one in found} <= {caller}
    return [(one.serial, one.block, one.status) for one in found]


def test_numbers_rise_with_the_clock_so_that_a_database_made_anew_gives_none_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(database)
    relied_on(database, 1, 2, 3)
    before = time.time_ns() // 10**6
    mine(database, revoked(1, 2))
    track(database)
    monkeypatch.setattr(time, "time_ns", lambda: 0)  # the clock was put back
    mine(database, revoked(3))
    track(database)
    with database.read() as connection:
        first, second, third = (one.id for one in changes.of_caller(connection, CALLER, after=0, limit=9))
    assert before <= first <= second - 1 <= third - 2
    assert first < before + 60_000


def test_before_the_chain_was_read_there_is_nothing_to_do(database: Database) -> None:
    assert track(database) == 0
    with database.begin() as connection:
        assert not tracking.track(connection, LEDGER).more
        assert changes.newest(connection) == 0


def test_who_relied_is_told_once_and_nobody_else_is(database: Database) -> None:
    begin(database)
    relied_on(database, 1, 2)
    relied_on(database, 2, caller=OTHER)
    track(database)
    block = mine(database, revoked(2, 3), revoked(2, agency=OTHER_AGENCY))
    assert track(database) == 2
    assert track(database) == 0
    assert told(database) == told(database, OTHER) == [(2, block, Status.REVOKED)]
    with database.read() as connection:
        (one,) = changes.of_caller(connection, CALLER, after=0, limit=5)
        assert (one.ledger, one.agency, one.time, one.successors) == (LEDGER, AGENCY, block * 100, ())
        (other,) = changes.of_caller(connection, OTHER, after=0, limit=5)
        assert changes.newest(connection) == max(one.id, other.id)


def test_what_was_settled_before_is_not_told(database: Database) -> None:
    begin(database)
    mine(database, revoked(1))
    relied_on(database, 1)
    assert track(database) == 0
    block = mine(database, changed(0, 0, 2, 1))
    track(database)
    assert told(database) == [(1, block, Status.SUSPENDED)]


@pytest.mark.parametrize("tracked", [True, False], ids=["after the event was matched", "before"])
def test_a_reliance_that_is_shipped_late_is_told_of_what_came_since(database: Database, *, tracked: bool) -> None:
    begin(database)
    mine(database, revoked(1))
    since = cursor(database).settled_block
    block = mine(database, changed(0, 0, 2, 1, 2))
    later = mine(database, revoked(2))
    if tracked:
        track(database)
    relied_on(database, 1, 2, block=since)
    track(database)
    assert sorted(told(database)) == [
        (1, block, Status.SUSPENDED),
        (2, block, Status.SUSPENDED),
        (2, later, Status.REVOKED),
    ]
    assert track(database) == 0


def test_an_earlier_reliance_that_comes_later_is_caught_up_with_and_a_later_one_changes_nothing(
    database: Database,
) -> None:
    begin(database)
    first = mine(database, revoked(1))
    second = mine(database, changed(0, 0, 2, 1))
    relied_on(database, 1, block=first)
    track(database)
    assert told(database) == [(1, second, Status.SUSPENDED)]
    relied_on(database, 1, block=first - 1)
    track(database)
    assert told(database) == [(1, second, Status.SUSPENDED), (1, first, Status.REVOKED)]
    relied_on(database, 1, block=second)
    assert track(database) == 0


def test_a_change_counts_once_it_is_settled(database: Database) -> None:
    begin(database)
    relied_on(database, 1)
    settled = cursor(database).settled_block
    block = mine(database, revoked(1), settled=settled)
    assert track(database) == 0
    mine(database, settled=block)
    assert track(database) == 1
    assert told(database) == [(1, block, Status.REVOKED)]


def test_a_change_that_was_seen_before_it_was_settled_is_told_when_it_is(database: Database) -> None:
    """A reinstatement does not count before; and a withdrawal might have been undone."""
    begin(database)
    settled = cursor(database).settled_block
    block = mine(database, changed(0, 0, 0, 1), settled=settled)
    relied_on(database, 1)
    mine(database, settled=block)
    track(database)
    assert told(database) == [(1, block, Status.VALID)]


def test_what_a_fork_undid_is_never_told(database: Database) -> None:
    begin(database)
    relied_on(database, 1)
    common = mine(database)
    track(database)
    mine(database, revoked(1), settled=common)
    assert track(database) == 0
    with database.begin() as connection:
        events.roll_back(connection, cursor(database), common)
    assert track(database) == 0
    block = mine(database, changed(0, 0, 2, 1), fork="other")
    track(database)
    assert told(database) == [(1, block, Status.SUSPENDED)]


def test_a_fork_below_what_was_settled_hides_no_change(database: Database) -> None:
    begin(database)
    relied_on(database, 1)
    common = mine(database)
    mine(database)
    mine(database)
    relied_on(database, 2, 3)
    track(database)
    with database.begin() as connection:
        events.roll_back(connection, cursor(database), common)
    block = mine(database, revoked(1, 2), fork="other")
    mine(database, fork="other")
    relied_on(database, 3, block=block)
    last = mine(database, revoked(3), fork="other")
    track(database)
    assert told(database) == [(1, block, Status.REVOKED), (2, block, Status.REVOKED), (3, last, Status.REVOKED)]


def test_what_a_fork_below_what_was_settled_makes_of_a_place_is_told_each_time(database: Database) -> None:
    begin(database)
    relied_on(database, 1, 2)
    common = mine(database)
    for fork, event in (
        ("one", changed(0, 0, 2, 1, 2)),
        ("two", revoked(1)),
        ("one", changed(0, 0, 2, 1, 2)),
    ):
        mine(database, event, fork=fork)
        track(database)
        with database.begin() as connection:
            events.roll_back(connection, cursor(database), common)
    assert told(database) == [
        (1, common + 1, Status.SUSPENDED),
        (2, common + 1, Status.SUSPENDED),
        (1, common + 1, Status.REVOKED),
        (1, common + 1, Status.SUSPENDED),
    ]


def test_other_successors_at_the_same_place_after_a_deep_fork_are_told(database: Database) -> None:
    begin(database)
    relied_on(database, 1)
    common = mine(database)
    for successors in ((7,), (8,), (8,)):
        mine(database, CertificateSuperseded(place=place(0, 0), agency=AGENCY, old=1, successors=successors))
        track(database)
        with database.begin() as connection:
            events.roll_back(connection, cursor(database), common)
    with database.read() as connection:
        found = changes.of_caller(connection, CALLER, after=0, limit=9)
    assert [one.successors for one in found] == [(7,), (8,)]


def test_a_ledger_that_is_read_anew_doubles_nothing(database: Database) -> None:
    begin(database)
    relied_on(database, 1)
    track(database)
    block = mine(database, revoked(1))
    track(database)
    with database.begin() as connection:
        events.roll_back(connection, cursor(database), block - 1)
    track(database)
    assert mine(database, revoked(1)) == block
    assert track(database) == 0
    assert told(database) == [(1, block, Status.REVOKED)]


def test_nothing_of_a_contested_height_is_told(database: Database) -> None:
    begin(database)
    relied_on(database, 1)
    track(database)
    block = mine(database, revoked(1))
    with database.begin() as connection:
        found = Evidence(ledger=LEDGER, height=block, hash=bytes(32), header=None, source="a node", found_at=1)
        evidence.keep(connection, [found])
    assert track(database) == 0
    assert told(database) == []


def test_a_replacement_names_the_successors(database: Database) -> None:
    begin(database)
    relied_on(database, 1)
    mine(database, CertificateSuperseded(place=place(0, 0), agency=AGENCY, old=1, successors=(7, 8)))
    track(database)
    with database.read() as connection:
        (one,) = changes.of_caller(connection, CALLER, after=0, limit=5)
    assert (one.status, one.successors) == (Status.SUPERSEDED, (7, 8))


def test_two_events_of_one_block_are_two_changes(database: Database) -> None:
    begin(database)
    relied_on(database, 1)
    block = mine(database, changed(0, 0, 2, 1), revoked(1))
    track(database)
    assert told(database) == [(1, block, Status.SUSPENDED), (1, block, Status.REVOKED)]
    with database.read() as connection:
        (first,) = changes.of_caller(connection, CALLER, after=0, limit=1)
        (second,) = changes.of_caller(connection, CALLER, after=first.id, limit=9)
    assert (first.status, second.status) == (Status.SUSPENDED, Status.REVOKED)


def test_much_is_done_piece_by_piece_and_nothing_is_left(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "EVENTS", 2)
    monkeypatch.setattr(tracking, "FRESH", 3)
    begin(database)
    relied_on(database, *range(10))
    track(database)
    for _ in range(5):
        mine(database, *(revoked(serial) for serial in range(3)))
    assert track(database) == 15
    relied_on(database, *range(10), caller=OTHER, block=start().block)
    assert track(database) == 15
    assert len(told(database, OTHER)) == 15


def test_one_event_of_many_serials_reaches_everybody(database: Database) -> None:
    begin(database)
    relied_on(database, *range(1200))
    mine(database, revoked(*range(0, 2400, 2)))
    track(database)
    assert [serial for serial, *_ in told(database)] == list(range(0, 1200, 2))[:1000]


def test_reliances_and_events_that_come_at_once_are_all_told(database: Database) -> None:
    """Writers on several threads, a tracker beside them: whatever the order, every caller hears of every event."""
    begin(database)
    block = cursor(database).settled_block
    ended, failures = threading.Event(), []

    def work(number: int) -> None:
        try:
            for serial in range(8):
                relied_on(database, serial, caller=f"caller {number}", block=block)
        except Exception as error:  # noqa: BLE001 # shown by the assertion
            failures.append(error)

    def keep_tracking() -> None:
        while not ended.is_set():
            track(database)

    tracker = threading.Thread(target=keep_tracking)
    writers = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in (tracker, *writers):
        thread.start()
    for serial in range(8):
        mine(database, revoked(serial))
    for thread in writers:
        thread.join()
    ended.set()
    tracker.join()
    track(database)
    assert failures == []
    for number in range(3):
        assert sorted(serial for serial, *_ in told(database, f"caller {number}")) == list(range(8))
