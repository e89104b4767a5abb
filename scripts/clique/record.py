"""What is written down about a network: `network.json` in its folder, for us and for whoever uses the network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .faults import NetworkError
from .ports import LOOPBACK, write

FILE = "network.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A node: its number from 1 on, its signing address, how peers and users reach it.

    Numbers follow the order of addresses, so that block b is the turn of node b % 5 + 1.
    """

    number: int
    address: str
    enode: str
    port: int
    peer_port: int

    @property
    def url(self) -> str:
        """Where it answers JSON-RPC."""
        return f"http://{LOOPBACK}:{self.port}"

    def folder(self, network: Path) -> Path:
        """Give the node's own folder within its network's."""
        return network / f"node-{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A network. `groups` tells who may reach whom; in a whole network all are in one group."""

    chain_id: int
    fees: str
    archive: bool
    members: tuple[Member, ...]
    groups: tuple[tuple[int, ...], ...]

    def member(self, number: int) -> Member:
        """Give a node by its number.

        Raises:
            NetworkError: there is no such node.
        """
        for member in self.members:
            if member.number == number:
                return member
        raise NetworkError(f"there is no node {number}; they are {', '.join(str(one.number) for one in self.members)}")

    def linked(self, one: int, other: int) -> bool:
        """Tell whether two nodes may reach each other."""
        return any(one in group and other in group for group in self.groups)

    def neighbours(self, number: int) -> list[Member]:
        """Give the other nodes that a node may reach."""
        return [other for other in self.members if other.number != number and self.linked(number, other.number)]

    def regrouped(self, groups: Sequence[Sequence[int]]) -> Record:
        """Give the same network with other groups.

        Raises:
            NetworkError: a node is not in exactly one of them.
        """
        named = sorted(number for group in groups for number in group)
        if named != sorted(member.number for member in self.members):
            raise NetworkError(
                f"each of the {len(self.members)} nodes belongs into exactly one group; you named {named}"
            )
        return replace(self, groups=tuple(tuple(sorted(group)) for group in groups if group))


def save(folder: Path, record: Record, pids: Mapping[int, int | None]) -> None:
    """Write `network.json` whole or not at all. `pids` are for its readers: we ourselves never read them back."""
    nodes = [asdict(one) | {"url": one.url, "pid": pids.get(one.number)} for one in record.members]
    body = asdict(record) | {"urls": [member.url for member in record.members], "nodes": nodes}
    del body["members"]
    write(folder / FILE, body)


def load(folder: Path) -> Record:
    """Read `network.json`.

    Raises:
        NetworkError: there is no network in this folder.
    """
    try:
        body: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NetworkError(f"there is no network in {folder}; `up` makes one") from error
    members = [Member(**{name: node[name] for name in Member.__slots__}) for node in body["nodes"]]
    return Record(
        chain_id=body["chain_id"],
        fees=body["fees"],
        archive=body["archive"],
        members=tuple(members),
        groups=tuple(tuple(group) for group in body["groups"]),
    )
