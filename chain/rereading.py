"""The whole of two contracts' history, read again from the node, from the first block to one that is pinned.

Nothing is taken from the database: numbers, running heads and block links are recomputed as `chain.reading` does it,
beginning with the instances that the deployment names.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from chain.deployment import Deployment
from chain.ledger import Reading
from chain.node import Node
from chain.reading import WINDOW, Counts, Stretch, read_stretch
from store.states import Contract


def first_counts(deployment: Deployment) -> Counts:
    """Where both contracts' events stand before their first."""
    return {
        Contract.REGISTRY: Reading(sequence=0, head=deployment.registry_instance),
        Contract.LEDGER: Reading(sequence=0, head=deployment.ledger_instance),
    }


async def reread(node: Node, deployment: Deployment, *, until: int, window: int = WINDOW) -> AsyncIterator[Stretch]:
    """Give every stretch of the chain up to block `until`, with the events in it; headers only where there are any.

    Raises:
        NodeInconsistent: an event is missing, changed or out of turn, or a contract says otherwise.
        NodeError: the node did not answer.
    """
    head = await node.block(until)
    before = await node.block(max(deployment.block - 1, 0))
    parent, counts = (before.number, before.hash), first_counts(deployment)
    while parent[0] < head.number:
        stretch = await read_stretch(
            node, deployment, parent=parent, counts=counts, head=head, all_from=head.number + 1, window=window
        )
        yield stretch
        parent, counts = (stretch.last.number, stretch.last.hash), stretch.counts
