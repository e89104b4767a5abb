"""How long a node is waited for, and so how long an indexer at work may be silent.

Nothing is imported here, since those who ask whether an indexer works speak to no node.
"""

from __future__ import annotations

import math

NODE_SECONDS = 10.0
"""Seconds for one request to a node, from connecting to the last byte."""
TROUBLE_SECONDS = 1.0
"""The least time between two looks while a node or the database is in trouble."""
WRITE_SECONDS = 2
"""Seconds between two writes of the same look."""
BUSY_SECONDS = 4
"""What a busy machine, and times in whole seconds, add to all that."""


def longest_silence(nodes: int, poll: float) -> int:
    """Give the seconds within which an indexer writes down a look, though each of its nodes hangs once.

    The one that it asks may hang twice, when a new block is waited for and when it is then asked for. `poll`: the most
    seconds between two rounds, and between two looks of whoever reads what was written.
    """
    hanging = (nodes + 1) * NODE_SECONDS
    return math.ceil(hanging + max(poll, TROUBLE_SECONDS) + poll + WRITE_SECONDS + BUSY_SECONDS)
