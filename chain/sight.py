"""What a sender looks at before it decides about a call.

What the ledger would say to it, at which price, and whether our copy of the ledger has its effect.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from chain.answers import TransactionReceipt, to_hex
from chain.deployment import Deployment
from chain.errors import CallMalformed, NodeInconsistent, NodeRefused
from chain.headers import BlockHeader
from chain.ledger import ANCHOR, Args, encode_call, gas_limit, refusal
from chain.lifecycle import Before, NotTried, Passes, Refuses, Simulation
from chain.node import Node
from chain.pins import as_instance, instance_question, read_instance
from chain.signed import read_signed
from chain.transaction import Fee, Transaction, find_fee, most_of, outbid
from ecert.events import BatchAnchored
from ecert.facts import Status
from store import calls, cursors, events, statuses
from store.database import Connection, Database
from store.records import Call, Cursor
from store.states import AIMS

APART = 60
"""Seconds by which a block's time and our clock may differ: what a block says of then may have happened after now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a round's work goes by: the head, in which the ledger is the one that we know, and what gas costs."""

    head: BlockHeader
    fee: Fee


async def look_around(node: Node, deployment: Deployment) -> Conditions:
    """See how things stand; `NodeInconsistent` where our ledger is not there any more."""
    head = await node.latest()
    _, fee = await asyncio.gather(assure_ledger(node, deployment, head.hash), find_fee(node, head))
    return Conditions(head=head, fee=fee)


async def assure_ledger(node: Node, deployment: Deployment, block: bytes) -> None:
    """Make sure that in this block, which must be on the node's chain, the ledger is the one that we know."""
    _check_instance(deployment, await read_instance(node, deployment.ledger, block))


def _check_instance(deployment: Deployment, found: bytes) -> None:
    if found != deployment.ledger_instance:
        raise NodeInconsistent("the ledger is not where it was; nothing is signed for another chain")


async def _simulate(node: Node, deployment: Deployment, call: Call, conditions: Conditions) -> Simulation:
    """What the ledger would answer to a call now, on the head, and whether the key can pay for it.

    One request, in which the node also shows that the ledger is the one that we know.
    """
    try:
        data = encode_call(call.kind, call.args)
    except CallMalformed as error:
        return Refuses(reason="CallMalformed", said=str(error))
    trial = await node.try_out(
        deployment.ledger, data, sender=call.sender, question=instance_question(), at=conditions.head.hash
    )
    _check_instance(deployment, as_instance(trial.answer))
    if isinstance(trial.gas, NodeRefused):
        said = refusal(trial.gas)
        return NotTried(reason=trial.gas.message) if said is None else Refuses(reason=said.reason, said=str(said))
    price = gas_limit(call.args, trial.gas, conditions.head.gas_limit) * most_of(conditions.fee)
    if price > (balance := trial.account.balance):
        return NotTried(reason=f"no_funds(key={to_hex(call.sender)}, balance={balance}, needed={price})")
    return Passes(gas=trial.gas, nonce=trial.account.nonce)


async def why_reverted(node: Node, deployment: Deployment, call: Call, receipt: TransactionReceipt | None) -> str:
    """Why a mined call was reverted: what the ledger answers to it at the end of that block."""
    if receipt is None:
        return "reverted"
    data = encode_call(call.kind, call.args)
    try:
        await node.call(deployment.ledger, data, at=receipt.block_hash, sender=call.sender)
    except NodeRefused as error:
        said = refusal(error)
        return f"reverted; the node does not say why: {error.message}" if said is None else str(said)
    return "reverted"


def higher_price(call: Call, conditions: Conditions, balance: int) -> Transaction | None:
    """A call's transaction at a price that takes the place of the old one; None: none would, or the key is too poor."""
    if call.raw is None:
        return None
    old = read_signed(call.raw)
    fee = outbid(old.fee, conditions.fee)
    if fee is None or old.gas * most_of(fee) > balance:
        return None
    return replace(old, fee=fee)


def effect_block(
    database: Database, deployment: Deployment, call: Call, receipt: TransactionReceipt | None, cursor: Cursor | None
) -> int | None:
    """Give the block in which our copy of the ledger has what the call is to bring about; None where it has not.

    An anchor's effect is its batch, whoever anchored it. That of a change of statuses are the events of its own
    transaction; it has none where everything was so already, and then that has to show. A receipt alone is nothing:
    what our copy has read is checked and proved.
    """
    with database.read() as connection:
        if call.kind == ANCHOR:
            batch = events.find_anchor(connection, deployment.name, call.agency, call.args["first_serial"])
            same = batch is not None and encode_call(ANCHOR, _args_of(batch)) == encode_call(ANCHOR, call.args)
            return batch.place.block if batch is not None and same else None
        if receipt is None or cursor is None or cursor.block < receipt.block:
            return None
        stored = events.of_transaction(connection, deployment.name, receipt.transaction)
        there = bool(stored) or (receipt.succeeded and _was_so(connection, call, receipt.block))
    return receipt.block if there else None


def _was_so(connection: Connection, call: Call, block: int) -> bool:
    """Whether a change of statuses had nothing to change in a block: all was so before it, or was changed in it."""
    aim = AIMS.get(call.kind)
    serials = [call.args["old"]] if call.kind == "supersede" else call.args["serials"]
    before = statuses.latest(connection, call.ledger, call.agency, serials, until=block - 1)
    rest = {serial for serial in serials if before.get(serial, Status.VALID) is not aim}
    return not rest or rest == set(
        statuses.latest(connection, call.ledger, call.agency, rest, above=block - 1, until=block)
    )


def _args_of(batch: BatchAnchored) -> Args:
    """The call that anchors a batch."""
    return {
        "agency": batch.agency,
        "certificate_type": batch.certificate_type.hex(),
        "suite": batch.suite,
        "root": batch.root.hex(),
        "first_serial": batch.first_serial,
        "count": batch.count,
    }


async def look_ahead(
    node: Node, database: Database, deployment: Deployment, call: Call, conditions: Conditions
) -> Before:
    """See what would become of a call that is sent now, and where it is refused whether that may pass."""
    simulation = await _simulate(node, deployment, call, conditions)
    refused = isinstance(simulation, Refuses)
    unsettled = refused and await _is_unsettled(node, database, deployment, call, conditions.head)
    overtaken = isinstance(simulation, Passes) and await _is_overtaken(node, database, call, simulation.nonce)
    return Before(simulation=simulation, unsettled=unsettled, overtaken=overtaken)


async def _is_overtaken(node: Node, database: Database, call: Call, nonce: int) -> bool | None:
    """Whether a suspension or reinstatement was undone since it was asked for, by none of our calls.

    So it is where an older copy of the database was put back, in which it waits still, and might be done a second time.
    Where the key's next `nonce` is one that we never gave it, our copy must have read what used up the others before it
    can say (None).
    """
    if call.kind not in {"suspend", "reinstate"}:
        return False
    with database.read() as connection:
        highest = calls.highest_nonce(connection, call.chain, call.sender)
        cursor = cursors.read(connection, call.ledger)
    if nonce > (0 if highest is None else highest + 1) and not await _has_read(node, cursor, call.sender, nonce):
        return None
    with database.read() as connection:
        since, aim = call.created_at - APART, AIMS[call.kind]
        undone = statuses.overtaken(connection, call.ledger, call.agency, call.args["serials"], aim=aim, since=since)
        return bool(undone)


async def _has_read(node: Node, cursor: Cursor | None, key: bytes, nonce: int) -> bool:
    """Whether a copy that goes up to `cursor` has all that a key did before its next nonce."""
    found = None if cursor is None else await node.nonces_at([key], cursor.block, cursor.hash)
    return found is not None and found[0] is not None and found[0] >= nonce


async def _is_unsettled(node: Node, database: Database, deployment: Deployment, call: Call, head: BlockHeader) -> bool:
    """Whether an earlier call of the agency is not over, or the node does not have what our copy has read."""
    with database.read() as connection:
        cursor = cursors.read(connection, deployment.name)
        others = calls.open_calls(connection, deployment.name, call.agency)
    if any(one.id < call.id or _comes_before(one, call) for one in others):
        return True
    return cursor is not None and not await _has(node, head, cursor)


async def _has(node: Node, head: BlockHeader, cursor: Cursor) -> bool:
    """Whether the chain of a node, whose head that is, goes through the block up to which our copy was read."""
    if head.number < cursor.block:
        return False
    below, above = await node.blocks([cursor.block, head.number])
    return (below.hash, above.hash) == (cursor.hash, head.hash)


def _comes_before(one: Call, other: Call) -> bool:
    return one.purpose == other.purpose and one.order < other.order
