"""The answer: a verdict is a value, never a `bool` and never an exception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from ecert.certificate import Value
from ecert.facts import AsOf, Status


class Result(StrEnum):
    """VALID only when every check that matters passed; doubt is UNKNOWN."""

    VALID = "VALID"
    INVALID = "INVALID"
    UNKNOWN = "UNKNOWN"


class Outcome(StrEnum):
    """What one check found. `skipped`: it needs something that an earlier check did not establish."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_ASKED = "not_asked"
    SKIPPED = "skipped"


class Reason(StrEnum):
    """Why a check did not pass, gravest first: forged, then withdrawn, then out of date, then doubt about us.

    The last two are of no check: a look-up found no certificate to judge, or several.
    """

    MALFORMED = "malformed"
    BAD_SIGNATURE = "bad_signature"
    ALTERED_FIELD = "altered_field"
    NOT_IN_BATCH = "not_in_batch"
    WRONG_TYPE = "wrong_type"
    UNTRUSTED_LEDGER = "untrusted_ledger"
    UNKNOWN_AGENCY = "unknown_agency"
    UNKNOWN_KEY = "unknown_key"
    KEY_COMPROMISED = "key_compromised"
    KEY_RETIRED = "key_retired"
    NOT_ANCHORED = "not_anchored"
    NOT_ACCREDITED = "not_accredited"
    DOCUMENT_MISMATCH = "document_mismatch"
    HOLDER_NOT_PROVED = "holder_not_proved"
    FIELD_MISMATCH = "field_mismatch"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    AGENCY_IN_DOUBT = "agency_in_doubt"
    SUPERSESSION_PENDING = "supersession_pending"
    NOT_SETTLED = "not_settled"
    PROOF_MISSING = "proof_missing"
    FIELD_WITHHELD = "field_withheld"
    NOT_COMPARED = "not_compared"
    DOCUMENT_UNKNOWN = "document_unknown"
    BEFORE_LEDGER = "before_ledger"
    IN_FUTURE = "in_future"
    STALE_LEDGER = "stale_ledger"
    CLOCK_WRONG = "clock_wrong"
    TRUST_EXPIRED = "trust_expired"
    NOT_FOUND = "not_found"
    SEVERAL_FOUND = "several_found"


BESIDE_CHECKS = frozenset({Reason.NOT_FOUND, Reason.SEVERAL_FOUND, Reason.TRUST_EXPIRED})
"""Reasons that no check gives: there is no one certificate to judge, or nothing to judge it by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One step of `docs/format.md` section 5. `detail` names the place, fields, serials or times behind a reason."""

    number: int
    name: str
    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    detail: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Result, reasons (gravest first), the 14 checks, the time asked about, the block it is as of, and notes.

    `as_of` is None only where no facts could be had at all. `status_now` is the serial's latest status, where known.
    """

    result: Result
    reasons: tuple[Reason, ...]
    checks: tuple[Check, ...]
    at: int
    as_of: AsOf | None
    notes: Mapping[str, Value] = field(default_factory=dict)
    status_now: Status | None = None


def verdict_to_json(verdict: Verdict) -> dict[str, Value]:
    """Write a verdict as JSON: enumerations by their values, the block's hash as `0x` hex, no value of any field."""
    return {
        "result": verdict.result.value,
        "reasons": [reason.value for reason in verdict.reasons],
        "checks": [_check_to_json(check) for check in verdict.checks],
        "at": verdict.at,
        "as_of": None if verdict.as_of is None else as_of_to_json(verdict.as_of),
        "notes": dict(verdict.notes),
        "status_now": None if verdict.status_now is None else verdict.status_now.name.lower(),
    }


def as_of_to_json(as_of: AsOf) -> dict[str, Value]:
    """Write the block that facts were read at."""
    return {"chain": as_of.chain, "block": as_of.block, "hash": f"0x{as_of.hash.hex()}", "time": as_of.time}


def _check_to_json(check: Check) -> dict[str, Value]:
    if not check.reasons and not check.detail:
        return _plain_to_json(check.number, check.name, check.outcome)
    return {
        "number": check.number,
        "name": check.name,
        "outcome": check.outcome.value,
        "reasons": [reason.value for reason in check.reasons],
        "detail": dict(check.detail),
    }


@lru_cache(maxsize=64)
def _plain_to_json(number: int, name: str, outcome: Outcome) -> dict[str, Value]:
    """Write a check that has nothing to add, once for all verdicts."""
    return {"number": number, "name": name, "outcome": outcome.value, "reasons": [], "detail": {}}
