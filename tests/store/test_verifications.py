"""Copies of the record: each line once, whoever copies and however often; found by who made them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from store import verifications
from store.database import Database
from store.errors import ShipmentMoved
from store.verifications import Recorded, Shipment, Wanted

LINEAGE = "api-00000001"
FIRST = Recorded(
    id="00000000-0000-4000-8000-000000000001",
    time=100,
    caller="tax",
    relying_party="tax-bureau",
    office="jiangan",
    operator="clerk-7",
    matter="deed-tax",
    case="（2026）17号",
    ground="duty",
    result="VALID",
    segment=f"{LINEAGE}-000001",
    position=1,
    hash=b"h" * 32,
    record='{"kind":"verification"}',
    receipt="a.b.c",
)


def made(number: int, **changes: object) -> Recorded:
    return replace(
        FIRST,
        id=f"00000000-0000-4000-8000-{number:012d}",
        position=2 * number - 1,
        time=100 + number // 2,
        **changes,  # type: ignore[arg-type]
    )


def upto(position: int) -> Shipment:
    return Shipment(number=1, position=position, offset=100 * position, hash=bytes(31) + bytes([position]))


def ship(database: Database, before: Shipment | None, after: Shipment, *found: Recorded) -> None:
    with database.begin() as connection:
        verifications.ship(connection, LINEAGE, before, after, found)


def page(database: Database, limit: int = 100, **wanted: object) -> list[int]:
    with database.read() as connection:
        asked = Wanted(**{"caller": None, **wanted})  # type: ignore[arg-type]
        return [int(each.id[-12:]) for each in verifications.page(connection, asked, limit)]


def test_lines_and_cursor_are_there_together(database: Database) -> None:
    ship(database, None, upto(3), made(1))
    ship(database, upto(3), upto(7), made(2), made(3))
    with database.read() as connection:
        assert verifications.shipped(connection, LINEAGE) == upto(7)
        assert verifications.shipped(connection, "api-00000002") is None
        assert verifications.all_shipped(connection) == {LINEAGE: upto(7)}
        assert verifications.find(connection, made(2).id, caller=None) == made(2)


@pytest.mark.parametrize("before", [None, upto(1)])
def test_who_copies_what_another_has_copied_writes_nothing(database: Database, before: Shipment | None) -> None:
    ship(database, None, upto(3), made(1))
    with pytest.raises(ShipmentMoved):
        ship(database, before, upto(5), made(2))
    assert page(database) == [1]


def test_a_line_that_is_here_already_stays_as_it_is(database: Database) -> None:
    ship(database, None, upto(3), made(1))
    ship(database, upto(3), upto(5), made(1, result="INVALID"), made(2))
    assert page(database) == [1, 2]
    with database.read() as connection:
        found = verifications.find(connection, made(1).id, caller=None)
    assert found is not None
    assert found.result == "VALID"


def test_somebody_elses_verification_is_not_found(database: Database) -> None:
    ship(database, None, upto(3), made(1), made(2, caller=None))
    with database.read() as connection:
        assert verifications.find(connection, made(1).id, caller="tax")
        assert verifications.find(connection, made(1).id, caller="bank") is None
        assert verifications.find(connection, made(2).id, caller="tax") is None


def test_pages_go_by_time_and_id_and_lose_nothing_between_them(database: Database) -> None:
    ship(database, None, upto(30), *(made(number) for number in (5, 3, 1, 4, 2)))
    assert page(database) == [1, 2, 3, 4, 5]
    assert page(database, limit=2) == [1, 2]
    assert page(database, limit=2, after=(101, made(2).id)) == [3, 4]
    assert page(database, after=(102, made(4).id)) == [5]


def test_pages_are_of_a_time_a_case_and_a_caller(database: Database) -> None:
    ship(database, None, upto(30), made(1), made(2, case="other"), made(3, caller="bank"), made(4))
    assert page(database, since=101) == [2, 3, 4]
    assert page(database, until=101) == [1]
    assert page(database, caller="tax") == [1, 2, 4]
    assert page(database, caller="tax", case="（2026）17号") == [1, 4]


def test_a_text_that_is_too_long_for_a_column_does_not_stop_the_copying(database: Database) -> None:
    ship(database, None, upto(3), made(1, case="x" * 200, operator="a\0b"))
    with database.read() as connection:
        found = verifications.find(connection, made(1).id, caller=None)
    assert found is not None
    assert (found.case, found.operator) == ("x" * 128, "ab")


def test_a_dropped_segment_takes_its_copies_along(database: Database) -> None:
    other = replace(made(2), segment=f"{LINEAGE}-000002")
    ship(database, None, upto(3), made(1), other)
    with database.begin() as connection:
        assert verifications.drop(connection, LINEAGE, 1, FIRST.segment) == 1
        assert verifications.drop(connection, LINEAGE, 1, FIRST.segment) == 0
    assert page(database) == [2]
