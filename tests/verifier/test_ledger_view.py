"""The ledger copy of a process follows the store."""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from ecert.facts import Status
from store import cursors, events
from store.database import Database
from store.errors import DatabaseAway
from tests.tables import give_tables
from tests.verifier.shelf import AGENCY, LEDGER, Shelf, stock
from verifier.errors import NotReady
from verifier.ledger_view import LedgerView


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return stock(tmp_path)


def test_before_the_chain_was_read_there_is_no_copy(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ecert.sqlite'}"
    give_tables(url)
    with Database.open(url) as database:
        view = LedgerView(database)
        with pytest.raises(NotReady, match="ecert indexer"):
            view.refresh()
        assert not view.ready
        with pytest.raises(NotReady):
            _ = view.copy


async def test_at_a_first_start_that_is_no_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = f"sqlite:///{tmp_path / 'ecert.sqlite'}"
    give_tables(url)
    with Database.open(url) as database, caplog.at_level("INFO"):
        await LedgerView(database).look()
    assert [(record.levelname, "ecert indexer" in record.message) for record in caplog.records] == [("INFO", True)]


def test_a_copy_says_what_the_store_says_and_how_old_it_is(shelf: Shelf) -> None:
    with shelf.open() as database:
        view = LedgerView(database)
        assert view.refresh()
        assert view.copy.ledger == LEDGER
        assert view.copy.agency(AGENCY) is not None
        assert view.copy.as_of.chain == "eip155:31337"
        assert view.age(shelf.now) == 1


def test_a_refresh_without_news_changes_nothing(shelf: Shelf) -> None:
    with shelf.open() as database:
        view = LedgerView(database)
        view.refresh()
        copy = view.copy
        assert not view.refresh()
        assert view.copy is copy


SECOND = f"{LEDGER[:-1]}4"


def begin_second(shelf: Shelf, *, time: int) -> None:
    """Let the indexer begin to read another ledger, at a block of some time."""
    assert shelf.cursor is not None
    with shelf.open() as database, database.begin() as connection:
        cursors.start(connection, replace(shelf.cursor, ledger=SECOND, time=time))


def test_of_several_ledgers_there_is_no_copy_until_each_was_read(shelf: Shelf) -> None:
    with shelf.open() as database:
        view = LedgerView(database, [SECOND, LEDGER])
        with pytest.raises(NotReady, match="has not been read yet"):
            view.refresh()
        begin_second(shelf, time=shelf.now)
        assert view.refresh()
        assert [copy.ledger for copy in view.copies] == [SECOND, LEDGER]
        assert view.copy.ledger == SECOND


def test_of_several_ledgers_each_goes_on_alone_and_the_one_behind_tells_the_age(shelf: Shelf) -> None:
    begin_second(shelf, time=shelf.now - 500)
    with shelf.open() as database:
        view = LedgerView(database, [SECOND, LEDGER])
        view.refresh()
        assert view.age(shelf.now) == 500
        second, first = view.copies
        shelf.change(1, Status.REVOKED)
        assert view.refresh()
        assert not view.refresh()
        again, moved = view.copies
        assert again is second
        assert (first.status(AGENCY, 1), moved.status(AGENCY, 1)) == (Status.VALID, Status.REVOKED)


def test_several_ledgers_are_not_chosen_from(shelf: Shelf) -> None:
    begin_second(shelf, time=shelf.now)
    with shelf.open() as database, pytest.raises(NotReady, match="none was chosen"):
        LedgerView(database).refresh()


class Slow(LedgerView):
    """A view whose first look takes its time over what it has read."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.has_read, self.goes_on = Event(), Event()

    def _read(self) -> Any:  # a snapshot, which is its own affair
        found = super()._read()
        if not self.has_read.is_set():
            self.has_read.set()
            assert self.goes_on.wait(10)
        return found


def test_who_looks_slowly_does_not_put_an_older_copy_in_the_place_of_a_newer_one(shelf: Shelf) -> None:
    with shelf.open() as database, ThreadPoolExecutor(2) as threads:
        view = Slow(database)
        slow = threads.submit(view.refresh)
        assert view.has_read.wait(10)
        shelf.change(1, Status.REVOKED)
        quick = threads.submit(view.refresh)
        wait([quick], timeout=0.5)
        view.goes_on.set()
        wait([slow, quick])
        assert view.copy.status(AGENCY, 1) is Status.REVOKED


def test_news_make_a_new_copy_and_leave_the_old_one_alone(shelf: Shelf) -> None:
    with shelf.open() as database:
        view = LedgerView(database)
        view.refresh()
        before = view.copy
        shelf.change(1, Status.REVOKED)
        assert view.refresh()
        assert view.copy.status(AGENCY, 1) is Status.REVOKED
        assert before.status(AGENCY, 1) is Status.VALID


def test_a_roll_back_is_followed_by_reading_anew(shelf: Shelf) -> None:
    with shelf.open() as database:
        view = LedgerView(database)
        settled = shelf.cursor
        assert settled is not None
        shelf.change(1, Status.REVOKED)
        view.refresh()
        assert shelf.cursor is not None
        with database.begin() as connection:
            events.roll_back(connection, shelf.cursor, settled.block)
        assert view.refresh()
        assert view.copy.status(AGENCY, 1) is Status.VALID


def test_an_incremental_copy_is_the_same_as_one_read_whole(shelf: Shelf) -> None:
    with shelf.open() as database:
        followed = LedgerView(database)
        followed.refresh()
        for serial in range(3):
            shelf.change(serial, Status.SUSPENDED)
            followed.refresh()
        fresh = LedgerView(database)
        fresh.refresh()
        for serial in range(3):
            assert followed.copy.changes(AGENCY, serial) == fresh.copy.changes(AGENCY, serial)
        assert followed.copy.as_of == fresh.copy.as_of


def away() -> None:
    raise DatabaseAway("pulled out")


def test_the_old_copy_stays_while_the_database_is_away(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    with shelf.open() as database:
        view = LedgerView(database)
        view.refresh()
        with monkeypatch.context() as patched:
            patched.setattr(database, "read", away)
            with pytest.raises(DatabaseAway):
                view.refresh()
            assert view.ready
            assert view.trouble is not None
        view.refresh()
        assert view.trouble is None


async def test_following_goes_on_through_trouble_and_ends_when_told(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shelf.open() as database:
        view = LedgerView(database)
        stop = asyncio.Event()
        with monkeypatch.context() as patched:
            patched.setattr(database, "read", away)
            following = asyncio.create_task(view.follow(stop, 0.01))
            while view.trouble is None:  # noqa: ASYNC110 - it is the view that is watched
                await asyncio.sleep(0.01)
        while not view.ready:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)
        shelf.change(2, Status.REVOKED)
        while view.copy.status(AGENCY, 2) is not Status.REVOKED:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)
        stop.set()
        await following


def test_a_whole_ledger_is_kept_from_the_garbage_collector_which_is_on_again_afterwards(shelf: Shelf) -> None:
    gc.unfreeze()
    with shelf.open() as database:
        LedgerView(database).refresh()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    gc.unfreeze()


def test_the_garbage_collector_is_on_again_after_a_ledger_that_could_not_be_read(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise DatabaseAway("gone")

    monkeypatch.setattr(events, "stream", away)
    with shelf.open() as database, pytest.raises(DatabaseAway):
        LedgerView(database).refresh()
    assert gc.isenabled()
