"""One history or two: what our copy remembers of the chain, against what nodes show now.

Where a network can fork, the last common block is found, to roll back to. Where blocks are final, another block at a
height that we have read is a lie of somebody: without a quorum of seals it is the node's, and the node is dropped; with
one it is the validators', both headers are kept as evidence, and the ledger is contested.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from chain.errors import Equivocation, FinalityBroken, ForkTooDeep, NodeInconsistent
from chain.headers import BlockHeader, check_hash
from chain.network import Network
from chain.node import Node
from chain.seals import Sealers, read_seals
from store import blocks, calls, cursors, events, evidence
from store.database import Database
from store.records import Block, Cursor, Evidence

log = logging.getLogger(__name__)

REMEMBERED = 1_024
"""Blocks whose hashes are kept, and so the deepest fork that can be rolled back."""


@dataclass(slots=True, kw_only=True)
class History:
    """What is remembered of one ledger's chain. `clock`: seconds since 1970."""

    database: Database
    ledger: str
    clock: Callable[[], float]
    sealers: Sealers = field(default_factory=Sealers)

    def prove(self, parent: BlockHeader, new: tuple[BlockHeader, ...], all_from: int) -> None:
        """Make sure that validators sealed the last of some blocks after `parent`, and each from `all_from` on.

        `parent` is a block of ours: its hash is known, so its list of validators is, too.

        Raises:
            QuorumMissing: too few did.
        """
        trusted = validators_of(parent)
        for block in new:
            if block.number >= all_from or block is new[-1]:
                trusted = self.sealers.prove(check_hash(block), trusted)

    def is_sealed(self) -> bool:
        """Whether validators sealed the last block that is remembered: then they must seal all that follow."""
        with self.database.read() as connection:
            last = blocks.latest(connection, self.ledger, 1)
        return any(block.header is not None for block in last)

    async def roll_back(self, node: Node, network: Network, cursor: Cursor) -> None:
        """Forget all blocks that the node does not have; the calls in them are brought back.

        Raises:
            ForkTooDeep: none of the latest blocks that are remembered is on the chain any more.
            QuorumMissing, Equivocation, FinalityBroken: blocks are final here (`explain_change`).
        """
        if not network.forks:
            await self.explain_change(node, network, cursor)
        common = await self.common_block(node, cursor)
        if cursor.block - common > REMEMBERED:  # where reading began is remembered, too, however long ago that is
            raise ForkTooDeep(cursor.block, REMEMBERED)
        with self.database.begin() as connection:
            events.roll_back(connection, cursor, common)
            lost = calls.bring_back(connection, cursor.ledger, above=common) if common < cursor.settled_block else ()
        log.warning("blocks %d to %d were undone by the network", common + 1, cursor.block)
        if lost:
            numbers = ", ".join(map(str, lost))
            log.error("settled blocks were undone; the calls in them are not over any more: %s", numbers)

    async def common_block(self, node: Node, cursor: Cursor) -> int:
        """The latest block that both we and the node have.

        Raises:
            NodeInconsistent: the node has yet to reach what is remembered.
            ForkTooDeep: there is none.
        """
        remembered = self._remembered()
        height = (await node.latest()).number
        candidates = sorted((number for number in remembered if number <= height), reverse=True)
        if not candidates or cursor.block - height > REMEMBERED:  # a node that syncs anew is on no fork for that
            raise NodeInconsistent(f"the node is at block {height}, below all that is remembered; it has to catch up")
        for found in await node.blocks(candidates):
            if found.hash == remembered[found.number].hash:
                return found.number
        raise ForkTooDeep(cursor.block, REMEMBERED)

    async def explain_change(self, node: Node, network: Network, cursor: Cursor) -> None:
        """A block of ours is another one on the node, where blocks are final: find out who lies. Never returns.

        Raises:
            QuorumMissing: the node does.
            Equivocation: the validators do; that is kept.
            FinalityBroken: there are no seals that could tell.
        """
        if not network.sealed:
            raise FinalityBroken(cursor.block)
        common, remembered = await self.common_block(node, cursor), self._remembered()
        ours = min((one for one in remembered.values() if one.number > common), key=lambda one: one.number)
        before, theirs = await node.blocks([common, ours.number])
        if before.hash != remembered[common].hash:
            raise NodeInconsistent(f"the node shows one block {common}, and then another")
        self.sealers.prove(check_hash(theirs), validators_of(before))
        self.accuse(ours, "our own copy", theirs, node.url)

    def accuse(self, one: Block | BlockHeader, source: str, other: BlockHeader, other_source: str) -> None:
        """Keep two sealed headers of one height as evidence, contest the ledger, and raise `Equivocation`."""
        shown = (
            (one.hash, one.header if isinstance(one, Block) else one.rlp, source),
            (other.hash, other.rlp, other_source),
        )
        found = [
            Evidence(
                ledger=self.ledger,
                height=one.number,
                hash=block_hash,
                header=header,
                source=said_by,
                found_at=int(self.clock()),
            )
            for block_hash, header, said_by in shown
        ]
        with self.database.begin() as connection:
            evidence.keep(connection, found)
        raise Equivocation(one.number)

    def _remembered(self) -> dict[int, Block]:
        with self.database.read() as connection:
            start = cursors.origin(connection, self.ledger)
            kept = blocks.latest(connection, self.ledger, REMEMBERED)
        first = Block(number=start.block, hash=start.hash, parent=b"", time=start.time)
        return {first.number: first} | {block.number: block for block in kept}


def validators_of(block: BlockHeader) -> frozenset[bytes]:
    """The validators that a header names; believed only of a header whose hash we know."""
    return read_seals(check_hash(block)).validators
