"""Checks 9, 10 and 14: status, period, freshness, at any time that is asked about."""

from __future__ import annotations

import pytest

from ecert.explaining import Language, explain_all
from ecert.facts import Status
from ecert.verdict import Reason, Result
from tests.ecert.cases import ANCHORED, NOW, PASSES, SERIAL, SKIPPED, Case, change, fails, outcome, unknown

GOOD = Case.good()
LATER = ANCHORED + 1_000
REVOKED = change(Status.REVOKED, LATER)
SUSPENDED = change(Status.SUSPENDED, LATER)
REINSTATED = change(Status.VALID, LATER + 10)


class TestStatus:
    def test_a_serial_that_never_changed_is_valid(self) -> None:
        assert outcome(GOOD.check(9)) == PASSES
        assert GOOD.judged().status_now is Status.VALID

    def test_a_revoked_one_fails_from_its_block_on(self) -> None:
        case = GOOD.but(changes=(REVOKED,))
        assert outcome(case.check(9)) == fails(Reason.REVOKED)
        assert outcome(case.but(at=LATER).check(9)) == fails(Reason.REVOKED)
        assert outcome(case.but(at=LATER - 1).check(9)) == PASSES

    def test_a_verdict_about_the_past_says_the_status_now(self) -> None:
        verdict = GOOD.but(changes=(REVOKED,), at=LATER - 1).judged()
        assert (verdict.result, verdict.at) == (Result.VALID, LATER - 1)
        assert verdict.status_now is Status.REVOKED

    def test_a_revocation_counts_before_it_is_settled(self) -> None:
        case = GOOD.but(changes=(change(Status.REVOKED, NOW - 11, settled=False),))
        assert outcome(case.check(9)) == fails(Reason.REVOKED)

    def test_a_revocation_by_a_clock_a_little_ahead_of_ours_counts_now(self) -> None:
        case = GOOD.but(changes=(change(Status.REVOKED, NOW + 5),))
        assert outcome(case.check(9)) == fails(Reason.REVOKED)

    def test_a_superseded_one_fails_and_names_its_successors(self) -> None:
        case = GOOD.but(changes=(change(Status.SUPERSEDED, LATER, successors=(77, 78)),))
        assert outcome(case.check(9)) == fails(Reason.SUPERSEDED)
        assert case.check(9).detail == {"since": LATER, "successors": [77, 78]}

    def test_a_suspended_one_fails_on_fresh_facts(self) -> None:
        assert outcome(GOOD.but(changes=(SUSPENDED,)).check(9)) == fails(Reason.SUSPENDED)

    def test_on_stale_facts_it_may_have_been_reinstated(self) -> None:
        case = GOOD.but(changes=(SUSPENDED,), max_age=10)
        assert outcome(case.check(9)) == unknown(Reason.SUSPENDED)
        assert case.judged().result is Result.UNKNOWN

    def test_on_stale_facts_a_revoked_one_still_fails(self) -> None:
        assert outcome(GOOD.but(changes=(REVOKED,), max_age=10).check(9)) == fails(Reason.REVOKED)

    def test_a_reinstated_one_is_valid_and_was_not_before(self) -> None:
        case = GOOD.but(changes=(SUSPENDED, REINSTATED))
        assert outcome(case.check(9)) == PASSES
        assert outcome(case.but(at=LATER + 9).check(9)) == fails(Reason.SUSPENDED)
        assert outcome(case.but(at=LATER + 10).check(9)) == PASSES

    def test_a_reinstatement_counts_only_once_it_is_settled(self) -> None:
        case = GOOD.but(changes=(SUSPENDED, change(Status.VALID, LATER + 10, settled=False)))
        assert outcome(case.check(9)) == fails(Reason.SUSPENDED)
        assert case.judged().status_now is Status.SUSPENDED

    def test_without_a_batch_an_untouched_status_says_nothing(self) -> None:
        assert outcome(GOOD.but(batch=None).check(9)) == SKIPPED
        assert GOOD.but(batch=None).judged().status_now is None

    def test_without_a_batch_a_revocation_is_told(self) -> None:
        case = GOOD.but(batch=None, changes=(REVOKED,))
        assert outcome(case.check(9)) == fails(Reason.REVOKED)
        assert case.judged().status_now is Status.REVOKED


class TestSupersession:
    merged = Case.good(supersedes=(3, 4), version=2)

    def test_every_old_one_must_be_recorded_as_superseded_by_it(self) -> None:
        assert outcome(self.merged.check(9)) == PASSES

    def test_an_old_one_that_is_not_is_pending(self) -> None:
        case = self.merged.but(superseded={3: (SERIAL,), 4: ()})
        assert outcome(case.check(9)) == unknown(Reason.SUPERSESSION_PENDING)
        assert case.check(9).detail == {"pending": [4]}

    def test_an_old_one_that_the_facts_do_not_know_is_pending(self) -> None:
        assert self.merged.but(superseded={}).check(9).detail == {"pending": [3, 4]}

    def test_an_old_one_superseded_by_others_is_pending(self) -> None:
        case = self.merged.but(superseded={3: (SERIAL,), 4: (SERIAL + 1,)})
        assert case.check(9).detail == {"pending": [4]}

    def test_in_a_split_several_successors_name_the_same_one(self) -> None:
        case = Case.good(supersedes=(3,), version=2).but(superseded={3: (SERIAL - 1, SERIAL, SERIAL + 1)})
        assert outcome(case.check(9)) == PASSES


class TestTimeAskedAbout:
    def test_a_time_before_the_batch_is_unknown(self) -> None:
        assert outcome(GOOD.but(at=ANCHORED).check(9)) == PASSES
        case = GOOD.but(at=ANCHORED - 1)
        assert outcome(case.check(9)) == unknown(Reason.BEFORE_LEDGER)
        assert case.check(9).detail == {"anchored": ANCHORED}

    def test_a_time_more_than_a_minute_ahead_is_unknown(self) -> None:
        assert outcome(GOOD.but(at=NOW + 60).check(9)) == PASSES
        assert outcome(GOOD.but(at=NOW + 61).check(9)) == unknown(Reason.IN_FUTURE)

    def test_what_is_revoked_now_is_so_at_any_time_to_come(self) -> None:
        case = GOOD.but(at=NOW + 61, changes=(REVOKED,))
        assert outcome(case.check(9)) == fails(Reason.REVOKED, Reason.IN_FUTURE)

    @pytest.mark.parametrize("at", [NOW - 60, NOW, NOW + 60])
    def test_a_time_within_a_minute_is_now(self, at: int) -> None:
        assert GOOD.but(at=at).judged().at == NOW

    @pytest.mark.parametrize("at", [NOW - 61, NOW + 61])
    def test_any_other_is_not(self, at: int) -> None:
        assert GOOD.but(at=at).judged().at == at

    def test_now_is_not_before_a_batch_whose_clock_is_a_little_ahead(self) -> None:
        assert outcome(GOOD.batch(anchored=NOW + 5).but(at=NOW).check(9)) == PASSES

    def test_without_a_batch_the_past_says_nothing(self) -> None:
        assert outcome(GOOD.but(at=ANCHORED - 1, batch=None).check(9)) == SKIPPED


class TestPeriod:
    def test_it_begins_with_nbf(self) -> None:
        assert outcome(GOOD.but(nbf=NOW).check(10)) == PASSES
        assert outcome(GOOD.but(nbf=NOW + 1).check(10)) == fails(Reason.NOT_YET_VALID)

    def test_it_ends_before_exp(self) -> None:
        assert outcome(GOOD.but(exp=NOW + 1).check(10)) == PASSES
        assert outcome(GOOD.but(exp=NOW).check(10)) == fails(Reason.EXPIRED)

    def test_without_exp_it_has_no_end(self) -> None:
        assert outcome(GOOD.but(exp=None).check(10)) == PASSES

    def test_it_is_judged_at_the_time_asked_about(self) -> None:
        case = GOOD.but(exp=NOW - 500)
        assert outcome(case.but(at=NOW - 501).check(10)) == PASSES
        assert outcome(case.but(at=NOW - 500).check(10)) == fails(Reason.EXPIRED)


class TestFreshness:
    def test_facts_must_be_younger_than_the_limit(self) -> None:
        assert outcome(GOOD.but(max_age=11).check(14)) == PASSES
        case = GOOD.but(max_age=10)
        assert outcome(case.check(14)) == unknown(Reason.STALE_LEDGER)
        assert case.check(14).detail == {"age": 10, "max_age": 10}

    def test_the_limit_is_600_seconds_unless_the_relying_party_says_otherwise(self) -> None:
        assert outcome(GOOD.but(now=NOW + 589).check(14)) == PASSES
        assert outcome(GOOD.but(now=NOW + 590).check(14)) == unknown(Reason.STALE_LEDGER)

    def test_a_clock_more_than_a_minute_behind_the_facts_is_wrong(self) -> None:
        assert outcome(GOOD.but(now=NOW - 70).check(14)) == PASSES
        assert outcome(GOOD.but(now=NOW - 71).check(14)) == unknown(Reason.CLOCK_WRONG)
        assert GOOD.but(now=NOW - 71).judged().result is Result.UNKNOWN


class TestAStatusList:
    """What a list says that is newer than the facts, which are of `NOW - 10`."""

    def case(self, status: Status, **more: object) -> Case:
        return GOOD.but(listed=change(status, NOW - 1), **more)

    @pytest.mark.parametrize("status", [Status.REVOKED, Status.SUSPENDED, Status.SUPERSEDED])
    def test_says_what_holds_now(self, status: Status) -> None:
        verdict = self.case(status).judged()
        assert (verdict.result, verdict.status_now) == (Result.INVALID, status)

    def test_can_say_that_one_was_reinstated_and_nothing_against_what_is_final(self) -> None:
        assert self.case(Status.VALID, changes=(SUSPENDED,)).judged().result is Result.VALID
        assert self.case(Status.VALID, changes=(REVOKED,)).judged().reasons == (Reason.REVOKED,)

    def test_says_nothing_of_what_was_before_the_facts(self) -> None:
        verdict = self.case(Status.REVOKED, at=LATER).judged()
        assert (verdict.result, verdict.status_now) == (Result.VALID, Status.REVOKED)

    @pytest.mark.parametrize("status", [Status.REVOKED, Status.SUSPENDED])
    def test_makes_facts_stale_that_end_before_the_time_asked_about(self, status: Status) -> None:
        later = NOW + 200
        case = GOOD.but(listed=change(status, later - 1), now=later, at=later - 100)
        assert outcome(case.check(9)) == PASSES
        assert outcome(case.check(14)) == unknown(Reason.STALE_LEDGER)
        (said,) = explain_all(Result.UNKNOWN, (Reason.STALE_LEDGER,), case.judged().checks, Language.EN)
        assert said.so
        assert not said.do  # no rule for outages allows what a list withdraws
        assert case.but(listed=change(Status.VALID, later - 1)).judged().result is Result.VALID
