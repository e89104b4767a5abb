from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecert import strict_json
from ecert.certificate import Value
from ecert.days import midnight
from ecert.documents import Document
from ecert.draft import MAX_FACE, Freezer, LintedCertificate, attach, lint
from ecert.errors import FaultReason, LintError, MalformedError, SealBroken, UnreadableValue
from ecert.fault_words import fault
from ecert.types import CertificateType, TypeCatalogue, bundled_types
from tests.ecert.making import TITLE, TITLE_ROW, linted, row_for

DOCUMENT = Document(sha256=bytes(32), media_type="application/pdf", size=7)
IDENTIFIER = "1.2.156.3005.2.11100000MB03271699001.11420100MB9A000148.2026110000001.001.P"
DAY = 86_400
TEXT = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40)
"""What may stand in a field of text."""


def values(certificate: LintedCertificate) -> dict[str, Value]:
    return certificate.said()


def faults(row: dict[str, Any] | None = None, **arguments: Any) -> dict[str, FaultReason]:
    with pytest.raises(LintError) as caught:
        linted({**TITLE_ROW, **(row or {})}, **arguments)
    assert all(each.en and each.zh for each in caught.value.faults)
    return {each.field: each.reason for each in caught.value.faults}


def test_every_slot_is_filled_or_null() -> None:
    said = values(linted())
    assert tuple(said) == TITLE.slots
    assert said["title_number"] == "鄂(2026)武汉市江岸不动产权第0012345号"
    assert said["unit_number"] == "420103001002GB00017F00030045"
    assert said["holders"] == [{"name": "李明", "id_type": "111", "id_number": "42010620000229008X", "share": "1/1"}]
    assert said["registration_date"] == "2026-07-01"
    assert said["area_m2"] == "84.10"
    assert (said["term"], said["other"], said["identifier"], said["document"]) == (None, None, None, None)


@pytest.mark.parametrize("certificate_type", list(TypeCatalogue.bundled()), ids=lambda each: each.slug)
def test_a_good_row_of_every_type_is_fit_to_sign(certificate_type: CertificateType) -> None:
    certificate = lint(certificate_type, row_for(certificate_type), valid_from="2026-07-01")
    assert certificate.number
    assert not certificate.legacy


@pytest.mark.parametrize("certificate_type", list(TypeCatalogue.bundled()), ids=lambda each: each.slug)
def test_an_empty_row_of_every_type_lacks_all_that_is_required(certificate_type: CertificateType) -> None:
    with pytest.raises(LintError) as caught:
        lint(certificate_type, {}, valid_from="2026-07-01")
    missing = {each.field for each in caught.value.faults if each.reason is FaultReason.MISSING}
    assert missing == {each.name for each in certificate_type.fields if each.required}


def test_the_common_fields_are_filled_where_there_are_some() -> None:
    said = values(linted(identifier=IDENTIFIER, document=DOCUMENT))
    assert said["identifier"] == IDENTIFIER
    assert said["document"] == DOCUMENT.value()


def test_an_identifier_with_a_wrong_check_character_is_only_noted() -> None:
    assert linted(identifier=IDENTIFIER).notes == ()
    assert linted(identifier=IDENTIFIER[:-1] + "Q").notes == ("identifier_check",)
    assert faults(identifier="1.2.3") == {"identifier": FaultReason.IDENTIFIER_FORM}


def test_all_faults_of_a_row_are_told_at_once() -> None:
    found = faults(
        {
            "title_number": " ",
            "holders": '[{"name":"李明","id_number":"110105194912310021"}]',
            "unit_number": "4201",
            "area_m2": "large",
            "registration_date": "2026-02-30",
            "colour": "red",
        },
        valid_until="soon",
    )
    assert found == {
        "title_number": FaultReason.MISSING,
        "holders": FaultReason.CITIZEN_ID_CHECK,
        "unit_number": FaultReason.PROPERTY_UNIT_FORM,
        "area_m2": FaultReason.NOT_A_DECIMAL,
        "registration_date": FaultReason.NOT_A_DATE,
        "colour": FaultReason.UNKNOWN_FIELD,
        "valid_until": FaultReason.NOT_A_DATE,
    }


def test_a_fault_says_in_both_languages_what_is_wrong_and_where() -> None:
    with pytest.raises(
        LintError, match=r"holders: \[1\]\.id_number has a wrong check digit for a citizen id"
    ) as caught:
        linted(
            {
                **TITLE_ROW,
                "holders": [
                    {"name": "a", "id_number": "420102199003071232"},
                    {"name": "b", "id_number": "110105194912310021"},
                ],
            }
        )
    assert caught.value.faults[0].zh == "[1].id_number 公民身份号码校验位有误"


def test_every_reason_has_words() -> None:
    for reason in FaultReason:
        said = fault("x", UnreadableValue(reason))
        assert said.en.isascii()
        assert not said.zh.isascii()


@pytest.mark.parametrize("empty", ["", "[]", [], None, "  "])
def test_an_empty_list_is_a_missing_one(empty: Value) -> None:
    assert faults({"holders": empty}) == {"holders": FaultReason.MISSING}


def test_the_last_valid_day_is_inclusive() -> None:
    certificate = linted(valid_from="2026-07-01", valid_until="2026-07-01")
    assert certificate.nbf == 1_782_835_200  # 2026-06-30T16:00:00Z, midnight in +08:00
    assert certificate.exp == certificate.nbf + DAY
    assert linted(valid_until="").exp is None
    assert linted(valid_until=None).exp is None


@pytest.mark.parametrize(("zone", "hours"), [("+00:00", 0), ("-03:30", -3.5), ("+14:00", 14), ("+05:45", 5.75)])
def test_a_day_begins_when_it_begins_in_the_agency_s_zone(zone: str, hours: float) -> None:
    certificate = linted(valid_until="2026-07-02", zone=zone)
    assert certificate.nbf == midnight("2026-07-01") + (8 - hours) * 3600
    assert certificate.nbf == midnight("2026-07-01", zone)
    assert certificate.exp == midnight("2026-07-03", zone)


def test_another_zone_is_refused() -> None:
    with pytest.raises(MalformedError):
        linted(zone="+08:01")


def test_validity_begins_and_ends_within_reason() -> None:
    longest = linted(valid_from="1900-01-01", valid_until="2200-12-31")
    assert (longest.nbf, longest.exp) == (midnight("1900-01-01"), midnight("2201-01-01"))
    assert faults(valid_from="1899-12-31") == {"valid_from": FaultReason.OUT_OF_RANGE}
    assert faults(valid_until="2201-01-01") == {"valid_until": FaultReason.OUT_OF_RANGE}
    with pytest.raises(LintError, match="1900-01-01 … 2200-12-31"):
        linted(valid_until="9999-12-31")


@pytest.mark.parametrize("area", ["0", "0.00", "-3"])
def test_an_area_is_more_than_nothing(area: str) -> None:
    assert faults({**TITLE_ROW, "area_m2": area}) == {"area_m2": FaultReason.OUT_OF_RANGE}
    with pytest.raises(LintError, match="area_m2: is out of the range that it can have: > 0"):
        linted({**TITLE_ROW, "area_m2": area})


def test_dates_stand_in_their_order() -> None:
    assert faults(valid_until="2026-06-30") == {"valid_until": FaultReason.DATES_OUT_OF_ORDER}
    assert faults(valid_from="") == {"valid_from": FaultReason.MISSING}
    assert faults(valid_from="2026-13-01", legacy=True) == {"valid_from": FaultReason.NOT_A_DATE}


def test_a_date_out_of_order_is_told_with_the_one_that_it_is_before() -> None:
    with pytest.raises(LintError) as caught:
        linted(valid_from="2026-07-01", valid_until="2026-06-30")
    (told,) = caught.value.faults
    assert (told.en, told.zh) == ("is before valid_from 2026-07-01", "早于 valid_from 2026-07-01")


def test_what_a_date_looks_like_is_told_as_an_example() -> None:
    with pytest.raises(LintError) as caught:
        linted(valid_from="1/7/2026")
    (told,) = caught.value.faults
    assert told.en == "is not a real date, written like 2026-11-20"
    assert told.zh == "不是真实存在的日期，格式如2026-11-20"


def test_a_type_can_say_which_of_its_dates_comes_first() -> None:
    marriage = bundled_types()["marriage-certificate"]
    row = {**row_for(marriage), "registration_date": "2026-07-02"}
    assert lint(marriage, row, valid_from="2026-07-02")
    with pytest.raises(LintError) as caught:
        lint(marriage, row, valid_from="2026-07-01")
    assert caught.value.faults[0].reason is FaultReason.DATES_OUT_OF_ORDER


OLD: dict[str, Value] = {**TITLE_ROW, "unit_number": "", "registration_date": "2010-01-01"}


def test_an_old_record_may_lack_what_its_type_s_legacy_profile_says() -> None:
    assert linted(OLD, valid_from="2015-02-28").legacy
    assert linted(OLD, valid_from="2015-02-28", legacy=True).legacy
    assert linted(TITLE_ROW, valid_from="2015-02-28", legacy=True).legacy
    assert not linted(TITLE_ROW, valid_from="2015-02-28").legacy


def test_no_other_record_may() -> None:
    missing = {"unit_number": FaultReason.MISSING}
    assert faults(OLD, valid_from="2015-03-01") == missing
    assert faults(OLD, valid_from="2015-02-28", legacy=False) == missing
    assert faults({**OLD, "address": ""}, valid_from="2015-02-28") == {"address": FaultReason.MISSING}
    assert faults(valid_from="2015-03-01", legacy=True) == {"valid_from": FaultReason.LEGACY_NOT_ALLOWED}


def test_a_type_without_a_legacy_profile_has_no_old_records() -> None:
    senior = bundled_types()["senior-card"]
    with pytest.raises(LintError) as caught:
        lint(senior, row_for(senior), valid_from="1990-01-01", legacy=True)
    assert caught.value.faults[0].reason is FaultReason.LEGACY_NOT_ALLOWED


def test_the_number_is_kept_as_it_is_compared() -> None:
    assert linted({**TITLE_ROW, "title_number": "ab-1 2"}).number == "AB12"
    licence = bundled_types()["business-licence"]
    old = {**row_for(licence), "holder_id": ""}
    assert lint(licence, old, valid_from="2015-09-30").number is None


def test_a_row_that_would_break_the_limits_of_a_certificate_is_too_large() -> None:
    people = [{"name": f"{number}" * 400, "id_number": "420102199003071232"} for number in range(10, 99)]
    assert linted({**TITLE_ROW, "remarks": "a" * 10_000, "other": "b" * 10_000, "term": "c" * 10_000, "use": "字"})
    assert faults({"holders": people * 2}) == {"holders": FaultReason.TOO_LARGE}


def test_a_document_that_comes_later_is_signed_as_if_it_had_been_there() -> None:
    old = linted(OLD, valid_from="2015-02-28", valid_until="2046-02-28", identifier=IDENTIFIER[:-1] + "Q")
    whole = linted(
        OLD, valid_from="2015-02-28", valid_until="2046-02-28", identifier=IDENTIFIER[:-1] + "Q", document=DOCUMENT
    )
    assert attach(old, DOCUMENT) == whole != old


def test_a_document_that_comes_later_is_checked_like_any_other() -> None:
    with pytest.raises(LintError) as caught:
        attach(linted(), Document(sha256=bytes(32), media_type="no media type", size=7))
    assert [(each.field, each.reason) for each in caught.value.faults] == [("document", FaultReason.NOT_A_DOCUMENT)]
    holders: list[Value] = [{"name": "字" * 400, "id_number": "420102199003071232"}] * 90
    large = linted({**TITLE_ROW, "holders": holders, "remarks": "b"})
    room = MAX_FACE - sum(len(strict_json.canonical(each).encode()) for each in large.values)
    full = linted({**TITLE_ROW, "holders": holders, "remarks": "b" * (room + 1)})
    with pytest.raises(LintError) as caught:
        attach(full, DOCUMENT)
    assert [each.reason for each in caught.value.faults] == [FaultReason.TOO_LARGE]


@pytest.mark.parametrize("certificate_type", list(TypeCatalogue.bundled()), ids=lambda each: each.slug)
def test_what_is_frozen_thaws_as_it_was(certificate_type: CertificateType) -> None:
    freezer = Freezer()
    row = row_for(certificate_type)
    without_end = lint(certificate_type, row, valid_from="2026-07-01")
    noted = lint(
        certificate_type,
        row,
        valid_from="2026-07-01",
        valid_until="2036-06-30",
        identifier=IDENTIFIER[:-1] + "Q",
        document=DOCUMENT,
    )
    frozen = [(each, freezer.freeze(each, place=b"7")) for each in (without_end, noted)]
    for each, laid_aside in frozen:
        assert freezer.thaw(certificate_type, laid_aside, place=b"7") == each


def test_an_old_record_thaws_as_one() -> None:
    licence = bundled_types()["business-licence"]
    old = lint(licence, {**row_for(licence), "holder_id": ""}, valid_from="2015-09-30")
    assert (old.legacy, old.number) == (True, None)
    freezer = Freezer()
    assert freezer.thaw(licence, freezer.freeze(old, place=b""), place=b"") == old


@given(TEXT, st.lists(TEXT, min_size=1, max_size=5))
def test_any_text_thaws_as_it_was(remarks: str, names: list[str]) -> None:
    holders: list[Value] = [{"name": name, "id_number": "420102199003071232"} for name in names]
    certificate = linted({**TITLE_ROW, "remarks": remarks, "holders": holders})
    freezer = Freezer()
    assert freezer.thaw(TITLE, freezer.freeze(certificate, place=b""), place=b"") == certificate


def test_nothing_thaws_that_this_freezer_did_not_freeze_for_that_type_and_place() -> None:
    freezer = Freezer()
    certificate = linted()
    frozen = freezer.freeze(certificate, place=b"7")
    bill = bundled_types()["medical-e-bill"]
    for other, certificate_type, place in ((freezer, bill, b"7"), (freezer, TITLE, b"8"), (Freezer(), TITLE, b"7")):
        with pytest.raises(SealBroken):
            other.thaw(certificate_type, frozen, place=place)
    for index in range(len(frozen)):
        for changed in (frozen[:index], frozen[:index] + bytes([frozen[index] ^ 1]) + frozen[index + 1 :]):
            with pytest.raises(SealBroken):
                freezer.thaw(TITLE, changed, place=b"7")
    assert freezer.thaw(TITLE, frozen, place=b"7") == certificate


def test_what_is_frozen_cannot_be_read_and_is_never_the_same_twice() -> None:
    freezer = Freezer()
    first, second = (freezer.freeze(linted(), place=b"") for _ in range(2))
    assert "李明".encode() not in first
    assert first != second
