"""A code opens its certificate wherever the database is, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from ecert.codes import Code
from ecert.parsing import parse
from store import batches
from store import codes as stored
from store.database import Connection, Database
from store.errors import CommitUncertain, DatabaseAway
from tests.verifier.office import AGENCY, LEDGER, NOW, City, make_city
from tests.verifier.registry import OTHER_AGENCY, TITLE, copy_to_another_agency, issue_titles, sample
from verifier.errors import Refused
from verifier.keys.field_key import FieldKeys
from verifier.problems import Code as Problem
from verifier.problems import RequestRefused
from verifier.services.codes import Codes
from verifier.services.making_codes import CodeDesk

ROWS = sample(3)


@pytest.fixture(name="city")
def city_(tmp_path: Path, database_url: str) -> Iterator[City]:
    city = make_city(tmp_path / "city", database_url)
    with city.database:
        issue_titles(city, ROWS)
        yield city


def desk(city: City) -> CodeDesk:
    return CodeDesk(database=city.database, ledgers=[LEDGER], fields=FieldKeys.under(city.office.keyring.folder))


def opened(city: City, code: Code | str) -> int | None:
    found = Codes(city.database).open(code if isinstance(code, str) else code.printed())
    return None if found is None else parse(found).serial


def test_a_code_opens_its_certificate_whole(city: City) -> None:
    code = desk(city).make(AGENCY, 1, now=NOW)
    found = Codes(city.database).open(code.printed())
    assert found is not None
    certificate = parse(found)
    assert (certificate.serial, len(certificate.disclosures)) == (1, len(TITLE.slots))


def test_it_opens_without_any_key(city: City) -> None:
    code = desk(city).make(AGENCY, 1, now=NOW)
    for path in (city.office.keyring.folder / "service").iterdir():
        path.unlink()
    assert opened(city, code) == 1


def test_a_replaced_code_opens_nothing_and_the_new_one_does(city: City) -> None:
    first = desk(city).make(AGENCY, 1, now=NOW)
    second = desk(city).replace(AGENCY, 1, now=NOW + 1)
    third = desk(city).replace(AGENCY, 1, now=NOW + 2)
    assert [opened(city, code) for code in (first, second, third)] == [None, None, 1]


def test_a_first_code_can_be_made_by_replacing(city: City) -> None:
    assert opened(city, desk(city).replace(AGENCY, 2, now=NOW)) == 2


def test_a_second_code_is_refused_with_the_way_out(city: City) -> None:
    code = desk(city).make(AGENCY, 1, now=NOW)
    with pytest.raises(Refused, match="has a code, which is not kept here; replace it"):
        desk(city).make(AGENCY, 1, now=NOW)
    assert opened(city, code) == 1


@pytest.mark.parametrize(("agency", "serial"), [(AGENCY, 3), ("HOUSING-9", 0)])
def test_what_was_not_issued_gets_no_code(city: City, agency: str, serial: int) -> None:
    with pytest.raises(Refused, match=f"{agency} has issued no certificate {serial}"):
        desk(city).make(agency, serial, now=NOW)


def test_what_is_not_promised_yet_or_void_gets_no_code(city: City) -> None:
    copy_to_another_agency(city, 1)
    with pytest.raises(Refused):
        desk(city).make(OTHER_AGENCY, 0, now=NOW)
    with city.database.begin() as connection:
        begun = batches.covering(connection, LEDGER, OTHER_AGENCY, 0)
        assert begun is not None
        batches.void(connection, begun.id, reason="x", now=NOW)
    with pytest.raises(Refused):
        desk(city).make(OTHER_AGENCY, 0, now=NOW)


def test_unknown_void_and_altered_have_one_answer(city: City) -> None:
    void = desk(city).make(AGENCY, 1, now=NOW)
    desk(city).replace(AGENCY, 1, now=NOW)
    altered = desk(city).make(AGENCY, 0, now=NOW)
    with city.database.begin() as connection:
        moved = stored.wrapped(connection, altered.name())
        connection.execute(text("UPDATE codes SET wrapped = :x WHERE name = :n"), {"x": b"x" * 99, "n": altered.name()})
    assert moved is not None
    assert [opened(city, code) for code in (Code.make(5), void, altered)] == [None, None, None]


def test_what_is_wrapped_opens_only_under_its_own_name(city: City) -> None:
    one, two = (desk(city).make(AGENCY, serial, now=NOW) for serial in (0, 1))
    with city.database.begin() as connection:
        other = stored.wrapped(connection, two.name())
        connection.execute(text("UPDATE codes SET wrapped = :x WHERE name = :n"), {"x": other, "n": one.name()})
    assert [opened(city, code) for code in (one, two)] == [None, 1]


@pytest.mark.parametrize(
    ("code", "why"),
    [("123", "not 32 digits"), ("x" * 32, "not 32 digits"), ("1" * 32, "its check digits are wrong")],
)
def test_a_mistyped_code_is_told_before_the_database_is_asked(city: City, code: str, why: str) -> None:
    del city
    codes = Codes(Unreachable())  # type: ignore[arg-type]
    with pytest.raises(RequestRefused) as caught:
        codes.open(code)
    (flaw,) = caught.value.flaws
    assert (caught.value.code, flaw.place) == (Problem.NOT_UNDERSTOOD, "code")
    assert why in flaw.why
    assert code not in f"{caught.value.detail}{flaw.why}"


class Unreachable:
    """A database that nobody may ask."""

    def read(self) -> None:
        raise AssertionError("the database was asked")


def test_neither_code_nor_content_lies_in_the_database(tmp_path: Path) -> None:
    city = make_city(tmp_path / "city")
    with city.database:
        issue_titles(city, ROWS)
        codes = [desk(city).make(AGENCY, serial, now=NOW) for serial in range(3)]
    stolen = b"".join(path.read_bytes() for path in city.folder.glob("ecert.sqlite*"))
    for code in codes:
        assert code.digits.encode() not in stolen
        assert code.key() not in stolen
        assert code.name() in stolen


def test_a_code_whose_making_failed_leaves_nothing(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    before = desk(city).make(AGENCY, 1, now=NOW)

    def fail(*_: object, **__: object) -> None:
        raise DatabaseAway("gone")

    with monkeypatch.context() as patched:
        patched.setattr(stored, "add", fail)
        with pytest.raises(DatabaseAway):
            desk(city).replace(AGENCY, 1, now=NOW)
    assert opened(city, before) == 1


class ForgetfulDatabase(Database):
    """A database that commits, and then loses its answer."""

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with super().begin() as connection:
            yield connection
        raise CommitUncertain("the answer was lost")


def test_a_code_that_was_made_and_never_shown_is_replaced(city: City, database_url: str) -> None:
    with ForgetfulDatabase.open(database_url) as forgetful, pytest.raises(CommitUncertain):
        replace(desk(city), database=forgetful).make(AGENCY, 1, now=NOW)
    with pytest.raises(Refused, match="replace it"):
        desk(city).make(AGENCY, 1, now=NOW)
    assert opened(city, desk(city).replace(AGENCY, 1, now=NOW)) == 1
