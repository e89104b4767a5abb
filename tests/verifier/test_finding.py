"""What is stored is found by what it says, whoever issued it and whatever became of it; nothing else is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from ecert.certificate_type import CertificateType
from ecert.parsing import parse
from ecert.types import TypeCatalogue, bundled_types
from store import batches, certificate_reading, certificates, completeness
from store.engine import make_engine
from store.errors import StoreError
from tests.verifier.office import AGENCY, LEDGER, NOW, City, make_city
from tests.verifier.registry import (
    OTHER_AGENCY,
    TITLE,
    by_document,
    copy_to_another_agency,
    holder_of,
    issue_titles,
    look_up,
    sample,
)
from verifier.faults import CannotOpen, KeyringError
from verifier.problems import Code, RequestRefused
from verifier.services import finding as room
from verifier.services.finding import Finding
from verifier.services.found import Found
from verifier.services.lookup_values import Places
from verifier.services.status import change_status
from verifier.services.status_order import Action, StatusOrder

ROWS = sample(8)


@pytest.fixture(name="city")
def city_(tmp_path: Path, database_url: str) -> Iterator[City]:
    city = make_city(tmp_path / "city", database_url)
    with city.database:
        issue_titles(city, ROWS)
        yield city


def serials(city: City, by: str, value: str, certificate_type: CertificateType = TITLE) -> list[tuple[str, int]]:
    found = look_up(city, certificate_type, by, value)
    return [(each.agency, each.serial) for each in found.certificates]


@pytest.mark.parametrize("row", [0, 3, 7])
def test_a_title_is_found_by_number_unit_and_holder(city: City, row: int) -> None:
    for by, value in (
        ("number", ROWS[row]["title_number"]),
        ("title_number", ROWS[row]["title_number"]),
        ("unit_number", ROWS[row]["unit_number"]),
        ("holder", holder_of(ROWS[row])),
    ):
        assert serials(city, by, value) == [(AGENCY, row)]


def test_what_is_found_is_the_whole_certificate(city: City) -> None:
    (found,) = look_up(city, TITLE, "number", ROWS[2]["title_number"]).certificates
    certificate = parse(found.compact)
    assert (certificate.serial, certificate.iss.agency) == (2, AGENCY)
    assert len(certificate.disclosures) == len(TITLE.slots)
    assert (found.certificate_type, found.live) == (TITLE, True)
    assert ROWS[2]["title_number"] not in repr(found)


def test_a_value_is_compared_as_between_two_certificates(city: City) -> None:
    number, unit = ROWS[0]["title_number"], ROWS[0]["unit_number"]
    wide = number.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    assert serials(city, "number", f" {wide} ") == [(AGENCY, 0)]
    assert serials(city, "unit_number", f"{unit[:6]} {unit[6:12]}-{unit[12:].lower()}") == [(AGENCY, 0)]
    assert serials(city, "holder", holder_of(ROWS[0]).lower()) == [(AGENCY, 0)]


def test_an_old_id_of_15_digits_finds_the_same_person(city: City) -> None:
    row = next(index for index, each in enumerate(ROWS) if holder_of(each)[6:8] == "19")
    new = holder_of(ROWS[row])
    assert serials(city, "holder", new[:6] + new[8:17]) == [(AGENCY, row)]


def test_all_agencies_are_looked_in_and_the_newest_comes_first(city: City) -> None:
    copy_to_another_agency(city, 1)
    assert serials(city, "number", ROWS[1]["title_number"]) == [(OTHER_AGENCY, 0), (AGENCY, 1)]


def test_what_nobody_has_is_not_found(city: City) -> None:
    assert serials(city, "number", "鄂(2016)武汉市硚口不动产权第9999999号") == []
    assert serials(city, "holder", ROWS[0]["unit_number"]) == []
    assert serials(city, "holder", holder_of(ROWS[0]), bundled_types()["home-sales-contract"]) == []


def test_a_revoked_certificate_is_found_and_not_live(city: City) -> None:
    change_status(city.office, StatusOrder(action=Action.REVOKE, agency=AGENCY, serials=(4,)))
    city.clock.pause(1)
    with city.database.begin() as connection:
        certificates.release(connection, LEDGER, AGENCY, [4])
    (found,) = look_up(city, TITLE, "number", ROWS[4]["title_number"]).certificates
    assert (found.serial, found.live) == (4, False)


def test_what_was_never_promised_is_not_found(city: City) -> None:
    copy_to_another_agency(city, 1)
    with city.database.begin() as connection:
        begun = batches.covering(connection, LEDGER, OTHER_AGENCY, 0)
        assert begun is not None
        batches.void(connection, begun.id, reason="nobody fed it", now=NOW)
    assert serials(city, "number", ROWS[1]["title_number"]) == [(AGENCY, 1)]


def test_another_ledger_of_the_same_database_is_not_looked_in(city: City) -> None:
    elsewhere = Finding(city.database, [f"{LEDGER[:-1]}9"], city.office.keyring.folder, TypeCatalogue.bundled())
    with elsewhere.reading() as reading:
        assert reading.look_up(TITLE, "number", ROWS[0]["title_number"]).certificates == ()


def test_absence_comes_with_what_it_means(city: City) -> None:
    with city.database.begin() as connection:
        for since in (100, 200):
            completeness.declare(connection, LEDGER, AGENCY, TITLE.vct_hash, since=since, now=NOW)
        completeness.declare(connection, LEDGER, OTHER_AGENCY, TITLE.vct_hash, since=300, now=NOW)
        completeness.declare(connection, LEDGER, OTHER_AGENCY, bytes(32), since=400, now=NOW)
    found = look_up(city, TITLE, "number", "鄂第9999999号")
    assert (found.certificates, found.complete_since) == ((), {AGENCY: 200, OTHER_AGENCY: 300})


def test_more_than_anybody_chooses_from_is_cut_off_and_said(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_to_another_agency(city, 1)
    monkeypatch.setattr(room, "MOST", 1)
    found = look_up(city, TITLE, "number", ROWS[1]["title_number"])
    assert ([each.agency for each in found.certificates], found.more) == ([OTHER_AGENCY], True)


@pytest.mark.parametrize("named", [{"serial": 1}, {"agency": AGENCY}, {"agency": AGENCY, "serial": 1}])
def test_one_that_would_be_cut_off_is_found_by_its_agency_or_serial(
    named: dict[str, Any], city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_to_another_agency(city, 1)
    monkeypatch.setattr(room, "MOST", 1)
    found = look_up(city, TITLE, "number", ROWS[1]["title_number"], **named)
    assert ([(each.agency, each.serial) for each in found.certificates], found.more) == ([(AGENCY, 1)], False)


def test_the_serial_of_another_certificate_finds_nothing_and_tells_nothing_of_absence(city: City) -> None:
    with city.database.begin() as connection:
        completeness.declare(connection, LEDGER, AGENCY, TITLE.vct_hash, since=100, now=NOW)
    found = look_up(city, TITLE, "number", ROWS[1]["title_number"], agency=AGENCY, serial=2)
    assert (found.certificates, found.complete_since) == ((), {})


def test_what_a_type_is_not_found_by_is_refused_with_what_it_is(city: City) -> None:
    for by in ("address", "nonsense", "", "document"):
        with pytest.raises(RequestRefused) as caught:
            look_up(city, TITLE, by, "x")
        assert caught.value.code is Code.NOT_UNDERSTOOD
        (flaw,) = caught.value.flaws
        assert flaw.place == "lookup.by"
        assert "number, holder, title_number, unit_number, identifier" in flaw.why


def test_an_empty_value_is_refused(city: City) -> None:
    for by in ("number", "holder"):
        with pytest.raises(RequestRefused) as caught:
            look_up(city, TITLE, by, "  - ")
        assert [flaw.place for flaw in caught.value.flaws] == ["lookup.value"]


def test_a_row_that_was_changed_is_an_error_and_no_absence(city: City, database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(text("UPDATE certificates SET disclosures = :other WHERE serial = 3"), {"other": b"\1abc"})
    engine.dispose()
    with pytest.raises(CannotOpen, match=f"certificate 3 of {AGENCY} cannot be opened"):
        look_up(city, TITLE, "number", ROWS[3]["title_number"])


def test_a_lost_index_key_is_an_error_and_no_absence(city: City) -> None:
    (city.office.keyring.folder / "service" / "index-1.key").unlink()
    with pytest.raises(KeyringError, match="index key 1 is not here"):
        look_up(city, TITLE, "number", ROWS[3]["title_number"])


def test_a_database_that_is_away_is_an_error_and_no_absence(tmp_path: Path) -> None:
    city = make_city(tmp_path / "city")
    with city.database:
        issue_titles(city, ROWS[:1])
    (tmp_path / "city" / "ecert.sqlite").write_bytes(b"no database")
    for path in (tmp_path / "city").glob("ecert.sqlite-*"):
        path.unlink()
    with pytest.raises(StoreError):
        look_up(city, TITLE, "number", ROWS[0]["title_number"])


def test_a_database_that_goes_away_in_the_midst_is_an_error_in_the_midst(city: City, database_url: str) -> None:
    """Where several are looked up together, it must be known of each before the group is over."""
    finding = Finding(city.database, [LEDGER], city.office.keyring.folder, TypeCatalogue.bundled())
    told: list[object] = []
    with table_renamed(database_url, "lookups", "gone"), suppress(StoreError), finding.reading() as reading:
        for look in (
            lambda: reading.look_up(TITLE, "number", ROWS[0]["title_number"]),
            lambda: reading.by_document(bytes(32), [TITLE]),
        ):
            try:
                told.append(look())
            except Exception as error:  # noqa: BLE001 - which it is, is what is asked
                told.append(error)
    assert [isinstance(each, StoreError) for each in told] == [True, True]


@contextmanager
def table_renamed(database_url: str, name: str, other: str) -> Iterator[None]:
    engine = make_engine(database_url)

    def rename(before: str, after: str) -> None:
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            connection.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))

    rename(name, other)
    try:
        yield
    finally:
        rename(other, name)
        engine.dispose()


def test_nothing_is_found_where_nothing_was_ever_issued(tmp_path: Path) -> None:
    city = make_city(tmp_path / "city")
    with city.database:
        assert look_up(city, TITLE, "number", "1").certificates == ()
    assert not (tmp_path / "city" / "keys" / "service").exists()


def test_a_certificate_is_found_by_the_file_that_it_names(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "a.pdf").write_bytes(b"%PDF-one")
    city = make_city(tmp_path / "city")
    with city.database:
        issue_titles(city, [ROWS[0] | {"document": "a.pdf"}, ROWS[1] | {"document": ""}], documents=documents)
        (found,) = by_document(city, hashlib.sha256(b"%PDF-one").digest()).certificates
        assert found.serial == 0
        assert by_document(city, hashlib.sha256(b"%PDF-two").digest()).certificates == ()


def test_of_a_file_only_certificates_of_the_types_that_are_asked_for_are_found_and_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents, digest = tmp_path / "documents", hashlib.sha256(b"%PDF-one").digest()
    documents.mkdir()
    (documents / "a.pdf").write_bytes(b"%PDF-one")
    city = make_city(tmp_path / "city")
    licence = bundled_types()["business-licence"]
    with city.database:
        issue_titles(city, [each | {"document": "a.pdf"} for each in ROWS[:3]], documents=documents)
        for some in (128, 2):  # looked through here, or by the database
            monkeypatch.setattr(certificate_reading, "SOME", some)
            assert len(by_document(city, digest, [licence, TITLE]).certificates) == 3
            assert by_document(city, digest, []) == Found(certificates=())
            with monkeypatch.context() as few:
                few.setattr(room, "MOST", 1)
                assert by_document(city, digest, [licence]) == Found(certificates=()), "not even that there are more"


def test_of_several_certificates_of_one_file_those_of_an_agency_or_a_serial_are_found_alone(tmp_path: Path) -> None:
    documents, digest = tmp_path / "documents", hashlib.sha256(b"%PDF-one").digest()
    documents.mkdir()
    (documents / "a.pdf").write_bytes(b"%PDF-one")
    city = make_city(tmp_path / "city")
    with city.database:
        issue_titles(city, [each | {"document": "a.pdf"} for each in ROWS[:2]], documents=documents)
        copy_to_another_agency(city, 1)

        def found(**meant: Any) -> list[tuple[str, int]]:
            return [(each.agency, each.serial) for each in by_document(city, digest, **meant).certificates]

        assert found() == [(OTHER_AGENCY, 0), (AGENCY, 1), (AGENCY, 0)]
        assert found(agency=AGENCY) == [(AGENCY, 1), (AGENCY, 0)]
        assert found(serial=0) == [(OTHER_AGENCY, 0), (AGENCY, 0)]
        assert found(agency=AGENCY, serial=0) == [(AGENCY, 0)]
        assert found(agency=OTHER_AGENCY, serial=1) == []


def test_every_bundled_type_is_found_by_its_number_and_its_holders() -> None:
    for each in bundled_types().values():
        places = Places.of(each)
        assert each.number in places.fields
        assert {field.name for field in each.fields if field.form is not None} <= places.fields.keys()
        for place in each.holders:
            person = {place.id: "11010519491231002X"}
            said = {place.list: [person]} if place.list is not None else person
            assert ("holder", each.vct, "11010519491231002X") in list(places.values(dict(said)))
