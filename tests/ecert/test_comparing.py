"""Comparing by kind, and holders against the places that a type names."""

from __future__ import annotations

import pytest

from ecert.certificate import Value
from ecert.comparing import Answer, compare_field, compare_holder
from ecert.demands import Holder
from ecert.types import CertificateType, bundled_types
from tests.ecert.cases import HOLDER_ID, TITLE, VALUES

LICENCE = bundled_types()["business-licence"]
MARRIAGE = bundled_types()["marriage-certificate"]
CONTRACT = bundled_types()["home-sales-contract"]
COUPLE: dict[str, Value] = {
    "party_a_id": "420102199003071232",
    "party_a_name": "李明",
    "party_b_id": HOLDER_ID,
    "party_b_name": "Ana Pérez",
}


def answer(certificate_type: CertificateType, name: str, stated: Value, shown: Value) -> Answer:
    return compare_field(certificate_type.field(name), stated, {name: shown})


class TestFields:
    @pytest.mark.parametrize(
        ("certificate_type", "name", "stated", "shown"),
        [
            (
                TITLE,
                "title_number",
                "鄂（2026）武汉市江岸不动产权第 0012345 号",
                "鄂(2026)武汉市江岸不动产权第0012345号",
            ),
            (TITLE, "unit_number", "420103 001002 gb00017 F00030045", "420103001002GB00017F00030045"),
            (TITLE, "area_m2", "89.5", "89.50"),
            (TITLE, "registration_date", "2026年7月1日", "2026-07-01"),
            (TITLE, "registration_date", "20260701", "2026-07-01"),
            (TITLE, "ownership_form", " 按份  共有", "按份 共有"),
            (TITLE, "holders", ["X1234567", HOLDER_ID.lower()], VALUES["holders"]),
            (LICENCE, "holder_id", "91330000755918469e", "91330000755918469E"),
            (MARRIAGE, "party_a_id", "420102900307123", "420102199003071232"),
            (TITLE, "term", None, None),
        ],
    )
    def test_the_same_said_in_another_way_is_equal(
        self, certificate_type: CertificateType, name: str, stated: Value, shown: Value
    ) -> None:
        assert answer(certificate_type, name, stated, shown) is Answer.EQUAL

    @pytest.mark.parametrize(
        ("name", "stated", "shown"),
        [
            ("title_number", "鄂(2026)武汉市江汉不动产权第0012345号", "鄂(2026)武汉市江岸不动产权第0012345号"),
            ("area_m2", "89.51", "89.50"),
            ("registration_date", "2026-07-02", "2026-07-01"),
            ("holders", [HOLDER_ID], VALUES["holders"]),
            ("term", "70 years", None),
            ("term", None, "70 years"),
            ("area_m2", None, "0"),
        ],
    )
    def test_something_else_differs(self, name: str, stated: Value, shown: Value) -> None:
        assert answer(TITLE, name, stated, shown) is Answer.DIFFERS

    def test_what_cannot_be_read_as_its_kind_is_compared_as_it_stands_never_skipped(self) -> None:
        assert answer(TITLE, "area_m2", "about ninety", "89.50") is Answer.DIFFERS
        assert answer(TITLE, "area_m2", "about ninety", "about ninety") is Answer.EQUAL
        assert answer(TITLE, "remarks", 1, True) is Answer.DIFFERS

    def test_a_field_that_is_not_shown_is_withheld(self) -> None:
        assert compare_field(TITLE.field("area_m2"), "89.5", {}) is Answer.WITHHELD

    def test_a_field_that_the_type_does_not_have_is_not_compared(self) -> None:
        assert compare_field(TITLE.field("mortgage"), None, {"mortgage": None}) is Answer.NOT_COMPARED


class TestHolder:
    def holder(self, number: str, name: str | None = None) -> Holder:
        return Holder(id=number, name=name)

    def answer(
        self, certificate_type: CertificateType, shown: dict[str, Value], holder: Holder, *, legacy: bool = False
    ) -> Answer:
        return compare_holder(certificate_type, holder, shown, legacy=legacy)

    @pytest.mark.parametrize(
        ("number", "name"),
        [
            (HOLDER_ID, None),
            (HOLDER_ID.lower(), "Ana  Pérez"),
            ("420102900307123", "李明"),
            ("420102199003071232", None),
        ],
    )
    def test_one_of_the_places_must_match_in_both(self, number: str, name: str | None) -> None:
        assert self.answer(MARRIAGE, COUPLE, self.holder(number, name)) is Answer.EQUAL

    @pytest.mark.parametrize(("number", "name"), [(HOLDER_ID, "李明"), ("420111197512314666", None), ("", "李明")])
    def test_an_id_of_one_and_a_name_of_the_other_differ(self, number: str, name: str | None) -> None:
        assert self.answer(MARRIAGE, COUPLE, self.holder(number, name)) is Answer.DIFFERS

    @pytest.mark.parametrize(("number", "name"), [(HOLDER_ID, "李明"), ("x-1234567", "Ana Pérez"), ("X1234567", None)])
    def test_people_in_a_list_are_places_too(self, number: str, name: str | None) -> None:
        assert self.answer(TITLE, dict(VALUES), self.holder(number, name)) is Answer.EQUAL

    def test_nobody_in_the_list_differs(self) -> None:
        assert self.answer(TITLE, dict(VALUES), self.holder(HOLDER_ID, "Ana Pérez")) is Answer.DIFFERS
        assert self.answer(TITLE, {"holders": []}, self.holder(HOLDER_ID)) is Answer.DIFFERS

    @pytest.mark.parametrize("people", [None, "李明", [None, "李明", {"id_number": 5}, {"name": "李明"}]])
    def test_a_list_that_is_none_of_people_differs(self, people: Value) -> None:
        assert self.answer(TITLE, {"holders": people}, self.holder(HOLDER_ID)) is Answer.DIFFERS

    def test_a_list_or_a_field_and_its_name_are_all_places_of_one_type(self) -> None:
        shown: dict[str, Value] = {"buyers": VALUES["holders"], "seller_id": "91330000755918469E", "seller_name": "甲"}
        assert self.answer(CONTRACT, shown, self.holder(HOLDER_ID)) is Answer.EQUAL
        assert self.answer(CONTRACT, shown, self.holder("91330000755918469E", "甲")) is Answer.EQUAL
        assert self.answer(CONTRACT, shown, self.holder("91330000755918469E", "乙")) is Answer.DIFFERS

    def test_a_withheld_list_is_withheld(self) -> None:
        assert self.answer(TITLE, {}, self.holder(HOLDER_ID)) is Answer.WITHHELD

    def test_a_withheld_id_is_withheld_unless_another_place_matches(self) -> None:
        shown = {name: value for name, value in COUPLE.items() if name != "party_a_id"}
        assert self.answer(MARRIAGE, shown, self.holder("420102199003071232")) is Answer.WITHHELD
        assert self.answer(MARRIAGE, shown, self.holder(HOLDER_ID)) is Answer.EQUAL

    def test_a_withheld_name_matters_only_where_a_name_is_stated_and_the_id_matches(self) -> None:
        shown = {name: value for name, value in COUPLE.items() if name != "party_a_name"}
        assert self.answer(MARRIAGE, shown, self.holder("420102199003071232", "李明")) is Answer.WITHHELD
        assert self.answer(MARRIAGE, shown, self.holder("420102199003071232")) is Answer.EQUAL
        assert self.answer(MARRIAGE, shown, self.holder("420111197512314666", "李明")) is Answer.DIFFERS

    def test_an_old_record_without_ids_cannot_be_compared(self) -> None:
        shown: dict[str, Value] = {**COUPLE, "party_a_id": None, "party_b_id": None}
        stated = self.holder("420102199003071232", "李明")
        assert self.answer(MARRIAGE, shown, stated, legacy=True) is Answer.NOT_COMPARED
        assert self.answer(MARRIAGE, shown, stated) is Answer.DIFFERS

    def test_a_name_that_differs_in_an_old_record_differs(self) -> None:
        shown: dict[str, Value] = {**COUPLE, "party_a_id": None, "party_b_id": None}
        assert self.answer(MARRIAGE, shown, self.holder(HOLDER_ID, "王五"), legacy=True) is Answer.DIFFERS

    def test_a_name_withheld_in_an_old_record_is_not_equal(self) -> None:
        shown: dict[str, Value] = {"party_a_id": None, "party_b_id": None}
        assert self.answer(MARRIAGE, shown, self.holder(HOLDER_ID, "李明"), legacy=True) is Answer.WITHHELD
