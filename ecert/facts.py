"""What the ledger says about one certificate, all of it as of one block.

`judge` needs nothing else of a chain. Facts come from `ecert.ledger_copy` (the service), from a facts file (offline)
or from a test vector; whoever makes them answers for their truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum


class Status(IntEnum):
    """The two status bits of a serial, with the values of the Token Status List."""

    VALID = 0
    REVOKED = 1
    SUSPENDED = 2
    SUPERSEDED = 3


FINAL = frozenset({Status.REVOKED, Status.SUPERSEDED})
"""Statuses after which there is no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The block that facts were read at. `chain` is CAIP-2 (`eip155:31337`), `hash` 32 bytes, `time` seconds.

    `contested`: the chain's validators have sealed two histories, so that facts of it are never fresh (check 14).
    """

    chain: str
    block: int
    hash: bytes
    time: int
    contested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """A key of the agency: counts from `added` until before `retired` and before `compromised_since`."""

    kid: bytes
    suite: int
    public_key: bytes
    added: int
    retired: int | None = None
    compromised_since: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accreditation:
    """The agency may issue the type from `since` until before `until`; `settled` as of the facts' block."""

    since: int
    until: int | None
    settled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFacts:
    """The batch that covers the serial. `anchored` is its block's time."""

    certificate_type: bytes
    suite: int
    root: bytes
    first_serial: int
    count: int
    anchored: int
    block: int
    settled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusFacts:
    """One change of the serial's status, by the time of its block. `successors` with SUPERSEDED only."""

    status: Status
    time: int
    block: int
    settled: bool = True
    successors: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the ledger `ledger` (CAIP-10, lower case) says about one certificate, as of one block.

    `agency_known`: the agency is on the registry. `key`: the agency's key with the certificate's `kid`.
    `accreditations`: all of the agency for the certificate's type. `doubt_since`: the guardian's, while it stands.
    `batch`: of that agency, covering the serial. `changes`: of that serial, oldest first.
    `superseded`: for every serial that the certificate says it supersedes, the successors the ledger names for it.
    `listed`: what a status list says that is newer than the facts, at the time it was made; its block is not known, 0.
    `complete`: False where batches and statuses are not known, so that a missing one says nothing.
    """

    as_of: AsOf
    ledger: str
    agency_known: bool
    key: KeyFacts | None = None
    accreditations: tuple[Accreditation, ...] = ()
    doubt_since: int | None = None
    batch: BatchFacts | None = None
    changes: tuple[StatusFacts, ...] = ()
    superseded: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    listed: StatusFacts | None = None
    complete: bool = True


def status_in_force(changes: Sequence[StatusFacts], at: int | None = None) -> StatusFacts | None:
    """Find the change that a serial's status at `at` (None: now) follows from; None: it never changed, it is valid.

    Withdrawals count from the block they are in, reinstatements only once that block is settled (section 5).
    """
    counted = None
    for change in changes:
        if at is not None and change.time > at:
            break
        if change.settled or change.status is not Status.VALID:
            counted = change
    return counted


def status_now(facts: Facts) -> StatusFacts | None:
    """Find what a serial's status now follows from: a change, or a status list that is newer, unless that is final."""
    change = status_in_force(facts.changes)
    if facts.listed is None or (change is not None and change.status in FINAL):
        return change
    return facts.listed
