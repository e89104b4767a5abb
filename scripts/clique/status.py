"""Says how a network is: a table for people, JSON for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from . import links, node
from .chain import Block, Sealed, sealed
from .faults import NodeRefused, NodeSilent
from .network import Network
from .record import Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How a node is. Without `pid` it does not run; with `pid` and without `head` it runs and does not answer."""

    node: int
    url: str
    pid: int | None
    head: Block | None
    peers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How all nodes are, which of them may reach each other, and who signed the last blocks of the longest chain."""

    chain_id: int
    groups: tuple[tuple[int, ...], ...]
    nodes: tuple[Condition, ...]
    blocks: tuple[Sealed, ...]

    def to_json(self) -> dict[str, object]:
        """Give it as JSON has it; a node's block and hash stand beside its number."""
        nodes = []
        for one in self.nodes:
            block, digest = (one.head.number, one.head.hash) if one.head else (None, None)
            nodes.append({"node": one.node, "pid": one.pid, "block": block, "hash": digest, "peers": one.peers})
            nodes[-1]["url"] = one.url
        blocks = [asdict(one) for one in self.blocks]
        return {"chain_id": self.chain_id, "groups": self.groups, "nodes": nodes, "blocks": blocks}

    def to_text(self) -> str:
        """Give it as a table. A mark behind a signer: it was not that node's turn."""
        lines = ["node      pid    block  hash        peers    url"]
        for one in self.nodes:
            peers = ",".join(map(str, one.peers)) or "-"
            state = f"{one.head.number:8}  {one.head.hash[:10]}" if one.head else f"{silence(one):>20}"
            lines.append(f"{one.node:4} {one.pid or '-':>8} {state}  {peers:8} {one.url}")
        if self.blocks:
            signers = " ".join(f"{one.signer}{'' if one.in_turn else '*'}" for one in self.blocks)
            lines.append(f"blocks {self.blocks[0].number} to {self.blocks[-1].number} signed by: {signers}")
        if len(self.groups) > 1:
            lines.append("cut: " + " | ".join(",".join(map(str, group)) for group in self.groups))
        return "\n".join(lines)


def silence(one: Condition) -> str:
    """Tell why a node shows no block."""
    return "does not answer" if one.pid else "stopped"


def look(network: Network) -> Status:
    """Ask every node how it is; a node that does not answer is no error."""
    record = network.record
    nodes = tuple(condition(network, member) for member in record.members)
    best = max((one for one in nodes if one.head), key=lambda one: one.head.number if one.head else 0, default=None)
    blocks = sealed(record, record.member(best.node)) if best else []
    return Status(chain_id=record.chain_id, groups=record.groups, nodes=nodes, blocks=tuple(blocks))


def condition(network: Network, member: Member) -> Condition:
    """Ask one node how it is."""
    pid = node.pid(network.folder, member)
    head, peers = None, set()
    if pid is not None:
        try:
            head = network.head(member.number)
            peers = links.connected(network.folder, network.record, member)
        except (NodeSilent, NodeRefused):
            head, peers = None, set()
    return Condition(node=member.number, url=member.url, pid=pid, head=head, peers=tuple(sorted(peers)))
