"""Readiness tells a stalled chain, a dead node, a dead indexer and a full disk apart, and never says ok to what it
cannot know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from store import cursors, sightings
from store.database import Database
from store.engine import make_engine
from store.errors import DatabaseAway
from store.sightings import Sighting
from store.states import NodeTrouble
from tests.verifier.shelf import LEDGER, Shelf, stock
from verifier.errors import NotReady
from verifier.ledger_view import LedgerView
from verifier.observing.readiness import Inspection, PartState, Readiness

NOW = 1_790_000_000
STALL = 300
LATE = 28


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return stock(tmp_path, now=NOW)


@pytest.fixture
def database(shelf: Shelf) -> Iterator[Database]:
    with shelf.open() as database:
        yield database


@pytest.fixture
def view(database: Database) -> LedgerView:
    return LedgerView(database)


WELL = Sighting(ledger=LEDGER, looked_at=NOW, head=9, head_time=NOW - 1, heard_at=NOW)


def look(
    view: LedgerView,
    seen: Sighting | None = WELL,
    *,
    now: int = NOW,
    max_age: int = 600,
    writable: Callable[[], bool | None] = lambda: True,
) -> Readiness:
    if seen is not None:
        with view._database.begin() as connection:
            sightings.put(connection, seen)
    view.refresh()
    return Inspection(view=view, max_age=max_age, late=LATE, stall=STALL, clock=lambda: now, writable=writable).look()


def states(found: Readiness) -> dict[str, str]:
    return {name: str(part.state) for name, part in found.parts.items()}


def test_all_is_well(view: LedgerView) -> None:
    found = look(view)
    assert found.ready
    assert found.reasons == []
    assert set(states(found).values()) == {"ok"}


def test_a_stalled_chain_is_no_dead_node_and_no_dead_indexer(view: LedgerView) -> None:
    late = NOW + STALL
    found = look(view, replace(WELL, looked_at=late, heard_at=late), now=late)
    assert not found.ready
    assert states(found) == {**dict.fromkeys(found.parts, "ok"), "chain": "stalled"}
    assert "block 9" in found.reasons[0]


def test_a_look_of_a_clock_that_was_ahead_tells_nothing_of_the_indexer(view: LedgerView) -> None:
    assert states(look(view, replace(WELL, looked_at=NOW + 5)))["indexer"] == "ok"
    assert states(look(view, replace(WELL, looked_at=NOW + 86_400)))["indexer"] == "silent"


def test_a_chain_that_is_quiet_for_less_than_the_setting_is_well(view: LedgerView) -> None:
    late = NOW + STALL - 2
    assert look(view, replace(WELL, looked_at=late, heard_at=late), now=late).ready


def test_a_dead_node_is_told_at_once_and_is_grave_later(view: LedgerView) -> None:
    away = replace(WELL, looked_at=NOW + 20, trouble=NodeTrouble.AWAY, trouble_since=NOW + 1)
    found = look(view, away, now=NOW + 20)
    assert found.ready
    assert (states(found)["node"], states(found)["chain"], states(found)["indexer"]) == ("away", "unknown", "ok")
    late = NOW + STALL + 1
    found = look(view, replace(away, looked_at=late), now=late)
    assert not found.ready
    assert found.reasons[0].startswith("node: no node has answered for 300 s")


def test_a_node_whose_word_is_not_taken_is_not_called_away(view: LedgerView) -> None:
    unfit = replace(WELL, trouble=NodeTrouble.UNFIT, trouble_since=NOW)
    assert states(look(view, unfit))["node"] == "unfit"


def test_a_dead_indexer_is_silent_and_what_it_alone_could_tell_is_unknown(view: LedgerView) -> None:
    assert states(look(view, now=NOW + LATE - 1))["indexer"] == "ok"
    found = look(view, now=NOW + LATE)
    assert found.ready
    assert (states(found)["indexer"], states(found)["node"], states(found)["chain"]) == ("silent", "unknown", "unknown")
    found = look(view, now=NOW + STALL)
    assert not found.ready
    assert found.reasons[0].startswith("indexer: it has not looked at the chain for 300 s")


def test_an_indexer_that_never_looked_is_unknown(view: LedgerView) -> None:
    found = look(view, None)
    assert {states(found)[name] for name in ("indexer", "node", "chain")} == {"unknown"}


def test_a_database_that_is_away_makes_unknown_what_stands_there(
    view: LedgerView, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(view)

    def away() -> None:
        raise DatabaseAway("pulled out")

    monkeypatch.setattr(database, "read", away)
    with pytest.raises(DatabaseAway):
        view.refresh()
    found = Inspection(view=view, max_age=600, late=LATE, stall=STALL, clock=lambda: NOW).look()
    assert not found.ready
    assert (states(found)["database"], states(found)["indexer"], states(found)["ledger"]) == ("away", "unknown", "ok")
    assert "does not answer" in found.reasons[0]


def test_a_copy_that_is_too_old_says_how_old(view: LedgerView) -> None:
    found = look(view, replace(WELL, looked_at=NOW + 59, heard_at=NOW + 59), now=NOW + 59, max_age=60)
    assert not found.ready
    assert found.reasons == ["ledger: the copy is 60 s old, and may be 60 s old at most"]


def test_a_record_that_takes_no_lines_is_grave_and_one_that_is_not_kept_is_unknown(view: LedgerView) -> None:
    full = look(view, writable=lambda: False)
    assert not full.ready
    assert full.parts["record"].state is PartState.NOT_WRITABLE
    none = look(view, writable=lambda: None)
    assert none.ready
    assert none.parts["record"].state is PartState.UNKNOWN


def test_before_the_first_block_nothing_is_ready(tmp_path: Path) -> None:
    with stock(tmp_path, now=NOW).open() as database:
        found = Inspection(view=LedgerView(database), max_age=600, late=LATE, stall=STALL, clock=lambda: NOW).look()
    assert not found.ready
    assert "starting" in found.reasons[0]
    assert found.parts["database"].state is PartState.UNKNOWN


async def test_a_stranger_is_not_told_where_the_database_is_and_the_log_is(caplog: pytest.LogCaptureFixture) -> None:
    database = Database(make_engine("postgresql://keeper:password@127.0.0.1:9/city"))
    view = LedgerView(database)
    await view.look()
    inspection = Inspection(view=view, max_age=600, late=LATE, stall=STALL, clock=lambda: NOW)
    with pytest.raises(NotReady) as caught:
        _ = view.copy
    told = f"{inspection.look().reasons} {caught.value}"
    assert "does not answer" in told
    for inner in ("127.0.0.1", "port", "keeper", "city"):
        assert inner not in told
    assert "port 9" in caplog.text


def test_where_a_ledger_follows_another_what_is_the_matter_with_either_is_told(shelf: Shelf) -> None:
    second = f"{LEDGER[:-1]}4"
    assert shelf.cursor is not None
    with shelf.open() as database:
        with database.begin() as connection:
            cursors.start(connection, replace(shelf.cursor, ledger=second))
        view = LedgerView(database, [second, LEDGER])
        assert states(look(view))["indexer"] == "unknown"
        for ill, state in ((WELL, "ok"), (replace(WELL, looked_at=NOW - STALL), "silent")):
            with database.begin() as connection:
                sightings.put(connection, replace(ill, ledger=second))
            assert states(look(view))["indexer"] == state
        assert not look(view).ready
        well = replace(WELL, ledger=second)
        stalled = look(view, replace(well, head_time=NOW - STALL))
        assert (states(stalled)["chain"], stalled.ready) == ("stalled", False)
        assert look(view, well).ready
        with database.begin() as connection:
            cursors.contest(connection, LEDGER, 1)
        assert states(look(view, well))["ledger"] == "contested"
