"""The answer to "verify information" for services that speak GB/T 36906 (design section 5, last paragraph)."""

from __future__ import annotations

from types import MappingProxyType

from ecert.checks.rules import gravest_first
from ecert.verdict import Outcome, Reason, Result, Verdict

CORRECT = 0
PARTLY_WRONG = 7
NUMBERS = MappingProxyType(
    {
        Reason.NOT_YET_VALID: 1,
        Reason.SUSPENDED: 2,
        Reason.REVOKED: 3,
        Reason.SUPERSEDED: 3,
        Reason.EXPIRED: 3,
        Reason.FIELD_WITHHELD: 4,
        Reason.PROOF_MISSING: 4,
        Reason.UNKNOWN_AGENCY: 5,
        Reason.NOT_ANCHORED: 5,
        Reason.FIELD_MISMATCH: 6,
    }
)
"""0 correct, 1 not yet active, 2 suspended, 3 no longer valid, 4 too little said, 5 not there, 6 differs, 7 wrong."""


def result_number(verdict: Verdict) -> int | None:
    """Give the number that answers for a verdict; None: an error of the service, which must not be answered as one.

    The gravest reason that failed decides. An UNKNOWN has a number only if every one of its reasons has: with a doubt
    about our own copy among them, "no such certificate" or "suspended" would be a guess.
    """
    if verdict.result is Result.VALID:
        return CORRECT
    if verdict.result is Result.UNKNOWN:
        return NUMBERS[verdict.reasons[0]] if NUMBERS.keys() >= set(verdict.reasons) else None
    failed = {reason for check in verdict.checks if check.outcome is Outcome.FAIL for reason in check.reasons}
    return NUMBERS.get(gravest_first(failed)[0], PARTLY_WRONG)
