"""Checks 7 and 8: the certificate stands on the ledger, put there by an agency that was allowed to issue it."""

from __future__ import annotations

from ecert.certificate import Certificate
from ecert.checks.question import Question
from ecert.checks.rules import PASSED, SKIPPED, found
from ecert.facts import Accreditation, BatchFacts
from ecert.merkle import leaf_hash, verify_inclusion
from ecert.types import vct_hash
from ecert.verdict import Check, Reason


def check_7_anchor(question: Question) -> Check:
    """A settled batch of that agency, type and suite covers the serial, and the leaf is at its place under the root.

    An unsettled batch may yet give way to another one, so nothing about it is held against the certificate.
    """
    if not question.on_registry:
        return SKIPPED[7]
    certificate, batch = question.certificate, question.batch
    if batch is None and not question.facts.complete:
        return found(7, unknown=(Reason.PROOF_MISSING,), detail={"serial": certificate.serial})
    if batch is None:
        return question.missing(7, Reason.NOT_ANCHORED, {"serial": certificate.serial})
    if not batch.settled:
        return found(7, unknown=(Reason.NOT_SETTLED,), detail={"block": batch.block})
    fail, unknown = [], []
    if batch.certificate_type != vct_hash(certificate.vct) or batch.suite != certificate.suite:
        fail.append(Reason.WRONG_TYPE)
    if certificate.path is None:
        unknown.append(Reason.PROOF_MISSING)
    elif not _in_batch(certificate, certificate.path, batch):
        fail.append(Reason.NOT_IN_BATCH)
    if not fail and not unknown:
        return PASSED[7]
    return found(7, fail=fail, unknown=unknown, detail={"first_serial": batch.first_serial, "count": batch.count})


def check_8_accreditation(question: Question) -> Check:
    """The agency was accredited for the type when the batch was anchored, and no guardian doubts it since before.

    An accreditation that is not settled speaks for nobody, but it is no evidence against anybody either: unknown.
    """
    if not question.on_registry:
        return SKIPPED[8]
    facts, moment = question.facts, question.moment
    in_force = [one for one in facts.accreditations if _covers(one, moment)]
    fail, unknown = [], []
    if not in_force:
        fail.append(Reason.NOT_ACCREDITED)
    elif not any(one.settled for one in in_force):
        unknown.append(Reason.NOT_ACCREDITED)
    if facts.doubt_since is not None and moment >= facts.doubt_since:
        unknown.append(Reason.AGENCY_IN_DOUBT)
    if not fail and not unknown:
        return PASSED[8]
    return found(8, fail=fail, unknown=unknown, detail={"moment": moment, "doubt_since": facts.doubt_since})


def _in_batch(certificate: Certificate, path: tuple[bytes, ...], batch: BatchFacts) -> bool:
    leaf = leaf_hash(certificate.signed)
    return verify_inclusion(leaf, certificate.serial - batch.first_serial, batch.count, path, batch.root)


def _covers(accreditation: Accreditation, moment: int) -> bool:
    return accreditation.since <= moment and (accreditation.until is None or moment < accreditation.until)
