"""Putting our contracts on a chain that is to last: once, whatever is cut off when.

Every transaction has its place in a row of nonces that begins where the bureau's key stood, so the addresses of the
contracts are known before anything is sent. Each one is signed and written into the journal, then sent, and sent again
as it is until it is mined. Run again after any end, a founding goes on from there and never deploys a second time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from chain.answers import TransactionReceipt, to_hex
from chain.artifact import artifact
from chain.deploying import ADMINISTRATOR, GUARDIAN, REGISTRAR, check_code
from chain.deployment import Deployment
from chain.errors import CallReverted, DeploymentFailed, NodeAway
from chain.founding_plan import FoundingPlan, Planned, make_plan, most_gas
from chain.journal import Charter, Journal
from chain.network import find_network
from chain.node import Node
from chain.pins import read_pins
from chain.signer import Signer
from chain.transacting import Creation, Invocation, gas_of, hand_in
from chain.transaction import Transaction, find_fee, most_of

PATIENCE = 120.0
"""Seconds that one transaction may take to be mined, or all to be settled."""

_POLL = 0.1
_SEND_AGAIN = 5.0


class Founding:
    """One deployment to one chain. `tell` is given a line for each step."""

    def __init__(
        self,
        node: Node,
        bureau: Signer,
        charter: Charter,
        journal: Path,
        *,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._node = node
        self._bureau = bureau
        self._charter = charter
        self._path = journal
        self._tell = tell

    async def run(self) -> Deployment:
        """Found, or go on founding.

        Raises:
            DeploymentFailed: it cannot be done so; the text says what to do.
            CallReverted: the chain refused a step.
            NodeError: the node did not do its part; the same again goes on.
        """
        journal = Journal.read(self._path, self._charter) or await self._begin()
        await self._check(journal)
        plan = make_plan(journal.bureau, journal.first_nonce, journal.charter)
        if len(journal.signed) < len(plan.steps):
            await self._check_money(plan, len(journal.signed))
        for index, planned in enumerate(plan.steps):
            journal = await self._sign(journal, index, planned)
            self._tell(f"{index + 1} of {len(plan.steps)}: {planned.what}")
            if isinstance(planned.step, Creation) or index == len(plan.steps) - 1:
                await self._wait(journal, plan.steps)
        await self._settle(journal, plan.steps)
        return await self._verified(journal, plan)

    async def _begin(self) -> Journal:
        account, head = await self._node.account(self._bureau.address), await self._node.latest()
        journal = Journal(
            path=self._path,
            chain_id=await self._node.chain_id(),
            genesis=(await self._node.block(0)).hash,
            bureau=self._bureau.address,
            first_nonce=account.nonce,
            block=head.number + 1,
            charter=self._charter,
        )
        plan = make_plan(journal.bureau, journal.first_nonce, journal.charter)
        await self._check_money(plan, 0)
        journal.write()
        return journal

    async def _check(self, journal: Journal) -> None:
        said = (
            ("chain id", str(journal.chain_id), str(await self._node.chain_id())),
            ("genesis block", to_hex(journal.genesis), to_hex((await self._node.block(0)).hash)),
            ("bureau's key", to_hex(journal.bureau), to_hex(self._bureau.address)),
        )
        differences = [f"{what} was {was}, now {now}" for what, was, now in said if was != now]
        if differences:
            raise DeploymentFailed(
                f"the deployment that was begun here is another one: {'; '.join(differences)}. Go on with that one,"
                f" or move {journal.path} away to give it up"
            )

    async def _check_money(self, plan: FoundingPlan, done: int) -> None:
        price = most_of(await find_fee(self._node, await self._node.latest()))
        needed = price * sum(most_gas(planned.step) for planned in plan.steps[done:])
        balance = (await self._node.account(self._bureau.address)).balance
        if balance < needed:
            raise DeploymentFailed(
                f"the bureau's key {to_hex(self._bureau.address)} has {balance} wei, and this chain may ask up to"
                f" {needed} wei for what is left to deploy: send it the money, then run the same again"
            )

    async def _sign(self, journal: Journal, index: int, planned: Planned) -> Journal:
        """Write a step into the journal, signed, if it is not there, and hand it to the node."""
        if index >= len(journal.signed):
            await self._check_nonce(journal, index)
            head = await self._node.latest()
            transaction = Transaction(
                chain_id=journal.chain_id,
                nonce=journal.first_nonce + index,
                to=planned.step.to if isinstance(planned.step, Invocation) else None,
                data=planned.step.data,
                gas=await gas_of(self._node, self._bureau.address, planned.step, head.gas_limit),
                fee=await find_fee(self._node, head),
            )
            journal = journal.with_signed(await self._bureau.sign(transaction))
            await hand_in(self._node, journal.signed[index])
        return journal

    async def _check_nonce(self, journal: Journal, index: int) -> None:
        if (await self._node.account(journal.bureau)).nonce > journal.first_nonce + index:
            raise _disturbed(journal)

    async def _wait(self, journal: Journal, steps: Sequence[Planned]) -> list[TransactionReceipt]:
        """Wait until all that was signed is mined; send again what the node may have lost."""
        until, send_at = time.monotonic() + PATIENCE, time.monotonic() + _SEND_AGAIN
        resend = True  # what a journal of an earlier run holds may never have been sent
        while True:
            found = await self._node.receipts([one.hash for one in journal.signed])
            receipts = [one for one in found if one is not None]
            if len(receipts) == len(found):
                _check_success(receipts, steps)
                return receipts
            if time.monotonic() > until:
                raise self._late("not mined")
            if resend or time.monotonic() > send_at:
                resend, send_at = False, time.monotonic() + _SEND_AGAIN
                await self._send_missing(journal, found)
            await asyncio.sleep(_POLL)

    async def _send_missing(self, journal: Journal, found: Sequence[TransactionReceipt | None]) -> None:
        count = (await self._node.account(journal.bureau)).nonce
        for index, (signed, receipt) in enumerate(zip(journal.signed, found, strict=True)):
            if receipt is not None:
                continue
            if count > journal.first_nonce + index:
                if (await self._node.receipts([signed.hash]))[0] is None:
                    raise _disturbed(journal)
            else:
                await hand_in(self._node, signed)

    async def _settle(self, journal: Journal, steps: Sequence[Planned]) -> None:
        """Wait until the last block of ours is too deep to be undone."""
        depth, until = (await find_network(self._node)).settled_depth, time.monotonic() + PATIENCE
        while True:
            receipts = await self._wait(journal, steps)
            if (await self._node.latest()).number >= max(one.block for one in receipts) + depth:
                return
            if time.monotonic() > until:
                raise self._late("not settled")
            await asyncio.sleep(_POLL)

    def _late(self, what: str) -> NodeAway:
        why = f"{what} within {PATIENCE:.0f} s; the same again goes on"
        return NodeAway(self._node.url, "eth_getTransactionReceipt", why)

    async def _verified(self, journal: Journal, plan: FoundingPlan) -> Deployment:
        """Look at what is on the chain now: code, instances, roles."""
        pins = await read_pins(
            self._node, access_manager=plan.access_manager, registry=plan.registry, ledger=plan.ledger
        )
        await check_code(
            self._node,
            {"AccessManager": plan.access_manager, "AgencyRegistry": plan.registry, "CertificateLedger": plan.ledger},
        )
        await self._check_roles(journal, plan)
        before = journal.charter.predecessor
        return Deployment(
            chain_id=pins.chain_id,
            genesis=pins.genesis,
            access_manager=plan.access_manager,
            registry=plan.registry,
            ledger=plan.ledger,
            registry_instance=pins.registry_instance,
            ledger_instance=pins.ledger_instance,
            block=journal.block if before is None else before.block,
            predecessor=before,
        )

    async def _check_roles(self, journal: Journal, plan: FoundingPlan) -> None:
        holders = {ADMINISTRATOR: journal.bureau}
        if journal.charter.predecessor is None:
            holders |= {REGISTRAR: journal.charter.registrar, GUARDIAN: journal.charter.guardian}
        function = artifact("AccessManager").functions["hasRole"]
        at = (await self._node.latest()).hash
        asked = [(plan.access_manager, function.encode(role, to_hex(who))) for role, who in holders.items()]
        for (role, who), answer in zip(holders.items(), await self._node.calls(asked, at=at), strict=True):
            if not function.decode_output(answer)[0]:
                raise DeploymentFailed(f"{to_hex(who)} does not have role {role} of the AccessManager")


def _check_success(receipts: Sequence[TransactionReceipt], steps: Sequence[Planned]) -> None:
    for receipt, planned in zip(receipts, steps, strict=False):
        if not receipt.succeeded:
            raise CallReverted("reverted", {"step": planned.what, "gas_used": receipt.gas_used})


def _disturbed(journal: Journal) -> DeploymentFailed:
    return DeploymentFailed(
        f"the bureau's key {to_hex(journal.bureau)} was used for something else during the deployment, so the contracts"
        f" cannot be where they were planned. Move {journal.path} away and run it again: what was deployed so far is"
        " then never used"
    )
