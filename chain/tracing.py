"""What became of calls that have a nonce: asked for all keys at once, in few requests, whatever their number.

Trust: that a call was carried out shows in our copy of the ledger. That it was reverted shows nowhere but in a receipt,
which is the node's word alone: so it has to prove then that the key's nonce is used up in the last settled block that
our copy has. What has used it up can have been no other transaction of ours, and a call that lost it can never happen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chain.answers import TransactionReceipt
from chain.errors import NodeRefused
from chain.headers import STATE_ROOT, check_hash, fields_of
from chain.network import find_network
from chain.node import Account, Node
from chain.state_proof import proved_nonce
from store import blocks, calls, cursors
from store.database import Connection, Database
from store.records import Call, Cursor, SignedForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as the chain sees it, in the head and in the last settled block; None where nobody can say.

    Where a receipt says that one of its calls was reverted, the latter is proved, if the node proves anything.
    """

    account: Account
    settled_nonce: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What was found, `cursor` and `keys` before any receipt.

    Attributes:
        cursor: how far the copy of ours was read that is furthest behind; None where reading one has not begun.
        cursors: of every copy that was read.
        ours: whether the node has the settled block that our copy has, as far as that is known.
        keys: by address.
        forms: every signed form that each call ever had, oldest first, by call id.
        receipts: by call id, under whichever of its forms it was mined.
        elsewhere: ids of calls whose receipt is of another block than our copy has at that height: the node is on
            another fork than the indexer's.
    """

    cursor: Cursor | None
    cursors: tuple[Cursor, ...]
    ours: bool
    keys: Mapping[bytes, Key]
    forms: Mapping[int, tuple[SignedForm, ...]]
    receipts: Mapping[int, TransactionReceipt]
    elsewhere: frozenset[int]


async def trace(database: Database, node: Node, ledgers: Sequence[str], under_way: Sequence[Call]) -> Traces:
    """Look after some calls, of whichever keys."""
    with database.read() as connection:
        read = tuple(found for each in ledgers if (found := cursors.read(connection, each)) is not None)
        cursor = min(read, key=lambda each: each.settled_block) if len(read) == len(ledgers) else None
        forms = calls.forms(connection, [call.id for call in under_way])
        there = None if cursor is None else _settled_hash(connection, cursor)
    senders = sorted({call.sender for call in under_way})
    nonces = None if cursor is None else await node.nonces_at(senders, cursor.settled_block, there)
    settled = [None] * len(senders) if nonces is None else nonces
    accounts = await node.accounts(senders)
    receipts = await _receipts(node, forms)
    denied = {call.sender for call in under_way if call.id in receipts and not receipts[call.id].succeeded}
    settled_nonces = dict(zip(senders, settled, strict=True))
    if denied and cursor is not None and nonces is not None:
        settled_nonces |= await _proved_nonces(node, cursor.settled_block, there, sorted(denied), settled_nonces)
    keys = {
        sender: Key(account=account, settled_nonce=settled_nonces[sender])
        for sender, account in zip(senders, accounts, strict=True)
    }
    with database.read() as connection:
        elsewhere = frozenset(call for call, one in receipts.items() if _is_elsewhere(connection, ledgers, one))
    ours = nonces is not None
    return Traces(
        cursor=cursor, cursors=read, ours=ours, keys=keys, forms=forms, receipts=receipts, elsewhere=elsewhere
    )


async def _proved_nonces(
    node: Node, block: int, block_hash: bytes | None, senders: Sequence[bytes], told: Mapping[bytes, int | None]
) -> Mapping[bytes, int | None]:
    """Give the nonces of keys in a block of our copy, proved; None where the node, or we, keep too little for that.

    Of a node that proves no state its word (`told`) is taken, as it is for events.
    """
    if not (await find_network(node)).proved:
        return {sender: told[sender] for sender in senders}
    (header,) = await node.blocks([block])
    if header.hash != block_hash:
        return dict.fromkeys(senders)
    root = fields_of(check_hash(header))[STATE_ROOT]
    try:
        answers = await node.proofs(senders, 0, at=header.hash)
    except NodeRefused:
        return dict.fromkeys(senders)
    pairs = zip(senders, answers, strict=True)
    return {sender: proved_nonce(answer, state_root=root, address=sender) for sender, answer in pairs}


def _settled_hash(connection: Connection, cursor: Cursor) -> bytes | None:
    """Give the hash of the last settled block; None where its header was not kept: our copy is catching up."""
    if cursor.settled_block == cursor.block:
        return cursor.hash
    kept = blocks.read(connection, cursor.ledger, cursor.settled_block)
    return None if kept is None else kept.hash


def _is_elsewhere(connection: Connection, ledgers: Sequence[str], receipt: TransactionReceipt) -> bool:
    ours = (blocks.read(connection, ledger, receipt.block) for ledger in ledgers)
    return any(block is not None and block.hash != receipt.block_hash for block in ours)


async def _receipts(node: Node, forms: Mapping[int, tuple[SignedForm, ...]]) -> Mapping[int, TransactionReceipt]:
    asked = [(call, one.tx_hash) for call, ones in forms.items() for one in ones]
    found = await node.receipts([tx_hash for _, tx_hash in asked])
    return {call: receipt for (call, _), receipt in zip(asked, found, strict=True) if receipt is not None}
