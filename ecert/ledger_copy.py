"""The copy of a ledger that verdicts are made from: events folded into an immutable snapshot, one per block.

Trust: a copy says what its events say, and whoever supplies them answers for their being complete and settled as told
(the indexer by running heads, a facts file by the trust file). Who could slip in an event could make anything valid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ecert.agency import STATUS_LIST_SIZE
from ecert.agency_copy import AgencyCopy
from ecert.certificate import Certificate
from ecert.certificate_type import vct_hash
from ecert.errors import ContradictionError
from ecert.events import (
    AgencyRegistered,
    AuthorityChanged,
    BatchAnchored,
    CertificateSuperseded,
    Event,
    LedgerRetired,
    StatusChanged,
)
from ecert.facts import AsOf, BatchFacts, Facts, Status, StatusFacts, status_in_force
from ecert.status_history import PendingChanges


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCopy:
    """What one ledger and its registry said up to the block `as_of`; settled is what stands up to `settled_block`.

    `complete`: False where batches and statuses are not known, as for who has a trust file alone.
    """

    ledger: str
    as_of: AsOf
    settled_block: int
    agencies: Mapping[str, AgencyCopy] = field(default_factory=dict)
    retired_for: bytes | None = None
    complete: bool = True

    @classmethod
    def empty(cls, ledger: str, as_of: AsOf) -> LedgerCopy:
        """Give the copy of a ledger (CAIP-10, lower case) of which no event is known yet."""
        return cls(ledger=ledger, as_of=as_of, settled_block=0)

    def advance(self, events: Iterable[Event], as_of: AsOf, settled_block: int) -> LedgerCopy:
        """Give the next snapshot: this one and `events`, which stand in the order of their contract; read once.

        What did not change is shared with this snapshot, which stays as it is.

        Raises:
            ContradictionError: no ledger can have said these events after those that are known.
        """
        fold = _Fold(agencies=dict(self.agencies), retired_for=self.retired_for)
        for event in events:
            fold.take(event)
        return LedgerCopy(
            ledger=self.ledger,
            as_of=as_of,
            settled_block=settled_block,
            agencies=fold.finished(),
            retired_for=fold.retired_for,
        )

    def facts(self, certificate: Certificate) -> Facts:
        """Give all that this ledger says about a certificate; one of another ledger has an agency unknown here."""
        agency = self.agencies.get(certificate.iss.agency) if certificate.iss.ledger == self.ledger else None
        if agency is None:
            return Facts(as_of=self.as_of, ledger=self.ledger, agency_known=False)
        settled = self.settled_block
        return Facts(
            as_of=self.as_of,
            ledger=self.ledger,
            agency_known=True,
            key=agency.keys.get(certificate.kid),
            accreditations=agency.accreditations(vct_hash(certificate.vct), settled),
            doubt_since=agency.doubt_since(settled),
            batch=self._batch(agency, certificate.serial),
            changes=agency.history.changes(certificate.serial, settled),
            superseded={old: self.successors(agency.code, old) for old in certificate.supersedes},
            complete=self.complete,
        )

    def agency(self, code: str) -> AgencyCopy | None:
        """Give what the registry says of an agency."""
        return self.agencies.get(code)

    def batch(self, agency: str, serial: int) -> BatchFacts | None:
        """Give the batch that covers a serial of an agency."""
        found = self.agencies.get(agency)
        return None if found is None else self._batch(found, serial)

    def changes(self, agency: str, serial: int) -> tuple[StatusFacts, ...]:
        """Give every status change of a serial, oldest first."""
        found = self.agencies.get(agency)
        return () if found is None else found.history.changes(serial, self.settled_block)

    def status(self, agency: str, serial: int) -> Status:
        """Give the status of a serial now; an unsettled reinstatement does not count."""
        return _status(self.changes(agency, serial))

    def successors(self, agency: str, serial: int) -> tuple[int, ...]:
        """Give what replaces a serial, once settled: what speaks for a certificate counts only then."""
        return tuple(one for change in self.changes(agency, serial) if change.settled for one in change.successors)

    def status_lists(self, agency: str) -> tuple[int, ...]:
        """Number the status lists in which a certificate of an agency stands, in rising order."""
        found = self.agencies.get(agency)
        numbers: set[int] = set()
        for batch in () if found is None else found.batches:
            last = batch.first_serial + batch.count - 1
            numbers.update(range(batch.first_serial // STATUS_LIST_SIZE, last // STATUS_LIST_SIZE + 1))
        return tuple(sorted(numbers))

    def statuses(self, agency: str, list_number: int) -> dict[int, Status]:
        """Give every serial of one status list (131,072 serials) whose status now is not valid, with its status."""
        found = self.agencies.get(agency)
        if found is None:
            return {}
        first = list_number * STATUS_LIST_SIZE
        every = (
            (serial, _status(found.history.changes(serial, self.settled_block)))
            for serial in found.history.changed(first, first + STATUS_LIST_SIZE)
        )
        return {serial: status for serial, status in every if status is not Status.VALID}

    def _batch(self, agency: AgencyCopy, serial: int) -> BatchFacts | None:
        batch = agency.batches.covering(serial)
        if batch is None or batch.block <= self.settled_block:
            return batch
        return replace(batch, settled=False)


@dataclass(slots=True, kw_only=True)
class _Pending:
    """What a ledger's events add to one agency, gathered so that each page is rebuilt once."""

    batches: list[BatchFacts] = field(default_factory=list)
    changes: PendingChanges = field(default_factory=PendingChanges)


@dataclass(slots=True, kw_only=True)
class _Fold:
    """The next snapshot while events are read."""

    agencies: dict[str, AgencyCopy]
    retired_for: bytes | None
    pending: dict[str, _Pending] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """Gather one event."""
        if isinstance(event, StatusChanged):
            self._of(event.agency).changes.add(event.serials, event.status, event.place)
        elif isinstance(event, BatchAnchored):
            self._of(event.agency).batches.append(batch_facts(event))
        elif isinstance(event, CertificateSuperseded):
            self._of(event.agency).changes.supersede(event.old, event.successors, event.place)
        elif isinstance(event, LedgerRetired):
            self.retired_for = event.successor
        elif isinstance(event, AgencyRegistered) and event.agency not in self.agencies:
            self.agencies[event.agency] = AgencyCopy(code=event.agency, name=event.name)
        elif not isinstance(event, AuthorityChanged):  # from whom a contract takes orders says nothing of certificates
            self.agencies[event.agency] = self._registered(event.agency).folded(event)

    def finished(self) -> dict[str, AgencyCopy]:
        """Give the agencies with all that was gathered."""
        for code, pending in self.pending.items():
            before = self.agencies[code]
            self.agencies[code] = replace(
                before,
                batches=before.batches.extended(pending.batches),
                history=before.history.extended(pending.changes),
            )
        return self.agencies

    def _of(self, code: str) -> _Pending:
        pending = self.pending.get(code)
        if pending is None:
            self._registered(code)
            pending = self.pending[code] = _Pending()
        return pending

    def _registered(self, code: str) -> AgencyCopy:
        agency = self.agencies.get(code)
        if agency is None:
            raise ContradictionError(f"an event of agency {code}, which no event registered")
        return agency


def batch_facts(event: BatchAnchored) -> BatchFacts:
    """Give the batch that an event anchored, as settled."""
    return BatchFacts(
        certificate_type=event.certificate_type,
        suite=event.suite,
        root=event.root,
        first_serial=event.first_serial,
        count=event.count,
        anchored=event.place.time,
        block=event.place.block,
    )


def _status(changes: tuple[StatusFacts, ...]) -> Status:
    counted = status_in_force(changes)
    return Status.VALID if counted is None else counted.status
