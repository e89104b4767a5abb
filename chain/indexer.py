"""The indexer: what the contracts said becomes facts in the store, in their order, each once, and nothing else.

Each round reads a stretch after the cursor (`chain.reading` checks it), and writes blocks, events and the cursor in one
transaction; killed at any moment, it goes on from the cursor. Rounds without events move the cursor as well, which is
how everybody knows that our copy is fresh.

The chain is pinned at the first start. Where it differs later, mostly because a local chain was restarted, the indexer
stops with `ChainChanged`. A fork is rolled back to the last common block, where the network can fork.

Trust: one node is believed when it says what the latest block is; whatever it says of the contracts is recomputed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from chain.answers import BlockHeader
from chain.deployment import Deployment
from chain.errors import FinalityBroken, ForkTooDeep, NodeError, NodeInconsistent
from chain.identity import pin
from chain.ledger import Reading
from chain.network import Network, find_network
from chain.node import Node
from chain.pausing import pause
from chain.reading import WINDOW, Counts, Stretch, read_stretch
from store import blocks, cursors, events
from store.database import Database
from store.errors import CursorMoved, StoreError
from store.records import Block, Cursor, SeenEvent
from store.states import Contract

REMEMBERED = 1_024
"""Blocks whose hashes are kept, and so the deepest fork that can be rolled back."""

FUTURE = 60
"""Seconds that a block's time may lie ahead of our clock."""

log = logging.getLogger(__name__)


class Indexer:
    """Keeps one ledger's facts in the store.

    Args:
        database: where facts go.
        node: where they come from.
        deployment: the contracts.
        settled_depth: how many blocks must follow one before it counts; None: as the kind of network needs it.
        clock: seconds since 1970.
        poll: seconds between rounds when there is nothing new.
        window: the most blocks that are read at once; some nodes allow fewer than the usual 1,000.
    """

    def __init__(
        self,
        database: Database,
        node: Node,
        deployment: Deployment,
        *,
        settled_depth: int | None = None,
        clock: Callable[[], float] = time.time,
        poll: float = 0.25,
        window: int = WINDOW,
    ) -> None:
        self._database = database
        self._node = node
        self._deployment = deployment
        self._settled_depth = settled_depth
        self._clock = clock
        self._poll = poll
        self._window = window
        self._network: Network | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until `stop`; a node or database that is away is waited for.

        Raises:
            ChainChanged: this is not the chain that was pinned.
            ForkTooDeep: nothing that we remember is on the chain any more.
            FinalityBroken: a block changed where blocks are final.
        """
        trouble = ""
        while not stop.is_set():
            moved, said = False, ""
            try:
                moved = await self.step()
            except (NodeError, StoreError) as error:
                said = str(error)
            if said and said != trouble:
                log.warning("the indexer waits: %s", said)
            if trouble and not said:
                log.info("the indexer goes on")
            trouble = said
            if not moved:
                await pause(stop, self._poll if not said else max(self._poll, 1.0))

    async def step(self) -> bool:
        """One round: read and store the next stretch; answer whether anything was new.

        Raises:
            NodeError: the node cannot be used now; nothing was stored.
            StoreError: the database cannot be used now; nothing was stored.
        """
        network = self._network or await self._begin()
        cursor = self._cursor()
        head = await self._node.latest()
        if head.time > self._clock() + FUTURE:
            raise NodeInconsistent(f"block {head.number} lies {head.time - self._clock():.0f} s in the future")
        if head.number <= cursor.block:
            return await self._look_back(cursor, head, network)
        parent = await self._node.block(cursor.block)
        if parent.hash != cursor.hash:
            return await self._roll_back(cursor, network)
        stretch = await read_stretch(
            self._node,
            self._deployment,
            parent=(cursor.block, cursor.hash),
            counts=_counts(cursor),
            head=head,
            all_from=head.number - REMEMBERED,
            window=self._window,
        )
        self._store(cursor, stretch, network)
        return True

    async def _begin(self) -> Network:
        """Pin the chain, or compare it with what was pinned, and make the cursor where there is none."""
        await pin(self._database, self._node, self._deployment)
        network = await find_network(self._node)
        with self._database.read() as connection:
            known = cursors.read(connection, self._deployment.name)
        if known is None:
            await self._make_cursor()
        self._network = network
        return network

    async def _make_cursor(self) -> None:
        before = await self._node.block(max(self._deployment.block - 1, 0))
        start = Cursor(
            ledger=self._deployment.name,
            block=before.number,
            hash=before.hash,
            time=before.time,
            settled_block=before.number,
            generation=0,
            registry_sequence=0,
            registry_head=self._deployment.registry_instance,
            ledger_sequence=0,
            ledger_head=self._deployment.ledger_instance,
        )
        with self._database.begin() as connection:
            cursors.start(connection, start)

    def _cursor(self) -> Cursor:
        with self._database.read() as connection:
            cursor = cursors.read(connection, self._deployment.name)
        if cursor is None:
            self._network = None  # the database was emptied under us: begin again
            raise NodeInconsistent("the database has no cursor for this ledger any more")
        return cursor

    async def _look_back(self, cursor: Cursor, head: BlockHeader, network: Network) -> bool:
        """The node is not ahead of us: it is behind on the same chain, or on another."""
        if (head.number, head.hash) == (cursor.block, cursor.hash):
            return False
        with self._database.read() as connection:
            ours = blocks.read(connection, self._deployment.name, head.number)
        if ours is not None and ours.hash == head.hash:
            return False
        if ours is None and cursor.block - head.number < REMEMBERED:
            await pin(self._database, self._node, self._deployment)
            return False
        return await self._roll_back(cursor, network)

    async def _roll_back(self, cursor: Cursor, network: Network) -> bool:
        await pin(self._database, self._node, self._deployment)
        if not network.forks:
            raise FinalityBroken(cursor.block)
        common = await self._common_block(cursor)
        with self._database.begin() as connection:
            events.roll_back(connection, cursor, common)
        log.warning("blocks %d to %d were undone by the network", common + 1, cursor.block)
        return True

    async def _common_block(self, cursor: Cursor) -> int:
        """The latest block that both we and the node have."""
        with self._database.read() as connection:
            start = cursors.origin(connection, self._deployment.name)
            kept = blocks.latest(connection, self._deployment.name, REMEMBERED)
        remembered = {block.number: block.hash for block in kept} | {start.block: start.hash}
        height = (await self._node.latest()).number
        candidates = sorted((number for number in remembered if number <= height), reverse=True)
        if not candidates:
            raise NodeInconsistent(f"the node is at block {height}, below all that is remembered; it has to catch up")
        for found in await self._node.blocks(candidates):
            if found.hash == remembered[found.number]:
                return found.number
        raise ForkTooDeep(cursor.block, REMEMBERED)

    def _store(self, before: Cursor, stretch: Stretch, network: Network) -> None:
        depth = network.settled_depth if self._settled_depth is None else self._settled_depth
        after = Cursor(
            ledger=before.ledger,
            block=stretch.last.number,
            hash=stretch.last.hash,
            time=stretch.last.time,
            settled_block=max(before.settled_block, stretch.last.number - depth),
            generation=before.generation,
            registry_sequence=stretch.counts[Contract.REGISTRY].sequence,
            registry_head=stretch.counts[Contract.REGISTRY].head,
            ledger_sequence=stretch.counts[Contract.LEDGER].sequence,
            ledger_head=stretch.counts[Contract.LEDGER].head,
        )
        seen = [
            SeenEvent(
                contract=one.contract,
                event=one.event,
                head=one.reading.head,
                transaction=one.log.transaction,
                log=one.log.index,
            )
            for one in stretch.events
        ]
        new = [Block(number=one.number, hash=one.hash, parent=one.parent, time=one.time) for one in stretch.blocks]
        try:
            with self._database.begin() as connection:
                events.append(connection, before, after, seen=seen, headers=new)
                blocks.prune(connection, before.ledger, after.block - REMEMBERED)
        except CursorMoved:
            log.warning("another indexer moved the cursor; this one goes on from there")


def _counts(cursor: Cursor) -> Counts:
    return {
        Contract.REGISTRY: Reading(sequence=cursor.registry_sequence, head=cursor.registry_head),
        Contract.LEDGER: Reading(sequence=cursor.ledger_sequence, head=cursor.ledger_head),
    }
