"""What can go wrong between us and the database.

    StoreError
    |-- UnusableUrl           the settings name no database that we can use
    |-- SchemaMismatch        the tables are of another version: `ecert migrate`
    |-- DatabaseAway          not reachable, locked for too long, or full: nothing was written
    |-- CommitUncertain       the commit was asked for and the answer was lost: look again
    |-- WriteRefused          the database refused a write for a reason that no rule below foresaw
    |-- NoSuchRow             what was named is not there
    |-- PinsDiffer            the chain is not the one that this database was made with
    |-- SequenceBroken        an event of a contract is missing or out of turn
    |-- BatchFull             more rows than serials were set aside
    |-- TwoSecrets            the client has two secrets that are good: retire one first
    `-- Overtaken             somebody else was quicker: nothing was written
        |-- CursorMoved           another indexer moved the cursor
        |-- ShipmentMoved         another process copied lines of the record meanwhile
        |-- NumberTaken           a certificate with this number lives already
        |-- BatchClosedOtherwise  the batch was closed before, with other rows or another root
        |-- NonceTaken            another call has this nonce
        |-- NameTaken             a client, account, organisation or office has this name already
        |-- AttemptLost           another attempt took the idempotency key over
        |-- LeaseLost             somebody else works now
        `-- KeyUseMoved           rows are to be written with other keys than these by now

Nothing of SQLAlchemy or of a driver leaves this folder: `store.database` translates it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class StoreError(Exception):
    """Anything that the store could not do."""


class UnusableUrl(StoreError):
    """The database URL cannot be used; `why` says what it must look like."""

    def __init__(self, why: str) -> None:
        super().__init__(f"this database URL cannot be used: {why}")
        self.why = why


class SchemaMismatch(StoreError):
    """The tables are of version `found` (None: there are none), and this program needs `wanted`."""

    def __init__(self, found: str | None, wanted: str) -> None:
        if found is None:
            text = f"the database has no tables yet (version {wanted} is needed): run `ecert migrate`"
        elif found < wanted:
            text = f"the database is of version {found}, older than the {wanted} that is needed: run `ecert migrate`"
        else:
            text = (
                f"the database is of version {found}, newer than the {wanted} that this program knows: "
                "install the newer ecert (`ecert migrate` never goes back)"
            )
        super().__init__(text)
        self.found = found
        self.wanted = wanted


class DatabaseAway(StoreError):
    """The database did not answer, was locked for too long, or is full. Nothing of the transaction happened."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the database is away: {why}")
        self.why = why


class CommitUncertain(StoreError):
    """The commit was asked for and its answer was lost: it happened or it did not. Read again, then repeat."""

    def __init__(self, why: str) -> None:
        super().__init__(f"it is not known whether the database took the last write: {why}")
        self.why = why


class WriteRefused(StoreError):
    """The database refused a write; nothing of the transaction happened."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the database refused: {why}")
        self.why = why


class NoSuchRow(StoreError):
    """There is no such row in `table`."""

    def __init__(self, table: str, key: object) -> None:
        super().__init__(f"{table} has no row {key}")
        self.table = table
        self.key = key


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One pinned value that the chain no longer shows."""

    name: str
    pinned: str
    found: str

    def __str__(self) -> str:
        """Say both values."""
        return f"{self.name} is {self.found}, pinned was {self.pinned}"


class PinsDiffer(StoreError):
    """The chain is not the one that this database was made with (a local chain that was restarted, mostly)."""

    def __init__(self, differences: Sequence[Difference]) -> None:
        told = "; ".join(str(difference) for difference in differences)
        super().__init__(f"this database was made with another chain: {told}")
        self.differences = tuple(differences)


class Overtaken(StoreError):
    """Somebody else was quicker, before or at the same moment; nothing of the transaction happened."""


class CursorMoved(Overtaken):
    """The ledger's cursor is not where the writer thought: another indexer works on the same database."""

    def __init__(self, ledger: str, block: int) -> None:
        super().__init__(f"the cursor of {ledger} is no longer at block {block}: does a second indexer run?")
        self.ledger = ledger
        self.block = block


class ShipmentMoved(Overtaken):
    """Another process copied lines of this lineage meanwhile: read again how far it is."""

    def __init__(self, lineage: str) -> None:
        super().__init__(f"the record of {lineage} was copied by another process meanwhile")
        self.lineage = lineage


class SequenceBroken(StoreError):
    """An event of `contract` does not follow the one before: `found` came where `wanted` was due."""

    def __init__(self, contract: str, wanted: int, found: int) -> None:
        super().__init__(f"event {wanted} of the {contract} is missing: {found} came in its place")
        self.contract = contract
        self.wanted = wanted
        self.found = found


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """Row `index` of the rows given (from `line` of its file) has a number that the live `serial` has.

    `serial` is None where an earlier row of the same rows has the number.
    """

    index: int
    line: int | None
    serial: int | None


class NumberTaken(Overtaken):
    """Certificates with these numbers live already; none of the rows was stored."""

    def __init__(self, collisions: Sequence[Collision]) -> None:
        first = collisions[0]
        holder = "an earlier row" if first.serial is None else f"certificate {first.serial}"
        row = f"row {first.index}" if first.line is None else f"line {first.line}"
        super().__init__(f"{len(collisions)} certificate number(s) are taken; that of {row} by {holder}")
        self.collisions = tuple(collisions)


class BatchFull(StoreError):
    """The batch set `capacity` serials aside, and the rows would need `wanted`."""

    def __init__(self, batch: int, capacity: int, wanted: int) -> None:
        super().__init__(f"batch {batch} has room for {capacity} certificates, not for {wanted}")
        self.batch = batch
        self.capacity = capacity
        self.wanted = wanted


class BatchClosedOtherwise(Overtaken):
    """The batch is closed under another root, or void: this close is not a repeat of the first."""

    def __init__(self, batch: int, state: str) -> None:
        super().__init__(f"batch {batch} is {state} already, and not with these certificates")
        self.batch = batch
        self.state = state


class NonceTaken(Overtaken):
    """Another call of this sender has the nonce."""

    def __init__(self, nonce: int) -> None:
        super().__init__(f"another call has nonce {nonce}")
        self.nonce = nonce


class LeaseLost(Overtaken):
    """Somebody else holds the lease now: stop working, write nothing."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the lease {name} is lost")
        self.name = name


class NameTaken(Overtaken):
    """There is `what` of this name already; clients and accounts share their names."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"there is {what} {name} already")
        self.what = what
        self.name = name


class TwoSecrets(StoreError):
    """Two secrets at once are for the change from one to the other; a third is none of that."""

    def __init__(self, client: str) -> None:
        super().__init__(f"{client} has two good secrets already: retire one of them first")
        self.client = client


class AttemptLost(Overtaken):
    """An idempotency key was taken over by a repeat of the same request, since this attempt took too long."""

    def __init__(self) -> None:
        super().__init__("another attempt at the same request went on meanwhile; nothing was written by this one")


class KeyUseMoved(Overtaken):
    """The keys of this use were rotated: take the new ones, and write again. Nothing may be written with the old."""

    def __init__(self, use: str) -> None:
        super().__init__(f"the {use} key was rotated meanwhile: run the same again")
        self.use = use
