"""One ledger key's calls, brought to the chain.

A round looks (`chain.sight`), decides (`chain.lifecycle`), and does (`chain.deeds`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chain.answers import Receipt
from chain.deeds import LOOK_AGAIN, Deeds
from chain.deployment import Deployment
from chain.lifecycle import RESEND_AFTER, After, Before, Mined, Written, decide
from chain.node import Account, Node
from chain.sight import (
    Conditions,
    effect_is_there,
    forms_of,
    higher_price,
    is_unsettled,
    receipts_of,
    settled_nonce,
    simulate,
)
from chain.signer import Signer
from store import calls, cursors
from store.database import Database
from store.records import Call, Cursor, Lease
from store.states import CallState


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What all calls of a key are seen with: read before any receipt is."""

    account: Account
    settled_nonce: int | None
    cursor: Cursor | None
    conditions: Conditions


@dataclass(slots=True, kw_only=True)
class Delivery:
    """What is needed to bring one key's calls to the chain. `in_flight`: how many may wait at the node."""

    database: Database
    node: Node
    deployment: Deployment
    signer: Signer
    clock: Callable[[], float]
    in_flight: int
    complaints: dict[int, str] = field(default_factory=dict)
    _looked_at: object = None

    async def round(self, lease: Lease, conditions: Conditions) -> bool:
        """Do what can be done now; answer whether anything moved.

        Raises:
            NodeError: the node cannot be used now. What was sent is sent again in a later round.
            SignerFailed: the key cannot be used now.
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
            conditions=conditions,
            complaints=self.complaints,
        )
        with self.database.read() as connection:
            under_way = calls.in_flight(connection, self.deployment.chain, self.signer.address)
        moved = await self._start(deeds)
        return await self._follow(deeds, under_way) or moved

    async def _follow(self, deeds: Deeds, under_way: Sequence[Call]) -> bool:
        """Look after the calls that have a nonce, unless no block has come since the last look and no bytes are due."""
        with self.database.read() as connection:
            cursor = cursors.read(connection, self.deployment.name)
        shown = (deeds.conditions.head.hash, cursor)
        if not under_way or (shown == self._looked_at and not self._is_due(under_way)):
            return False
        around = _Around(
            account=await self.node.account(self.signer.address),
            settled_nonce=await settled_nonce(self.node, self.signer.address, cursor),
            cursor=cursor,
            conditions=deeds.conditions,
        )
        forms = forms_of(self.database, under_way)
        found = await receipts_of(self.node, forms)
        moved = False
        for call in under_way:
            receipt = found.get(call.id)
            written = Written(
                state=call.state, signed_at=forms[call.id][-1].created_at, sent_at=call.sent_at, block=call.block
            )
            seen = self._seen(call, receipt, around)
            step = decide(written, seen, self.clock())
            moved = await deeds.carry_out(step, call, receipt) or moved
        self._looked_at = shown
        return moved

    def _is_due(self, under_way: Sequence[Call]) -> bool:
        """Whether some bytes are to be sent now, though nothing is new."""
        now = self.clock()
        return any(
            call.state is CallState.SIGNED
            or (call.state is CallState.SENT and not (call.sent_at and 0 <= now - call.sent_at < RESEND_AFTER))
            for call in under_way
        )

    def _seen(self, call: Call, receipt: Receipt | None, around: _Around) -> After:
        nonce, account, settled, cursor = call.nonce, around.account, around.settled_nonce, around.cursor
        next_in_line = receipt is None and nonce == account.nonce
        return After(
            receipt=None if receipt is None else Mined(block=receipt.block, succeeded=receipt.succeeded),
            consumed=nonce is not None and account.nonce > nonce,
            consumed_settled=nonce is not None and settled is not None and settled > nonce,
            settled_block=-1 if cursor is None else cursor.settled_block,
            effect=effect_is_there(self.database, self.deployment, call, receipt, cursor),
            next_in_line=next_in_line,
            can_rise=next_in_line and higher_price(call, around.conditions, account.balance) is not None,
        )

    async def _start(self, deeds: Deeds) -> bool:
        """Give nonces to calls whose turn has come, as long as there is room and the node takes our bytes."""
        moved = False
        while call := self._next():
            seen = Before(
                simulation=await simulate(self.node, self.deployment, call, deeds.conditions),
                unsettled=is_unsettled(self.database, self.deployment, call),
            )
            step = decide(Written(state=call.state), seen, self.clock())
            moved = await deeds.carry_out(step, call, None) or moved
        return moved

    def _next(self) -> Call | None:
        with self.database.read() as connection:
            under_way = calls.in_flight(connection, self.deployment.chain, self.signer.address)
            waiting = [call for call in under_way if call.state is not CallState.MINED]
            if len(waiting) >= self.in_flight or any(call.state is CallState.SIGNED for call in waiting):
                return None
            ready = calls.ready(connection, self.deployment.chain, self.signer.address)
        return next((call for call in ready if self._may_be_looked_at(call)), None)

    def _may_be_looked_at(self, call: Call) -> bool:
        """Its pause is over; a clock that was set back ends it, too."""
        until = call.waiting_until
        return until is None or not 0 < until - self._now() <= LOOK_AGAIN

    def _now(self) -> int:
        return int(self.clock())
