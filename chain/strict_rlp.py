"""RLP that somebody else wrote, read strictly: one spelling of every value, and nothing after it.

The library's strict reading refuses bytes after the end, lengths with zeros before them, long lengths of what is short,
and a byte below 0x80 written as a text of one.
"""

from __future__ import annotations

import rlp
from rlp.exceptions import RLPException

from chain.errors import AnchorUnproved, Unproved

Item = bytes | list["Item"]
"""What RLP says: bytes, or a list of such."""


def decode(encoded: bytes, reason: Unproved) -> Item:
    """Read one item; `AnchorUnproved`, with this reason, for what is none, or is written otherwise than it must be."""
    try:
        item: Item = rlp.decode(encoded)
    except (RLPException, RecursionError) as error:
        raise AnchorUnproved(reason, "it is not strict RLP") from error
    return item


def length(item: Item, reason: Unproved) -> int:
    """Count the bytes that an item has in RLP."""
    try:
        return len(rlp.encode(item))
    except RecursionError as error:
        raise AnchorUnproved(reason, "it is nested without end") from error
