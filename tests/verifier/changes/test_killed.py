"""Killed between any two commits, again and again: every caller is told of every change, each under one id."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from store import changes, deliveries, watches
from store.database import Database
from store.states import DeliveryState
from tests import forks
from tests.store.test_tracking import CALLER, OTHER, begin, mine, relied_on, revoked, track
from tests.verifier.changes import killed
from tests.verifier.changes.test_delivering import let_in
from verifier.keys.watch_key import WatchKeys

NOW = 1_800_000_000


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_again_and_again_it_tells_everybody_once(
    database: Database, database_url: str, tmp_path: Path, when: str
) -> None:
    begin(database)
    track(database)
    (tmp_path / "now").write_text(str(NOW))
    relied_on(database, *range(6))
    relied_on(database, 3, caller=OTHER)
    let_in(database, CALLER)
    keys = WatchKeys.under(tmp_path / "keys")
    with database.begin() as connection:
        secret = keys.seal("whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0", "mine", number=keys.keys.newest())
        watches.add(connection, watch="mine", caller=CALLER, url="https://a.example/", secret=secret, now=NOW)
    mine(database, revoked(1, 3), revoked(2))
    mine(database, revoked(3, 5))
    numbers = (1, 2, 3, 2) if when == "before" else (1, 1, 1, 2)
    codes = [forks.run(killed.main, database_url, tmp_path, number, when) for number in numbers]
    assert codes == [-signal.SIGKILL] * len(numbers)
    assert forks.run(killed.main, database_url, tmp_path, 1000, when) == 0
    with database.read() as connection:
        told = {
            caller: [one.serial for one in changes.of_caller(connection, caller, after=0, limit=99)]
            for caller in (CALLER, OTHER)
        }
        made = deliveries.of_watch(connection, "mine", after=0, limit=99)
    assert told == {CALLER: [1, 3, 2, 3, 5], OTHER: [3, 3]}
    assert [(each.change.serial, each.state) for each in made] == [
        (serial, DeliveryState.DONE) for serial in (1, 3, 2, 3, 5)
    ]
    assert set((tmp_path / "sent").read_text().split()) == {each.id for each in made}
