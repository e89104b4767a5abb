"""A node, typed: blocks, contract reads at one pinned block, logs, receipts, transactions.

A reading of a contract is `eth_call` at a block *hash* with `requireCanonical`: two readings with the same hash are of
the same state, and a node that has left that block refuses instead of answering from another.
Addresses and hashes are bytes, amounts are wei, times are seconds. Errors are those of `chain.rpc`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eth_hash.auto import keccak

from chain.answers import (
    Log,
    Receipt,
    as_bytes,
    as_int,
    as_log,
    as_receipt,
    as_text,
    to_hex,
)
from chain.errors import NodeInconsistent, NodeRefused
from chain.headers import BlockHeader, as_header
from chain.rpc import METHOD_ABSENT, Json, Request, Rpc


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A key as the chain sees it in its latest block: how many transactions it has sent, and its money."""

    nonce: int
    balance: int


class Node(Rpc):
    """The node at `url`."""

    async def chain_id(self) -> int:
        """Answer the number of the chain."""
        return as_int(await self.request("eth_chainId"), "eth_chainId")

    async def client_version(self) -> str:
        """Answer what the node says it is."""
        return as_text(await self.request("web3_clientVersion"), "web3_clientVersion")

    async def latest(self) -> BlockHeader:
        """Answer the head."""
        return as_header(await self.request("eth_getBlockByNumber", "latest", False))

    async def blocks(self, numbers: Sequence[int]) -> list[BlockHeader]:
        """Answer the blocks at these heights; a height beyond the head is `NodeInconsistent`."""
        asked: list[Request] = [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
        found = [as_header(answer) for answer in await self.all(asked)]
        for number, header in zip(numbers, found, strict=True):
            if header.number != number:
                raise NodeInconsistent(f"asked for block {number}, the node gave block {header.number}")
        return found

    async def block(self, number: int) -> BlockHeader:
        """Answer the block at one height."""
        return (await self.blocks([number]))[0]

    async def call(self, to: bytes, data: bytes, *, at: bytes, sender: bytes | None = None) -> bytes:
        """Answer what a contract returns in the block with hash `at`; a revert is `NodeRefused` with its data."""
        return (await self.calls([(to, data)], at=at, sender=sender))[0]

    async def calls(
        self, asked: Sequence[tuple[bytes, bytes]], *, at: bytes, sender: bytes | None = None
    ) -> list[bytes]:
        """Answer several calls, all in the block with hash `at`."""
        block: Json = {"blockHash": to_hex(at), "requireCanonical": True}
        requests: list[Request] = [("eth_call", [_message(to, data, sender), block]) for to, data in asked]
        return [as_bytes(answer, "eth_call") for answer in await self.all(requests)]

    async def estimate(self, to: bytes | None, data: bytes, *, sender: bytes) -> int:
        """Answer the gas that a transaction would burn on the head; one that would revert is `NodeRefused`."""
        return as_int(await self.request("eth_estimateGas", _message(to, data, sender)), "eth_estimateGas")

    async def logs(self, addresses: Iterable[bytes], first: int, last: int) -> list[Log]:
        """Answer the logs of some contracts in blocks `first` ... `last`, in their order."""
        wanted: Json = {
            "address": [to_hex(address) for address in addresses],
            "fromBlock": hex(first),
            "toBlock": hex(last),
        }
        answer = await self.request("eth_getLogs", wanted)
        if not isinstance(answer, list):
            raise NodeInconsistent("eth_getLogs was not answered with a list")
        return sorted((as_log(one) for one in answer), key=lambda log: (log.block, log.index))

    async def receipts(self, transactions: Sequence[bytes]) -> list[Receipt | None]:
        """Answer the receipts of transactions, None for one that is in no block."""
        asked: list[Request] = [("eth_getTransactionReceipt", [to_hex(one)]) for one in transactions]
        return [None if answer is None else as_receipt(answer) for answer in await self.all(asked)]

    async def send(self, raw: bytes) -> bytes:
        """Hand over a signed transaction; answer its hash as we compute it."""
        said = as_bytes(await self.request("eth_sendRawTransaction", to_hex(raw)), "eth_sendRawTransaction")
        if said != keccak(raw):
            raise NodeInconsistent("the node took our transaction under another hash")
        return said

    async def account(self, address: bytes) -> Account:
        """Answer nonce and balance in the latest block."""
        who = to_hex(address)
        nonce, balance = await self.all(
            [("eth_getTransactionCount", [who, "latest"]), ("eth_getBalance", [who, "latest"])]
        )
        return Account(nonce=as_int(nonce, "eth_getTransactionCount"), balance=as_int(balance, "eth_getBalance"))

    async def nonce_at(self, address: bytes, block: int) -> int:
        """Answer how many transactions of an address are in the blocks up to `block`."""
        answer = await self.request("eth_getTransactionCount", to_hex(address), hex(block))
        return as_int(answer, "eth_getTransactionCount")

    async def codes(self, addresses: Sequence[bytes]) -> list[bytes]:
        """Answer the code at each address; empty where there is no contract."""
        answers = await self.all([("eth_getCode", [to_hex(address), "latest"]) for address in addresses])
        return [as_bytes(answer, "eth_getCode") for answer in answers]

    async def if_known(self, method: str, *parameters: Json) -> Json:
        """Answer a request that some nodes do not know, None where it is unknown."""
        try:
            return await self.request(method, *parameters)
        except NodeRefused as refusal:
            if refusal.code in METHOD_ABSENT:
                return None
            raise


def _message(to: bytes | None, data: bytes, sender: bytes | None) -> dict[str, Json]:
    message: dict[str, Json] = {"data": to_hex(data)}
    if to is not None:
        message["to"] = to_hex(to)
    if sender is not None:
        message["from"] = to_hex(sender)
    return message
