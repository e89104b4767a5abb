"""One ledger key's calls, brought to the chain.

A round looks (`chain.sight`), decides (`chain.lifecycle`), and does (`chain.deeds`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chain.answers import Receipt
from chain.deeds import Deeds
from chain.deployment import Deployment
from chain.lifecycle import After, Before, Mined, Written, decide
from chain.node import Node
from chain.sight import effect_is_there, is_unsettled, receipts_of, settled_nonce, simulate
from chain.signer import Signer
from store import calls, cursors
from store.database import Database
from store.records import Call, Cursor, Lease
from store.states import CallState


@dataclass(slots=True, kw_only=True)
class Delivery:
    """What is needed to bring one key's calls to the chain. `in_flight`: how many may have a nonce at once."""

    database: Database
    node: Node
    deployment: Deployment
    signer: Signer
    clock: Callable[[], float]
    in_flight: int
    complaints: dict[int, str] = field(default_factory=dict)

    async def round(self, lease: Lease) -> bool:
        """Do what can be done now; answer whether anything moved.

        Raises:
            NodeError: the node cannot be used now. What was sent is sent again in a later round.
            LeaseLost: another process works with this key.
            StoreError: the database cannot be used now.
        """
        deeds = Deeds(
            database=self.database,
            node=self.node,
            deployment=self.deployment,
            signer=self.signer,
            lease=lease,
            now=self._now,
            complaints=self.complaints,
        )
        moved = await self._follow(deeds)
        return await self._start(deeds) or moved

    async def _follow(self, deeds: Deeds) -> bool:
        """Look after the calls that have a nonce."""
        with self.database.read() as connection:
            under_way = calls.in_flight(connection, self.deployment.chain, self.signer.address)
            cursor = cursors.read(connection, self.deployment.name)
        if not under_way:
            return False
        count = (await self.node.account(self.signer.address)).nonce
        settled = await settled_nonce(self.node, self.signer.address, cursor)
        found = await receipts_of(self.database, self.node, under_way)
        moved = False
        for call in under_way:
            receipt = found.get(call.id)
            seen = self._seen(call, receipt, count, settled, cursor)
            written = Written(state=call.state, sent_at=call.sent_at, block=call.block)
            moved = await deeds.carry_out(decide(written, seen, self.clock()), call, receipt) or moved
        return moved

    def _seen(
        self, call: Call, receipt: Receipt | None, count: int, settled: int | None, cursor: Cursor | None
    ) -> After:
        nonce = call.nonce
        return After(
            receipt=None if receipt is None else Mined(block=receipt.block, succeeded=receipt.succeeded),
            consumed=nonce is not None and count > nonce,
            consumed_settled=nonce is not None and settled is not None and settled > nonce,
            settled_block=-1 if cursor is None else cursor.settled_block,
            effect=effect_is_there(self.database, self.deployment, call, receipt, cursor),
        )

    async def _start(self, deeds: Deeds) -> bool:
        """Give nonces to calls whose turn has come, as long as there is room and the node takes our bytes."""
        moved = False
        while call := self._next():
            seen = Before(
                simulation=await simulate(self.node, self.deployment, call),
                unsettled=is_unsettled(self.database, self.deployment, call),
            )
            step = decide(Written(state=call.state), seen, self.clock())
            moved = await deeds.carry_out(step, call, None) or moved
        return moved

    def _next(self) -> Call | None:
        with self.database.read() as connection:
            under_way = calls.in_flight(connection, self.deployment.chain, self.signer.address)
            if len(under_way) >= self.in_flight or any(call.state is CallState.SIGNED for call in under_way):
                return None
            ready = calls.ready(connection, self.deployment.chain, self.signer.address)
        now = self._now()
        return next((call for call in ready if call.waiting_until is None or call.waiting_until <= now), None)

    def _now(self) -> int:
        return int(self.clock())
