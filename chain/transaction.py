"""A transaction before it is signed, and what it may cost.

Fees are found out from what the network shows, in one of three ways:

    free      legacy, `gasPrice` 0: the network asks for nothing, or the key has no money and can only try that
    dynamic   EIP-1559: blocks have a base fee
    legacy    one price, as the node proposes it
"""

from __future__ import annotations

from dataclasses import dataclass

from chain.answers import BlockHeader, as_int
from chain.errors import NodeRefused
from chain.node import Node
from chain.rpc import METHOD_ABSENT

_HEADROOM = 8
"""How often the base fee may double its eighths before a transaction is left behind: 8 times, 17 full blocks. A cap
costs nothing, the block's own price is paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyFee:
    """One price for a unit of gas, in wei; 0 where gas is free."""

    gas_price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicFee:
    """The most that is paid for a unit of gas, and how much of it goes to the block's producer, in wei."""

    most: int
    priority: int


Fee = LegacyFee | DynamicFee


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """What a signer signs. `to` None creates a contract; no value is ever sent."""

    chain_id: int
    nonce: int
    to: bytes | None
    data: bytes
    gas: int
    fee: Fee


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTransaction:
    """The bytes that go to a node, and the hash by which the chain will know them."""

    raw: bytes
    hash: bytes


def choose_fee(*, base_fee: int | None, gas_price: int | None, priority: int | None, balance: int) -> Fee:
    """Choose how to pay: pure.

    Args:
        base_fee: the head's, None where blocks have none.
        gas_price: what the node proposes, None where it proposes nothing.
        priority: what the node proposes for the block's producer, None where it proposes nothing.
        balance: the key's money.
    """
    free_network = not base_fee and gas_price == 0
    if free_network or balance == 0:
        return LegacyFee(gas_price=0)
    if base_fee is None:
        if gas_price is None:
            raise NodeRefused("eth_gasPrice", -32601, "the node proposes no price, and its blocks have no base fee")
        return LegacyFee(gas_price=gas_price)
    if priority is None:
        priority = 0 if gas_price is None else max(gas_price - base_fee, 0)
    return DynamicFee(most=base_fee * _HEADROOM + priority, priority=priority)


async def find_fee(node: Node, head: BlockHeader, balance: int) -> Fee:
    """Ask the node what `choose_fee` needs; methods that it does not know are done without."""
    answers = await node.batch([("eth_gasPrice", []), ("eth_maxPriorityFeePerGas", [])])
    proposals: list[int | None] = []
    for method, answer in zip(("eth_gasPrice", "eth_maxPriorityFeePerGas"), answers, strict=True):
        if isinstance(answer, NodeRefused):
            if answer.code not in METHOD_ABSENT:
                raise answer
            proposals.append(None)
        else:
            proposals.append(as_int(answer, method))
    return choose_fee(base_fee=head.base_fee, gas_price=proposals[0], priority=proposals[1], balance=balance)
