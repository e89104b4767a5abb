"""Makes the connections between nodes what the network's groups allow.

A cut holds because nothing dials: there is no discovery, and on both ends the other node is struck off the lists of
those to dial and of those to let in. A node that starts during a cut is given lists without the others.

A client never dials the same peer twice within 35 seconds. So a link is made by one end alone, and the other end is
asked only when that one may not.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Sequence
from pathlib import Path

from .chain import wait
from .faults import NetworkError
from .record import Member, Record
from .rpc import ask_owner

CUT_TIMEOUT = 20.0
HEAL_TIMEOUT = 60.0
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
    pairs = [pair for pair in itertools.combinations(members, 2) if record.linked(pair[0].number, pair[1].number)]

    def missing() -> list[tuple[Member, Member]]:
        seen = {member.number: connected(network, record, member) for member in members}
        return [(one, other) for one, other in pairs if other.number not in seen[one.number]]

    def whole() -> bool | None:
        return None if missing() else True

    for one, other in missing():
        ask_owner(one.folder(network), "admin_addTrustedPeer", other.enode)
        ask_owner(other.folder(network), "admin_addTrustedPeer", one.enode)
        ask_owner(one.folder(network), "admin_addPeer", other.enode)
    with contextlib.suppress(NetworkError):
        wait("the first ends have dialled", whole, SECOND_END)
    for one, other in missing():
        ask_owner(other.folder(network), "admin_addPeer", one.enode)
    wait("all nodes of a group are connected", whole, HEAL_TIMEOUT)


def strangers(record: Record, member: Member) -> list[Member]:
    """Give the nodes that a node may not reach."""
    return [one for one in record.members if one != member and not record.linked(one.number, member.number)]


def across(network: Path, record: Record, member: Member) -> set[int]:
    """Give the nodes that a node is connected with and may not be."""
    return connected(network, record, member) & {one.number for one in strangers(record, member)}
