"""Checks 11 and 13: what the relying party states must be so, and what it demands of the holder must be met."""

from __future__ import annotations

from ecert import key_binding
from ecert.checks.question import Question
from ecert.checks.rules import NOT_ASKED, PASSED, found
from ecert.comparing import Answer, compare_field, compare_holder
from ecert.demands import Holder
from ecert.verdict import Check, Reason

HOLDER = "holder"
"""The name under which a stated holder is compared and answered for."""
_REASONS = {
    Answer.WITHHELD: Reason.FIELD_WITHHELD,
    Answer.NOT_COMPARED: Reason.NOT_COMPARED,
}


def check_11_expectations(question: Question) -> Check:
    """Every stated field is disclosed and equal, what must be compared was, essential fields of the type are shown.

    The detail answers for every field that was stated, must be compared, or is essential and withheld; no value.
    """
    answers = _answers(question)
    known = question.certificate_type
    if not answers and known is not None:
        return PASSED[11] if known.essential else NOT_ASKED[11]
    given = set(answers.values())
    unknown = [reason for answer, reason in _REASONS.items() if answer in given]
    if known is None and Reason.NOT_COMPARED not in unknown:
        unknown.append(Reason.NOT_COMPARED)  # which fields are essential is not known either
    fail = (Reason.FIELD_MISMATCH,) if Answer.DIFFERS in given else ()
    return found(11, fail=fail, unknown=unknown, detail={"fields": {name: str(a) for name, a in answers.items()}})


def check_13_holder(question: Question) -> Check:
    """A key-binding JWT is there and right, if the relying party demands one; one that nobody demanded is ignored."""
    challenge = question.demands.key_binding
    if challenge is None:
        return NOT_ASKED[13]
    flaw = key_binding.flaw(question.certificate, challenge, question.now)
    if flaw is None:
        return PASSED[13]
    return found(13, fail=(Reason.HOLDER_NOT_PROVED,), detail={"why": str(flaw)})


def _answers(question: Question) -> dict[str, Answer]:
    demands = question.demands
    answers = {name: _compared(question, name) for name in demands.expect}
    if demands.holder is not None:
        answers[HOLDER] = _holder_compared(question, demands.holder)
    for name in sorted(demands.must_compare):
        answers.setdefault(name, Answer.NOT_COMPARED)
    if question.certificate_type is not None:
        for name in sorted(question.certificate_type.essential.difference(question.shown)):
            answers[name] = Answer.WITHHELD
    return answers


def _compared(question: Question, name: str) -> Answer:
    known = question.certificate_type
    field = None if known is None else known.field(name)
    return compare_field(field, question.demands.expect[name], question.shown)


def _holder_compared(question: Question, holder: Holder) -> Answer:
    if question.certificate_type is None:
        return Answer.NOT_COMPARED
    return compare_holder(question.certificate_type, holder, question.shown, legacy=question.certificate.legacy)
