"""What a verifier without a node knows of ledgers: copies as of a checkpoint, later status lists, and evidence.

Evidence in a certificate's file proves an anchor after the checkpoint to who trusts the validators of the trust file.
It counts where the copy has no batch for the serial, and as settled: validators seal nothing that could be undone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chain.anchor_evidence import AnchorEvidence, claimed_height, prove
from chain.errors import AnchorUnproved
from ecert.agency import STATUS_LIST_SIZE
from ecert.certificate import Certificate, Value
from ecert.errors import MalformedEvidence
from ecert.facts import BatchFacts, Facts, Status, StatusFacts
from ecert.ledger_copies import LedgerCopies
from ecert.ledger_copy import batch_facts
from ecert.status_token import StatusToken
from ecert.trust import TrustedLedger


class NoProof(Exception):
    """The evidence in a certificate's file does not prove its anchor; the text says why."""


@dataclass(frozen=True, slots=True)
class CopiesAtHand(LedgerCopies):
    """Ledger copies, the status lists that were fetched, by URI, and what is trusted of each ledger, by name."""

    lists: Mapping[str, StatusToken] = field(default_factory=dict)
    trusted: Mapping[str, TrustedLedger] = field(default_factory=dict)

    def facts(self, certificate: Certificate) -> Facts:
        """Give what the copy says, and what evidence and a list say that is newer."""
        facts = LedgerCopies.facts(self, certificate)
        if not facts.agency_known:
            return facts
        if facts.batch is None and certificate.evidence is not None:
            try:
                facts = replace(facts, batch=self.proved(certificate, certificate.evidence))
            except NoProof:
                return facts
        listed = self.lists.get(certificate.status_uri)
        if listed is None or listed.iat <= facts.as_of.time:
            return facts
        status = Status(listed.status_list.status(certificate.serial % STATUS_LIST_SIZE))
        return replace(facts, listed=StatusFacts(status=status, time=listed.iat, block=0))

    def proved(self, certificate: Certificate, evidence: Mapping[str, Value]) -> BatchFacts:
        """Give the batch that evidence proves, of the certificate's agency and with its serial; else `NoProof`."""
        ledger = self.trusted.get(certificate.iss.ledger)
        if ledger is None:
            raise NoProof("it is of a ledger that the trust file does not have")
        try:
            found = AnchorEvidence.from_json(dict(evidence))
            height = claimed_height(found.header)
            if height <= ledger.checkpoint.block:  # nobody is trusted to have sealed that
                raise NoProof(f"it is of block {height}, and the checkpoint is block {ledger.checkpoint.block}")
            event = prove(
                found,
                validators=ledger.sealers(height),
                after=ledger.checkpoint.block,
                ledger=ledger.ledger.address,
                instance=ledger.ledger.instance,
            ).event
        except MalformedEvidence as error:
            raise NoProof(str(error)) from error
        except AnchorUnproved as error:
            raise NoProof(f"{error.reason}: {error.why}") from error
        last = event.first_serial + event.count - 1
        if event.agency != certificate.iss.agency or not event.first_serial <= certificate.serial <= last:
            raise NoProof(f"it is of the batch {event.agency} {event.first_serial} to {last}")
        return batch_facts(event)
