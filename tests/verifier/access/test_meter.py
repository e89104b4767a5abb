"""Usage: counted once and by all processes together, whatever the database does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ecert.days import DAY
from store import usage
from store.database import Connection, Database
from store.errors import CommitUncertain, DatabaseAway
from store.usage import Used
from verifier.access.meter import EAST, Meter, day_of
from verifier.callers import Act

NOW = 1_790_000_000
TODAY = day_of(NOW)


class Clock:
    now = NOW

    def __call__(self) -> int:
        return self.now


class Flaky:
    """A database whose next commit fails: before it happened, or after."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.fails: str | None = None

    def read(self) -> object:
        return self._database.read()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        fails, self.fails = self.fails, None
        if fails == "and nothing happened":
            raise DatabaseAway("gone")
        with self._database.begin() as connection:
            yield connection
        if fails == "but it happened":
            raise CommitUncertain("gone")


def stored(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return {used.kind: count for used, count in usage.of_day(connection, TODAY).items()}


async def test_what_was_counted_is_added_to_what_is_there(database: Database) -> None:
    one, two = Meter(database, Clock()), Meter(database, Clock())
    one.count("tax", Act.VERIFICATION, 3)
    one.count("tax", Act.REFUSED)
    two.count("tax", Act.VERIFICATION, 4)
    await asyncio.gather(one.flush(), two.flush())
    await one.flush()
    assert stored(database) == {"verification": 7, "refused": 1}
    assert one.used_today("tax") == 7
    assert one.used_today("other") == 0


@pytest.mark.parametrize(("fails", "after"), [("and nothing happened", {}), ("but it happened", {"verification": 3})])
async def test_a_write_that_failed_is_counted_once(fails: str, after: dict[str, int], database: Database) -> None:
    flaky = Flaky(database)
    meter = Meter(flaky, Clock())  # type: ignore[arg-type]
    meter.count("tax", Act.VERIFICATION, 3)
    flaky.fails = fails
    await meter.flush()
    assert stored(database) == after
    meter.count("tax", Act.VERIFICATION)
    await meter.flush()
    assert stored(database) == {"verification": 4}
    assert meter.used_today("tax") == 4


async def test_a_day_begins_at_midnight_at_plus_eight(database: Database) -> None:
    clock = Clock()
    clock.now = (TODAY + 1) * DAY - EAST - 1
    meter = Meter(database, clock)
    meter.count("tax", Act.LOOK_UP)
    clock.now += 1
    meter.count("tax", Act.LOOK_UP)
    assert meter.used_today("tax") == 1
    await meter.flush()
    with database.read() as connection:
        assert usage.between(connection, TODAY, TODAY + 1) == {
            Used(client="tax", day=TODAY, kind="look_up"): 1,
            Used(client="tax", day=TODAY + 1, kind="look_up"): 1,
        }


KILLED = """
import asyncio, os, sys
from store.database import Database
from verifier.access.meter import Meter
from verifier.callers import Act
async def work():
    with Database.open(sys.argv[1]) as database:
        meter = Meter(database, lambda: 1_790_000_000)
        meter.count("tax", Act.VERIFICATION, 5)
        await meter.flush()
        meter.count("tax", Act.VERIFICATION, 2)
        os.kill(os.getpid(), 9)
asyncio.run(work())
"""


def test_a_killed_process_loses_what_it_had_not_written(database: Database, database_url: str) -> None:
    assert subprocess.run([sys.executable, "-c", KILLED, database_url], check=False).returncode == -9
    assert stored(database) == {"verification": 5}
