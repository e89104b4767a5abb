"""Judging a certificate: the 14 checks of section 5, in order, and the verdict that follows from them.

Pure: the same certificate, facts, documents, demands and times give the same verdict, here and in any other
implementation. A verdict is as true as its facts; `judge` trusts nothing that the certificate says of itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ecert import check_digits
from ecert.certificate import Certificate, Value
from ecert.certificate_type import CertificateType
from ecert.checks.anchoring import check_7_anchor, check_8_accreditation
from ecert.checks.content import check_1_form, check_6_fields, check_12_documents
from ecert.checks.demanded import check_11_expectations, check_13_holder
from ecert.checks.issuer import check_2_ledger, check_3_agency, check_4_key, check_5_signature
from ecert.checks.question import Question, pose
from ecert.checks.rules import CHECKS, SKIPPED, CheckRule, gravest_first
from ecert.checks.validity import check_9_status, check_10_period, check_14_freshness
from ecert.demands import NO_DEMANDS, Demands
from ecert.errors import MalformedError
from ecert.facts import AsOf, Facts, Status, status_now
from ecert.verdict import Check, Outcome, Reason, Result, Verdict

__all__ = ["CHECKS", "CheckRule", "judge", "judge_malformed", "judge_nothing"]

_PASS, _NOT_ASKED = Outcome.PASS, Outcome.NOT_ASKED  # looked up 14 times a verdict


def judge(
    certificate: Certificate,
    facts: Facts,
    *,
    documents: Sequence[bytes] = (),
    demands: Demands = NO_DEMANDS,
    at: int | None = None,
    now: int,
    certificate_type: CertificateType | None,
) -> Verdict:
    """Judge a certificate.

    Args:
        certificate: as it was parsed.
        facts: what its ledger says, as of one block.
        documents: SHA-256 digests of the documents that came with it.
        demands: what the relying party states and demands.
        at: the time asked about, seconds; None is now, and so is any time within 60 seconds of now.
        now: the time by our own clock.
        certificate_type: the type that the certificate names, None if it is not known here.
    """
    question = pose(
        certificate,
        facts,
        documents=documents,
        demands=demands,
        at=at,
        now=now,
        certificate_type=certificate_type,
    )
    checks = _checks(question)
    not_good = _not_good(checks)
    return Verdict(
        result=_result(not_good),
        reasons=_reasons(not_good),
        checks=checks,
        at=question.at,
        as_of=facts.as_of,
        notes=_notes(question),
        status_now=_status_now(question, facts),
    )


def judge_malformed(
    error: MalformedError,
    *,
    as_of: AsOf | None,
    at: int | None = None,
    now: int,
    demands: Demands = NO_DEMANDS,
) -> Verdict:
    """Give the verdict on bytes that are no certificate: INVALID, whatever the facts (`as_of` None: there are none)."""
    skipped = [SKIPPED[rule.number] for rule in CHECKS[1:13]]
    fresh = SKIPPED[14] if as_of is None else check_14_freshness(as_of, now, demands)
    checks = (check_1_form(error), *skipped, fresh)
    not_good = _not_good(checks)
    return Verdict(
        result=_result(not_good), reasons=_reasons(not_good), checks=checks, at=now if at is None else at, as_of=as_of
    )


def judge_nothing(
    reason: Reason, *, as_of: AsOf | None, at: int | None = None, now: int, demands: Demands = NO_DEMANDS
) -> Verdict:
    """Give the verdict where there is no one certificate to judge: UNKNOWN, for `reason`, whatever the facts."""
    fresh = SKIPPED[14] if as_of is None else check_14_freshness(as_of, now, demands)
    checks = (*(SKIPPED[rule.number] for rule in CHECKS[:13]), fresh)
    reasons = tuple(dict.fromkeys((reason, *_reasons(_not_good(checks)))))
    return Verdict(result=Result.UNKNOWN, reasons=reasons, checks=checks, at=now if at is None else at, as_of=as_of)


def _checks(question: Question) -> tuple[Check, ...]:
    return (
        check_1_form(None),
        check_2_ledger(question),
        check_3_agency(question),
        check_4_key(question),
        check_5_signature(question),
        check_6_fields(question),
        check_7_anchor(question),
        check_8_accreditation(question),
        check_9_status(question),
        check_10_period(question),
        check_11_expectations(question),
        check_12_documents(question),
        check_13_holder(question),
        check_14_freshness(
            question.facts.as_of, question.now, question.demands, question.facts.listed, behind=question.behind
        ),
    )


def _not_good(checks: Sequence[Check]) -> list[Check]:
    """Give the checks that stand against VALID: all but those that passed and those of 11 to 13 not asked."""
    return [check for check in checks if check.outcome is not _PASS and check.outcome is not _NOT_ASKED]


def _result(not_good: Sequence[Check]) -> Result:
    """Any fail gives INVALID, anything else that is not good UNKNOWN."""
    if not not_good:
        return Result.VALID
    return Result.INVALID if any(check.outcome is Outcome.FAIL for check in not_good) else Result.UNKNOWN


def _reasons(not_good: Sequence[Check]) -> tuple[Reason, ...]:
    if not not_good:
        return ()
    failed = {reason for check in not_good if check.outcome is Outcome.FAIL for reason in check.reasons}
    doubted = {reason for check in not_good for reason in check.reasons} - failed
    return (*gravest_first(failed), *gravest_first(doubted))


def _notes(question: Question) -> Mapping[str, Value]:
    """Say what is no failure but must be known: an old record, what VALID must not be read as, a wrong identifier."""
    notes: dict[str, Value] = {}
    if question.certificate.legacy:
        notes["legacy_record"] = True
    known = question.certificate_type
    if known is not None and known.says_nothing_about is not None:
        notes["says_nothing_about"] = {"en": known.says_nothing_about.en, "zh": known.says_nothing_about.zh}
    identifier = question.shown.get("identifier")
    if isinstance(identifier, str):
        flaw = check_digits.identifier(identifier)
        if flaw is not None:
            notes["identifier_check"] = str(flaw)
    return notes


def _status_now(question: Question, facts: Facts) -> Status | None:
    """Give the serial's latest status, where a batch or a change says that there is such a serial."""
    if not question.on_registry:
        return None
    change = status_now(facts)
    if change is not None:
        return change.status
    return None if question.batch is None else Status.VALID
