"""The second pass over a table: rows are signed and stored in batches, and each full batch is closed with its call.

Rows go into the database a thousand to a transaction under a batch that is "filling"; the last of them, the root and
the call to the ledger are one transaction. Killed at any moment, the same command finds the batch where it stands and
goes on behind its last row: what is not closed was never promised to anybody.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import BinaryIO

from ecert import merkle
from ecert.certificate import Issuer
from ecert.draft import LintedCertificate
from ecert.issuing import salt_bytes, sign
from ecert.suite import SUITE, SigningKey
from store import batches, jobs, leases
from store.database import Connection
from store.errors import LeaseLost, NumberTaken
from store.records import BatchRecord, Job, Lease, NewCertificate
from store.states import BatchState
from verifier.faults import IssuingError, IssuingStopped, RowsRefused
from verifier.services.checking import GROUP, Numbers, number_taken
from verifier.services.office import Office, Patience
from verifier.services.progress import Stage
from verifier.tables.lines import unchanged
from verifier.tables.linted_rows import BadRow, LintedRow, LintedRows

LEASE_SECONDS = 15
RENEW_AFTER = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be filled: the rows of an open file that are neither bad nor issued before.

    `before` is how the file was before it was first read.
    """

    file: BinaryIO
    before: os.stat_result
    rows: LintedRows
    passed_over: Collection[int | None]
    remaining: int
    batch_size: int
    key: SigningKey
    anchor_address: bytes
    numbers: Numbers


@dataclass(slots=True)
class _Open:
    """The batch that is being filled: its leaves so far, and the rows that are signed and not yet stored."""

    record: BatchRecord
    leaves: list[bytes]
    pending: list[NewCertificate] = field(default_factory=list)
    rows: list[LintedRow] = field(default_factory=list)

    @property
    def stored(self) -> int:
        return len(self.leaves) - len(self.pending)


class Filling:
    """One process's work on one job; a lease keeps a second process away from it."""

    def __init__(self, office: Office, job: Job, plan: Plan) -> None:
        self._office = office
        self._job = job
        self._plan = plan
        self._issuer = Issuer(ledger=office.ledger, agency=job.agency)
        self._salts = salt_bytes(plan.numbers.certificate_type)
        self._open: _Open | None = None
        self._done = 0
        self._renewed = 0
        self._lease: Lease | None = None

    def run(self, patience: Patience) -> None:
        """Fill and close every batch that is left, then close the job.

        Raises:
            RowsRefused: a number was taken by somebody else meanwhile.
            IssuingStopped: a document or the file itself changed, or another process took over.
        """
        self._take_lease(patience)
        try:
            self._office.progress.begin(Stage.SIGN, self._plan.remaining)
            self._resume()
            for row in self._plan.rows.read():
                if isinstance(row, LintedRow) and row.line not in self._plan.passed_over:
                    self._add(row)
            self._finish()
        except IssuingError as error:
            self._drop(str(error))
            raise
        except LeaseLost as error:
            raise IssuingStopped("another process has taken over this file; nothing is lost") from error
        finally:
            self._release_lease()

    def _add(self, row: LintedRow) -> None:
        linted = self._plan.rows.with_document(row)
        batch = self._batch()
        batch.pending.append(self._signed(row, linted, batch.record.first_serial + len(batch.leaves)))
        batch.leaves.append(batch.pending[-1].leaf)
        batch.rows.append(row)
        self._done += 1
        if len(batch.leaves) == batch.record.capacity:
            self._close(batch)
        elif len(batch.pending) == GROUP:
            self._store(batch)
        else:
            self._keep(batch)

    def _signed(self, row: LintedRow, linted: LintedCertificate, serial: int) -> NewCertificate:
        signed = sign(
            linted,
            serial=serial,
            iat=self._office.clock(),
            issuer=self._issuer,
            status_base=self._office.status_base,
            key=self._plan.key,
            salts=os.urandom(self._salts),
        )
        return NewCertificate(
            compact=signed.compact(),
            leaf=signed.leaf,
            number_index=self._plan.numbers.index(linted.number),
            line=row.line,
        )

    def _batch(self) -> _Open:
        if self._open is None:
            capacity = min(self._plan.batch_size, self._plan.remaining - self._done)
            with self._office.database.begin() as connection:
                now = self._assure(connection)
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

    def _resume(self) -> None:
        """Go on with the batch that an earlier run of the same file left filling."""
        with self._office.database.read() as connection:
            for record in batches.of_job(connection, self._job.id):
                if record.state is BatchState.FILLING:
                    leaves = list(batches.leaves(connection, record.id))
                    self._open = _Open(record=record, leaves=leaves)
        if self._open is not None and len(self._open.leaves) == self._open.record.capacity:
            self._close(self._open)

    def _store(self, batch: _Open) -> None:
        try:
            with self._office.database.begin() as connection:
                now = self._assure(connection)
                move = batches.fill(
                    connection, batch.record.id, position=batch.stored, rows=tuple(batch.pending), now=now
                )
        except NumberTaken as error:
            raise self._taken(error, batch) from error
        if not move.moved:
            self._open = None
            raise IssuingStopped("another process is filling the same batch; nothing is lost")
        self._stored(batch)

    def _close(self, batch: _Open) -> None:
        if not unchanged(self._plan.file, self._plan.before):
            raise IssuingStopped("the file was changed while it was issued: the batch that was being filled is void")
        try:
            with self._office.database.begin() as connection:
                now = self._assure(connection)
                batches.close(
                    connection,
                    batch.record.id,
                    position=batch.stored,
                    rows=tuple(batch.pending),
                    root=merkle.root(batch.leaves),
                    suite=SUITE,
                    sender=self._plan.anchor_address,
                    now=now,
                )
        except NumberTaken as error:
            raise self._taken(error, batch) from error
        self._stored(batch)
        self._open = None

    def _stored(self, batch: _Open) -> None:
        batch.pending.clear()
        batch.rows.clear()
        self._office.progress.reach(self._done)

    def _finish(self) -> None:
        if self._open is not None and self._open.leaves:
            self._close(self._open)
        elif self._open is not None:
            self._drop("no row came")
        with self._office.database.begin() as connection:
            jobs.close(connection, self._job.id, now=self._assure(connection))

    def _drop(self, reason: str) -> None:
        """Void what was being filled: its rows were promised to nobody and can be issued again."""
        if self._open is not None:
            with self._office.database.begin() as connection:
                batches.void(connection, self._open.record.id, reason=reason[:200], now=self._office.clock())
            self._open = None

    def _taken(self, error: NumberTaken, batch: _Open) -> RowsRefused:
        bad: list[BadRow] = [
            number_taken(self._plan.rows, batch.rows[each.index], each.serial, self._plan.numbers)
            for each in error.collisions
        ]
        return RowsRefused(fault for row in bad for fault in row.faults)

    def _take_lease(self, patience: Patience) -> None:
        holder = uuid.uuid4().hex
        while self._lease is None:
            with self._office.database.begin() as connection:
                self._renewed = self._office.clock()
                self._lease = leases.take(
                    connection, f"issue:{self._job.id}", holder=holder, now=self._renewed, seconds=LEASE_SECONDS
                )
            if self._lease is None:
                self._office.progress.note(
                    "another process is issuing this file, or was killed a moment ago: waiting for it"
                )
                patience.wait("issuing the same file in another process")

    def _assure(self, connection: Connection) -> int:
        """Make sure, in a write transaction, that the job is still ours; give the time."""
        now = self._office.clock()
        if self._lease is None:
            raise IssuingStopped("this process does not hold the job")
        leases.assure(connection, self._lease, now=now)
        if now - self._renewed >= RENEW_AFTER:
            self._lease = leases.renew(connection, self._lease, now=now, seconds=LEASE_SECONDS)
            self._renewed = now
        return now

    def _keep(self, batch: _Open) -> None:
        """Renew the lease where rows take long, as those with large documents do."""
        if self._office.clock() - self._renewed >= RENEW_AFTER:
            with self._office.database.begin() as connection:
                batches.feed(connection, batch.record.id, now=self._assure(connection))

    def _release_lease(self) -> None:
        if self._lease is not None:
            with self._office.database.begin() as connection:
                leases.release(connection, self._lease)
            self._lease = None
