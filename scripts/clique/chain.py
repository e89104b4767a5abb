"""Looks at the chain through several nodes: heads, who signed, and whether all tell the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .faults import NetworkError, NodeRefused, NodeSilent
from .ports import LOOPBACK
from .record import Member, Record
from .rpc import ask

IN_TURN = 2
SETTLED = 3
"""More than half of five signers: how deep a block is that a network without a cut takes back no more."""
Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block's header, as far as we look at it. Difficulty 2 is the signer whose turn it was, 1 another one."""

    number: int
    hash: str
    parent: str
    difficulty: int
    time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Who signed a block (a node's number), and whether it was its turn."""

    number: int
    signer: int
    in_turn: bool


def block(member: Member, which: int | str = "latest") -> Block | None:
    """Ask a node for a block by number, hash or tag; None if it has none such."""
    by_hash = isinstance(which, str) and which.startswith("0x")
    method = "eth_getBlockByHash" if by_hash else "eth_getBlockByNumber"
    told = ask(LOOPBACK, member.port, method, hex(which) if isinstance(which, int) else which, False)
    if told is None:
        return None
    return Block(
        number=int(told["number"], 16),
        hash=told["hash"],
        parent=told["parentHash"],
        difficulty=int(told["difficulty"], 16),
        time=int(told["timestamp"], 16),
    )


def head(member: Member) -> Block:
    """Ask a node for its newest block."""
    latest = block(member)
    if latest is None:
        raise NodeSilent(f"node {member.number} has no block at all")
    return latest


def agreed(members: Iterable[Member], depth: int = SETTLED) -> Block | None:
    """Give the block `depth` below the lowest head of these nodes, if it is not the genesis and all have the same."""
    members = list(members)
    number = min(head(member).number for member in members) - depth
    if number < 1:
        return None
    seen = [block(member, number) for member in members]
    return seen[0] if len({one.hash for one in seen if one}) == 1 and None not in seen else None


def sealed(record: Record, member: Member, last: int = 10) -> list[Sealed]:
    """Tell who signed the last blocks of a node's chain, oldest first."""
    signers = {one.address.lower(): one.number for one in record.members}
    newest = head(member).number
    made = []
    for number in range(max(1, newest - last + 1), newest + 1):
        one = block(member, number)
        if one is not None:
            signer = signers[ask(LOOPBACK, member.port, "clique_getSigner", one.hash)]
            made.append(Sealed(number=number, signer=signer, in_turn=one.difficulty == IN_TURN))
    return made


def wait(what: str, look: Callable[[], Seen | None], timeout: float) -> Seen:
    """Look five times a second until there is something to see, and give it. A node that is silent is looked at again.

    Raises:
        NetworkError: nothing was seen in `timeout` seconds; `what` was waited for.
    """
    deadline = time.monotonic() + timeout
    why: Exception | None = None
    while True:
        try:
            seen = look()
        except (NodeSilent, NodeRefused) as error:
            seen, why = None, error
        if seen is not None:
            return seen
        if time.monotonic() > deadline:
            raise NetworkError(f"waited {timeout:.0f} s in vain for this: {what}") from why
        time.sleep(0.2)


def await_agreement(members: Sequence[Member], timeout: float, depth: int = SETTLED) -> Block:
    """Wait until these nodes agree on a block that is made from now on and lies `depth` deep in each."""
    asked = wait("some node answers", lambda: max(head(member).number for member in members), timeout)

    def look() -> Block | None:
        seen = agreed(members, depth)
        return seen if seen and seen.number >= asked else None

    numbers = ", ".join(str(member.number) for member in members)
    return wait(f"nodes {numbers} agree on a block above {asked}", look, timeout)
