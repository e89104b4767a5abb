"""Transactions that a person waits for: deploying and administering. What is issued goes through the sender instead.

Several steps of one key are sent at once, with consecutive nonces, and then waited for. A step that the chain refuses
stops what comes after it. Nothing is remembered: a run that was cut off is run again, so steps must be repeatable.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from chain.answers import TransactionReceipt
from chain.errors import CallReverted, DeploymentFailed, NodeAway, NodeRefused
from chain.headers import BlockHeader
from chain.ledger import refusal
from chain.node import Node
from chain.sending import Fate, hand_over
from chain.signer import Signer
from chain.transaction import SignedTransaction, Transaction, find_fee

_GAS = 1_000_000  # for a step that cannot be simulated, since those before it are not mined yet
_POLL = 0.1
PATIENCE = 120.0
"""Seconds to wait until all is mined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A contract that is put on the chain."""

    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A function of a contract that is called."""

    to: bytes
    data: bytes


async def transact(node: Node, signer: Signer, steps: Sequence[Creation | Invocation]) -> list[TransactionReceipt]:
    """Carry out steps in their order, and wait until all are mined.

    The signer must be used by nobody else meanwhile.

    Args:
        node: of the chain.
        signer: who signs and pays.
        steps: what to do.

    Raises:
        CallReverted: a step was refused, with the reason.
        NodeAway: it was not mined in time.
    """
    if not steps:
        return []
    account, head, chain_id = await node.account(signer.address), await node.latest(), await node.chain_id()
    fee = await find_fee(node, head)
    sent = []
    for index, step in enumerate(steps):
        transaction = Transaction(
            chain_id=chain_id,
            nonce=account.nonce + index,
            to=step.to if isinstance(step, Invocation) else None,
            data=step.data,
            gas=await _gas(node, signer, step, head, first=index == 0),
            fee=fee,
        )
        sent.append(await signer.sign(transaction))
        await hand_in(node, sent[-1])
    receipts = await _wait(node, sent)
    for step, receipt in zip(steps, receipts, strict=True):
        if not receipt.succeeded:
            raise await _reason(node, signer, step, receipt)
    return receipts


async def _gas(node: Node, signer: Signer, step: Creation | Invocation, head: BlockHeader, *, first: bool) -> int:
    if not first and isinstance(step, Invocation):
        return min(_GAS, head.gas_limit)
    return await gas_of(node, signer.address, step, head.gas_limit)


async def gas_of(node: Node, sender: bytes, step: Creation | Invocation, block_limit: int) -> int:
    """Give a step the gas that it would burn now, with room for more; `CallReverted` where it would be refused."""
    to = step.to if isinstance(step, Invocation) else None
    try:
        burnt = await node.estimate(to, step.data, sender=sender)
    except NodeRefused as error:
        raise refusal(error) or error from error
    return min(burnt * 5 // 4 + 30_000, block_limit)


async def hand_in(node: Node, signed: SignedTransaction) -> None:
    """Hand a signed step to a node.

    Raises:
        CallReverted: a development node has mined it at once, and it was refused.
        DeploymentFailed: the node does not take it.
    """
    handed = await hand_over(node, signed.raw)
    if handed.reverted is not None:
        raise handed.reverted
    if handed.fate is Fate.REFUSED:
        raise DeploymentFailed(f"the node does not take our transaction: {handed.said}")


async def _wait(node: Node, sent: Sequence[SignedTransaction]) -> list[TransactionReceipt]:
    until = time.monotonic() + PATIENCE
    while True:
        found = await node.receipts([one.hash for one in sent])
        receipts = [one for one in found if one is not None]
        if len(receipts) == len(sent):
            return receipts
        if time.monotonic() > until:
            raise NodeAway(node.url, "eth_getTransactionReceipt", f"not mined within {PATIENCE:.0f} s")
        await asyncio.sleep(_POLL)


async def _reason(node: Node, signer: Signer, step: Creation | Invocation, receipt: TransactionReceipt) -> CallReverted:
    if isinstance(step, Invocation):
        try:
            await node.call(step.to, step.data, at=receipt.block_hash, sender=signer.address)
        except NodeRefused as error:
            said = refusal(error)
            if said is not None:
                return said
    return CallReverted("reverted", {"gas_used": receipt.gas_used})
