"""Checks 2 to 5: who signed it, and whether that agency's key was good when the certificate was anchored."""

from __future__ import annotations

from ecert import base64url
from ecert.certificate import Value
from ecert.checks.question import Question
from ecert.checks.rules import PASSED, SKIPPED, found
from ecert.facts import KeyFacts
from ecert.suite import verify_jws
from ecert.verdict import Check, Reason


def check_2_ledger(question: Question) -> Check:
    """`iss` names a ledger that we trust: the one that the facts are of."""
    ledger = question.certificate.iss.ledger
    if ledger == question.facts.ledger:
        return PASSED[2]
    return found(2, fail=(Reason.UNTRUSTED_LEDGER,), detail={"ledger": ledger})


def check_3_agency(question: Question) -> Check:
    """The agency is on that ledger's registry."""
    if question.on_registry:
        return PASSED[3]
    if question.certificate.iss.ledger != question.facts.ledger:
        return SKIPPED[3]
    return question.missing(3, Reason.UNKNOWN_AGENCY, {"agency": question.certificate.iss.agency})


def check_4_key(question: Question) -> Check:
    """`kid` is a key of the agency, and it was good when the certificate was anchored, by all that is known today."""
    if not question.on_registry:
        return SKIPPED[4]
    key, moment = question.key, question.moment
    if key is None or moment < key.added:
        return question.missing(4, Reason.UNKNOWN_KEY, {"kid": base64url.encode(question.certificate.kid)})
    fail = []
    if key.retired is not None and moment >= key.retired:
        fail.append(Reason.KEY_RETIRED)
    if key.compromised_since is not None and moment >= key.compromised_since:
        fail.append(Reason.KEY_COMPROMISED)
    return found(4, fail=fail, detail=_times(key, moment)) if fail else PASSED[4]


def check_5_signature(question: Question) -> Check:
    """The issuer-signed JWT verifies with that key."""
    if question.key is None:
        return SKIPPED[5]
    if verify_jws(question.key.public_key, question.certificate.signed):
        return PASSED[5]
    return found(5, fail=(Reason.BAD_SIGNATURE,))


def _times(key: KeyFacts, moment: int) -> dict[str, Value]:
    return {
        "kid": base64url.encode(key.kid),
        "moment": moment,
        "added": key.added,
        "retired": key.retired,
        "compromised_since": key.compromised_since,
    }
