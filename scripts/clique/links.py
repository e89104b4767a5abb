"""Makes the connections between nodes what the network's groups allow.

A cut holds because nothing dials: there is no discovery, and on both ends the other node is struck off the lists of
those to dial and of those to let in. A node that starts during a cut is given lists without the others.

A client never dials the same peer twice within 35 seconds. So a link is made by one end alone, and the other end is
asked when that one has not managed.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from pathlib import Path

from .chain import wait
from .record import Member, Record
from .rpc import ask_owner

CUT_TIMEOUT = 20.0
HEAL_TIMEOUT = 120.0
SECOND_END = 2.0
UNDER_WAY = 1.0
"""A call that was under way when its end was told not to dial is through after this many seconds, and is ended then."""


def connected(network: Path, record: Record, member: Member) -> set[int]:
    """Ask a node which other nodes it is connected with."""
    numbers = {one.enode.partition("@")[0]: one.number for one in record.members}
    return {numbers[peer["enode"].partition("@")[0]] for peer in ask_owner(member.folder(network), "admin_peers")}


def cut(network: Path, record: Record, members: Sequence[Member]) -> None:
    """Part those of these running nodes that may not reach each other; returns when no connection is left."""

    def look() -> bool | None:
        for member in members:
            for stranger in strangers(record, member):
                for method in ("admin_removeTrustedPeer", "admin_removePeer"):
                    ask_owner(member.folder(network), method, stranger.enode)
        return None if any(across(network, record, member) for member in members) else True

    wait("no connection is left across the cut", look, CUT_TIMEOUT)
    time.sleep(UNDER_WAY)
    wait("no connection is left across the cut", look, CUT_TIMEOUT)


def heal(network: Path, record: Record, members: Sequence[Member]) -> None:
    """Connect those of these running nodes that may reach each other; returns when all of them are."""
    join(network, record, members)
    wait(
        "all nodes of a group are connected",
        lambda: None if missing(network, record, members) else True,
        HEAL_TIMEOUT,
    )


def join(network: Path, record: Record, members: Sequence[Member]) -> None:
    """Let those of these running nodes that may reach each other, and do not, dial now; they may need longer."""
    for one, other in missing(network, record, members):
        ask_owner(one.folder(network), "admin_addTrustedPeer", other.enode)
        ask_owner(other.folder(network), "admin_addTrustedPeer", one.enode)
        ask_owner(one.folder(network), "admin_addPeer", other.enode)
    deadline = time.monotonic() + SECOND_END
    while missing(network, record, members) and time.monotonic() < deadline:
        time.sleep(0.2)
    for one, other in missing(network, record, members):
        ask_owner(other.folder(network), "admin_addPeer", one.enode)


def missing(network: Path, record: Record, members: Sequence[Member]) -> list[tuple[Member, Member]]:
    """Give the pairs of these running nodes that may be connected and are not."""
    seen = {member.number: connected(network, record, member) for member in members}
    pairs = itertools.combinations(members, 2)
    return [
        (one, other)
        for one, other in pairs
        if record.linked(one.number, other.number) and other.number not in seen[one.number]
    ]


def strangers(record: Record, member: Member) -> list[Member]:
    """Give the nodes that a node may not reach."""
    return [one for one in record.members if one != member and not record.linked(one.number, member.number)]


def across(network: Path, record: Record, member: Member) -> set[int]:
    """Give the nodes that a node is connected with and may not be."""
    return connected(network, record, member) & {one.number for one in strangers(record, member)}
