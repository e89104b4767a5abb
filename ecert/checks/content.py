"""Checks 1, 6 and 12: what the certificate says, and whether that is what the agency signed."""

from __future__ import annotations

from ecert.certificate import Value
from ecert.checks.question import Question
from ecert.checks.rules import NOT_ASKED, PASSED, found
from ecert.documents import Document
from ecert.errors import MalformedError, UnreadableValue
from ecert.verdict import Check, Reason


def check_1_form(error: MalformedError | None) -> Check:
    """It parses within section 2, limits and computed parts included. `error`: why it did not, where it did not."""
    if error is None:
        return PASSED[1]
    return found(1, fail=(Reason.MALFORMED,), detail={"place": error.place, "why": error.why})


def check_6_fields(question: Question) -> Check:
    """Every disclosure hashes to the digest of its slot, the slot whose name it carries."""
    certificate = question.certificate
    digest_of = dict(zip(certificate.slots, certificate.digests, strict=True))
    altered: list[Value] = [name for _, digest, _, name, _ in certificate.disclosures if digest_of.get(name) != digest]
    if not altered:
        return PASSED[6]
    return found(6, fail=(Reason.ALTERED_FIELD,), detail={"fields": altered})


def check_12_documents(question: Question) -> Check:
    """Every document that came along has the hash of `document`; the detail answers for each in the order given."""
    if not question.documents:
        return NOT_ASKED[12]
    try:
        named = Document.from_value(question.shown.get("document"))
    except UnreadableValue:
        unknown: list[Value] = ["unknown"] * len(question.documents)
        return found(12, unknown=(Reason.DOCUMENT_UNKNOWN,), detail={"documents": unknown})
    answers: list[Value] = ["equal" if digest == named.sha256 else "differs" for digest in question.documents]
    fail = (Reason.DOCUMENT_MISMATCH,) if "differs" in answers else ()
    return found(12, fail=fail, detail={"documents": answers})
