"""Rows as they leave the store: frozen values, made here and nowhere else from a database row.

Times are whole seconds since 1970, hashes and addresses bytes, `ledger` is the CAIP-10 name, `id` and what refers to
one (`job`, `batch`, `call`) the store's own numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecert.events import Event
from store.states import BatchState, CallState, Contract, JobState, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """What tells one ledger from every other: `*_code` are the hashes of the contracts' code."""

    ledger: str
    chain_id: int
    genesis: bytes
    registry: bytes
    registry_instance: bytes
    ledger_instance: bytes
    access_manager_code: bytes
    registry_code: bytes
    ledger_code: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block's header, as far as we keep it.

    `header`: all of it with its seals (RLP), for recent blocks of a network whose validators seal them.
    """

    number: int
    hash: bytes
    parent: bytes
    time: int
    header: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One of several headers that the validators of a chain sealed for one height; `source` says who showed it."""

    ledger: str
    height: int
    hash: bytes
    header: bytes | None
    source: str
    found_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a ledger was read: up to and with `block`, and where both contracts' counts and heads stood there.

    `generation` goes up at each roll-back: who holds a copy of an older one must load it again whole. `contested`: the
    lowest height for which the validators sealed two blocks; as long as it stands, nothing is read or believed.
    """

    ledger: str
    block: int
    hash: bytes
    time: int
    settled_block: int
    generation: int
    registry_sequence: int
    registry_head: bytes
    ledger_sequence: int
    ledger_head: bytes
    contested: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEvent:
    """An event as it was read: whose it is, the head after it, its transaction, its log's place in the block."""

    contract: Contract
    event: Event
    head: bytes
    transaction: bytes
    log: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to work on `name` until `until`. `number` is higher at every change of holder (the fence)."""

    name: str
    holder: str
    number: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A ledger write in the outbox. `order` is its place among the calls of its agency and purpose.

    `nonce`, `raw` (signed bytes) and `tx_hash` are set from `signed` on; `block` is the one it was mined in; a queued
    call with `waiting_reason` is held up until someone mends that, and is to be looked at again after `waiting_until`.
    """

    id: int
    chain: str
    ledger: str
    agency: str
    kind: str
    purpose: Purpose
    order: int
    args: Mapping[str, Any]
    sender: bytes
    state: CallState
    waiting_reason: str | None
    waiting_until: int | None
    nonce: int | None
    raw: bytes | None
    tx_hash: bytes | None
    block: int | None
    sent_at: int | None
    attempts: int
    error: str | None
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedForm:
    """One signed form of a call. Replacements share the nonce; each of them may be the one that is mined."""

    tx_hash: bytes
    call: int
    nonce: int
    raw: bytes
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One file of an agency to be issued as one type; `sha256` names the file, `rows` counts what is to be issued."""

    id: int
    ledger: str
    agency: str
    certificate_type: bytes
    sha256: bytes
    name: str
    rows: int
    state: JobState
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a certificate comes from: job, its file's hash and name, line; `filling`: its batch is not closed yet."""

    job: int
    sha256: bytes
    name: str
    line: int
    filling: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord:
    """A batch: `count` certificates from `first_serial` on, of `capacity` serials that were set aside.

    `call_state`, `waiting_reason` and `error` are those of its anchor call, once it is closed.
    """

    id: int
    ledger: str
    agency: str
    certificate_type: bytes
    job: int | None
    state: BatchState
    first_serial: int
    capacity: int
    count: int
    root: bytes | None
    call: int | None
    call_state: CallState | None
    waiting_reason: str | None
    error: str | None
    created_at: int
    handed_out_at: int | None
    void_reason: str | None

    @property
    def serials(self) -> range:
        """The serials of its certificates."""
        return range(self.first_serial, self.first_serial + self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supersession:
    """That the certificate `serial` replaces `old`. `call`: what says so on the ledger, once the new one is anchored.

    `gave_up`: the old one has given its number to the new one.
    """

    old: int
    serial: int
    gave_up: bool
    call: int | None
    call_state: CallState | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCertificate:
    """A signed certificate to be stored: its JWT, and its disclosures sealed under a key that the first byte names.

    `number_index`: keyed hash of its normalised number, `former_index` the same under the key that is being replaced,
    where one is. `lookups`: keyed hashes of all that it can be found by. `line`: of its file.
    """

    jwt: str
    disclosures: bytes
    leaf: bytes
    number_index: bytes | None
    former_index: bytes | None = None
    lookups: tuple[bytes, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRecord:
    """A stored certificate; `live` while it has its number for itself; `position` is its leaf's in the batch.

    `disclosures` are sealed; their first byte is the number of the key, 0 where they lie open.
    """

    ledger: str
    agency: str
    serial: int
    batch: int
    position: int
    certificate_type: bytes
    number_index: bytes | None
    live: bool
    line: int | None
    leaf: bytes
    jwt: str
    disclosures: bytes
