"""Whom a verifier without a node trusts: what a trust file says (format, section 7).

Trust: its roots. `threshold` of them together decide which ledgers, keys and checkpoints every verifier that pinned
them believes; fewer can do nothing. A verifier pins them once, by their fingerprint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from ecert import base64url, strict_json
from ecert.agency import ledger_name
from ecert.agency_copy import AgencyCopy
from ecert.events import Reading
from ecert.facts import AsOf
from ecert.jwks import KeySet
from ecert.ledger_copy import LedgerCopy
from ecert.suite import thumbprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """The root keys (65-byte points, in the order of their thumbprints) and how many of them must sign."""

    threshold: int
    keys: tuple[bytes, ...]

    @property
    def kids(self) -> dict[bytes, bytes]:
        """Their keys by thumbprint."""
        return {thumbprint(key): key for key in self.keys}

    @property
    def fingerprint(self) -> str:
        """What a verifier pins: SHA-256, base64url, of threshold and thumbprints as RFC 8785 JSON."""
        kids = [base64url.encode(thumbprint(key)) for key in self.keys]
        said = strict_json.canonical({"keys": list(kids), "threshold": self.threshold})
        return base64url.encode(sha256(said.encode()).digest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The block up to which all is known and settled, and where both contracts' events stand in it."""

    block: int
    hash: bytes
    time: int
    registry: Reading
    ledger: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedContract:
    """A contract: its address, its instance, and keccak256 of its code."""

    address: bytes
    instance: bytes
    code_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """Who seals blocks from `from_block` on, by address."""

    from_block: int
    addresses: frozenset[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedLedger:
    """One ledger and its registry. `validators`: ascending; empty where the network's blocks carry no seals.

    `agencies`: as of the checkpoint, with their keys and accreditations, without batches and statuses.
    """

    chain_id: int
    genesis: bytes
    registry: TrustedContract
    ledger: TrustedContract
    checkpoint: Checkpoint
    validators: tuple[Validators, ...]
    agencies: tuple[AgencyCopy, ...]

    @property
    def name(self) -> str:
        """The ledger's CAIP-10 name."""
        return ledger_name(self.chain_id, self.ledger.address)

    @property
    def as_of(self) -> AsOf:
        """The checkpoint as verdicts tell it."""
        at = self.checkpoint
        return AsOf(chain=f"eip155:{self.chain_id}", block=at.block, hash=at.hash, time=at.time)

    def sealers(self, height: int) -> frozenset[bytes]:
        """Give the addresses of those who are trusted to seal at a height; none where nobody is."""
        trusted = [each.addresses for each in self.validators if each.from_block <= height]
        return trusted[-1] if trusted else frozenset()

    def copy(self) -> LedgerCopy:
        """Give all that is known of the ledger without a facts file: its agencies, and no batch."""
        return LedgerCopy(
            ledger=self.name,
            as_of=self.as_of,
            settled_block=self.checkpoint.block,
            agencies={agency.code: agency for agency in self.agencies},
            complete=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What a trust file says; good from `iat` until before `exp`, seconds.

    `previous`: SHA-256 of the payload of the version before; None for the first. `ledgers`: the one that certificates
    are issued on, and after it those that it follows. `status_bases`: where status lists are published.
    """

    version: int
    iat: int
    exp: int
    previous: bytes | None
    roots: Roots
    ledgers: tuple[TrustedLedger, ...]
    status_bases: tuple[str, ...]
    receipt_keys: KeySet
    status_keys: KeySet

    def telling(self, copies: Mapping[str, LedgerCopy]) -> Trust:
        """Give it with the agencies of the copies of its ledgers, by name."""
        told = (replace(one, agencies=tuple(copies[one.name].agencies.values())) for one in self.ledgers)
        return replace(self, ledgers=tuple(told))
