"""What the ledger should do, in a few lines of Python: one agency, accredited, never suspended."""

from __future__ import annotations

from dataclasses import dataclass, field

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.contracts.world import AGENCY, Refusal, refused

MAX_COUNT = 2**20
MAX_GAP = 2**20
VALID, REVOKED, SUSPENDED, SUPERSEDED = range(4)
CHANGES = {"suspend": (SUSPENDED, {VALID}), "reinstate": (VALID, {SUSPENDED}), "revoke": (REVOKED, {VALID, SUSPENDED})}

Expected = tuple[str, tuple[object, ...]]
"""The name and fields of an event."""


@dataclass
class LedgerModel:
    """Every method answers the events that a call makes, or raises the refusal it ends in."""

    batches: dict[int, tuple[bytes, int, bytes, int]] = field(default_factory=dict)
    next_serial: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    successors: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def anchor(self, certificate_type: bytes, suite: int, root: bytes, first: int, count: int) -> list[Expected]:
        batch = (certificate_type, suite, root, count)
        if first in self.batches:
            if self.batches[first] == batch:
                return []
            raise refused("SerialsTaken", AGENCY, first, self.next_serial)
        if not 1 <= count <= MAX_COUNT:
            raise refused("InvalidCount", count)
        if first < self.next_serial:
            raise refused("SerialsTaken", AGENCY, first, self.next_serial)
        if first - self.next_serial > MAX_GAP:
            raise refused("GapTooLarge", AGENCY, first, self.next_serial)
        self.batches[first] = batch
        self.next_serial = first + count
        return [("BatchAnchored", (AGENCY, certificate_type, suite, root, first, count))]

    def is_anchored(self, serial: int) -> bool:
        return any(first <= serial < first + batch[3] for first, batch in self.batches.items())

    def change(self, function: str, serials: list[int]) -> list[Expected]:
        wanted, possible_from = CHANGES[function]
        after, changed = dict(self.statuses), []
        for serial in serials:
            current = self._status(serial, after)
            if current == wanted:
                continue
            if current not in possible_from:
                raise refused("StatusConflict", AGENCY, serial, current, wanted)
            after[serial] = wanted
            changed.append(serial)
        self.statuses = after
        return [("StatusChanged", (AGENCY, wanted, tuple(changed)))] if changed else []

    def supersede(self, serial: int, successors: list[int]) -> list[Expected]:
        current = self._status(serial, self.statuses)
        if current == SUPERSEDED:
            if self.successors[serial] != tuple(successors):
                raise refused("SupersededByOthers", AGENCY, serial, self.successors_hash(serial))
            return []
        if current != VALID:
            raise refused("StatusConflict", AGENCY, serial, current, SUPERSEDED)
        if not successors:
            raise refused("InvalidSuccessorCount", 0)
        for place, successor in enumerate(successors):
            if successor == serial or (place and successor <= successors[place - 1]):
                raise refused("InvalidSuccessor", AGENCY, serial, successor)
            if not self.is_anchored(successor):
                raise refused("SuccessorNotAnchored", AGENCY, successor)
        self.statuses[serial] = SUPERSEDED
        self.successors[serial] = tuple(successors)
        return [("CertificateSuperseded", (AGENCY, serial, tuple(successors)))]

    def successors_hash(self, serial: int) -> bytes:
        return (
            bytes(keccak(encode(["uint64[]"], [self.successors[serial]]))) if serial in self.successors else bytes(32)
        )

    def word(self, index: int) -> int:
        places = range(128 * index, 128 * index + 128)
        return sum(self.statuses.get(serial, 0) << (2 * place) for place, serial in enumerate(places))

    def _status(self, serial: int, statuses: dict[int, int]) -> int:
        if serial >= self.next_serial:
            raise refused("UnknownSerial", AGENCY, serial, 0, self.next_serial)
        return statuses.get(serial, VALID)


__all__ = ["CHANGES", "Expected", "LedgerModel", "Refusal"]
