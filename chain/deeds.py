"""Doing what was decided about a call. Whatever is done outside is written down before.

A nonce and the signed bytes are stored before a node sees them. Each write first makes sure that this process still
holds the key's lease. The nonce is ours: one more than any we ever gave, and never below what the chain has seen.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from chain.answers import TransactionReceipt, to_hex
from chain.deployment import Deployment
from chain.errors import SignerFailed
from chain.freed import Freed
from chain.ledger import encode_call, gas_limit
from chain.lifecycle import STUCK, Written, decide
from chain.node import Node
from chain.sending import Fate, hand_over
from chain.sight import Conditions, assure_ledger, higher_price, look_ahead, why_reverted
from chain.signer import Signer
from chain.steps import Fail, Mine, Replace, Resend, Send, Settle, SignAgain, Step, Wait
from chain.transaction import SignedTransaction, Transaction, most_of
from store import calls, cursors, leases
from store.database import Connection, Database
from store.errors import NonceTaken
from store.records import Call, Cursor, Lease
from store.states import CallState

LOOK_AGAIN = 2
"""Seconds until a call that waits for people is simulated again."""

KEY = 0
"""Where complaints about a key stand; no call has this number."""

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Deeds:
    """One key's hands, as long as its `lease` holds.

    `conditions`: as they were when the round began. `complaints`: what was last logged about a call, by its id, and
    about the key, under `KEY`.
    `seen`: how far our copies of the ledgers were when what is gone by was looked at. Where one was rolled back since,
    nothing is written (`CursorMoved`): what was settled then may be undone now. Empty where nothing settles by it.
    """

    database: Database
    node: Node
    deployment: Deployment
    signer: Signer
    lease: Lease
    now: Callable[[], int]
    conditions: Conditions
    complaints: dict[int, str]
    seen: Sequence[Cursor]

    async def carry_out(self, step: Step, call: Call, receipt: TransactionReceipt | None) -> bool:
        """Do one step of one call; answer whether anything moved."""
        match step:
            case Send(gas=gas, nonce=nonce):
                moved = await self._sign_and_send(call, gas, nonce)
            case SignAgain():
                moved = await self._sign_again(call)
            case Resend(undone=undone, stuck=stuck):
                moved = await self._resend(call, undone=undone, stuck=stuck)
            case Replace():
                moved = await self._replace(call)
            case Mine(block=block):
                self.complaints.pop(call.id, None)
                with self._writing() as connection:
                    moved = calls.mined(connection, call.id, block=block, now=self.now()).moved
            case Settle(block=block):
                moved = self._settle(call, block)
            case Fail(said=said):
                moved = await self._fail(call, said, receipt)
            case Wait(reason=reason):
                moved = self._wait(call, reason)
        return moved

    def _settle(self, call: Call, block: int) -> bool:
        if call.error is not None:
            log.error(
                "call %d (%s of %s) had failed, and a fork undid that: now it is done", call.id, call.kind, call.agency
            )
        self.complaints.pop(call.id, None)
        with self._writing() as connection:
            return calls.settle(connection, call.id, now=self.now(), block=block).moved

    async def _sign_again(self, call: Call) -> bool:
        log.error("call %d lost nonce %s to a transaction that we did not make", call.id, call.nonce)
        before = await look_ahead(self.node, self.database, self._ledger(call), call, self.conditions)
        match decide(Written(state=CallState.QUEUED), before, self.now()):
            case Send(gas=gas, nonce=nonce):
                return await self._sign_and_send(call, gas, nonce)
            case Fail(said=said):
                return await self._fail(call, said, None)
        self._complain(call.id, f"it lost its nonce, and now: {before.simulation}")
        return False

    async def _sign_and_send(self, call: Call, gas: int, lowest_nonce: int) -> bool:
        signed, nonce = await self._sign(call, gas, lowest_nonce)
        try:
            with self._writing() as connection:
                stored = self._keep(connection, call, signed, nonce)
        except NonceTaken:
            log.warning("call %d: nonce %d was given meanwhile; the next round takes another", call.id, nonce)
            return True
        if stored:
            await self._send(call.id, signed.raw)
        return stored

    def _keep(self, connection: Connection, call: Call, signed: SignedTransaction, nonce: int) -> bool:
        raw, tx_hash, now = signed.raw, signed.hash, self.now()
        if call.nonce is None:
            return calls.sign(connection, call.id, nonce=nonce, raw=raw, tx_hash=tx_hash, now=now).moved
        old = call.nonce
        return calls.resign(connection, call.id, old_nonce=old, nonce=nonce, raw=raw, tx_hash=tx_hash, now=now).moved

    async def _sign(self, call: Call, gas: int, lowest_nonce: int) -> tuple[SignedTransaction, int]:
        with self.database.read() as connection:
            highest = calls.highest_nonce(connection, self.deployment.chain, self.signer.address)
        nonce = lowest_nonce if highest is None else max(highest + 1, lowest_nonce)
        if highest is not None and lowest_nonce > highest + 1:
            self._cry(f"its next nonce is {lowest_nonce}, and we gave it none above {highest}: who else has the key?")
        transaction = Transaction(
            chain_id=self.deployment.chain_id,
            nonce=nonce,
            to=self._ledger(call).ledger,
            data=encode_call(call.kind, call.args),
            gas=gas_limit(call.args, gas, self.conditions.head.gas_limit),
            fee=self.conditions.fee,
        )
        try:
            return await self.signer.sign(transaction), nonce
        except SignerFailed as error:
            self._wait(call, str(error))
            raise

    async def _replace(self, call: Call) -> bool:
        """Bid more for the same nonce. The old bytes stay known: whichever of them is mined, it is this call."""
        account = await self.node.account(self.signer.address)
        dearer = higher_price(call, self.conditions, account.balance)
        if dearer is None or call.tx_hash is None:
            return False
        await assure_ledger(self.node, self._ledger(call), self.conditions.head.hash)
        signed = await self.signer.sign(dearer)
        log.warning(
            "call %d is stuck at nonce %s; %d wei for a unit of gas now", call.id, call.nonce, most_of(dearer.fee)
        )
        with self._writing() as connection:
            stored = calls.replace(
                connection, call.id, old_hash=call.tx_hash, raw=signed.raw, tx_hash=signed.hash, now=self.now()
            ).moved
        if stored:
            await self._send(call.id, signed.raw)
        return stored

    async def _resend(self, call: Call, *, undone: bool, stuck: bool) -> bool:
        if undone:
            log.warning("call %d: block %s, which it was in, was undone", call.id, call.block)
            with self._writing() as connection:
                calls.unmine(connection, call.id, now=self.now())
        if call.raw is None:
            raise ValueError(f"call {call.id} is {call.state} and has no signed bytes")
        sent = await self._send(call.id, call.raw)
        if stuck and sent:
            self._complain(call.id, STUCK)
        return sent

    async def _send(self, call: int, raw: bytes) -> bool:
        handed = await hand_over(self.node, raw)
        if handed.fate is Fate.REFUSED and handed.reverted is None:
            self._complain(call, f"the node does not take it, and it is tried again: {handed.said}")
            return False
        with self._writing() as connection:
            return calls.sent(connection, call, now=self.now()).moved

    async def use_up(self, freed: Freed) -> None:
        """Use up a nonce that is nobody's any more. Which transaction does it does not matter: nothing is written.

        Whose calls they are is asked again: a fork may have brought one back since.
        """
        with self._writing() as connection:
            ours = calls.in_flight(connection, self.deployment.chain, self.signer.address)
        if any(call.nonce == freed.nonce and call.error is None for call in ours):
            return
        signed = await self.signer.sign(
            freed.transaction(self.deployment.chain_id, self.signer.address, self.conditions.fee)
        )
        handed = await hand_over(self.node, signed.raw)
        what = f"a fork made nonce {freed.nonce} free again, and no call has it: what does nothing takes it"
        if handed.fate is Fate.REFUSED:
            what += f", and the node does not take that: {handed.said}"
        self._cry(what)

    async def _fail(self, call: Call, said: str, receipt: TransactionReceipt | None) -> bool:
        reason = said or call.error or await why_reverted(self.node, self._ledger(call), call, receipt)
        log.error("call %d (%s of %s) failed: %s", call.id, call.kind, call.agency, reason)
        self.complaints.pop(call.id, None)
        block = None if receipt is None else receipt.block
        with self._writing() as connection:
            return calls.fail(connection, call.id, error=reason, now=self.now(), block=block).moved

    def _wait(self, call: Call, reason: str | None) -> bool:
        if call.state is not CallState.QUEUED:
            if reason is not None:
                self._complain(call.id, reason)
            elif call.waiting_reason is not None:
                self._explain(call.id, None)
        elif reason is not None:
            if call.waiting_reason != reason:
                log.warning("call %d (%s of %s) waits: %s", call.id, call.kind, call.agency, reason)
            with self._writing() as connection:
                calls.wait(connection, call.id, reason=reason, until=self.now() + LOOK_AGAIN, now=self.now())
        return False

    def _ledger(self, call: Call) -> Deployment:
        """Give the deployment that a call is for: a retired ledger goes on with its statuses."""
        return self.deployment.of(call.ledger)

    def _complain(self, call: int, what: str) -> None:
        """Wake someone, once for each thing that is wrong, and let whoever waits for the call see it."""
        if self.complaints.get(call) != what:
            log.error("call %d: %s", call, what)
        self.complaints[call] = what
        self._explain(call, what)

    def _cry(self, what: str) -> None:
        """Wake someone about the key, once for each thing that is wrong."""
        if self.complaints.get(KEY) != what:
            log.error("key %s: %s", to_hex(self.signer.address), what)
        self.complaints[KEY] = what

    def _explain(self, call: int, reason: str | None) -> None:
        with self._writing() as connection:
            calls.explain(connection, call, reason=reason)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self.database.begin() as connection:
            leases.assure(connection, self.lease, now=self.now())
            for each in self.seen:
                cursors.assure(connection, each)
            yield connection
