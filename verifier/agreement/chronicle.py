"""What the chain says, read again from its first block on: the source that everything else is compared with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from chain.deployment import Deployment
from chain.node import Node
from chain.reading import Counts, Stretch
from chain.rereading import Rereading
from ecert.events import BatchAnchored, Event
from ecert.facts import AsOf, BatchFacts
from ecert.ledger_copy import LedgerCopy

PIECE = 50_000
"""Events that are folded into the copy at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """An anchored batch by its place on the chain: the block and the event's number."""

    agency: str
    facts: BatchFacts
    sequence: int


class Chronicle:
    """The history of one ledger up to `block`: its copy, its anchors, and the transactions that had an effect."""

    def __init__(self, node: Node, deployment: Deployment) -> None:
        self._reading = Rereading(node, deployment)
        self._deployment = deployment
        self._pending: list[Event] = []
        self.copy = LedgerCopy.empty(deployment.name, AsOf(chain=deployment.chain, block=0, hash=bytes(32), time=0))
        self.sequences: dict[tuple[str, int], int] = {}
        self.transactions: set[bytes] = set()

    @property
    def counts(self) -> Counts:
        """Where both contracts' events stand in the last block that was read."""
        return self._reading.counts

    async def until(self, block: int) -> AsyncIterator[Stretch]:
        """Read on up to a block, and give each stretch; when it is over `copy` is as of that block.

        Raises:
            NodeInconsistent: the chain's events do not hang together.
            NodeError: the node did not answer.
        """
        async for stretch in self._reading.until(block):
            for chained in stretch.events:
                self.transactions.add(chained.log.transaction)
                self._pending.append(chained.event)
                if isinstance(chained.event, BatchAnchored):
                    event = chained.event
                    self.sequences[event.agency, event.first_serial] = event.place.sequence
            yield stretch
            if len(self._pending) >= PIECE or stretch.last.number == block:
                last = stretch.last
                self._fold(AsOf(chain=self._deployment.chain, block=last.number, hash=last.hash, time=last.time))

    async def go_on(self, block: int) -> None:
        """Read on up to a block."""
        async for _ in self.until(block):
            pass

    def anchors(self) -> Iterator[Anchor]:
        """Give every anchored batch, by agency and serial."""
        for code, agency in sorted(self.copy.agencies.items()):
            for facts in agency.batches:
                yield Anchor(agency=code, facts=facts, sequence=self.sequences[code, facts.first_serial])

    def _fold(self, as_of: AsOf) -> None:
        self.copy = self.copy.advance(self._pending, as_of, as_of.block)
        self._pending = []
