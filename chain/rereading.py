"""The whole of two contracts' history, read again from the node, from the first block to one that is pinned.

Nothing is taken from the database: numbers, running heads and block links are recomputed as `chain.reading` does it,
beginning with the instances that the deployment names.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from chain.deployment import Deployment
from chain.errors import NodeInconsistent
from chain.node import Node
from chain.reading import WINDOW, Counts, Stretch, read_stretch
from ecert.events import Reading
from store.states import Contract


def first_counts(deployment: Deployment) -> Counts:
    """Where both contracts' events stand before their first."""
    return {
        Contract.REGISTRY: Reading(sequence=0, head=deployment.registry_instance),
        Contract.LEDGER: Reading(sequence=0, head=deployment.ledger_instance),
    }


class Rereading:
    """One reading of the history, which can be gone on with later. `block`: the last that was read (number, hash)."""

    def __init__(self, node: Node, deployment: Deployment) -> None:
        self._node = node
        self._deployment = deployment
        self.block: tuple[int, bytes] | None = None
        self.counts = first_counts(deployment)

    async def until(self, number: int) -> AsyncIterator[Stretch]:
        """Give every stretch up to block `number`, with the events in it; headers only where there are any.

        Raises:
            NodeInconsistent: an event is missing, changed or out of turn, or a contract says otherwise.
            NodeError: the node did not answer.
        """
        head = await self._node.latest()
        if head.number < number:
            raise NodeInconsistent(f"the node is at block {head.number} and has yet to catch up with block {number}")
        if self.block is None:
            before = await self._node.block(max(self._deployment.block - 1, 0))
            self.block = before.number, before.hash
        while self.block[0] < number:
            stretch = await read_stretch(
                self._node,
                self._deployment,
                parent=self.block,
                counts=self.counts,
                head=head,
                all_from=head.number + 1,
                window=min(WINDOW, number - self.block[0]),
            )
            self.block, self.counts = (stretch.last.number, stretch.last.hash), stretch.counts
            yield stretch
