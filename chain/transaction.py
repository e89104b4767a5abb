"""A transaction before it is signed, and what it may cost.

Fees are found out from what the network shows, in one of three ways:

    free      legacy, `gasPrice` 0: the network asks for nothing, and a key needs no money
    dynamic   EIP-1559: blocks have a base fee
    legacy    one price, as the node proposes it
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_hash.auto import keccak

from chain.answers import as_int
from chain.errors import NodeRefused
from chain.headers import BlockHeader
from chain.node import Node
from chain.rpc import METHOD_ABSENT

_HEADROOM = 8
"""The most that is paid, in base fees of the head: one rises by an eighth with each full block, so 17 of them do no
harm. Only the block's own price is paid."""


_UTMOST = 10
"""The most that is ever bid for what does not get through, in prices of the market."""


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


def transaction_hash(raw: bytes) -> bytes:
    """The hash by which a chain knows signed bytes."""
    return keccak(raw)


def choose_fee(*, base_fee: int | None, gas_price: int | None, priority: int | None) -> Fee:
    """Choose how to pay: pure.

    Args:
        base_fee: the head's, None where blocks have none.
        gas_price: what the node proposes, None where it proposes nothing.
        priority: what the node proposes for the block's producer, None where it proposes nothing.
    """
    if gas_price == 0 and not base_fee:
        return LegacyFee(gas_price=0)
    if base_fee is None:
        if gas_price is None:
            raise NodeRefused("eth_gasPrice", -32601, "the node proposes no price, and its blocks have no base fee")
        return LegacyFee(gas_price=gas_price)
    if priority is None:
        priority = 0 if gas_price is None else max(gas_price - base_fee, 0)
    return DynamicFee(most=base_fee * _HEADROOM + priority, priority=priority)


def most_of(fee: Fee) -> int:
    """The most that a unit of gas can cost."""
    return fee.most if isinstance(fee, DynamicFee) else fee.gas_price


def outbid(fee: Fee, market: Fee) -> Fee | None:
    """A price that nodes take in place of `fee` for the same nonce: pure.

    A quarter more than before, and no less than what is asked for now; None where more would not help: gas is free, or
    ten times the market was bid already.
    """
    utmost = _UTMOST * most_of(market)
    most = max(_raised(most_of(fee)), most_of(market))
    if most > utmost:
        return None
    if isinstance(fee, LegacyFee):
        return LegacyFee(gas_price=most)
    wanted = market.priority if isinstance(market, DynamicFee) else market.gas_price
    return DynamicFee(most=most, priority=max(_raised(fee.priority), wanted))


def _raised(price: int) -> int:
    return price + price // 4 + 1


async def find_fee(node: Node, head: BlockHeader) -> Fee:
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
    return choose_fee(base_fee=head.base_fee, gas_price=proposals[0], priority=proposals[1])
