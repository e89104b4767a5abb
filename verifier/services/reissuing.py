"""Issuing again what the ledger refused: the rows of failed batches, signed anew under new serials.

What was signed is in the database, so the table that it came from is not needed. Killed at any moment, the same again
goes on: what was being filled is void, and what was closed is issued and handed out.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ecert.certificate import Issuer
from ecert.certificate_type import CertificateType
from ecert.errors import LintError
from ecert.issuing import salt_bytes, sign
from ecert.merkle import Tree
from ecert.parsing import parse
from ecert.suite import SUITE, SigningKey
from ecert.types import TypeCatalogue
from store import batches, certificates, jobs, leases
from store.database import Connection
from store.errors import BatchClosedOtherwise, KeyUseMoved, LeaseLost, NumberTaken, WriteRefused
from store.pieces import pieces
from store.records import CertificateRecord, Job, Lease, NewCertificate
from store.states import BatchState
from verifier.drafting import draft_again
from verifier.faults import IssuingError, IssuingStopped
from verifier.keys.keyring import LedgerKey
from verifier.services.anchoring import Anchored, wait_and_hand_out
from verifier.services.at_rest import AtRest
from verifier.services.checking import GROUP
from verifier.services.failed_rows import jobs_with_failures, rows_due
from verifier.services.held_job import LONGEST, lease_of
from verifier.services.office import Office, Patience, obstacle
from verifier.services.reissuance import Reissued, ReissueOrder
from verifier.services.replacing_again import IssuedAgain, ReplacingAgain
from verifier.written_files import assure_writable

STOPS = (IssuingError, LintError, NumberTaken, WriteRefused, LeaseLost, KeyUseMoved, BatchClosedOtherwise)
"""What ends the work on one job and says nothing of the others.

The ledger does not let the agency issue, or the time is over; its keys are not here; what was signed then would not be
signed now; a number, or what is to be replaced, was taken meanwhile; another process works on it, or gave
its batch up; keys were rotated.
"""


def reissue(office: Office, order: ReissueOrder) -> list[Reissued]:
    """Issue all refused rows again, and hand out what earlier runs did not wait for; nothing where all is out.

    What stops one job (`STOPS`) is said with it: what it has on the ledger is handed out, and the other jobs go on.

    Raises:
        IssuingStopped: no file can be written.
        StoreError: the database does not answer.
    """
    patience = Patience(office, order.timeout)
    try:
        assure_writable(order.folder)
    except OSError as error:
        raise IssuingStopped(
            f"nothing was stored: files cannot be written in {order.folder}: {error.strerror}"
        ) from error
    found = jobs_with_failures(office.database, office.ledgers, order.agency, now=office.clock())
    return [_reissue_job(office, order, job, patience) for job in found]


def _reissue_job(office: Office, order: ReissueOrder, job: Job, patience: Patience) -> Reissued:
    serials: tuple[int, ...] = ()
    passed_over: Mapping[int, str] = {}
    stopped = None
    try:
        certificate_type = _type_of(job)
        serials, passed_over = _issue_again(office, job, certificate_type, order.batch_size)
        anchored = wait_and_hand_out(office, job, certificate_type, order.folder, patience, wait=order.wait)
    except STOPS as error:
        stopped = str(error)
        anchored = _out_by_now(office, order, job, patience)
    return Reissued(job=job, serials=serials, anchored=anchored, passed_over=passed_over, stopped=stopped)


def _out_by_now(office: Office, order: ReissueOrder, job: Job, patience: Patience) -> Anchored:
    """Hand out what is settled of a job that was stopped; nothing where the same stands in the way of that, too."""
    try:
        return wait_and_hand_out(office, job, _type_of(job), order.folder, patience, wait=False)
    except STOPS:
        return Anchored()


def _type_of(job: Job) -> CertificateType:
    certificate_type = TypeCatalogue.bundled().by_hash(job.certificate_type)
    if certificate_type is None:
        raise IssuingStopped(f"{job.name} is of a certificate type that is not known here")
    return certificate_type


def _issue_again(
    office: Office, job: Job, certificate_type: CertificateType, batch_size: int
) -> tuple[tuple[int, ...], Mapping[int, str]]:
    """Issue what is due, where the agency may; give the new serials, and whom it passed over."""
    if not rows_due(office.database, office.ledgers, job):
        return (), {}
    key = office.keyring.certificate_key(job.agency)
    why = obstacle(office.copy(), agency=job.agency, certificate_type=certificate_type, kid=key.kid, now=office.clock())
    if why is not None:
        raise IssuingStopped(f"nothing was issued again: {why}")
    reissuing = _Reissuing(
        office=office,
        job=job,
        certificate_type=certificate_type,
        key=key,
        address=office.keyring.address(job.agency, LedgerKey.ANCHOR),
        replacing=ReplacingAgain(office=office, agency=job.agency, certificate_type=job.certificate_type),
    )
    return reissuing.run(batch_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reissuing:
    office: Office
    job: Job
    certificate_type: CertificateType
    key: SigningKey
    address: bytes
    replacing: ReplacingAgain

    def run(self, batch_size: int) -> tuple[tuple[int, ...], Mapping[int, str]]:
        """Close batches with all rows that are due; answer their new serials, and whom it passed over."""
        database, lease = self.office.database, self._take()
        try:
            found = rows_due(database, self.office.ledgers, self.job)
            hindered = self.replacing.hindered(found)
            due = sorted((line, record) for line, record in found.items() if record.serial not in hindered)
            for begin in range(0, len(due), batch_size):
                self._issue(lease, due[begin : begin + batch_size])
            with database.begin() as connection:
                issued = certificates.issued_lines(connection, self.job.id)
                if len(issued) >= self.job.rows:
                    jobs.close(connection, self.job.id, now=self.office.clock())
        finally:
            with database.begin() as connection:
                leases.release(connection, lease)
        # Of an earlier batch of these the ledger may have refused the anchor meanwhile.
        return tuple(sorted(issued[line] for line, _ in due if line in issued)), hindered

    def _take(self) -> Lease:
        """Take the job, and void what an interrupted run left filling: it was promised to nobody."""
        with self.office.database.begin() as connection:
            now = self.office.clock()
            lease = leases.take(connection, lease_of(self.job.id), holder=uuid.uuid4().hex, now=now, seconds=LONGEST)
            if lease is None:
                raise IssuingStopped(f"another process is issuing {self.job.name}, or was killed a moment ago")
            for batch in batches.of_job(connection, self.job.id):
                if batch.state is BatchState.FILLING:
                    batches.void(connection, batch.id, reason="interrupted; to be issued again", now=now)
        return lease

    def _issue(self, lease: Lease, due: Sequence[tuple[int, CertificateRecord]]) -> None:
        """Fill and close one batch."""
        office, job = self.office, self.job
        with office.database.begin() as connection:
            leases.assure(connection, lease, now=office.clock())
            batch = batches.begin(
                connection,
                ledger=office.ledger,
                agency=job.agency,
                certificate_type=job.certificate_type,
                job=job.id,
                capacity=len(due),
                now=office.clock(),
            )
        at_rest = AtRest.of(office)
        leaves: list[bytes] = []
        for group in pieces(self._signed(at_rest, batch.first_serial, due), GROUP):
            position = len(leaves)
            leaves.extend(each.row.leaf for each in group)
            with office.database.begin() as connection:
                at_rest.assure(connection)
                leases.assure(connection, lease, now=office.clock())
                lease = leases.renew(connection, lease, now=office.clock(), seconds=LONGEST)
                rows = self._replaced(connection, group)
                if len(leaves) < len(due):
                    self._fill(connection, batch.id, position, rows)
                else:
                    self._close(connection, batch.id, position, rows, Tree(leaves))

    def _fill(self, connection: Connection, batch: int, position: int, rows: Sequence[NewCertificate]) -> None:
        filled = batches.fill(connection, batch, position=position, rows=rows, now=self.office.clock())
        if not filled.moved:  # else what these rows replace would be written down without them
            raise BatchClosedOtherwise(batch, filled.state)

    def _close(
        self, connection: Connection, batch: int, position: int, rows: Sequence[NewCertificate], tree: Tree
    ) -> None:
        batches.close(
            connection,
            batch,
            position=position,
            rows=rows,
            tree=tree,
            suite=SUITE,
            sender=self.address,
            now=self.office.clock(),
        )

    def _replaced(self, connection: Connection, group: Sequence[IssuedAgain]) -> list[NewCertificate]:
        """Write down what certificates replace; give their rows."""
        self.replacing.write_down(connection, group)
        return [each.row for each in group]

    def _signed(
        self, at_rest: AtRest, first_serial: int, due: Sequence[tuple[int, CertificateRecord]]
    ) -> Iterator[IssuedAgain]:
        office, wanted = self.office, self.certificate_type
        blind = at_rest.blind(self.job.agency, wanted)
        issuer = Issuer(ledger=office.ledger, agency=self.job.agency)
        for serial, (line, record) in enumerate(due, first_serial):
            before = parse(at_rest.fields.compact(record))
            draft = draft_again(before, wanted)
            signed = sign(
                draft,
                serial=serial,
                iat=office.clock(),
                issuer=issuer,
                status_base=office.status_base,
                key=self.key,
                salts=os.urandom(salt_bytes(wanted)),
                version=before.version,
                supersedes=before.supersedes,
                cnf=before.cnf,
            )
            row = at_rest.row(signed, draft.said(), ledger=office.ledger, blind=blind, number=draft.number, line=line)
            yield IssuedAgain(row=row, serial=serial, supersedes=before.supersedes)
