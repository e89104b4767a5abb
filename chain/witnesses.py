"""Other nodes of the network, asked from time to time whether they tell the same as ours.

A node that has stalled says of itself that it is healthy, and one that was cut off, or lies, shows a chain of its own:
only another node can tell. One that does not answer proves nothing and is passed over.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from chain.errors import NodeError
from chain.headers import BlockHeader
from chain.node import Node

STALLED = 15
"""Seconds by which our node's head may be older than another node's."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What another node says: its head, and its block at a height that both nodes should agree about."""

    url: str
    head: BlockHeader
    block: BlockHeader


class Witnesses:
    """Connections to the other nodes."""

    def __init__(self, urls: Sequence[str], *, timeout: float) -> None:
        self._nodes = [Node(url, timeout=timeout) for url in urls]
        self._silent: set[str] = set()

    async def hear(self, head: BlockHeader, depth: int) -> list[Heard]:
        """Ask every node for its head, and for the block `depth` below the lower one of `head` and its head."""
        return [heard for node in self._nodes if (heard := await self._ask(node, head, depth)) is not None]

    async def close(self) -> None:
        """Close the connections."""
        for node in self._nodes:
            await node.close()

    async def _ask(self, node: Node, head: BlockHeader, depth: int) -> Heard | None:
        try:
            theirs = await node.latest()
            block = await node.block(max(min(head.number, theirs.number) - depth, 0))
        except NodeError as error:
            if node.url not in self._silent:
                log.warning("a second opinion is missing: %s", error)
            self._silent.add(node.url)
            return None
        self._silent.discard(node.url)
        return Heard(url=node.url, head=theirs, block=block)


def has_stalled(head: BlockHeader, others: Sequence[Heard]) -> bool:
    """Tell whether our node stands still while another goes on."""
    return any(heard.head.number > head.number and heard.head.time - head.time > STALLED for heard in others)
