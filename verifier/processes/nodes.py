"""Choosing the chain node that a process speaks to, and those that it turns to when that one is away."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from chain.errors import NodeError
from chain.node import Node

_LOG = logging.getLogger(__name__)


@asynccontextmanager
async def open_node(urls: Sequence[str]) -> AsyncIterator[Node]:
    """Open the first node that answers, else the first; the rest are those to turn to later. Closed at the end."""
    at = await _choose(urls)
    node = Node(urls[at], others=(*urls[at + 1 :], *urls[:at]))
    try:
        yield node
    finally:
        await node.close()


async def _choose(urls: Sequence[str]) -> int:
    if len(urls) == 1:
        return 0
    for at, url in enumerate(urls):
        node = Node(url)
        try:
            await node.chain_id()
        except NodeError as error:
            _LOG.warning("passed over: %s", error)
        else:
            return at
        finally:
            await node.close()
    return 0
