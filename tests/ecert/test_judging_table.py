"""The table of checks, what judging gives of it, and what is promised whatever the inputs (properties)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecert import checks, judging
from ecert.demands import Challenge, Demands, Holder
from ecert.facts import Accreditation, Status
from ecert.judging import CHECKS, judge_nothing
from ecert.verdict import BESIDE_CHECKS, Outcome, Reason, Result, Verdict
from tests.ecert.cases import (
    ANCHORED,
    DOCUMENT_DIGEST,
    FACTS_TIME,
    HOLDER_ID,
    LEDGER,
    NOW,
    OTHER_LEDGER,
    Case,
    change,
    disclosed,
)

GOOD = Case.good(supersedes=(3, 4), version=2)
assert GOOD.facts.batch is not None
assert GOOD.facts.key is not None


class TestTable:
    def test_it_has_the_14_checks_in_order(self) -> None:
        assert [rule.number for rule in CHECKS] == list(range(1, 15))
        names = "form ledger agency key signature fields anchor accreditation status period expectations documents"
        assert [rule.name for rule in CHECKS] == [*names.split(), "holder", "freshness"]

    def test_every_reason_belongs_to_one_check_or_to_look_ups(self) -> None:
        reasons = [reason for rule in CHECKS for reason in rule.fail + rule.unknown]
        assert sorted([*reasons, *BESIDE_CHECKS]) == sorted(Reason)

    @pytest.mark.parametrize("reason", sorted(BESIDE_CHECKS))
    def test_where_there_is_nothing_to_judge_it_is_unknown_and_says_how_old_the_facts_are(self, reason: Reason) -> None:
        fresh = judge_nothing(reason, as_of=GOOD.facts.as_of, now=GOOD.facts.as_of.time)
        assert (fresh.result, fresh.reasons) == (Result.UNKNOWN, (reason,))
        assert {check.outcome for check in fresh.checks[:13]} == {Outcome.SKIPPED}
        old = judge_nothing(reason, as_of=GOOD.facts.as_of, at=5, now=GOOD.facts.as_of.time + 601)
        assert (old.reasons, old.at) == ((reason, Reason.STALE_LEDGER), 5)
        none = judge_nothing(reason, as_of=None, now=7)
        assert (none.result, none.as_of, none.at) == (Result.UNKNOWN, None, 7)

    def test_what_can_be_softened_can_fail(self) -> None:
        assert all(rule.softened <= set(rule.fail) for rule in CHECKS)

    def test_every_check_is_a_function_of_its_number_and_name(self) -> None:
        functions = {name for name in vars(judging) if re.match(r"check_\d", name)}
        assert functions == {f"check_{rule.number}_{rule.name}" for rule in CHECKS}
        assert checks.__doc__


times = st.sampled_from([0, ANCHORED - 1, ANCHORED, ANCHORED + 1, FACTS_TIME, NOW - 61, NOW, NOW + 61])
maybe_times = st.none() | times
statuses = st.lists(
    st.builds(
        change,
        st.sampled_from(Status),
        times,
        settled=st.booleans(),
        successors=st.sampled_from([(), (77,)]),
    ),
    max_size=3,
).map(lambda changes: tuple(sorted(changes, key=lambda each: each.time)))
demands = st.builds(
    Demands,
    expect=st.sampled_from([{}, {"area_m2": "89.5"}, {"area_m2": "90"}, {"address": None}, {"mortgage": "no"}]),
    must_compare=st.sampled_from([frozenset(), frozenset({"holder"}), frozenset({"area_m2"})]),
    holder=st.sampled_from([None, Holder(id=HOLDER_ID), Holder(id="other")]),
    key_binding=st.sampled_from([None, Challenge(nonce="n", audience="a")]),
    max_age=st.sampled_from([10, 11, 600]),
)
spoilt: dict[str, st.SearchStrategy[Any]] = {
    "agency_known": st.booleans(),
    "ledger": st.sampled_from([LEDGER, LEDGER, OTHER_LEDGER]),
    "key": st.none()
    | st.builds(
        lambda **parts: replace(GOOD.facts.key, **parts),  # type: ignore[type-var]
        added=times,
        retired=maybe_times,
        compromised_since=maybe_times,
    ),
    "accreditations": st.lists(
        st.builds(Accreditation, since=times, until=maybe_times, settled=st.booleans()), max_size=2
    ).map(tuple),
    "doubt_since": maybe_times,
    "batch": st.none()
    | st.builds(
        lambda **parts: replace(GOOD.facts.batch, **parts),  # type: ignore[type-var]
        settled=st.booleans(),
        anchored=times,
        suite=st.sampled_from([1, 1, 2]),
        root=st.sampled_from([GOOD.facts.batch.root, bytes(32)]),
    ),
    "changes": statuses,
    "superseded": st.sampled_from([GOOD.facts.superseded, {}]),
    "path": st.sampled_from([GOOD.certificate.path, None, ()]),
    "disclosures": st.sampled_from(
        [GOOD.certificate.disclosures, GOOD.certificate.disclosures[3:], (disclosed("area_m2", "1"),)]
    ),
    "nbf": times,
    "exp": maybe_times,
    "iat": times,
    "legacy": st.booleans(),
    "certificate_type": st.sampled_from([GOOD.certificate_type, None]),
    "documents": st.sampled_from([(), (DOCUMENT_DIGEST,)]),
    "demands": demands,
    "at": maybe_times,
    "now": st.sampled_from([NOW, NOW + 600, NOW - 71]),
}
cases = st.fixed_dictionaries({}, optional=spoilt).map(lambda parts: GOOD.but(**parts))
few = st.lists(st.sampled_from(sorted(spoilt)), max_size=3, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: spoilt[name] for name in names})
)
nearly_good = few.map(lambda parts: GOOD.but(**parts))
any_case = cases | nearly_good


def outcomes(verdict: Verdict) -> list[Outcome]:
    return [check.outcome for check in verdict.checks]


@settings(max_examples=400)
@given(any_case)
def test_the_result_follows_from_the_checks(case: Case) -> None:
    verdict = case.judged()
    found = outcomes(verdict)
    if verdict.result is Result.VALID:
        assert set(found[:10] + found[13:]) == {Outcome.PASS}
        assert set(found[10:13]) <= {Outcome.PASS, Outcome.NOT_ASKED}
    elif verdict.result is Result.INVALID:
        assert Outcome.FAIL in found
    else:
        assert Outcome.FAIL not in found
        assert Outcome.UNKNOWN in found


@settings(max_examples=400)
@given(any_case)
def test_every_reason_is_one_of_its_check_and_of_its_outcome(case: Case) -> None:
    for rule, check in zip(CHECKS, case.judged().checks, strict=True):
        assert (check.number, check.name) == (rule.number, rule.name)
        assert bool(check.reasons) is (check.outcome in {Outcome.FAIL, Outcome.UNKNOWN})
        assert set(check.reasons) <= {*rule.fail, *rule.unknown}
        if check.outcome is Outcome.UNKNOWN:
            assert set(check.reasons) <= {*rule.unknown, *rule.softened}
        if check.outcome is Outcome.FAIL:
            assert check.reasons[0] in rule.fail


@given(any_case)
def test_reasons_are_those_of_the_checks_what_failed_before_what_is_in_doubt_gravest_first(case: Case) -> None:
    verdict = case.judged()
    failed = {r for c in verdict.checks if c.outcome is Outcome.FAIL for r in c.reasons}
    doubted = {r for c in verdict.checks for r in c.reasons} - failed
    order = list(Reason)
    assert list(verdict.reasons) == sorted(failed, key=order.index) + sorted(doubted, key=order.index)


@given(any_case)
def test_the_same_inputs_give_the_same_verdict(case: Case) -> None:
    assert case.judged() == case.judged()


WITHDRAWALS: dict[str, dict[str, Any]] = {
    "batch": {"batch": None},
    "batch, without a facts file": {"batch": None, "complete": False},
    "key": {"key": None},
    "path": {"path": None},
    "disclosures": {"disclosures": ()},
    "accreditations": {"accreditations": ()},
    "supersession": {"superseded": {}},
    "type": {"certificate_type": None},
    "agency": {"agency_known": False},
    "key binding": {"key_binding": None},
}


@settings(max_examples=400)
@given(any_case, st.sampled_from(sorted(WITHDRAWALS)))
def test_withdrawing_information_never_makes_it_valid(case: Case, what: str) -> None:
    if case.judged().result is not Result.VALID:
        assert case.but(**WITHDRAWALS[what]).judged().result is not Result.VALID


@given(any_case, st.integers(0, 10**9))
def test_older_facts_never_make_it_valid(case: Case, older: int) -> None:
    as_of = case.facts.as_of
    aged = case.but(as_of=replace(as_of, time=as_of.time - older), at=case.at if case.at is not None else case.now)
    if case.judged().result is not Result.VALID and case.now >= as_of.time:
        assert aged.judged().result is not Result.VALID


@settings(max_examples=400)
@given(any_case, st.sampled_from([Status.REVOKED, Status.SUSPENDED, Status.SUPERSEDED]), st.booleans())
def test_a_withdrawal_in_force_is_never_valid(case: Case, status: Status, settled: bool) -> None:  # noqa: FBT001
    changes = (*case.facts.changes, change(status, NOW + 61, settled=settled))
    assert case.but(changes=changes, at=None).judged().result is not Result.VALID


@settings(max_examples=400)
@given(any_case, times)
def test_compromise_never_makes_it_valid_and_before_the_anchor_never_leaves_it_so(case: Case, since: int) -> None:
    if case.facts.key is None or case.facts.batch is None:
        return
    stolen = case.but(key=replace(case.facts.key, compromised_since=since)).judged()
    if since <= case.facts.batch.anchored:
        assert stolen.result is not Result.VALID


@settings(max_examples=400)
@given(any_case, times)
def test_doubt_never_makes_it_valid_and_before_the_anchor_never_leaves_it_so(case: Case, since: int) -> None:
    doubted = case.but(doubt_since=since).judged()
    if case.facts.doubt_since is None and case.judged().result is not Result.VALID:
        assert doubted.result is not Result.VALID
    if case.facts.batch is not None and since <= case.facts.batch.anchored:
        assert doubted.result is not Result.VALID
