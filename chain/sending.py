"""Handing a signed transaction to a node, and what became of that: taken, known already, too late, or refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chain.errors import CallReverted, NodeRefused
from chain.ledger import refusal
from chain.node import Node

_KNOWN = ("already known", "known transaction", "already imported", "alreadyknown", "already in the pool")
_TOO_LATE = ("nonce too low", "nonce is too low", "nonce_too_low", "oldnonce", "nonce too small")


class Fate(StrEnum):
    """What a node made of signed bytes."""

    TAKEN = "taken"
    KNOWN = "known"
    TOO_LATE = "too_late"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A node's answer to signed bytes; `said` is its complaint where it refused.

    `reverted`: a development node has mined the transaction at once, and says so by why it was reverted.
    """

    fate: Fate
    said: str = ""
    reverted: CallReverted | None = None


def read_complaint(complaint: NodeRefused) -> Handed:
    """Tell from a node's complaint what became of bytes that may have been sent before: pure.

    Clients word it differently (go-ethereum, GoQuorum, Besu, Hardhat were looked at). Words that nobody knows are
    `REFUSED`, which loses nothing: the same bytes are sent again later.
    """
    message = complaint.message.lower()
    if any(words in message for words in _KNOWN):
        return Handed(fate=Fate.KNOWN)
    if any(words in message for words in _TOO_LATE):
        return Handed(fate=Fate.TOO_LATE)
    return Handed(fate=Fate.REFUSED, said=complaint.message, reverted=refusal(complaint))


async def hand_over(node: Node, raw: bytes) -> Handed:
    """Send signed bytes, to the other nodes as well.

    `NodeAway` means that nobody knows: the same bytes must be sent again.
    """
    node.spread(raw)
    try:
        await node.send(raw)
    except NodeRefused as complaint:
        return read_complaint(complaint)
    return Handed(fate=Fate.TAKEN)
