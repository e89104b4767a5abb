"""Our node's word against that of the other nodes, every so often.

One that goes on where ours stands still, or shows another block where that cannot be, stops us from reading any
further. Where validators seal, seals tell which of two blocks is true; if both are, the ledger is contested.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

from chain.errors import NodeInconsistent
from chain.headers import BlockHeader, check_hash
from chain.history import History, validators_of
from chain.node import Node
from chain.urls import told
from chain.witnesses import Heard, Witnesses, has_stalled
from store.records import Cursor

EVERY = 10
"""Seconds between two questions to the other nodes."""

log = logging.getLogger(__name__)


class Comparison:
    """Compares `node` with the others that it knows of; `history` tells true seals. `clock`: seconds since 1970."""

    def __init__(self, node: Node, history: History, clock: Callable[[], float]) -> None:
        self._node = node
        self._history = history
        self._clock = clock
        self._witnesses: Witnesses | None = None
        self._made_at = -math.inf

    async def make(self, head: BlockHeader, cursor: Cursor, *, sealed: bool, depth: int) -> None:
        """Ask the other nodes, where it is time to; below `depth` blocks all must tell the same.

        Raises:
            NodeInconsistent: our node stands still, or another one has another block.
            QuorumMissing: what our node shows is not sealed.
            Equivocation: the validators have sealed two blocks of one height.
        """
        now = self._clock()
        if not self._node.others or 0 <= now - self._made_at < EVERY:
            return
        if self._witnesses is None:
            self._witnesses = Witnesses(self._node.others, timeout=self._node.timeout)
        heard = await self._witnesses.hear(head, depth)
        if has_stalled(head, heard):
            raise NodeInconsistent(
                f"the node at {told(self._node.url)} stands still at block {head.number}; others go on"
            )
        for other in heard:
            ours = await self._node.block(other.block.number)
            if ours.hash != other.block.hash:
                await self._judge_between(ours, other, cursor, sealed=sealed)
        self._made_at = now

    async def begin_anew(self) -> None:
        """Compare in the very next round, since another node is ours now."""
        self._made_at = -math.inf
        await self.close()

    async def close(self) -> None:
        """Close the connections to the other nodes."""
        witnesses, self._witnesses = self._witnesses, None
        if witnesses is not None:
            await witnesses.close()

    async def _judge_between(self, ours: BlockHeader, other: Heard, cursor: Cursor, *, sealed: bool) -> None:
        """Two nodes show two blocks of one height, which ought to be beyond doubt."""
        if not sealed:
            raise NodeInconsistent(
                f"the nodes at {told(self._node.url)} and {told(other.url)} have different blocks {ours.number}, deeper"
                " than this network forks; nothing is read until they agree"
            )
        known = await self._node.block(cursor.block)
        if known.hash != cursor.hash:
            raise NodeInconsistent(f"the node at {told(self._node.url)} has another block {cursor.block} than our copy")
        trusted = validators_of(known)
        self._history.sealers.prove(check_hash(ours), trusted)
        try:
            self._history.sealers.prove(check_hash(other.block), trusted)
        except NodeInconsistent as error:
            log.error("the node at %s is not asked any more: %s", told(other.url), error)  # noqa: TRY400  # no surprise
            await self._node.drop(other.url)
            await self.close()
            return
        self._history.accuse(ours, self._node.url, other.block, other.url)
