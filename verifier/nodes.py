"""Choosing the chain node that a process speaks to."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from chain.errors import NodeError
from chain.node import Node

_LOG = logging.getLogger(__name__)


@asynccontextmanager
async def open_node(urls: Sequence[str]) -> AsyncIterator[Node]:
    """Open the first node that answers; where none does, the first, which is then waited for. Closed at the end."""
    node = Node(await _choose(urls))
    try:
        yield node
    finally:
        await node.close()


async def _choose(urls: Sequence[str]) -> str:
    if len(urls) == 1:
        return urls[0]
    for url in urls:
        node = Node(url)
        try:
            await node.chain_id()
        except NodeError as error:
            _LOG.warning("passed over: %s", error)
        else:
            return url
        finally:
            await node.close()
    return urls[0]
