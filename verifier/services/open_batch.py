"""The batch of a table that is being filled: signed rows go in, and are stored a thousand to a transaction.

The last of them, the root and the call to the ledger are one transaction. Until then the batch was promised to nobody:
another run may go on behind its last stored row, or void it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from ecert.draft import LintedCertificate
from ecert.issuing import SignedCertificate
from ecert.merkle import Tree
from ecert.suite import SUITE
from store import batches, certificates
from store.database import Connection
from store.errors import KeyUseMoved, NumberTaken
from store.records import BatchRecord, NewCertificate
from store.states import BatchState, Move
from verifier.faults import RowsRefused
from verifier.services.at_rest import AtRest
from verifier.services.checking import GROUP, number_taken
from verifier.services.held_job import HeldJob
from verifier.services.office import Office
from verifier.services.table_issuance import Plan
from verifier.tables.linted_rows import LintedRow

_Done = TypeVar("_Done")


class _Pending(NamedTuple):
    """A row that is signed and not yet stored, and what was signed of it."""

    row: LintedRow
    linted: LintedCertificate
    signed: SignedCertificate


class OpenBatch:
    """A batch of a job that is held.

    Args:
        office: whose.
        held: the job.
        plan: what is issued.
        record: the batch.
        at_rest: the keys that rows are written with now.
        leaves: of the rows that an earlier run has stored in it.
    """

    def __init__(
        self,
        office: Office,
        *,
        held: HeldJob,
        plan: Plan,
        record: BatchRecord,
        at_rest: AtRest,
        leaves: Sequence[bytes],
    ) -> None:
        self._office = office
        self._held = held
        self._plan = plan
        self._record = record
        self._leaves = list(leaves)
        self._pending: list[_Pending] = []
        self._take(at_rest)

    @property
    def is_empty(self) -> bool:
        """Whether it has no row."""
        return not self._leaves

    @property
    def is_full(self) -> bool:
        """Whether it takes no more rows: it is to be closed."""
        return len(self._leaves) == self._record.capacity

    @property
    def is_due(self) -> bool:
        """Whether so many rows are pending as one transaction takes."""
        return len(self._pending) == GROUP

    @property
    def next_serial(self) -> int:
        """The serial of the next row."""
        return self._record.first_serial + len(self._leaves)

    def add(self, row: LintedRow, linted: LintedCertificate, signed: SignedCertificate) -> None:
        """Add a row, signed under the next serial; it is pending until it is stored."""
        self._pending.append(_Pending(row, linted, signed))
        self._leaves.append(signed.leaf)

    def store(self) -> bool:
        """Store what is pending; False: another process fills this batch.

        Raises:
            RowsRefused: a number was taken by somebody else meanwhile.
            LeaseLost: another process has the job.
        """
        return self._write(self._fill).moved

    def close(self) -> None:
        """Store what is pending, and close the batch with its call; raises like `store`."""
        self._write(self._fill_and_close)

    def void(self, reason: str) -> None:
        """Void it: its rows were promised to nobody and can be issued again."""
        with self._office.database.begin() as connection:
            batches.void(connection, self._record.id, reason=reason[:200], now=self._office.clock())

    def keep(self) -> None:
        """Renew the lease where rows take long, as those with large documents do."""
        if self._held.is_due:
            with self._office.database.begin() as connection:
                self._held.assure(connection)

    @property
    def _stored(self) -> int:
        return len(self._leaves) - len(self._pending)

    def _take(self, at_rest: AtRest) -> None:
        self._at_rest = at_rest
        self._blind = at_rest.blind(self._record.agency, self._plan.certificate_type)

    def _write(self, write: Callable[[Connection, tuple[NewCertificate, ...]], _Done]) -> _Done:
        """Write what is pending in one transaction; once more with the new keys where these were rotated meanwhile."""
        while True:
            rows = self._sealed()  # outside of the transaction, which others wait for
            try:
                with self._office.database.begin() as connection:
                    self._at_rest.assure(connection)
                    done = write(connection, rows)
            except NumberTaken as error:
                raise self._taken(error) from error
            except KeyUseMoved:
                self._take(AtRest.of(self._office))
            else:
                self._pending.clear()
                return done

    def _sealed(self) -> tuple[NewCertificate, ...]:
        return tuple(
            self._at_rest.row(
                each.signed,
                each.linted.said(),
                ledger=self._office.ledger,
                blind=self._blind,
                number=each.linted.number,
                line=each.row.line,
            )
            for each in self._pending
        )

    def _fill(self, connection: Connection, rows: tuple[NewCertificate, ...]) -> Move[BatchState]:
        now = self._held.assure(connection)
        return batches.fill(connection, self._record.id, position=self._stored, rows=rows, now=now)

    def _fill_and_close(self, connection: Connection, rows: tuple[NewCertificate, ...]) -> batches.Closed:
        return batches.close(
            connection,
            self._record.id,
            position=self._stored,
            rows=rows,
            tree=Tree(self._leaves),
            suite=SUITE,
            sender=self._plan.anchor_address,
            now=self._held.assure(connection),
        )

    def _taken(self, error: NumberTaken) -> RowsRefused:
        serials = [each.serial for each in error.collisions if each.serial is not None]
        with self._office.database.read() as connection:
            origins = certificates.origins(connection, self._office.ledger, self._record.agency, serials)
        bad = (
            number_taken(
                self._plan.rows,
                self._pending[each.index].row,
                each.serial,
                None if each.serial is None else origins.get(each.serial),
                self._blind,
            )
            for each in error.collisions
        )
        return RowsRefused(fault for row in bad for fault in row.faults)
