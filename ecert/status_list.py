"""The Token Status List (IETF draft-ietf-oauth-status-list) made from a ledger's statuses, for any stranger's reader.

A list has 131,072 entries of two bits; entry `serial mod 131072` is that serial's, the lowest bits of a byte first. A
superseded certificate is written as 1 (INVALID): a stranger cannot know what the ledger's 3 means. Trust: whoever has
the list key could call a revoked certificate valid, until the list's `exp`.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from ecert import base64url
from ecert.agency import STATUS_LIST_SIZE
from ecert.certificate import Value
from ecert.facts import Status
from ecert.members import Members

BITS = 2
MAX_ENTRIES = 1 << 20
_BEST = 9
_WRITTEN = {Status.REVOKED: 1, Status.SUSPENDED: 2, Status.SUPERSEDED: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusList:
    """Statuses of `bits` bits each (1, 2, 4 or 8), packed as the draft's section 4.1 says."""

    bits: int
    packed: bytes

    def __len__(self) -> int:
        """Count the entries."""
        return len(self.packed) * 8 // self.bits

    def status(self, index: int) -> int:
        """Give the entry at `index`; IndexError where there is none."""
        if not 0 <= index < len(self):
            raise IndexError(f"entry {index} of {len(self)}")
        at = index * self.bits
        return self.packed[at >> 3] >> (at & 7) & ((1 << self.bits) - 1)

    def to_json(self) -> dict[str, Value]:
        """Write the claim `status_list`: `bits` and the packed entries, compressed with zlib, as `lst`."""
        return {"bits": self.bits, "lst": base64url.encode(zlib.compress(self.packed, _BEST))}


def encode(statuses: Mapping[int, Status]) -> StatusList:
    """Make the list from the serials that are not valid; all of them must be of one list (not checked)."""
    packed = bytearray(STATUS_LIST_SIZE * BITS // 8)
    for serial, status in statuses.items():
        at = serial % STATUS_LIST_SIZE * BITS
        packed[at >> 3] |= _WRITTEN.get(status, 0) << (at & 7)
    return StatusList(bits=BITS, packed=bytes(packed))


def decode(claim: Members) -> StatusList:
    """Read the claim `status_list` of any size up to 2^20 entries; what unfolds to more is refused unread.

    Raises:
        MalformedError: of the kind that `claim` raises, with the place.
    """
    bits = claim.number("bits")
    if bits not in {1, 2, 4, 8}:
        raise claim.refusal("bits", "not 1, 2, 4 or 8")
    limit = MAX_ENTRIES * bits // 8
    inflating = zlib.decompressobj()
    try:
        packed = inflating.decompress(claim.octets("lst"), limit + 1)
    except zlib.error:
        raise claim.refusal("lst", "not a zlib stream") from None
    if len(packed) > limit:
        raise claim.refusal("lst", f"more than {MAX_ENTRIES} entries")
    if not inflating.eof or inflating.unused_data:
        raise claim.refusal("lst", "a zlib stream that is cut off or has more after its end")
    return StatusList(bits=bits, packed=packed)
