"""What a sender looks at before it decides.

Receipts, nonces, what the ledger would say, and whether our copy of the ledger has a call's effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chain.answers import Receipt, to_hex
from chain.decoding import is_chained
from chain.deployment import Deployment
from chain.errors import CallMalformed, NodeRefused
from chain.ledger import ANCHOR, encode_call, gas_limit, refusal
from chain.lifecycle import NotTried, Passes, Refuses, Simulation
from chain.node import Node
from chain.transaction import find_fee, most_of
from store import calls, events
from store.database import Database
from store.records import Call, Cursor
from store.states import Contract


async def simulate(node: Node, deployment: Deployment, call: Call) -> Simulation:
    """What the ledger would answer to a call now, on the head, and whether the key can pay for it."""
    try:
        data = encode_call(call.kind, call.args)
        gas = await node.estimate(deployment.ledger, data, sender=call.sender)
    except CallMalformed as error:
        return Refuses(reason="CallMalformed", said=str(error))
    except NodeRefused as error:
        said = refusal(error)
        return NotTried(reason=error.message) if said is None else Refuses(reason=said.reason, said=str(said))
    head, account = await node.latest(), await node.account(call.sender)
    price = gas_limit(call.args, gas, head.gas_limit) * most_of(await find_fee(node, head))
    if account.balance < price:
        return NotTried(reason=f"no_funds(key={to_hex(call.sender)}, balance={account.balance}, needed={price})")
    return Passes(gas=gas)


async def why_reverted(node: Node, deployment: Deployment, call: Call, receipt: Receipt | None) -> str:
    """Why a mined call was reverted: what the ledger answers to it at the end of that block."""
    if receipt is None:
        return "reverted"
    data = encode_call(call.kind, call.args)
    try:
        await node.call(deployment.ledger, data, at=receipt.block_hash, sender=call.sender)
    except NodeRefused as error:
        said = refusal(error)
        return f"reverted: {error.message}" if said is None else str(said)
    return "reverted"


async def settled_nonce(node: Node, address: bytes, cursor: Cursor | None) -> int | None:
    """How many transactions of a key are in settled blocks; None where nobody can say."""
    if cursor is None:
        return None
    try:
        return await node.nonce_at(address, cursor.settled_block)
    except NodeRefused:
        return None  # the node is behind our copy, or keeps no state that old: then nothing is concluded from it


async def receipts_of(database: Database, node: Node, under_way: Sequence[Call]) -> Mapping[int, Receipt]:
    """The receipts of calls by call id, under whichever of its signed forms it was mined."""
    with database.read() as connection:
        forms = [(call.id, one.tx_hash) for call in under_way for one in calls.transactions(connection, call.id)]
    found = await node.receipts([tx_hash for _, tx_hash in forms])
    return {call: receipt for (call, _), receipt in zip(forms, found, strict=True) if receipt is not None}


def effect_is_there(
    database: Database, deployment: Deployment, call: Call, receipt: Receipt | None, cursor: Cursor | None
) -> bool:
    """Whether our copy of the ledger holds what the call is to bring about.

    An anchor's effect is its batch, whoever anchored it. That of a change of statuses are the events of its own
    transaction, all of them; where everything was so already there is none, and being mined is enough.
    """
    with database.read() as connection:
        if call.kind == ANCHOR:
            batch = events.find_anchor(connection, deployment.name, call.agency, call.args["first_serial"])
            root = bytes.fromhex(call.args["root"].removeprefix("0x"))
            return batch is not None and (batch.root, batch.count) == (root, call.args["count"])
        if receipt is None or cursor is None or cursor.block < receipt.block:
            return False
        stored = events.of_transaction(connection, deployment.name, receipt.transaction)
    ours = [log for log in receipt.logs if log.address == deployment.ledger and is_chained(Contract.LEDGER, log)]
    return len(stored) == len(ours)


def is_unsettled(database: Database, deployment: Deployment, call: Call) -> bool:
    """Whether an earlier call of the agency is not over."""
    with database.read() as connection:
        others = calls.open_calls(connection, deployment.name, call.agency)
    return any(one.id < call.id or _comes_before(one, call) for one in others)


def _comes_before(one: Call, other: Call) -> bool:
    return one.purpose == other.purpose and one.order < other.order
