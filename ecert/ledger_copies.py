"""The copies of a ledger that certificates are issued on and of those before it, from which a service judges.

They are never merged: a certificate is judged from the copy of the ledger that it names, as of that copy's block. What
is asked for by agency and serial is on one of them alone, since both are used once across all (format, section 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ecert.certificate import Certificate
from ecert.facts import Facts
from ecert.ledger_copy import LedgerCopy


@dataclass(frozen=True, slots=True)
class LedgerCopies:
    """`newest`: of the ledger that is issued on; `before`: of those that it follows, the newest first."""

    newest: LedgerCopy
    before: tuple[LedgerCopy, ...] = ()
    _by_name: dict[str, LedgerCopy] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {copy.ledger: copy for copy in self})

    def __iter__(self) -> Iterator[LedgerCopy]:
        """Give them, the newest first."""
        yield self.newest
        yield from self.before

    def of(self, ledger: str) -> LedgerCopy:
        """Give the copy of a ledger; the newest where it is none of these, so that it says so."""
        return self._by_name.get(ledger, self.newest)

    def covering(self, agency: str, serial: int) -> LedgerCopy:
        """Give the copy in which a batch of an agency has a serial; the newest where none has."""
        if not self.before:
            return self.newest
        return next((copy for copy in self if copy.batch(agency, serial) is not None), self.newest)

    def facts(self, certificate: Certificate) -> Facts:
        """Give all that its ledger says about a certificate; what it replaces may stand on a ledger before."""
        facts = self.of(certificate.iss.ledger).facts(certificate)
        if not (self.before and facts.superseded):
            return facts
        agency = certificate.iss.agency
        said = {old: self.covering(agency, old).successors(agency, old) for old in facts.superseded}
        return replace(facts, superseded=said)
