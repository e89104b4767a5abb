"""Checks 11 and 13: what the relying party states and demands; and the notes of a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecert import key_binding
from ecert.certificate import Certificate
from ecert.demands import NO_DEMANDS, Challenge, Demands, Holder
from ecert.suite import SigningKey
from ecert.types import bundled_types
from ecert.verdict import Check, Reason, Result, verdict_to_json
from tests.ecert.cases import (
    HOLDER_ID,
    HOLDER_KEY,
    NOT_ASKED,
    NOW,
    OTHER_KEY,
    PASSES,
    TITLE,
    VALUES,
    Case,
    fails,
    outcome,
    unknown,
)

GOOD = Case.good()
CHALLENGE = Challenge(nonce="n-1", audience="https://counter.example")
IDENTIFIER = "1.2.156.3005.2.11100000MB03271699001.11420100MB9A000148.2026110000001.001.P"


def answers(check: Check) -> object:
    return check.detail["fields"]


class TestExpectations:
    def test_essential_fields_must_be_shown_even_if_nothing_is_stated(self) -> None:
        assert outcome(GOOD.check(11)) == PASSES
        case = Case.good(hide=frozenset({"remarks", "address"}))
        assert outcome(case.check(11)) == unknown(Reason.FIELD_WITHHELD)
        assert answers(case.check(11)) == {"remarks": "withheld"}

    def test_an_essential_field_without_a_slot_is_withheld(self) -> None:
        slots = tuple("mortgage" if name == "remarks" else name for name in GOOD.certificate.slots)
        shown = tuple(each for each in GOOD.certificate.disclosures if each.name != "remarks")
        case = GOOD.but(slots=slots, disclosures=shown)
        assert answers(case.check(11)) == {"remarks": "withheld"}

    def test_equal_fields_pass_and_each_is_answered_for(self) -> None:
        case = GOOD.but(expect={"area_m2": "89.5", "unit_number": VALUES["unit_number"]})
        assert outcome(case.check(11)) == PASSES
        assert answers(case.check(11)) == {"area_m2": "equal", "unit_number": "equal"}

    def test_a_field_that_differs_fails_and_no_value_is_told(self) -> None:
        case = GOOD.but(expect={"area_m2": "99", "unit_number": VALUES["unit_number"]})
        assert outcome(case.check(11)) == fails(Reason.FIELD_MISMATCH)
        assert answers(case.check(11)) == {"area_m2": "differs", "unit_number": "equal"}

    def test_a_stated_field_that_is_withheld_is_unknown(self) -> None:
        case = Case.good(hide=frozenset({"address"})).but(expect={"address": "here"})
        assert outcome(case.check(11)) == unknown(Reason.FIELD_WITHHELD)

    def test_what_must_be_compared_and_was_not_stated_is_unknown(self) -> None:
        case = GOOD.but(must_compare=frozenset({"holder", "area_m2"}), expect={"area_m2": "89.5"})
        assert outcome(case.check(11)) == unknown(Reason.NOT_COMPARED)
        assert answers(case.check(11)) == {"area_m2": "equal", "holder": "not_compared"}

    def test_a_stated_holder_is_compared_and_answers_for_the_holder(self) -> None:
        case = GOOD.but(must_compare=frozenset({"holder"}), holder=Holder(id=HOLDER_ID, name="李明"))
        assert outcome(case.check(11)) == PASSES
        assert answers(case.check(11)) == {"holder": "equal"}
        wrong = GOOD.but(holder=Holder(id="420111197512314666"))
        assert outcome(wrong.check(11)) == fails(Reason.FIELD_MISMATCH)

    def test_all_reasons_stand_together_the_failing_one_first(self) -> None:
        case = Case.good(hide=frozenset({"remarks"})).but(expect={"area_m2": "1"}, must_compare=frozenset({"use"}))
        assert outcome(case.check(11)) == fails(Reason.FIELD_MISMATCH, Reason.FIELD_WITHHELD, Reason.NOT_COMPARED)

    def test_of_a_type_that_is_not_known_nothing_can_be_compared(self) -> None:
        case = GOOD.but(certificate_type=None)
        assert outcome(case.check(11)) == unknown(Reason.NOT_COMPARED)
        assert case.judged().result is Result.UNKNOWN
        stated = case.but(expect={"area_m2": "89.5"}, holder=Holder(id=HOLDER_ID))
        assert outcome(stated.check(11)) == unknown(Reason.NOT_COMPARED)
        assert answers(stated.check(11)) == {"area_m2": "not_compared", "holder": "not_compared"}

    def test_a_type_that_is_not_the_certificates_is_none(self) -> None:
        case = GOOD.but(certificate_type=bundled_types()["business-licence"])
        assert outcome(case.check(11)) == unknown(Reason.NOT_COMPARED)

    def test_where_nothing_is_stated_and_nothing_essential_it_is_not_asked(self) -> None:
        lax = replace(TITLE, essential=frozenset())
        assert outcome(GOOD.but(certificate_type=lax).check(11)) == NOT_ASKED
        assert GOOD.but(certificate_type=lax).judged().result is Result.VALID

    def test_no_field_value_stands_anywhere_in_a_verdict(self) -> None:
        case = GOOD.but(expect={"area_m2": "89.51", "title_number": "x"}, holder=Holder(id=HOLDER_ID, name="王五"))
        told = str(verdict_to_json(case.judged()))
        assert not any(secret in told for secret in ("89.5", HOLDER_ID, "王五", "李明", "江岸", "420103001002"))


def bound(*, iat: int = NOW, key: SigningKey = HOLDER_KEY, challenge: Challenge = CHALLENGE) -> Case:
    """Give a case whose holder answered a challenge, under one that demands `CHALLENGE`."""
    case = Case.good(cnf={"jwk": HOLDER_KEY.jwk})
    binding = key_binding.create(compact(case.certificate), challenge, iat=iat, key=key)
    return case.but(key_binding=binding).but(demands=Demands(key_binding=CHALLENGE))


def compact(presented: Certificate) -> str:
    return presented.signed.decode() + "~" + "".join(f"{each.encoded}~" for each in presented.disclosures)


def why(case: Case) -> object:
    check = case.check(13)
    assert outcome(check) == fails(Reason.HOLDER_NOT_PROVED)
    return check.detail["why"]


class TestHolder:
    def test_a_right_answer_to_the_challenge_passes(self) -> None:
        assert outcome(bound().check(13)) == PASSES
        assert bound().judged().result is Result.VALID

    def test_one_that_nobody_demanded_is_not_asked_however_bad(self) -> None:
        case = bound().but(key_binding="e30.e30.e30", demands=NO_DEMANDS)
        assert outcome(case.check(13)) == NOT_ASKED
        assert case.judged().result is Result.VALID

    def test_one_that_was_stripped_fails(self) -> None:
        assert why(bound().but(key_binding=None)) == "missing"

    def test_a_certificate_without_a_holders_key_proves_nothing(self) -> None:
        assert why(bound().but(cnf=None)) == "no_holder_key"

    def test_a_holders_key_that_is_none_proves_nothing(self) -> None:
        assert why(bound().but(cnf={})) == "malformed"

    def test_a_token_that_is_none_fails(self) -> None:
        assert why(bound().but(key_binding="e30.e30.e30")) == "malformed"

    def test_another_key_fails(self) -> None:
        assert why(bound(key=OTHER_KEY)) == "signature"

    def test_another_presentation_fails(self) -> None:
        case = bound()
        assert why(case.but(disclosures=case.certificate.disclosures[:-1])) == "sd_hash"

    def test_another_audience_fails(self) -> None:
        assert why(bound(challenge=replace(CHALLENGE, audience="https://else.example"))) == "audience"

    def test_another_nonce_fails(self) -> None:
        assert why(bound(challenge=replace(CHALLENGE, nonce="n-2"))) == "nonce"

    @pytest.mark.parametrize("iat", [NOW - 300, NOW + 300])
    def test_it_may_lie_300_seconds_from_now(self, iat: int) -> None:
        assert outcome(bound(iat=iat).check(13)) == PASSES

    @pytest.mark.parametrize("iat", [NOW - 301, NOW + 301])
    def test_no_further(self, iat: int) -> None:
        assert why(bound(iat=iat)) == "time"

    @pytest.mark.parametrize("iat", [True, None, "now"])
    def test_a_time_that_is_none_fails(self, iat: Any) -> None:
        assert why(bound(iat=iat)) == "time"


class TestNotes:
    def test_what_the_type_says_nothing_about_is_told(self) -> None:
        notes = GOOD.judged().notes
        assert notes.keys() == {"says_nothing_about"}
        assert notes["says_nothing_about"]["en"] == "mortgage, seizure or objection: ask the registry"  # type: ignore[index,call-overload]

    def test_without_a_type_there_is_nothing_to_tell(self) -> None:
        assert GOOD.but(certificate_type=None).judged().notes == {}

    def test_an_old_record_is_told(self) -> None:
        assert GOOD.but(legacy=True).judged().notes["legacy_record"] is True

    def test_a_right_identifier_is_no_note(self) -> None:
        assert "identifier_check" not in named(IDENTIFIER).judged().notes

    def test_a_wrong_one_is_a_note_and_no_failure(self) -> None:
        verdict = named(f"{IDENTIFIER[:-1]}Q").judged()
        assert (verdict.result, verdict.notes["identifier_check"]) == (Result.VALID, "check")

    def test_a_malformed_one_too(self) -> None:
        assert named("1.2.3").judged().notes["identifier_check"] == "form"


def named(identifier: str) -> Case:
    return Case.good(values={**VALUES, "identifier": identifier})
