"""Checks 1 to 5: form, ledger, agency, key, signature."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ecert.certificate import Issuer
from ecert.errors import MalformedCertificate
from ecert.facts import AsOf
from ecert.judging import judge_malformed
from ecert.verdict import Outcome, Reason, Result
from tests.ecert.cases import (
    AGENCY,
    ANCHORED,
    FACTS_TIME,
    KEY,
    NOW,
    OTHER_KEY,
    OTHER_LEDGER,
    PASSES,
    SKIPPED,
    Case,
    certificate,
    fails,
    good_facts,
    outcome,
    unknown,
)

Expected = Callable[[Reason], object]
GOOD = Case.good()
AS_OF = AsOf(chain="eip155:31337", block=9, hash=b"\1" * 32, time=FACTS_TIME)


def test_a_good_certificate_is_valid() -> None:
    verdict = GOOD.judged()
    assert verdict.result is Result.VALID
    assert verdict.reasons == ()
    assert verdict.at == NOW
    assert verdict.as_of == GOOD.facts.as_of


def test_every_check_is_told_in_order() -> None:
    assert [check.number for check in GOOD.judged().checks] == list(range(1, 15))


class TestForm:
    def test_what_was_parsed_passes(self) -> None:
        assert outcome(GOOD.check(1)) == PASSES

    def test_bytes_that_are_no_certificate_are_invalid_with_the_place(self) -> None:
        verdict = judge_malformed(MalformedCertificate("payload.exp", "not a time"), as_of=AS_OF, now=NOW)
        assert (verdict.result, verdict.reasons) == (Result.INVALID, (Reason.MALFORMED,))
        assert verdict.checks[0].detail == {"place": "payload.exp", "why": "not a time"}
        assert {check.outcome for check in verdict.checks[1:13]} == {Outcome.SKIPPED}
        assert outcome(verdict.checks[13]) == PASSES
        assert verdict.at == NOW

    def test_they_are_so_without_any_facts(self) -> None:
        verdict = judge_malformed(MalformedCertificate("certificate", "not JSON"), as_of=None, at=5, now=NOW)
        assert verdict.result is Result.INVALID
        assert (verdict.as_of, verdict.at) == (None, 5)
        assert outcome(verdict.checks[13]) == SKIPPED


class TestLedger:
    def test_the_ledger_of_the_facts_is_trusted(self) -> None:
        assert outcome(GOOD.check(2)) == PASSES

    def test_another_one_is_not_and_what_rests_on_it_is_skipped(self) -> None:
        case = GOOD.but(iss=Issuer(ledger=OTHER_LEDGER, agency=AGENCY))
        verdict = case.judged()
        assert outcome(verdict.checks[1]) == fails(Reason.UNTRUSTED_LEDGER)
        assert [check.number for check in verdict.checks if check.outcome is Outcome.SKIPPED] == [3, 4, 5, 7, 8, 9]
        assert verdict.status_now is None


class TestAgency:
    @pytest.mark.parametrize(("age", "expected"), [(600, fails), (599, unknown)])
    def test_one_that_is_not_registered_fails_once_our_copy_must_have_it(self, age: int, expected: Expected) -> None:
        case = GOOD.but(agency_known=False, iat=FACTS_TIME - age)
        assert outcome(case.check(3)) == expected(Reason.UNKNOWN_AGENCY)
        assert case.check(3).detail == {"agency": AGENCY}

    def test_without_it_nothing_is_said_of_key_anchor_accreditation_and_status(self) -> None:
        verdict = GOOD.but(agency_known=False).judged()
        assert [check.number for check in verdict.checks if check.outcome is Outcome.SKIPPED] == [4, 5, 7, 8, 9]


class TestKey:
    @pytest.mark.parametrize(("age", "expected"), [(600, fails), (599, unknown)])
    def test_a_missing_key_fails_once_our_copy_must_have_it(self, age: int, expected: Expected) -> None:
        case = GOOD.but(key=None, iat=FACTS_TIME - age)
        assert outcome(case.check(4)) == expected(Reason.UNKNOWN_KEY)
        assert outcome(case.check(5)) == SKIPPED

    def test_a_key_under_another_id_is_unknown(self) -> None:
        assert outcome(GOOD.key(kid=OTHER_KEY.kid).check(4)) == fails(Reason.UNKNOWN_KEY)

    def test_a_key_id_that_the_key_does_not_have_is_unknown(self) -> None:
        assert outcome(GOOD.key(public_key=OTHER_KEY.public_key).check(4)) == fails(Reason.UNKNOWN_KEY)

    def test_bytes_that_are_no_key_are_unknown(self) -> None:
        assert outcome(GOOD.key(public_key=b"\4" * 65).check(4)) == fails(Reason.UNKNOWN_KEY)

    def test_a_key_of_another_suite_is_unknown(self) -> None:
        assert outcome(GOOD.key(suite=2).check(4)) == fails(Reason.UNKNOWN_KEY)

    def test_it_counts_from_the_moment_it_was_added(self) -> None:
        assert outcome(GOOD.key(added=ANCHORED).check(4)) == PASSES
        assert outcome(GOOD.key(added=ANCHORED + 1).check(4)) == fails(Reason.UNKNOWN_KEY)

    def test_it_counts_until_it_was_retired(self) -> None:
        assert outcome(GOOD.key(retired=ANCHORED + 1).check(4)) == PASSES
        assert outcome(GOOD.key(retired=ANCHORED).check(4)) == fails(Reason.KEY_RETIRED)

    def test_it_counts_until_it_was_compromised(self) -> None:
        assert outcome(GOOD.key(compromised_since=ANCHORED + 1).check(4)) == PASSES
        assert outcome(GOOD.key(compromised_since=ANCHORED).check(4)) == fails(Reason.KEY_COMPROMISED)

    def test_both_reasons_are_told_the_graver_first(self) -> None:
        case = GOOD.key(retired=ANCHORED, compromised_since=ANCHORED)
        assert outcome(case.check(4)) == fails(Reason.KEY_COMPROMISED, Reason.KEY_RETIRED)

    def test_compromise_is_judged_by_the_latest_facts_whatever_time_is_asked_about(self) -> None:
        case = GOOD.key(compromised_since=ANCHORED).but(at=ANCHORED)
        assert outcome(case.check(4)) == fails(Reason.KEY_COMPROMISED)

    def test_without_a_batch_it_is_judged_at_the_time_of_the_facts(self) -> None:
        case = GOOD.but(batch=None)
        assert outcome(case.key(retired=FACTS_TIME + 1).check(4)) == PASSES
        assert outcome(case.key(retired=FACTS_TIME).check(4)) == fails(Reason.KEY_RETIRED)


class TestSignature:
    def test_one_of_the_agencys_key_passes(self) -> None:
        assert outcome(GOOD.check(5)) == PASSES

    def test_one_of_another_key_fails(self) -> None:
        forged = certificate(key=OTHER_KEY, kid=KEY.kid)
        assert outcome(Case(certificate=forged, facts=good_facts(forged)).check(5)) == fails(Reason.BAD_SIGNATURE)

    def test_it_is_judged_even_where_the_key_was_compromised(self) -> None:
        assert outcome(GOOD.key(compromised_since=0).check(5)) == PASSES
