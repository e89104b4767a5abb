"""A certificate has one code that opens; what a void one opened is gone."""

from __future__ import annotations

import pytest

from store import codes, completeness
from store.database import Database
from store.errors import WriteRefused
from tests.store.makers import AGENCY, LEDGER, LICENCE, OTHER_AGENCY, TITLE


def test_what_is_kept_under_a_name_is_given_to_whoever_has_it(database: Database) -> None:
    with database.begin() as connection:
        assert not codes.has_open(connection, LEDGER, AGENCY, 5)
        codes.add(connection, LEDGER, AGENCY, 5, name=b"name", wrapped=b"sealed", now=1)
    with database.read() as connection:
        assert codes.wrapped(connection, b"name") == b"sealed"
        assert codes.wrapped(connection, b"another") is None
        assert codes.has_open(connection, LEDGER, AGENCY, 5)
        assert not codes.has_open(connection, LEDGER, AGENCY, 6)


def test_a_second_code_is_refused_until_the_first_is_void(database: Database) -> None:
    with database.begin() as connection:
        codes.add(connection, LEDGER, AGENCY, 5, name=b"one", wrapped=b"sealed", now=1)
        codes.add(connection, LEDGER, OTHER_AGENCY, 5, name=b"other", wrapped=b"sealed", now=1)
    with pytest.raises(WriteRefused), database.begin() as connection:
        codes.add(connection, LEDGER, AGENCY, 5, name=b"two", wrapped=b"sealed", now=2)
    for name in (b"two", b"three"):
        with database.begin() as connection:
            assert codes.void(connection, LEDGER, AGENCY, 5, now=3)
            codes.add(connection, LEDGER, AGENCY, 5, name=name, wrapped=b"sealed", now=3)
    with database.read() as connection:
        found = [codes.wrapped(connection, name) for name in (b"one", b"two", b"three", b"other")]
    assert found == [b"", b"", b"sealed", b"sealed"]


def test_voiding_what_is_not_there_changes_nothing(database: Database) -> None:
    with database.begin() as connection:
        assert not codes.void(connection, LEDGER, AGENCY, 5, now=1)


def test_an_agency_says_anew_since_when_its_records_are_complete(database: Database) -> None:
    with database.begin() as connection:
        assert completeness.of_type(connection, [LEDGER], TITLE) == {}
        for since in (100, 50):
            completeness.declare(connection, LEDGER, AGENCY, TITLE, since=since, now=7)
        completeness.declare(connection, LEDGER, OTHER_AGENCY, TITLE, since=300, now=7)
        completeness.declare(connection, LEDGER, AGENCY, LICENCE, since=400, now=7)
        assert completeness.of_type(connection, [LEDGER], TITLE) == {AGENCY: 50, OTHER_AGENCY: 300}
        assert completeness.of_type(connection, ["another ledger"], TITLE) == {}
