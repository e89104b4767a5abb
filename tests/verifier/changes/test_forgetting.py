"""The tracker deletes changes after the days that the settings say, now and then, and nothing that still waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.database import Database
from store.states import DeliveryState
from tests.store.test_tracking import begin, relied_on, told
from tests.verifier.changes.test_delivering import DOWN, HOUR, Desk
from verifier.changes.tracking import FORGET_EVERY, Tracker

DAYS = 7
DAY = 86_400


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    """A tracker that keeps changes for a week, and a clock that stands where the blocks are."""
    begin(database)
    relied_on(database, *range(100))
    desk = Desk(database, tmp_path)
    desk.tracker = Tracker(database, days=DAYS, clock=lambda: desk.now)
    desk.now = 1000
    desk.track()
    return desk


def serials(desk: Desk) -> list[int]:
    return [serial for serial, *_ in told(desk.database)]


async def test_changes_go_after_their_days(desk: Desk) -> None:
    made = await desk.watch()
    desk.happen(1)
    desk.happen(2)
    await desk.deliver()
    desk.now += DAYS * DAY
    desk.track()
    assert serials(desk) == [1, 2]
    desk.now += HOUR
    desk.track()
    assert serials(desk) == [2], "the newest stays"
    assert [(each.change.serial, each.state) for each in desk.of(made)] == [(2, DeliveryState.DONE)]


async def test_it_looks_for_them_now_and_then(desk: Desk) -> None:
    desk.now = 1000 + DAYS * DAY
    desk.happen(1)
    desk.happen(2)
    desk.now += FORGET_EVERY - 1
    desk.track()
    assert serials(desk) == [1, 2]
    desk.now += 1
    desk.track()
    assert serials(desk) == [2]


async def test_a_receiver_that_was_away_for_longer_gets_what_waits_for_it(desk: Desk) -> None:
    made = await desk.watch()
    desk.post.answers["https://a.example/"] = lambda: DOWN
    desk.happen(1)
    desk.happen(2)
    await desk.deliver()
    desk.now += DAYS * DAY + HOUR
    desk.track()
    desk.post.answers.clear()
    await desk.deliver()
    assert [(each.change.serial, each.state) for each in desk.of(made)] == [(1, "done"), (2, "done")]


async def test_one_tracker_at_a_time_does_it(desk: Desk) -> None:
    desk.happen(1)
    desk.happen(2)
    desk.now += DAYS * DAY + HOUR
    desk.track()
    assert serials(desk) == [2]
    desk.happen(3)
    other = Tracker(desk.database, days=DAYS, clock=lambda: desk.now)
    desk.now += 30
    assert not other.step()
    assert serials(desk) == [2, 3], "the lease is the other's for a minute"
