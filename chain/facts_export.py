"""Making a facts file: what an earlier one has, if there is one, and what the chain has said since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chain.deployment import Deployment
from chain.errors import FactsUnfit, NodeInconsistent
from chain.facts_file import FactsReader, FactsWriter, WrittenEvent
from chain.history import validators_of
from chain.network import Network
from chain.node import Node
from chain.rereading import Rereading
from ecert.trust import Checkpoint, TrustedLedger, Validators
from store.states import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A facts file that goes with a trust file, and what that says of the ledger which comes next in it."""

    facts: FactsReader
    ledger: TrustedLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsExport:
    """Writes ledger after ledger to `out`, as the node tells them; every event is proved by its running head.

    `reach` is told the number of the block up to which all is written.
    """

    node: Node
    network: Network
    out: FactsWriter
    reach: Callable[[int], None]

    async def write(
        self, deployment: Deployment, until: int, earlier: Earlier | None
    ) -> tuple[Checkpoint, tuple[Validators, ...]]:
        """Write the events of a ledger up to block `until`; answer the checkpoint and who seals from it on.

        Raises:
            FactsUnfit: the earlier file is broken, or of another history; begin anew without it.
            NodeError: the node did not answer, or contradicts itself.
        """
        reading = Rereading(self.node, deployment)
        self.out.begin(deployment.name)
        if earlier is not None:
            await self._copy(earlier, reading)
        async for stretch in reading.until(until):
            for chained in stretch.events:
                place = chained.event.place
                self.out.add(
                    WrittenEvent(
                        contract=chained.contract,
                        block=place.block,
                        time=place.time,
                        name=chained.name,
                        fields=chained.fields,
                    )
                )
            self.reach(stretch.last.number)
        last = await self.node.block(until)
        if reading.block != (last.number, last.hash):
            raise NodeInconsistent(f"block {until} has changed while it was read")
        at = Checkpoint(
            block=last.number,
            hash=last.hash,
            time=last.time,
            registry=reading.counts[Contract.REGISTRY],
            ledger=reading.counts[Contract.LEDGER],
        )
        self.out.end(at)
        sealed = Validators(from_block=until + 1, addresses=validators_of(last)) if self.network.sealed else None
        return at, () if sealed is None else (sealed,)

    async def _copy(self, earlier: Earlier, reading: Rereading) -> None:
        for written, _ in earlier.facts.events(earlier.ledger):
            self.out.add(written)
        at = earlier.ledger.checkpoint
        if (await self.node.block(at.block)).hash != at.hash:
            raise FactsUnfit(f"its block {at.block} is another one on the node's chain")
        reading.block = at.block, at.hash
        reading.counts = {Contract.REGISTRY: at.registry, Contract.LEDGER: at.ledger}
