"""Certificates by what they can be found by: newest first, the same whether the database or we sort them."""

from __future__ import annotations

from typing import Any

import pytest

from store import batches, certificate_reading
from store.certificates import by_lookup
from store.database import Connection, Database
from store.records import NewCertificate
from tests.store.makers import AGENCY, LEDGER, OTHER_AGENCY, batch, digest

INDEX, FORMER, OTHER = (digest(name)[:16] for name in ("index", "former", "other"))


@pytest.fixture(params=[certificate_reading.SOME, 2], ids=["few", "many"])
def sorted_by_both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate_reading, "SOME", request.param)


def store(connection: Connection, agency: str, count: int, *lookups: bytes, now: int, void: bool = False) -> int:
    """Store a batch of certificates that are found by these; its first serial."""
    begun = batch(connection, agency=agency, capacity=count, now=now)
    rows = [
        NewCertificate(
            jwt="jwt", disclosures=b"\1", leaf=digest(1), number_index=digest((agency, now, n)), lookups=lookups
        )
        for n in range(count)
    ]
    assert batches.fill(connection, begun.id, position=0, rows=rows, now=now).moved
    if void:
        batches.void(connection, begun.id, reason="x", now=now)
    return begun.first_serial


def found(
    connection: Connection, *indexes: bytes, limit: int = 9, ledger: str = LEDGER, **narrowed: Any
) -> list[tuple[str, int]]:
    rows = by_lookup(connection, [ledger], indexes, limit=limit, **narrowed)
    return [(row.agency, row.serial) for row in rows]


@pytest.mark.usefixtures("sorted_by_both")
def test_the_newest_come_first_and_no_more_than_are_asked_for(database: Database) -> None:
    with database.begin() as connection:
        store(connection, AGENCY, 2, INDEX, now=10)
        store(connection, OTHER_AGENCY, 2, INDEX, now=20)
        store(connection, AGENCY, 1, INDEX, now=20)
        store(connection, AGENCY, 1, OTHER, now=30)
        newest = [(AGENCY, 2), (OTHER_AGENCY, 1), (OTHER_AGENCY, 0), (AGENCY, 1), (AGENCY, 0)]
        assert found(connection, INDEX) == newest
        assert found(connection, INDEX, limit=2) == newest[:2]
        assert found(connection, OTHER) == [(AGENCY, 3)]
        assert found(connection, digest("nobody")[:16]) == []
        assert found(connection) == []


@pytest.mark.usefixtures("sorted_by_both")
def test_the_former_index_leads_there_too_and_to_each_once(database: Database) -> None:
    with database.begin() as connection:
        store(connection, AGENCY, 1, FORMER, now=10)
        store(connection, AGENCY, 1, FORMER, INDEX, now=20)
        store(connection, AGENCY, 1, INDEX, now=30)
        assert found(connection, INDEX, FORMER) == [(AGENCY, 2), (AGENCY, 1), (AGENCY, 0)]


@pytest.mark.usefixtures("sorted_by_both")
def test_what_is_void_or_of_another_ledger_is_left_out(database: Database) -> None:
    with database.begin() as connection:
        store(connection, AGENCY, 3, INDEX, now=10, void=True)
        store(connection, OTHER_AGENCY, 1, INDEX, now=20)
        assert found(connection, INDEX) == [(OTHER_AGENCY, 0)]
        assert found(connection, INDEX, ledger="eip155:1:0x00") == []


@pytest.mark.usefixtures("sorted_by_both")
def test_an_agency_or_a_serial_narrows_before_any_are_left_out(database: Database) -> None:
    with database.begin() as connection:
        store(connection, AGENCY, 2, INDEX, now=10)
        store(connection, OTHER_AGENCY, 3, INDEX, now=20)
        assert found(connection, INDEX, limit=1, agency=AGENCY) == [(AGENCY, 1)]
        assert found(connection, INDEX, serial=0) == [(OTHER_AGENCY, 0), (AGENCY, 0)]
        assert found(connection, INDEX, agency=AGENCY, serial=0) == [(AGENCY, 0)]
        assert found(connection, INDEX, agency=AGENCY, serial=2) == []
