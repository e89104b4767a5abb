"""What the two contracts say, one value per event, in their order.

An event is the only source of a fact: `ecert.ledger_copy` folds events into the copy of the ledger that verdicts are
made from, the store keeps them, and a facts file is a list of them. Agencies are codes (`str`), certificate types the
32 bytes of design section 1 (SHA-256 of the `vct`), times are whole seconds since 1970, serials are integers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an event stands: its block, the block's time, and its number in its own contract's count, from 1."""

    block: int
    time: int
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRegistered:
    """An agency was admitted. `admin` is the 20-byte address that manages its keys and operators."""

    place: Place
    agency: str
    name: str
    admin: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyAdminChanged:
    """The registrar replaced an agency's admin; the new one counts from `active_from`."""

    place: Place
    agency: str
    admin: bytes
    active_from: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencySuspended:
    """An agency may not anchor. `doubt_since`, where set: the guardian doubts its batches from that time on."""

    place: Place
    agency: str
    doubt_since: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyReinstated:
    """The registrar lifted a suspension, and with it any doubt."""

    place: Place
    agency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyAccredited:
    """An agency may issue a certificate type from `since` until before `until` (None: without end)."""

    place: Place
    agency: str
    certificate_type: bytes
    since: int
    until: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccreditationEnded:
    """An accreditation ends at `until`."""

    place: Place
    agency: str
    certificate_type: bytes
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAdded:
    """A certificate key of an agency; it counts from `added` (after the delay that its admin waits for)."""

    place: Place
    agency: str
    kid: bytes
    suite: int
    public_key: bytes
    added: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRetired:
    """A key signs no more from `retired` on; what was anchored before stays good."""

    place: Place
    agency: str
    kid: bytes
    retired: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked:
    """A key was in wrong hands from `compromised_since` on; a later event can only move that earlier."""

    place: Place
    agency: str
    kid: bytes
    compromised_since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSet:
    """An address may write for an agency: `purposes` bit 1 anchors, bit 2 changes status; no bit: removed."""

    place: Place
    agency: str
    operator: bytes
    purposes: int
    active_from: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnchored:
    """A batch of certificates with serials `first_serial` ... `first_serial + count - 1` is under `root`."""

    place: Place
    agency: str
    certificate_type: bytes
    suite: int
    root: bytes
    first_serial: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged:
    """The serials that one call moved to `status` (0 valid, 1 revoked, 2 suspended)."""

    place: Place
    agency: str
    status: int
    serials: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSuperseded:
    """Serial `old` is replaced by `successors`."""

    place: Place
    agency: str
    old: int
    successors: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRetired:
    """No more anchors on this ledger; `successor` (20-byte address) goes on with the agencies' serials."""

    place: Place
    successor: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityChanged:
    """The first event of either contract: it takes its orders from the AccessManager `authority` (20 bytes)."""

    place: Place
    authority: bytes


RegistryEvent = (
    AuthorityChanged
    | AgencyRegistered
    | AgencyAdminChanged
    | AgencySuspended
    | AgencyReinstated
    | AgencyAccredited
    | AccreditationEnded
    | KeyAdded
    | KeyRetired
    | KeyRevoked
    | OperatorSet
)
LedgerEvent = AuthorityChanged | BatchAnchored | StatusChanged | CertificateSuperseded | LedgerRetired
Event = RegistryEvent | LedgerEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Where a contract's events stand: the number of the last one and the running head after it."""

    sequence: int
    head: bytes
