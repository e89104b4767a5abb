from __future__ import annotations

import pytest

from store import batches, listing
from store.database import Database
from store.listing import Filter
from tests.store.makers import AGENCY, LEDGER, LICENCE, TITLE, batch, certificate, close, digest


@pytest.fixture(autouse=True)
def three_batches(database: Database) -> None:
    """Serials 0-2 are titles of second 100, 3-4 licences of second 200, 5 a title of 300 whose batch is void."""
    with database.begin() as connection:
        titles = batch(connection, capacity=3)
        close(connection, titles, [certificate("A"), certificate("B"), certificate("C")])
        licences = batch(connection, capacity=2, certificate_type=LICENCE, now=200)
        close(connection, licences, [certificate("A1"), certificate("B1")])
        void = batch(connection, capacity=1, now=300)
        batches.fill(connection, void.id, position=0, rows=[certificate("D")], now=300)
        batches.void(connection, void.id, reason="given up", now=301)


def page(database: Database, wanted: Filter, *, after: int = -1, limit: int = 10, agency: str = AGENCY) -> list[int]:
    with database.read() as connection:
        return [one.serial for one in listing.page(connection, LEDGER, agency, wanted, after=after, limit=limit)]


def found_by(*values: object) -> tuple[list[bytes], ...]:
    return tuple([digest(("lookup", value))[:16], bytes(16)] for value in values)


def test_pages_are_in_the_order_of_serials_and_hold_void_ones_too(database: Database) -> None:
    assert page(database, Filter()) == [0, 1, 2, 3, 4, 5]
    assert page(database, Filter(), after=1, limit=2) == [2, 3]
    assert page(database, Filter(), agency="SOMEBODY-1") == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(certificate_type=TITLE), [0, 1, 2, 5]),
        (Filter(certificate_type=LICENCE), [3, 4]),
        (Filter(certificate_type=bytes(32)), []),
        (Filter(since=200), [3, 4, 5]),
        (Filter(until=200), [0, 1, 2]),
        (Filter(since=101, until=200), []),
        (Filter(certificate_type=TITLE, since=101), [5]),
        (Filter(serials=[5, 4, 77, 0]), [0, 4, 5]),
        (Filter(serials=[0, 4], certificate_type=LICENCE), [4]),
        (Filter(serials=[]), []),
        (Filter(lookups=found_by("B")), [1]),
        (Filter(lookups=found_by("B", "A")), []),
        (Filter(lookups=found_by("B", "B")), [1]),
        (Filter(certificate_type=LICENCE, lookups=found_by("B")), []),
        (Filter(lookups=found_by("nothing")), []),
    ],
)
def test_a_page_holds_what_is_wanted(database: Database, wanted: Filter, found: list[int]) -> None:
    assert page(database, wanted) == found


def test_a_page_of_what_is_wanted_goes_on_after_a_serial(database: Database) -> None:
    assert page(database, Filter(certificate_type=TITLE), after=0, limit=1) == [1]
    assert page(database, Filter(certificate_type=TITLE), after=2) == [5]
    assert page(database, Filter(certificate_type=LICENCE), after=0) == [3, 4]
