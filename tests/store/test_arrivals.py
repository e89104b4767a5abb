"""Copies in the order of the record: only what has all before it, found by an index."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import text

from store import arrivals, verifications
from store.arrivals import Extent
from store.database import Database
from tests.store.test_verifications import LINEAGE, made, ship, upto

FIRST, SECOND = f"{LINEAGE}-000001", f"{LINEAGE}-000002"


def found(
    database: Database, caller: str | None, first: tuple[str, int], end: tuple[str, int], limit: int = 9
) -> list[int]:
    with database.read() as connection:
        rows = arrivals.between(connection, caller, first, end, limit)
    return [int(each.id[-12:]) for each in rows]


def test_copies_are_given_by_their_places_from_one_to_before_another(database: Database) -> None:
    late = replace(made(4), time=1, segment=SECOND, position=1)
    ship(database, None, upto(9), made(3), made(1), made(2, caller="bank"), late)
    assert found(database, None, (FIRST, 0), (SECOND, 2)) == [1, 2, 3, 4]
    assert found(database, None, (FIRST, 0), (SECOND, 2), limit=2) == [1, 2]
    assert found(database, None, (FIRST, 3), (SECOND, 1)) == [2, 3]
    assert found(database, "tax", (FIRST, 1), (FIRST, 6)) == [1, 3]


def test_each_has_an_index(database: Database) -> None:
    if not database.local:
        return
    ship(database, None, upto(9), made(1))
    asked = (
        "EXPLAIN QUERY PLAN SELECT * FROM verifications WHERE {} (segment, position) >= ('a', 1)"
        " AND (segment, position) < ('b', 1) ORDER BY segment, position LIMIT 9"
    )
    with database.read() as connection:
        plans = [
            [row[3] for row in connection.execute(text(asked.format(mine)))] for mine in ("caller = 'tax' AND", "")
        ]
    assert [len(plan) for plan in plans] == [1, 1]  # none is sorted after it was found
    assert "ix_verifications_caller_segment_position (caller=? AND (segment,position)>" in plans[0][0]
    assert "ix_verifications_segment_position ((segment,position)>" in plans[1][0]


def test_what_was_dropped_and_what_was_never_copied_is_said(database: Database) -> None:
    ship(database, None, upto(3), made(1))
    with database.read() as connection:
        assert arrivals.extents(connection) == (Extent(lineage=LINEAGE, number=1, position=3, dropped=0),)
    ship(database, upto(3), replace(upto(2), number=4))
    with database.read() as connection:
        assert arrivals.extents(connection) == (Extent(lineage=LINEAGE, number=4, position=2, dropped=3),)
    with database.begin() as connection:
        for number in (4, 2):
            verifications.drop(connection, LINEAGE, number, f"{LINEAGE}-{number:06d}")
    with database.read() as connection:
        assert [each.dropped for each in arrivals.extents(connection)] == [4]
