"""The lookout writes down what is seen when it is new or the last is old; where that fails, nothing stops."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chain.errors import NodeAway, NodeInconsistent
from chain.headers import BlockHeader
from chain.lookout import Lookout
from chain.patience import WRITE_SECONDS
from store import sightings
from store.database import Database
from store.errors import DatabaseAway
from store.sightings import Sighting
from store.states import NodeTrouble
from tests.databases import database

__all__ = ["database"]  # on both databases, unlike the rest of this folder

LEDGER = "eip155:1:0x01"
AWAY = NodeAway("http://node.example", "eth_getBlockByNumber", "refused")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lookout(database: Database, clock: Clock) -> Lookout:
    return Lookout(database, LEDGER, clock)


def written(database: Database) -> Sighting | None:
    with database.read() as connection:
        found = sightings.all(connection)
    return found[0] if found else None


def head(number: int, time: int) -> BlockHeader:
    return BlockHeader(number=number, hash=bytes(32), parent=bytes(32), time=time, gas_limit=0, base_fee=None)


def test_what_was_seen_is_there_with_the_trouble_and_since_when(
    lookout: Lookout, database: Database, clock: Clock
) -> None:
    lookout.saw(head(7, 990))
    lookout.note(None)
    seen = Sighting(ledger=LEDGER, looked_at=1000, head=7, head_time=990, heard_at=1000)
    assert written(database) == seen
    clock.now = 1001
    lookout.note(AWAY)
    clock.now = 1050
    lookout.note(AWAY)
    found = written(database)
    assert found is not None
    assert (found.looked_at, found.heard_at, found.head) == (1050, 1000, 7)
    assert (found.trouble, found.trouble_since) == (NodeTrouble.AWAY, 1001)
    clock.now = 1051
    lookout.note(NodeInconsistent("two stories"))
    found = written(database)
    assert found is not None
    assert (found.trouble, found.trouble_since) == (NodeTrouble.UNFIT, 1051)


def test_the_same_is_written_every_few_seconds_only(lookout: Lookout, database: Database, clock: Clock) -> None:
    lookout.note(None)
    clock.now += WRITE_SECONDS - 0.5
    lookout.note(None)
    assert written(database) == Sighting(ledger=LEDGER, looked_at=1000)
    clock.now += 0.5
    lookout.note(None)
    assert written(database) == Sighting(ledger=LEDGER, looked_at=1000 + WRITE_SECONDS)


def test_a_database_that_is_away_stops_nobody_and_is_written_to_when_it_is_back(
    lookout: Lookout, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as pulled:
        pulled.setattr(database, "begin", _away)
        lookout.note(None)
    assert written(database) is None
    lookout.note(None)
    assert written(database) is not None


def _away() -> Iterator[None]:
    raise DatabaseAway("pulled out")
