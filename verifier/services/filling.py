"""The second pass over a table: rows are signed and stored in batches, and each full batch is closed with its call.

Rows go into the database a thousand to a transaction under a batch that is "filling"; the last of them, the root and
the call to the ledger are one transaction. Killed at any moment, the same command finds the batch where it stands and
goes on behind its last row: what is not closed was never promised to anybody.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple, TypeVar

from ecert.certificate import Issuer
from ecert.certificate_type import CertificateType
from ecert.draft import LintedCertificate
from ecert.issuing import SignedCertificate, salt_bytes, sign
from ecert.merkle import Tree
from ecert.suite import SUITE, SigningKey
from store import batches, certificates, jobs
from store.database import Connection
from store.errors import KeyUseMoved, LeaseLost, NumberTaken
from store.records import BatchRecord, Job, NewCertificate
from store.states import BatchState, JobState, Move
from verifier.faults import IssuingError, IssuingStopped, RowsRefused
from verifier.services.at_rest import AtRest
from verifier.services.checking import GROUP, number_taken
from verifier.services.held_job import HeldJob
from verifier.services.office import Office, Patience
from verifier.services.progress import Stage
from verifier.tables.lines import unchanged
from verifier.tables.linted_rows import BadRow, LintedRow, LintedRows

_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be filled: the rows of an open file of which so many are good, and the others on `bad` lines.

    `before` is how the file was before it was first read.
    """

    file: BinaryIO
    before: os.stat_result
    rows: LintedRows
    bad: AbstractSet[int | None]
    good: int
    batch_size: int
    key: SigningKey
    anchor_address: bytes
    certificate_type: CertificateType


class _Pending(NamedTuple):
    """A row that is signed, and what was signed of it."""

    row: LintedRow
    linted: LintedCertificate
    signed: SignedCertificate


@dataclass(slots=True)
class _Open:
    """The batch that is being filled: its leaves so far, and the rows that are signed and not yet stored."""

    record: BatchRecord
    leaves: list[bytes]
    pending: list[_Pending] = field(default_factory=list)

    @property
    def stored(self) -> int:
        return len(self.leaves) - len(self.pending)


class Filling:
    """One process's work on one job."""

    def __init__(self, office: Office, job: Job, plan: Plan) -> None:
        self._office = office
        self._job = job
        self._plan = plan
        self._issuer = Issuer(ledger=office.ledger, agency=job.agency)
        self._salts = salt_bytes(plan.certificate_type)
        self._take_keys()
        self._open: _Open | None = None
        self._remaining = 0
        self._done = 0

    def run(self, patience: Patience) -> None:
        """Fill and close every batch that is left, then close the job.

        Raises:
            RowsRefused: a number was taken by somebody else meanwhile.
            IssuingStopped: a document or the file itself changed, or another process took over.
        """
        self._held = HeldJob.take(self._office, self._job, patience)
        try:
            issued = self._resume()
            if issued is None:
                return
            self._remaining = self._plan.good - len(issued)
            self._office.progress.begin(Stage.SIGN, self._remaining)
            if self._open is not None and len(self._open.leaves) == self._open.record.capacity:
                self._close(self._open)
            passed_over = self._plan.bad | issued
            for row in self._plan.rows.read():
                if isinstance(row, LintedRow) and row.line not in passed_over:
                    self._add(row)
            self._finish()
        except IssuingError as error:
            self._drop(str(error))
            raise
        except LeaseLost as error:
            raise IssuingStopped("another process has taken over this file; nothing is lost") from error
        finally:
            self._held.release()

    def _add(self, row: LintedRow) -> None:
        linted = self._plan.rows.with_document(row)
        batch = self._batch()
        signed = self._signed(linted, batch.record.first_serial + len(batch.leaves))
        batch.pending.append(_Pending(row, linted, signed))
        batch.leaves.append(signed.leaf)
        self._done += 1
        if len(batch.leaves) == batch.record.capacity:
            self._close(batch)
        elif len(batch.pending) == GROUP:
            self._store(batch)
        else:
            self._keep(batch)

    def _signed(self, linted: LintedCertificate, serial: int) -> SignedCertificate:
        return sign(
            linted,
            serial=serial,
            iat=self._office.clock(),
            issuer=self._issuer,
            status_base=self._office.status_base,
            key=self._plan.key,
            salts=os.urandom(self._salts),
        )

    def _take_keys(self) -> None:
        """Take the keys that rows are written with now."""
        self._at_rest = AtRest.open(self._office.database, self._office.keyring.folder)
        self._blind = self._at_rest.blind(self._job.agency, self._plan.certificate_type)

    def _sealed(self, batch: _Open) -> tuple[NewCertificate, ...]:
        """Make the rows to be stored; outside of the transaction, which others wait for."""
        return tuple(
            self._at_rest.row(
                each.signed,
                each.linted.said(),
                ledger=self._office.ledger,
                blind=self._blind,
                number=each.linted.number,
                line=each.row.line,
            )
            for each in batch.pending
        )

    def _batch(self) -> _Open:
        if self._open is None:
            capacity = min(self._plan.batch_size, self._remaining - self._done)
            with self._office.database.begin() as connection:
                now = self._held.assure(connection)
                record = batches.begin(
                    connection,
                    ledger=self._office.ledger,
                    agency=self._job.agency,
                    certificate_type=self._job.certificate_type,
                    job=self._job.id,
                    capacity=capacity,
                    now=now,
                )
            self._open = _Open(record=record, leaves=[])
        return self._open

    def _resume(self) -> set[int] | None:
        """Go on with the batch that an earlier run left filling; the lines that are issued, None where all is done.

        What another process did for the job before it let us have it is seen here, and only here for sure.
        """
        with self._office.database.read() as connection:
            if jobs.read(connection, self._job.id).state is not JobState.FILLING:
                return None
            issued = set(certificates.issued_lines(connection, self._job.id))
            for record in batches.of_job(connection, self._job.id):
                if record.state is BatchState.FILLING:
                    leaves = list(batches.leaves(connection, record.id))
                    self._open = _Open(record=record, leaves=leaves)
        return issued

    def _store(self, batch: _Open) -> None:
        move = self._write(batch, self._fill)
        if not move.moved:
            self._open = None
            raise IssuingStopped("another process is filling the same batch; nothing is lost")
        self._stored(batch)

    def _close(self, batch: _Open) -> None:
        if not unchanged(self._plan.file, self._plan.before):
            raise IssuingStopped("the file was changed while it was issued: the batch that was being filled is void")
        self._write(batch, self._fill_and_close)
        self._stored(batch)
        self._open = None

    def _write(self, batch: _Open, write: Callable[[Connection, _Open, tuple[NewCertificate, ...]], _Done]) -> _Done:
        """Write what is pending in one transaction; once more with the new keys where these were rotated meanwhile."""
        while True:
            rows = self._sealed(batch)
            try:
                with self._office.database.begin() as connection:
                    self._at_rest.assure(connection)
                    return write(connection, batch, rows)
            except NumberTaken as error:
                raise self._taken(error, batch) from error
            except KeyUseMoved:
                self._take_keys()

    def _fill(self, connection: Connection, batch: _Open, rows: tuple[NewCertificate, ...]) -> Move[BatchState]:
        now = self._held.assure(connection)
        return batches.fill(connection, batch.record.id, position=batch.stored, rows=rows, now=now)

    def _fill_and_close(self, connection: Connection, batch: _Open, rows: tuple[NewCertificate, ...]) -> batches.Closed:
        return batches.close(
            connection,
            batch.record.id,
            position=batch.stored,
            rows=rows,
            tree=Tree(batch.leaves),
            suite=SUITE,
            sender=self._plan.anchor_address,
            now=self._held.assure(connection),
        )

    def _stored(self, batch: _Open) -> None:
        batch.pending.clear()
        self._office.progress.reach(self._done)

    def _finish(self) -> None:
        if self._open is not None and self._open.leaves:
            self._close(self._open)
        elif self._open is not None:
            self._drop("no row came")
        with self._office.database.begin() as connection:
            jobs.close(connection, self._job.id, now=self._held.assure(connection))

    def _drop(self, reason: str) -> None:
        """Void what was being filled: its rows were promised to nobody and can be issued again."""
        if self._open is not None:
            with self._office.database.begin() as connection:
                batches.void(connection, self._open.record.id, reason=reason[:200], now=self._office.clock())
            self._open = None

    def _taken(self, error: NumberTaken, batch: _Open) -> RowsRefused:
        bad: list[BadRow] = [
            number_taken(self._plan.rows, batch.pending[each.index].row, each.serial, self._blind)
            for each in error.collisions
        ]
        return RowsRefused(fault for row in bad for fault in row.faults)

    def _keep(self, batch: _Open) -> None:
        """Renew the lease where rows take long, as those with large documents do."""
        if self._held.is_due:
            with self._office.database.begin() as connection:
                batches.feed(connection, batch.record.id, now=self._held.assure(connection))
