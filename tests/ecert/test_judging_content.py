"""Checks 6, 7, 8 and 12: fields, anchor, accreditation, documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ecert.documents import Document
from ecert.facts import Accreditation
from ecert.types import bundled_types, vct_hash
from ecert.verdict import Reason, Result
from tests.ecert.cases import (
    ANCHORED,
    COUNT,
    DOCUMENT_DIGEST,
    FACTS_TIME,
    FIRST_SERIAL,
    NOT_ASKED,
    PASSES,
    SERIAL,
    VALUES,
    Case,
    disclosed,
    fails,
    outcome,
    unknown,
)

Expected = Callable[[Reason], object]
GOOD = Case.good()
OTHER_TYPE = bundled_types()["business-licence"]


class TestFields:
    def test_disclosures_of_their_slots_pass(self) -> None:
        assert outcome(GOOD.check(6)) == PASSES

    def test_showing_fewer_fields_passes(self) -> None:
        assert outcome(Case.good(hide=frozenset({"address"})).check(6)) == PASSES

    def test_another_value_is_altered_and_named(self) -> None:
        case = GOOD.but(disclosures=(disclosed("area_m2", "189.50"), disclosed("address", None)))
        assert outcome(case.check(6)) == fails(Reason.ALTERED_FIELD)
        assert case.check(6).detail == {"fields": ["area_m2"]}

    def test_a_disclosure_under_another_slots_name_is_altered(self) -> None:
        honest = next(each for each in GOOD.certificate.disclosures if each.name == "area_m2")
        case = GOOD.but(disclosures=(honest._replace(name="term"),))
        assert case.check(6).detail == {"fields": ["term"]}

    def test_a_field_that_has_no_slot_is_altered(self) -> None:
        assert GOOD.but(disclosures=(disclosed("mortgage", None),)).check(6).detail == {"fields": ["mortgage"]}


class TestAnchor:
    def test_a_leaf_at_its_place_passes(self) -> None:
        assert outcome(GOOD.check(7)) == PASSES

    @pytest.mark.parametrize(("age", "expected"), [(600, fails), (599, unknown)])
    def test_a_missing_batch_fails_once_our_copy_must_have_it(self, age: int, expected: Expected) -> None:
        case = GOOD.but(batch=None, iat=FACTS_TIME - age)
        assert outcome(case.check(7)) == expected(Reason.NOT_ANCHORED)

    @pytest.mark.parametrize(("first", "covers"), [(SERIAL, True), (SERIAL + 1, False), (SERIAL - COUNT, False)])
    def test_a_batch_covers_its_own_serials_only(self, first: int, covers: bool) -> None:  # noqa: FBT001
        anchored = Reason.NOT_ANCHORED not in GOOD.batch(first_serial=first).check(7).reasons
        assert anchored is covers

    def test_an_unsettled_batch_is_unknown_and_not_held_against_the_certificate(self) -> None:
        case = GOOD.batch(settled=False, root=bytes(32), certificate_type=bytes(32))
        assert outcome(case.check(7)) == unknown(Reason.NOT_SETTLED)
        assert case.judged().result is Result.UNKNOWN

    def test_a_batch_of_another_type_fails(self) -> None:
        assert outcome(GOOD.batch(certificate_type=vct_hash(OTHER_TYPE.vct)).check(7)) == fails(Reason.WRONG_TYPE)

    def test_a_batch_of_another_suite_fails(self) -> None:
        assert outcome(GOOD.batch(suite=2).check(7)) == fails(Reason.WRONG_TYPE)

    def test_another_root_fails(self) -> None:
        assert outcome(GOOD.batch(root=bytes(32)).check(7)) == fails(Reason.NOT_IN_BATCH)

    def test_another_serial_of_the_batch_fails(self) -> None:
        assert outcome(GOOD.but(serial=SERIAL - 1).check(7)) == fails(Reason.NOT_IN_BATCH)

    def test_a_path_that_is_too_short_fails(self) -> None:
        assert GOOD.certificate.path is not None
        assert outcome(GOOD.but(path=GOOD.certificate.path[1:]).check(7)) == fails(Reason.NOT_IN_BATCH)

    def test_without_a_path_it_is_unknown(self) -> None:
        assert outcome(GOOD.but(path=None).check(7)) == unknown(Reason.PROOF_MISSING)

    def test_without_a_path_a_wrong_type_still_fails(self) -> None:
        case = GOOD.but(path=None).batch(suite=2)
        assert outcome(case.check(7)) == fails(Reason.WRONG_TYPE, Reason.PROOF_MISSING)
        assert case.check(7).detail == {"first_serial": FIRST_SERIAL, "count": COUNT}


class TestAccreditation:
    def test_it_must_have_begun_when_the_batch_was_anchored(self) -> None:
        assert outcome(GOOD.but(accreditations=(_from(ANCHORED),)).check(8)) == PASSES
        assert outcome(GOOD.but(accreditations=(_from(ANCHORED + 1),)).check(8)) == fails(Reason.NOT_ACCREDITED)

    def test_it_must_not_have_ended_by_then(self) -> None:
        assert outcome(GOOD.but(accreditations=(_from(0, ANCHORED + 1),)).check(8)) == PASSES
        assert outcome(GOOD.but(accreditations=(_from(0, ANCHORED),)).check(8)) == fails(Reason.NOT_ACCREDITED)

    def test_any_of_several_will_do(self) -> None:
        assert outcome(GOOD.but(accreditations=(_from(0, 1), _from(ANCHORED))).check(8)) == PASSES

    def test_none_at_all_fails(self) -> None:
        assert outcome(GOOD.but(accreditations=()).check(8)) == fails(Reason.NOT_ACCREDITED)

    def test_one_that_is_not_settled_is_unknown(self) -> None:
        unsettled = replace(_from(ANCHORED), settled=False)
        assert outcome(GOOD.but(accreditations=(unsettled,)).check(8)) == unknown(Reason.NOT_ACCREDITED)

    def test_without_a_batch_it_is_judged_at_the_time_of_the_facts(self) -> None:
        case = GOOD.but(batch=None)
        assert outcome(case.but(accreditations=(_from(0, FACTS_TIME + 1),)).check(8)) == PASSES
        assert outcome(case.but(accreditations=(_from(0, FACTS_TIME),)).check(8)) == fails(Reason.NOT_ACCREDITED)

    def test_a_doubt_that_began_before_the_batch_makes_it_unknown(self) -> None:
        assert outcome(GOOD.but(doubt_since=ANCHORED + 1).check(8)) == PASSES
        assert outcome(GOOD.but(doubt_since=ANCHORED).check(8)) == unknown(Reason.AGENCY_IN_DOUBT)

    def test_doubt_and_no_accreditation_fail_together(self) -> None:
        case = GOOD.but(doubt_since=0, accreditations=())
        assert outcome(case.check(8)) == fails(Reason.NOT_ACCREDITED, Reason.AGENCY_IN_DOUBT)


class TestDocuments:
    named = Case.good(values={**VALUES, "document": Document(sha256=DOCUMENT_DIGEST, media_type="a/b", size=9).value()})

    def test_nothing_came_along_and_nothing_is_asked(self) -> None:
        assert outcome(self.named.check(12)) == NOT_ASKED

    def test_the_document_that_the_certificate_names_passes(self) -> None:
        assert outcome(self.named.but(documents=(DOCUMENT_DIGEST,)).check(12)) == PASSES

    def test_another_one_fails_and_every_one_is_answered_for(self) -> None:
        case = self.named.but(documents=(DOCUMENT_DIGEST, bytes(32)))
        assert outcome(case.check(12)) == fails(Reason.DOCUMENT_MISMATCH)
        assert case.check(12).detail == {"documents": ["equal", "differs"]}

    def test_a_certificate_that_names_none_cannot_tell(self) -> None:
        case = GOOD.but(documents=(DOCUMENT_DIGEST,))
        assert outcome(case.check(12)) == unknown(Reason.DOCUMENT_UNKNOWN)
        assert case.check(12).detail == {"documents": ["unknown"]}

    def test_one_that_withholds_it_cannot_tell(self) -> None:
        case = Case.good(hide=frozenset({"document"})).but(documents=(DOCUMENT_DIGEST,))
        assert outcome(case.check(12)) == unknown(Reason.DOCUMENT_UNKNOWN)


def _from(since: int, until: int | None = None) -> Accreditation:
    return Accreditation(since=since, until=until)
