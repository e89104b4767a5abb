from __future__ import annotations

from dataclasses import replace

import pytest

from store import blocks, cursors, events, evidence
from store.database import Database
from store.errors import CursorMoved, NoSuchRow
from store.records import Evidence
from tests.store.makers import LEDGER, digest, header, start


def against(height: int, name: str, *, sealed: bytes | None = b"header") -> Evidence:
    made = digest((height, name))
    return Evidence(ledger=LEDGER, height=height, hash=made, header=sealed, source="a node", found_at=1_000)


def test_evidence_is_kept_and_contests_the_ledger_from_the_lowest_height(database: Database) -> None:
    with database.begin() as connection:
        cursors.start(connection, start())
        evidence.keep(connection, [against(12, "one"), against(12, "other", sealed=None)])
        evidence.keep(connection, [against(11, "one"), against(30, "late")])
    with database.read() as connection:
        found = cursors.read(connection, LEDGER)
        assert found is not None
        assert found.contested == 11
        assert [one.height for one in evidence.of(connection, LEDGER)] == [11, 12, 12, 30]


def test_the_same_evidence_twice_is_kept_once(database: Database) -> None:
    with database.begin() as connection:
        cursors.start(connection, start())
        for _ in range(2):
            evidence.keep(connection, [against(12, "one")])
        assert evidence.of(connection, LEDGER) == (against(12, "one"),)


def test_there_is_no_evidence_against_a_ledger_that_was_never_read(database: Database) -> None:
    with pytest.raises(NoSuchRow), database.begin() as connection:
        evidence.keep(connection, [against(12, "one")])
    with database.read() as connection:
        assert evidence.of(connection, LEDGER) == ()


def test_who_did_not_see_that_a_ledger_is_contested_moves_its_cursor_no_more(database: Database) -> None:
    with database.begin() as connection:
        before = cursors.start(connection, start())
        evidence.keep(connection, [against(12, "one")])
    after = replace(before, block=10, hash=header(10).hash, time=1000)
    with pytest.raises(CursorMoved), database.begin() as connection:
        events.append(connection, before, after, seen=[], headers=[header(10)])


def test_a_roll_back_leaves_a_ledger_contested(database: Database) -> None:
    with database.begin() as connection:
        before = cursors.start(connection, start())
        after = replace(before, block=10, hash=header(10).hash, time=1000)
        events.append(connection, before, after, seen=[], headers=[header(10)])
        evidence.keep(connection, [against(10, "one")])
        back = events.roll_back(connection, replace(after, contested=10), 9)
    assert (back.block, back.contested) == (9, 10)


def test_old_headers_lose_their_seals_and_those_without_events_go(database: Database) -> None:
    with database.begin() as connection:
        before = cursors.start(connection, start())
        after = replace(before, block=12, hash=header(12).hash, time=1200)
        new = [replace(header(number), header=b"sealed") for number in (10, 11, 12)]
        events.append(connection, before, after, seen=[], headers=new)
        assert blocks.read(connection, LEDGER, 10) == new[0]
        blocks.prune(connection, LEDGER, 12)
        assert [one.number for one in blocks.latest(connection, LEDGER)] == [12]
        assert blocks.latest(connection, LEDGER)[0].header == b"sealed"
