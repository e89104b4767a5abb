"""The table of section 5: number, name and reasons of every check; and the outcomes made by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ecert.certificate import Value
from ecert.verdict import Check, Outcome, Reason

GRAVITY = MappingProxyType({reason: place for place, reason in enumerate(Reason)})
_NO_DETAIL: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRule:
    """One row of the table. `softened`: reasons among `fail` that are unknown while our copy may be behind."""

    number: int
    name: str
    fail: tuple[Reason, ...] = ()
    unknown: tuple[Reason, ...] = ()
    softened: frozenset[Reason] = frozenset()


CHECKS = (
    CheckRule(number=1, name="form", fail=(Reason.MALFORMED,)),
    CheckRule(number=2, name="ledger", fail=(Reason.UNTRUSTED_LEDGER,)),
    CheckRule(
        number=3,
        name="agency",
        fail=(Reason.UNKNOWN_AGENCY,),
        softened=frozenset({Reason.UNKNOWN_AGENCY}),
    ),
    CheckRule(
        number=4,
        name="key",
        fail=(Reason.UNKNOWN_KEY, Reason.KEY_RETIRED, Reason.KEY_COMPROMISED),
        softened=frozenset({Reason.UNKNOWN_KEY}),
    ),
    CheckRule(number=5, name="signature", fail=(Reason.BAD_SIGNATURE,)),
    CheckRule(number=6, name="fields", fail=(Reason.ALTERED_FIELD,)),
    CheckRule(
        number=7,
        name="anchor",
        fail=(Reason.NOT_ANCHORED, Reason.WRONG_TYPE, Reason.NOT_IN_BATCH),
        unknown=(Reason.NOT_SETTLED, Reason.PROOF_MISSING),
        softened=frozenset({Reason.NOT_ANCHORED}),
    ),
    CheckRule(
        number=8,
        name="accreditation",
        fail=(Reason.NOT_ACCREDITED,),
        unknown=(Reason.AGENCY_IN_DOUBT,),
        softened=frozenset({Reason.NOT_ACCREDITED}),
    ),
    CheckRule(
        number=9,
        name="status",
        fail=(Reason.REVOKED, Reason.SUPERSEDED, Reason.SUSPENDED),
        unknown=(Reason.SUPERSESSION_PENDING, Reason.BEFORE_LEDGER, Reason.IN_FUTURE),
        softened=frozenset({Reason.SUSPENDED}),
    ),
    CheckRule(number=10, name="period", fail=(Reason.NOT_YET_VALID, Reason.EXPIRED)),
    CheckRule(
        number=11,
        name="expectations",
        fail=(Reason.FIELD_MISMATCH,),
        unknown=(Reason.FIELD_WITHHELD, Reason.NOT_COMPARED),
    ),
    CheckRule(
        number=12,
        name="documents",
        fail=(Reason.DOCUMENT_MISMATCH,),
        unknown=(Reason.DOCUMENT_UNKNOWN,),
    ),
    CheckRule(number=13, name="holder", fail=(Reason.HOLDER_NOT_PROVED,)),
    CheckRule(number=14, name="freshness", unknown=(Reason.STALE_LEDGER, Reason.CLOCK_WRONG)),
)
"""All checks, in the order in which they run and are told."""

NAMES = MappingProxyType({rule.number: rule.name for rule in CHECKS})


def _with(outcome: Outcome, numbers: Collection[int]) -> Mapping[int, Check]:
    return MappingProxyType(
        {each: Check(number=each, name=NAMES[each], outcome=outcome, detail=_NO_DETAIL) for each in numbers}
    )


PASSED = _with(Outcome.PASS, NAMES)
SKIPPED = _with(Outcome.SKIPPED, NAMES)
NOT_ASKED = _with(Outcome.NOT_ASKED, (11, 12, 13))
"""The outcomes that have nothing to add, made once. Only checks 11 to 13 can be left unasked."""


def found(
    number: int,
    *,
    fail: Collection[Reason] = (),
    unknown: Collection[Reason] = (),
    detail: Mapping[str, Value] = _NO_DETAIL,
) -> Check:
    """Make the outcome of a check: fail if anything fails, else unknown if anything is, else pass."""
    if not fail and not unknown:
        return Check(number=number, name=NAMES[number], outcome=Outcome.PASS, detail=detail)
    return Check(
        number=number,
        name=NAMES[number],
        outcome=Outcome.FAIL if fail else Outcome.UNKNOWN,
        reasons=gravest_first({*fail, *unknown}),
        detail=detail,
    )


def gravest_first(reasons: Collection[Reason]) -> tuple[Reason, ...]:
    """Put reasons in their order of gravity."""
    return tuple(sorted(reasons, key=GRAVITY.__getitem__))
