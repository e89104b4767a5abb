"""Watches get each change of their caller once, from the one after they began; deliveries move by compare-and-set."""

from __future__ import annotations

import pytest

from store import deliveries, watches
from store.database import Database
from store.deliveries import Attempt, Delivery
from store.states import DeliveryState, WatchEnd
from tests.store.test_tracking import CALLER, OTHER, begin, mine, relied_on, revoked, track

GOOD = Attempt(status=200, error=None)
BAD = Attempt(status=500, error="status")


def watch(database: Database, name: str, *, caller: str = CALLER, now: int = 10) -> str:
    with database.begin() as connection:
        watches.add(connection, watch=name, caller=caller, url="https://a.example/", secret=b"sealed", now=now)
    return name


def spread(database: Database, now: int = 20) -> int:
    total = 0
    while True:
        with database.begin() as connection:
            made = watches.spread(connection, now=now)
        total += made
        if not made:
            return total


def all_of(database: Database, name: str) -> tuple[Delivery, ...]:
    with database.read() as connection:
        return deliveries.of_watch(connection, name, after=0, limit=1000)


@pytest.fixture
def changed(database: Database) -> Database:
    """One change that happened before there was any watch."""
    begin(database)
    relied_on(database, *range(20))
    relied_on(database, 2, caller=OTHER)
    track(database)
    mine(database, revoked(1))
    track(database)
    return database


def test_a_watch_gets_what_comes_after_it_once(changed: Database) -> None:
    first = watch(changed, "first")
    assert spread(changed) == 0
    block = mine(changed, revoked(2, 3))
    track(changed)
    second = watch(changed, "second")
    other = watch(changed, "other", caller=OTHER)
    with changed.read() as connection:
        assert watches.is_behind(connection)
    assert spread(changed) == 2
    with changed.read() as connection:
        assert not watches.is_behind(connection)
    assert spread(changed) == 0
    assert [(one.change.serial, one.change.block, one.state) for one in all_of(changed, first)] == [
        (2, block, DeliveryState.WAITING),
        (3, block, DeliveryState.WAITING),
    ]
    assert all_of(changed, second) == all_of(changed, other) == ()
    with changed.read() as connection:
        (found,) = deliveries.of_watch(connection, first, after=all_of(changed, first)[0].change.id, limit=9)
        assert found.change.serial == 3


def test_many_changes_are_spread_piece_by_piece(changed: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "PIECE", 3)
    names = [watch(changed, f"watch {number}") for number in range(2)]
    mine(changed, revoked(*range(10)))
    track(changed)
    assert spread(changed) == 20
    for name in names:
        assert [one.change.serial for one in all_of(changed, name)] == list(range(10))


@pytest.fixture
def waiting(changed: Database) -> Database:
    """The watch `mine` with three deliveries that wait."""
    watch(changed, "mine")
    mine(changed, revoked(4, 5, 6))
    track(changed)
    assert spread(changed) == 3
    return changed


def test_an_attempt_that_failed_is_put_off_and_one_that_was_good_ends_it(waiting: Database) -> None:
    one, two, three = all_of(waiting, "mine")
    with waiting.begin() as connection:
        assert deliveries.put_off(connection, one, BAD, until=100).moved
        assert deliveries.done(connection, two, GOOD, now=30).moved
        assert deliveries.fail(connection, three, Attempt(status=None, error="timeout"), now=30).moved
    with waiting.read() as connection:
        assert deliveries.due_watches(connection, now=99, limit=9) == ()
        assert deliveries.due_watches(connection, now=100, limit=9) == ("mine",)
        (due,) = deliveries.due(connection, "mine", now=100, limit=9)
        assert (due.delivery.id, due.url, due.secret) == (one.id, "https://a.example/", b"sealed")
        (failed,) = deliveries.of_watch(connection, "mine", after=0, limit=9, state=DeliveryState.FAILED)
    assert (failed.id, failed.attempts, failed.last_status, failed.last_error) == (three.id, 1, None, "timeout")
    assert [each.state for each in all_of(waiting, "mine")] == ["waiting", "done", "failed"]


def test_an_outcome_that_comes_twice_counts_once(waiting: Database) -> None:
    one, *_ = all_of(waiting, "mine")
    with waiting.begin() as connection:
        assert deliveries.done(connection, one, GOOD, now=30).moved
        again = deliveries.put_off(connection, one, BAD, until=100)
        assert (again.moved, again.state) == (False, DeliveryState.DONE)


def test_a_retry_brings_back_what_failed_and_not_what_is_done(waiting: Database) -> None:
    one, two, three = all_of(waiting, "mine")
    with waiting.begin() as connection:
        deliveries.fail(connection, one, BAD, now=30)
        deliveries.done(connection, two, GOOD, now=30)
        deliveries.put_off(connection, three, BAD, until=1000)
        assert deliveries.retry(connection, "other", one.id, now=40) is None
        for delivery, moved in ((one, True), (two, False), (three, True)):
            found = deliveries.retry(connection, "mine", delivery.id, now=40)
            assert found is not None
            assert found.moved is moved
        assert len(deliveries.due(connection, "mine", now=40, limit=9)) == 2
        late = deliveries.put_off(connection, three, BAD, until=2000)
        assert late.moved, "an attempt that was under way meanwhile counts as the first of the new ones"


def test_a_watch_that_ends_takes_what_waits_along(waiting: Database) -> None:
    one, *_ = all_of(waiting, "mine")
    with waiting.begin() as connection:
        deliveries.done(connection, one, GOOD, now=30)
        assert watches.end(connection, "mine", reason=WatchEnd.GONE, now=50)
        assert not watches.end(connection, "mine", reason=WatchEnd.REMOVED, now=60)
    mine(waiting, revoked(7))
    track(waiting)
    assert spread(waiting) == 0
    assert [each.state for each in all_of(waiting, "mine")] == ["done", "ended", "ended"]
    with waiting.begin() as connection:
        (ended,) = watches.of_caller(connection, CALLER)
        assert (ended.ended_at, ended.end_reason) == (50, WatchEnd.GONE)
        assert deliveries.due_watches(connection, now=999, limit=9) == ()
        moved = deliveries.retry(connection, "mine", all_of(waiting, "mine")[1].id, now=70)
        assert moved is not None
        assert not moved.moved


def test_somebody_elses_watch_is_not_there(waiting: Database) -> None:
    with waiting.read() as connection:
        assert watches.read(connection, "mine", OTHER) is None
        assert watches.read(connection, "mine", CALLER) is not None
        assert watches.of_caller(connection, OTHER) == ()


def test_who_waits_longest_comes_first(waiting: Database) -> None:
    watch(waiting, "late")
    mine(waiting, revoked(8))
    track(waiting)
    spread(waiting, now=15)
    with waiting.read() as connection:
        assert deliveries.due_watches(connection, now=99, limit=9) == ("late", "mine")
        assert deliveries.due_watches(connection, now=99, limit=1) == ("late",)
