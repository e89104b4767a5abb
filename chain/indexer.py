"""The indexer: what the contracts said becomes facts in the store, in their order, each once, and nothing else.

Each round reads a stretch after the cursor (`chain.reading` checks it), and writes it down with the cursor in one
transaction (`chain.writing`); killed at any moment, it goes on from the cursor. Rounds without events move the cursor
as well, which is how everybody knows that our copy is fresh.

The chain is pinned at the first start. Where it differs later, mostly because a local chain was restarted, the indexer
stops with `ChainChanged`. A fork is rolled back to the last common block, where the network can fork.

Nothing is read while other nodes tell otherwise (`chain.comparison`). Where validators seal, every block must show
their quorum; two sealed blocks of one height contest the ledger (`chain.history`).

Trust: one node is believed when it says what the latest block is; whatever it says of the contracts is recomputed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from chain.comparison import Comparison
from chain.deployment import Deployment
from chain.errors import (
    Equivocation,
    NodeAway,
    NodeError,
    NodeInconsistent,
    NodeRefused,
    QuorumMissing,
)
from chain.headers import BlockHeader
from chain.history import REMEMBERED, History
from chain.identity import pin
from chain.lookout import Lookout
from chain.network import Network, find_network
from chain.node import Node
from chain.patience import TROUBLE_SECONDS
from chain.pausing import pause
from chain.reading import WINDOW, Stretch, counts_at, read_stretch
from chain.urls import told
from chain.writing import append, start
from store import blocks, cursors
from store.database import Database
from store.errors import CursorMoved, StoreError
from store.records import Cursor

FUTURE = 60
"""Seconds that a block's time may lie ahead of our clock."""

LOOK = 0.05
"""Seconds between two questions for the height, which cost a node next to nothing."""

log = logging.getLogger(__name__)


class Indexer:
    """Keeps one ledger's facts in the store.

    Args:
        database: where facts go.
        node: where they come from.
        deployment: the contracts.
        settled_depth: how many blocks must follow one before it counts; None: as the kind of network needs it.
        clock: seconds since 1970.
        poll: seconds between rounds when there is nothing new; a new block is seen at once.
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
    ) -> None:
        self._database = database
        self._node = node
        self._deployment = deployment
        self._settled_depth = settled_depth
        self._clock = clock
        self._poll = poll
        self._span = WINDOW
        self._network: Network | None = None
        self._history = History(database=database, ledger=deployment.name, clock=clock)
        self._comparison = Comparison(node, self._history, clock)
        self._lookout = Lookout(database, deployment.name, clock)

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until `stop`; a node or database that is away is waited for.

        Raises:
            ChainChanged: this is not the chain that was pinned.
            ForkTooDeep: none of the latest blocks that we remember is on the chain any more.
            FinalityBroken: a block changed where blocks are final, and nobody can tell why.
            Equivocation: the chain's validators have sealed two histories.
        """
        try:
            await self._work(stop)
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the connections to the other nodes; the node itself belongs to who gave it."""
        await self._comparison.close()

    async def _work(self, stop: asyncio.Event) -> None:
        trouble = ""
        while not stop.is_set():
            moved, said = False, ""
            try:
                moved = await self.step()
                self._lookout.note(None)
            except StoreError as error:
                said = str(error)
            except NodeError as error:
                said = str(error)
                self._lookout.note(error)
                await self._turn(error)
            if said and said != trouble:
                log.warning("the indexer waits: %s", said)
            if trouble and not said:
                log.info("the indexer goes on")
            trouble = said
            if said:
                await pause(stop, max(self._poll, TROUBLE_SECONDS))
            elif not moved:
                await self._rest(stop)

    async def _rest(self, stop: asyncio.Event) -> None:
        """Wait for `poll` seconds, or until the node has a block that was not read yet."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._poll
        try:
            reached = self._cursor().block
            while not stop.is_set() and (left := until - loop.time()) > 0:
                if await self._node.height() > reached:
                    return
                await pause(stop, min(LOOK, left))
        except (NodeError, StoreError):
            return  # the next round says so

    async def step(self) -> bool:
        """One round: read and store the next stretch; answer whether anything was new.

        Raises:
            NodeError: the node cannot be used now; nothing was stored.
            StoreError: the database cannot be used now; nothing was stored.
            Equivocation: the ledger is contested; nothing is read.
        """
        network = self._network or await self._begin()
        cursor = self._cursor()
        if cursor.contested is not None:
            raise Equivocation(cursor.contested)
        head = await self._node.latest()
        self._lookout.saw(head)
        if head.time > self._clock() + FUTURE:
            raise NodeInconsistent(f"block {head.number} lies {head.time - self._clock():.0f} s in the future")
        await self._comparison.make(head, cursor, sealed=network.sealed, depth=self._depth(network))
        if head.number <= cursor.block:
            return await self._look_back(cursor, head, network)
        parent = await self._node.block(cursor.block)
        if parent.hash != cursor.hash:
            return await self._roll_back(cursor, network)
        stretch = await self._read(cursor, head, network)
        if network.sealed:
            self._history.prove(parent, stretch.blocks, head.number - REMEMBERED)
        try:
            append(self._database, cursor, stretch, depth=self._depth(network), sealed=network.sealed)
        except CursorMoved:
            log.warning("another indexer moved the cursor; this one goes on from there")
        return True

    async def _read(self, cursor: Cursor, head: BlockHeader, network: Network) -> Stretch:
        """Read the next stretch: a shorter one where the node finds it too long, and later longer ones again."""
        try:
            stretch = await read_stretch(
                self._node,
                self._deployment,
                parent=(cursor.block, cursor.hash),
                counts=counts_at(cursor),
                head=head,
                all_from=head.number - REMEMBERED,
                hashed=network.hashed,
                proved=network.proved,
                window=self._span,
            )
        except (NodeAway, NodeRefused) as error:
            if error.method == "eth_getLogs":
                self._span = max(1, min(self._span, head.number - cursor.block) // 2)
            raise
        self._span = min(WINDOW, 2 * self._span)
        return stretch

    async def _begin(self) -> Network:
        """Pin the chain, or compare it with what was pinned, and make the cursor where there is none."""
        await pin(self._database, self._node, self._deployment)
        network = await find_network(self._node)
        if self._history.is_sealed() and not network.sealed:
            raise NodeInconsistent(
                f"the node says that its network is of the kind {network.kind}; validators seal ours"
            )
        if not network.proved:
            log.warning("the node at %s proves no contract's state: its word is taken for events", told(self._node.url))
        with self._database.read() as connection:
            known = cursors.read(connection, self._deployment.name)
        if known is None:
            start(self._database, self._deployment, await self._node.block(max(self._deployment.block - 1, 0)))
        self._network = network
        return network

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
        await self._history.roll_back(self._node, network, cursor)
        return True

    async def _turn(self, error: NodeError) -> None:
        """Go on with another node, if there is one; it has to show first that it is of the same chain."""
        lying = isinstance(error, QuorumMissing)
        if await (self._node.drop(self._node.url) if lying else self._node.turn()):
            log.warning("the indexer asks the node at %s from now on", told(self._node.url))
            self._network = None
            await self._comparison.begin_anew()

    def _depth(self, network: Network) -> int:
        return network.settled_depth if self._settled_depth is None else self._settled_depth
