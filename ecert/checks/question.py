"""One question to judge: all inputs of section 5, and what the checks share of them, worked out once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ecert.certificate import Certificate, Value
from ecert.checks.rules import found
from ecert.demands import Demands
from ecert.errors import MalformedKey
from ecert.facts import AsOf, BatchFacts, Facts, KeyFacts, Status, StatusFacts
from ecert.suite import thumbprint
from ecert.types import CertificateType
from ecert.verdict import Check, Reason

CLOCK_TOLERANCE = 60
"""Seconds by which two right clocks may differ."""
CATCH_UP = 600
"""Seconds after its signing within which a certificate may still be missing from our copy (footnote 1)."""


class Question(NamedTuple):
    """The inputs, and what follows from them alone. A tuple, which is made in a third of a frozen dataclass's time.

    `certificate_type`: None where it is not known here. `at`: the time asked about; `about_now`: that it is now.
    `fresh`: check 14 passes. `behind`: the facts end before `at`, and by a list it was withdrawn since, who knows when.
    `on_registry`: check 2 and 3 pass. `key`: of that agency, kid and suite.
    `batch`: of that agency, covering the serial, settled or not. `shown`: the values of the disclosed fields.
    """

    certificate: Certificate
    facts: Facts
    certificate_type: CertificateType | None
    documents: Sequence[bytes]
    demands: Demands
    at: int
    about_now: bool
    now: int
    fresh: bool
    behind: bool
    on_registry: bool
    key: KeyFacts | None
    batch: BatchFacts | None
    shown: Mapping[str, Value]

    @property
    def moment(self) -> int:
        """When key and accreditation must have been good: the batch's block time, without a batch the facts'."""
        return self.facts.as_of.time if self.batch is None else self.batch.anchored

    def missing(self, number: int, reason: Reason, detail: Mapping[str, Value]) -> Check:
        """Tell that something is not on the ledger: a fail, or unknown while our copy may be behind (footnote 1)."""
        if self.facts.as_of.time - self.certificate.iat >= CATCH_UP:
            return found(number, fail=(reason,), detail=detail)
        return found(number, unknown=(reason,), detail=detail)


def pose(
    certificate: Certificate,
    facts: Facts,
    *,
    documents: Sequence[bytes],
    demands: Demands,
    at: int | None,
    now: int,
    certificate_type: CertificateType | None,
) -> Question:
    """Put the question. A time within 60 seconds of `now` is now; a type that is not the certificate's is unknown."""
    about_now = at is None or abs(at - now) <= CLOCK_TOLERANCE
    behind = False
    if facts.listed is not None and at is not None and not about_now:
        behind = facts.listed.status is not Status.VALID and at > facts.as_of.time
        facts = replace(facts, listed=None)  # a list says what holds now
    on_registry = facts.ledger == certificate.iss.ledger and facts.agency_known
    known_type = certificate_type is not None and certificate_type.vct == certificate.vct
    return Question(
        certificate=certificate,
        facts=facts,
        certificate_type=certificate_type if known_type else None,
        documents=documents,
        demands=demands,
        at=now if at is None or about_now else at,
        about_now=about_now,
        now=now,
        fresh=not behind and doubt_of_age(facts.as_of, now, demands, facts.listed) is None,
        behind=behind,
        on_registry=on_registry,
        key=_key(certificate, facts) if on_registry else None,
        batch=_batch(certificate, facts) if on_registry else None,
        shown={name: value for _, _, _, name, value in certificate.disclosures},
    )


def doubt_of_age(as_of: AsOf, now: int, demands: Demands, listed: StatusFacts | None = None) -> Reason | None:
    """Say what is wrong with the age of facts and of a listed status; it is negative where our clock is behind."""
    age = now - as_of.time
    if age >= demands.max_age or as_of.contested:
        return Reason.STALE_LEDGER
    if age < -CLOCK_TOLERANCE:
        return Reason.CLOCK_WRONG
    if listed is None and demands.max_status_age is None:
        return None
    return Reason.STALE_LEDGER if status_age(as_of, now, listed) >= longest_status_age(demands) else None


def status_age(as_of: AsOf, now: int, listed: StatusFacts | None) -> int:
    """Tell how many seconds ago the status was heard of."""
    return now - (as_of.time if listed is None else listed.time)


def longest_status_age(demands: Demands) -> int:
    """Tell below how many seconds that must be."""
    return demands.max_age if demands.max_status_age is None else demands.max_status_age


def _key(certificate: Certificate, facts: Facts) -> KeyFacts | None:
    """Take the agency's key if it is the one that the certificate names; the key id is computed, never believed."""
    key = facts.key
    if key is None or key.suite != certificate.suite:
        return None
    try:
        named = thumbprint(key.public_key) == certificate.kid == key.kid
    except MalformedKey:
        return None
    return key if named else None


def _batch(certificate: Certificate, facts: Facts) -> BatchFacts | None:
    batch = facts.batch
    if batch is None or not batch.first_serial <= certificate.serial < batch.first_serial + batch.count:
        return None
    return batch
