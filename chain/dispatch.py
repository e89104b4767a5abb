"""One ledger key's calls, brought to the chain: started, and followed until they are over.

Each time it is looked (`chain.sight`, `chain.tracing`), decided (`chain.lifecycle`), and done (`chain.deeds`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from chain.answers import TransactionReceipt
from chain.deeds import LOOK_AGAIN, Deeds
from chain.deployment import Deployment
from chain.freed import find_freed
from chain.lifecycle import RESEND_AFTER, After, Mined, Written, decide
from chain.node import Node
from chain.sight import Conditions, effect_block, higher_price, look_ahead
from chain.signer import Signer
from chain.tracing import Traces
from store import calls
from store.database import Database
from store.records import Call, Cursor, Lease
from store.states import CallState

IN_FLIGHT = 3
"""How many transactions of a key may wait at the node; some networks take no more than five."""


@dataclass(slots=True, kw_only=True)
class Dispatch:
    """What is needed to bring one key's calls to the chain.

    Both methods raise:
        NodeError: the node cannot be used now. What was sent is sent again in a later round.
        SignerFailed: the key cannot be used now.
        LeaseLost: another process works with this key.
        StoreError: the database cannot be used now.
    """

    database: Database
    node: Node
    deployment: Deployment
    signer: Signer
    clock: Callable[[], float]
    complaints: dict[int, str] = field(default_factory=dict)
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self, lease: Lease, conditions: Conditions) -> bool:
        """Give nonces to calls whose turn has come, as long as there is room and the node takes our bytes.

        Answers whether anything moved. Whoever wants the same meanwhile waits.
        """
        async with self._starting:
            deeds, moved = self._deeds(lease, conditions, ()), False
            while call := self._next():
                before = await look_ahead(self.node, self.database, self.deployment.of(call.ledger), call, conditions)
                step = decide(Written(state=call.state), before, self.clock())
                moved = await deeds.carry_out(step, call, None) or moved
            return moved

    async def follow(self, lease: Lease, conditions: Conditions, under_way: Sequence[Call], traces: Traces) -> bool:
        """Do what is next for calls of this key that have a nonce; answer whether anything moved."""
        deeds, moved = self._deeds(lease, conditions, traces.cursors), False
        freed = find_freed(under_way, traces)
        for call in under_way:
            receipt = traces.receipts.get(call.id)
            written = Written(
                state=call.state,
                signed_at=traces.forms[call.id][-1].created_at,
                sent_at=call.sent_at,
                block=call.block,
                moved_at=call.updated_at,
                refused=call.error is not None,
            )
            seen = self._seen(call, receipt, traces, conditions)
            if freed is not None and call.nonce != freed.nonce:
                seen = replace(seen, behind_freed=True)
            moved = await deeds.carry_out(decide(written, seen, self.clock()), call, receipt) or moved
        if freed is not None:
            await deeds.use_up(freed)
        return moved

    def is_due(self, under_way: Sequence[Call]) -> bool:
        """Whether some bytes are to be sent now, though nothing is new."""
        now = self.clock()
        return any(
            call.state is CallState.SIGNED
            or (call.state is CallState.SENT and not (call.sent_at and 0 <= now - call.sent_at < RESEND_AFTER))
            for call in under_way
            if call.error is None
        )

    def _deeds(self, lease: Lease, conditions: Conditions, seen: Sequence[Cursor]) -> Deeds:
        return Deeds(
            database=self.database,
            node=self.node,
            deployment=self.deployment,
            signer=self.signer,
            lease=lease,
            now=self._now,
            conditions=conditions,
            complaints=self.complaints,
            seen=seen,
        )

    def _seen(self, call: Call, receipt: TransactionReceipt | None, traces: Traces, conditions: Conditions) -> After:
        nonce, key, cursor = call.nonce, traces.keys[call.sender], traces.cursor
        settled_block = -1 if cursor is None else cursor.settled_block
        elsewhere = cursor is not None and (call.id in traces.elsewhere or not traces.ours)
        consumed_settled = nonce is not None and key.settled_nonce is not None and key.settled_nonce > nonce
        over = consumed_settled if receipt is None else receipt.block <= settled_block and not elsewhere
        next_in_line = receipt is None and nonce == key.account.nonce
        return After(
            receipt=None if receipt is None else Mined(block=receipt.block, succeeded=receipt.succeeded),
            consumed=nonce is not None and key.account.nonce > nonce,
            consumed_settled=consumed_settled,
            settled_block=settled_block,
            elsewhere=elsewhere,
            effect=self._effect(call, receipt, cursor) if over else None,
            next_in_line=next_in_line,
            can_rise=next_in_line and higher_price(call, conditions, key.account.balance) is not None,
        )

    def _effect(self, call: Call, receipt: TransactionReceipt | None, cursor: Cursor | None) -> int | None:
        return effect_block(self.database, self.deployment.of(call.ledger), call, receipt, cursor)

    def _next(self) -> Call | None:
        with self.database.read() as connection:
            under_way = calls.in_flight(connection, self.deployment.chain, self.signer.address)
            waiting = [call for call in under_way if call.state is not CallState.MINED]
            if len(waiting) >= IN_FLIGHT or any(call.state is CallState.SIGNED for call in waiting):
                return None
            ready = calls.ready(connection, self.deployment.chain, self.signer.address)
        return next((call for call in ready if self._may_be_looked_at(call)), None)

    def _may_be_looked_at(self, call: Call) -> bool:
        """Its ledger is ours, and its pause is over; a clock that was set back ends it, too."""
        if call.ledger not in self.deployment.names:
            return False
        until = call.waiting_until
        return until is None or not 0 < until - self._now() <= LOOK_AGAIN

    def _now(self) -> int:
        return int(self.clock())
