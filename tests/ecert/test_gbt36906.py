"""The result numbers of GB/T 36906."""

from __future__ import annotations

import pytest
from hypothesis import given

from ecert.errors import MalformedCertificate
from ecert.facts import Status
from ecert.gbt36906 import result_number
from ecert.judging import judge_malformed
from ecert.types import bundled_types
from ecert.verdict import Result
from tests.ecert.cases import ANCHORED, FACTS_TIME, NOW, Case, change, disclosed
from tests.ecert.test_judging_table import any_case

GOOD = Case.good()
STALE = {"now": NOW + 600}


def changed(status: Status, **parts: object) -> Case:
    return GOOD.but(changes=(change(status, ANCHORED + 1),), **parts)


@pytest.mark.parametrize(
    ("case", "number"),
    [
        (GOOD, 0),
        (GOOD.but(nbf=NOW + 1), 1),
        (changed(Status.SUSPENDED), 2),
        (changed(Status.REVOKED), 3),
        (changed(Status.SUPERSEDED), 3),
        (GOOD.but(exp=NOW), 3),
        (Case.good(hide=frozenset({"remarks"})), 4),
        (GOOD.but(path=None), 4),
        (GOOD.but(agency_known=False), 5),
        (GOOD.but(agency_known=False, iat=FACTS_TIME), 5),
        (GOOD.but(batch=None), 5),
        (GOOD.but(batch=None, iat=FACTS_TIME), 5),
        (GOOD.but(expect={"area_m2": "1"}), 6),
        (GOOD.but(disclosures=(disclosed("area_m2", "1"),)), 7),
        (GOOD.but(accreditations=()), 7),
    ],
)
def test_each_verdict_has_its_number(case: Case, number: int) -> None:
    assert result_number(case.judged()) == number


def test_bytes_that_are_no_certificate_are_partly_wrong() -> None:
    assert result_number(judge_malformed(MalformedCertificate("x", "y"), as_of=None, now=NOW)) == 7


def test_the_gravest_reason_that_failed_decides() -> None:
    assert result_number(changed(Status.REVOKED, exp=NOW).judged()) == 3
    assert result_number(changed(Status.REVOKED, disclosures=(disclosed("use", "x"),)).judged()) == 7
    assert result_number(GOOD.but(exp=NOW, path=None).judged()) == 3


def test_an_expired_certificate_whose_batch_we_may_not_have_yet_is_expired_not_absent() -> None:
    assert result_number(GOOD.but(exp=NOW, batch=None, iat=FACTS_TIME).judged()) == 3


@pytest.mark.parametrize(
    "case",
    [
        GOOD.but(**STALE),
        changed(Status.SUSPENDED, **STALE),
        GOOD.but(batch=None, iat=FACTS_TIME, **STALE),
        GOOD.batch(settled=False),
        GOOD.but(doubt_since=0),
        GOOD.but(certificate_type=None),
        GOOD.but(certificate_type=bundled_types()["business-licence"]),
        GOOD.but(at=ANCHORED - 1),
    ],
)
def test_doubt_about_us_is_an_error_of_the_service(case: Case) -> None:
    assert case.judged().result is Result.UNKNOWN
    assert result_number(case.judged()) is None


@given(any_case)
def test_zero_is_for_valid_alone(case: Case) -> None:
    verdict = case.judged()
    assert (result_number(verdict) == 0) is (verdict.result is Result.VALID)
    assert verdict.result is not Result.INVALID or result_number(verdict) is not None
