"""Old changes are deleted with their deliveries; what still waits, and the newest of all, stays."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from store import deliveries, past_changes
from store.database import Database
from store.states import DeliveryState
from store.tables import changes
from tests.store.test_tracking import CALLER, OTHER, begin, mine, relied_on, revoked, told, track
from tests.store.test_watches import BAD, GOOD, all_of, spread, watch

WATCH = "mine"


@pytest.fixture
def past(database: Database) -> Database:
    """Three blocks, each with a change that one watch has a delivery of: done, failed and waiting."""
    begin(database)
    relied_on(database, *range(20))
    track(database)
    watch(database, WATCH)
    for serial in (1, 2, 3):
        mine(database, revoked(serial))
    track(database)
    spread(database)
    one, two, _ = all_of(database, WATCH)
    with database.begin() as connection:
        deliveries.done(connection, one, GOOD, now=30)
        deliveries.fail(connection, two, BAD, now=30)
    return database


def forget(database: Database, *, before: int) -> int:
    with database.begin() as connection:
        return past_changes.forget(connection, before=before)


def serials(database: Database) -> list[int]:
    return [serial for serial, *_ in told(database)]


def time_of(database: Database, serial: int) -> int:
    return next(one.change.time for one in all_of(database, WATCH) if one.change.serial == serial)


def test_what_is_old_enough_goes_with_its_deliveries(past: Database) -> None:
    assert forget(past, before=time_of(past, 1)) == 0
    assert forget(past, before=time_of(past, 2)) == 1
    assert serials(past) == [2, 3]
    assert [one.change.serial for one in all_of(past, WATCH)] == [2, 3]
    assert forget(past, before=time_of(past, 3)) == 1
    assert serials(past) == [3]


def test_what_still_waits_stays_until_it_has_been_tried(past: Database) -> None:
    block = mine(past, revoked(4))
    track(past)
    assert forget(past, before=block * 100) == 2
    assert serials(past) == [3, 4]
    (waiting,) = all_of(past, WATCH)
    with past.begin() as connection:
        deliveries.done(connection, waiting, GOOD, now=40)
    assert forget(past, before=block * 100) == 1
    assert all_of(past, WATCH) == ()


def test_what_was_asked_for_again_stays(past: Database) -> None:
    block = mine(past, revoked(4))
    track(past)
    failed = all_of(past, WATCH)[1]
    with past.begin() as connection:
        deliveries.retry(connection, WATCH, failed.id, now=50)
    assert forget(past, before=block * 100) == 1
    assert [(one.change.serial, one.state) for one in all_of(past, WATCH)] == [
        (2, DeliveryState.WAITING),
        (3, DeliveryState.WAITING),
    ]


def test_numbers_go_on_rising_after_everything_grew_old(past: Database) -> None:
    (waiting,) = (one for one in all_of(past, WATCH) if one.state is DeliveryState.WAITING)
    with past.begin() as connection:
        deliveries.done(connection, waiting, GOOD, now=40)
    assert forget(past, before=1_000_000) == 2
    assert serials(past) == [3]
    mine(past, revoked(4))
    track(past)
    with past.read() as connection:
        assert [serial for serial, *_ in told(past, after=waiting.change.id)] == [4]
        assert past_changes.told.newest(connection) > waiting.change.id


@pytest.mark.reads_through
def test_an_old_block_that_was_told_of_late_goes_in_its_turn(past: Database) -> None:
    young = time_of(past, 3) + 1
    with past.begin() as connection:
        connection.execute(update(changes).where(changes.c.serial == 1).values(time=young))
    assert forget(past, before=young) == 0
    assert serials(past) == [1, 2, 3]


def test_many_go_piece_by_piece(past: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_changes, "PIECE", 3)
    mine(past, revoked(*range(4, 14)))
    block = mine(past, revoked(15))
    track(past)
    gone = [forget(past, before=block * 100) for _ in range(5)]
    assert gone == [3, 3, 3, 3, 0]
    assert serials(past) == [3, 15]


def forgotten(database: Database, caller: str = CALLER) -> int:
    with database.read() as connection:
        return past_changes.newest_forgotten(connection, caller)


def test_of_each_caller_it_stays_known_up_to_where_theirs_went(past: Database) -> None:
    assert (forgotten(past), forgotten(past, OTHER)) == (0, 0)
    block = mine(past, revoked(4))
    track(past)
    numbers = {one.change.serial: one.change.id for one in all_of(past, WATCH)}
    forget(past, before=block * 100)
    assert (forgotten(past), forgotten(past, OTHER)) == (numbers[2], 0)


def test_what_had_waited_and_goes_later_takes_nothing_back(past: Database) -> None:
    one, two, three = all_of(past, WATCH)
    block = mine(past, revoked(4))
    track(past)
    with past.begin() as connection:
        deliveries.retry(connection, WATCH, two.id, now=50)
        deliveries.done(connection, three, GOOD, now=50)
    assert forget(past, before=block * 100) == 2
    assert forgotten(past) == three.change.id
    (again,) = (one for one in all_of(past, WATCH) if one.state is DeliveryState.WAITING)
    with past.begin() as connection:
        deliveries.done(connection, again, GOOD, now=60)
    assert forget(past, before=block * 100) == 1
    assert forgotten(past) == three.change.id > two.change.id > one.change.id


def test_where_there_is_nothing_nothing_goes(database: Database) -> None:
    assert forget(database, before=1_000_000) == 0
