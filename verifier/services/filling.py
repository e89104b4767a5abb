"""The second pass over a table: rows are signed into batches, and each full batch is closed with its call.

Killed at any moment, the same command finds the batch where it stands and goes on behind its last stored row.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from ecert.certificate import Issuer
from ecert.draft import LintedCertificate
from ecert.fields import Words
from ecert.issuing import SignedCertificate, salt_bytes, sign
from store import batches, certificates, jobs
from store.errors import LeaseLost
from store.records import BatchRecord, Job
from store.states import BatchState, JobState
from verifier.faults import IssuingError, IssuingStopped, RowsRefused
from verifier.services.at_rest import AtRest
from verifier.services.held_job import HeldJob
from verifier.services.office import Office, Patience
from verifier.services.open_batch import OpenBatch
from verifier.services.progress import Stage
from verifier.services.table_issuance import Plan
from verifier.tables.lines import unchanged
from verifier.tables.linted_rows import LintedRow

_TAKEN_OVER = Words(
    en="another process took this file over, or gave up its rows because this one stood still; nothing is lost: the"
    " same command goes on",
    zh="另一进程已接手该文件，或因本进程停顿而放弃了其各行；没有任何内容丢失：重新运行同一命令即可继续",
)
_FILLED_ELSEWHERE = Words(
    en="another process is filling the same batch; nothing is lost", zh="另一进程正在填写同一批次；没有任何内容丢失"
)
_CHANGED = Words(
    en="the file was changed while it was issued: the batch that was being filled is void",
    zh="签发过程中文件被修改：正在填写的批次已作废",
)


class Filling:
    """One process's work on one job."""

    def __init__(self, office: Office, job: Job, plan: Plan) -> None:
        self._office = office
        self._job = job
        self._plan = plan
        self._issuer = Issuer(ledger=office.ledger, agency=job.agency)
        self._salts = salt_bytes(plan.certificate_type)
        self._open: OpenBatch | None = None
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
            if self._open is not None and self._open.is_full:
                self._close(self._open)
            passed_over = self._plan.bad | issued
            for row in self._plan.rows.read():
                if isinstance(row, LintedRow) and row.line not in passed_over:
                    self._add(row)
            self._finish()
        except RowsRefused as error:
            self._drop(str(error))
            raise RowsRefused(error.faults, error.count, issued=self._issued()) from error
        except IssuingError as error:
            self._drop(str(error))
            raise
        except LeaseLost as error:
            raise IssuingStopped(_TAKEN_OVER) from error
        finally:
            self._held.release()

    def _resume(self) -> set[int] | None:
        """Go on with the batch that an earlier run left filling; the lines that are issued, None where all is done.

        What another process did for the job before it let us have it is seen here, and only here for sure.
        """
        with self._office.database.read() as connection:
            if jobs.read(connection, self._job.id).state is not JobState.FILLING:
                return None
            left = [each for each in batches.of_job(connection, self._job.id) if each.state is BatchState.FILLING]
            leaves = [batches.leaves(connection, each.id) for each in left]
        for record, its_leaves in zip(left, leaves, strict=True):
            self._open = self._opened(record, self._keys(), its_leaves)
            if record.ledger != self._office.ledger:
                self._drop("its ledger was retired; to be issued again")
        with self._office.database.read() as connection:
            return set(certificates.issued_lines(connection, self._job.id))

    def _issued(self) -> int:
        """Count the rows that are in batches; once what was open is void, these are closed and stay."""
        with self._office.database.read() as connection:
            return len(certificates.issued_lines(connection, self._job.id))

    def _add(self, row: LintedRow) -> None:
        linted = self._plan.rows.with_document(row)
        batch = self._batch()
        batch.add(row, linted, self._signed(linted, batch.next_serial))
        self._done += 1
        if batch.is_full:
            self._close(batch)
        elif batch.is_due:
            self._store(batch)
        else:
            batch.keep()

    def _batch(self) -> OpenBatch:
        """Give the batch that takes the next row; begin one where there is none."""
        if self._open is None:
            capacity, keys = min(self._plan.batch_size, self._remaining - self._done), self._keys()
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
            self._open = self._opened(record, keys, ())
        return self._open

    def _opened(self, record: BatchRecord, keys: AtRest, leaves: Sequence[bytes]) -> OpenBatch:
        return OpenBatch(self._office, held=self._held, plan=self._plan, record=record, at_rest=keys, leaves=leaves)

    def _keys(self) -> AtRest:
        """Take the keys that rows are written with now; before a batch is begun, which would wait for them."""
        return AtRest.of(self._office)

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

    def _store(self, batch: OpenBatch) -> None:
        if not batch.store():
            self._open = None
            raise IssuingStopped(_FILLED_ELSEWHERE)
        self._office.progress.reach(self._done)

    def _close(self, batch: OpenBatch) -> None:
        if not unchanged(self._plan.file, self._plan.before):
            raise IssuingStopped(_CHANGED)
        batch.close()
        self._open = None
        self._office.progress.reach(self._done)

    def _finish(self) -> None:
        if self._open is not None:
            if self._open.is_empty:
                self._drop("no row came")
            else:
                self._close(self._open)
        with self._office.database.begin() as connection:
            jobs.close(connection, self._job.id, now=self._held.assure(connection))

    def _drop(self, reason: str) -> None:
        if self._open is not None:
            self._open.void(reason)
            self._open = None
