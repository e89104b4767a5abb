"""How far a certificate is that an agency issued; and the file of one that is settled, and good as we judge it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ecert.facts import Status
from ecert.judging import judge
from ecert.ledger_copies import LedgerCopies
from ecert.ledger_copy import LedgerCopy
from ecert.parsing import parse
from ecert.types import TypeCatalogue
from ecert.verdict import Outcome, Reason
from store import batch_reading, certificates, supersessions
from store.database import Database
from store.records import BatchRecord, CertificateRecord, Supersession
from store.states import BatchState, CallState
from verifier.keys.field_key import FieldKeys
from verifier.services.handing_out import PERIOD, WITHDRAWN, is_settled
from verifier.services.paths import Paths


class State(StrEnum):
    """A certificate's way: gathered into a batch, anchored, said to replace others, settled; or refused for good.

    `withdrawn`: the agency revoked, suspended or replaced it. `withheld`: our own verifier does not find it good.
    """

    GATHERING = "gathering"
    ANCHORING = "anchoring"
    SUPERSESSION_PENDING = "supersession_pending"
    SETTLED = "settled"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    WITHHELD = "withheld"


ON_ITS_WAY = frozenset({State.GATHERING, State.ANCHORING, State.SUPERSESSION_PENDING})
"""States after which another comes by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a certificate is, and its status on the ledger; `waiting`: what it waits for, or why it was refused."""

    state: State
    status: Status | None = None
    waiting: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A certificate of an agency; `file` once it is settled and good."""

    serial: int
    certificate_type: bytes
    standing: Standing
    file: bytes | None = None


def standing_of(batch: BatchRecord, replacing: Sequence[Supersession], copy: LedgerCopy, serial: int) -> Standing:
    """Say where a certificate of a batch is, as far as database and ledger copy tell."""
    if batch.state is BatchState.VOID:
        return Standing(state=State.REFUSED, waiting=batch.error or batch.void_reason)
    if batch.state is BatchState.FILLING:
        return Standing(state=State.GATHERING)
    if not is_settled(copy, batch):
        return Standing(state=State.ANCHORING, waiting=batch.waiting_reason)
    return _settled(replacing, copy.status(batch.agency, serial))


def _settled(replacing: Sequence[Supersession], status: Status) -> Standing:
    """Say where a certificate is whose batch is settled."""
    if status is not Status.VALID:
        return Standing(state=State.WITHDRAWN, status=status)
    failed = next((one for one in replacing if one.call_state is CallState.FAILED), None)
    if failed is not None:
        return Standing(state=State.WITHHELD, status=status, waiting=f"serial {failed.old}: {failed.error}")
    if any(one.call_state is not CallState.SETTLED for one in replacing):
        return Standing(state=State.SUPERSESSION_PENDING, status=status)
    return Standing(state=State.SETTLED, status=status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What agencies issued, as it can be handed out.

    `paths` makes inclusion paths, `fields` opens what is stored, `clock` tells the time in seconds.
    """

    database: Database
    types: TypeCatalogue
    paths: Paths
    fields: FieldKeys
    clock: Callable[[], int]

    def fetch(self, copies: LedgerCopies, agency: str, serial: int) -> Fetched | None:
        """Give a certificate of an agency; None where it has none with this serial.

        Raises:
            StoreError: the database does not answer.
            CannotOpen, KeyringError: what is stored does not open.
        """
        with self.database.read() as connection:
            found = (certificates.read(connection, copy.ledger, agency, serial) for copy in copies)
            record = next(filter(None, found), None)
            if record is None:
                return None
            batch = batch_reading.read(connection, record.batch)
            replacing = supersessions.of_serials(connection, record.ledger, agency, [serial])
        standing = standing_of(batch, replacing.get(serial, ()), copies.of(record.ledger), serial)
        fetched = Fetched(serial=serial, certificate_type=record.certificate_type, standing=standing)
        return self._judged(fetched, record, copies) if standing.state is State.SETTLED else fetched

    def _judged(self, fetched: Fetched, record: CertificateRecord, copies: LedgerCopies) -> Fetched:
        """Add the file, unless our verifier finds something against it but its period."""
        signed = self.fields.signed(record)
        certificate = parse(signed.compact().encode("ascii"))
        facts = copies.of(record.ledger).batch(record.agency, record.serial)
        path = None if facts is None else self.paths.find(certificate.iss, certificate.serial, facts)
        if path is None:
            return _with(fetched, State.WITHHELD, "the leaves of its batch are not those that were anchored")
        file = signed.file(path)
        certificate = parse(file)
        verdict = judge(
            certificate,
            copies.facts(certificate),
            now=self.clock(),
            certificate_type=self.types.by_hash(record.certificate_type),
        )
        reasons = [reason for reason in verdict.reasons if reason not in PERIOD]
        if any(check.outcome is Outcome.UNKNOWN for check in verdict.checks):
            pending = Reason.SUPERSESSION_PENDING in reasons
            return _with(fetched, State.SUPERSESSION_PENDING if pending else State.ANCHORING, ", ".join(reasons))
        if reasons:
            state = State.WITHDRAWN if WITHDRAWN.issuperset(reasons) else State.WITHHELD
            return _with(fetched, state, ", ".join(reasons))
        return replace(fetched, file=file)


def _with(fetched: Fetched, state: State, waiting: str) -> Fetched:
    return replace(fetched, standing=replace(fetched.standing, state=state, waiting=waiting))
