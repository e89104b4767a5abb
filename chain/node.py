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
    Json,
    Log,
    TransactionReceipt,
    as_bytes,
    as_int,
    as_log,
    as_receipt,
    as_text,
    to_hex,
)
from chain.errors import NodeInconsistent, NodeRefused
from chain.headers import BlockHeader, as_header
from chain.patience import NODE_SECONDS
from chain.rpc import METHOD_ABSENT, Request, Rpc
from chain.spreading import Spreading


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A key as the chain sees it in its latest block: how many transactions it has sent, and its money."""

    nonce: int
    balance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a transaction would do on the head: the gas that it would burn, or why the node would not carry it out.

    `account`: its sender's. `answer`: what the contract said to a question, in the block that was named.
    """

    gas: int | NodeRefused
    account: Account
    answer: bytes


class Node(Rpc):
    """The node at `url`."""

    def __init__(self, url: str, *, others: Sequence[str] = (), timeout: float = NODE_SECONDS) -> None:
        super().__init__(url, others=others, timeout=timeout)
        self._spreading: Spreading | None = None

    def spread(self, raw: bytes) -> None:
        """Hand a signed transaction to the others as well, beside all else: nothing is waited for, nothing said.

        Between themselves nodes may take half a second for it, in which the next block is made without it.
        """
        if self.others and self._spreading is None:
            self._spreading = Spreading(self.others)
        if self._spreading is not None:
            self._spreading.spread(raw)

    async def close(self) -> None:
        """Close the connections. Another request opens them again."""
        spreading, self._spreading = self._spreading, None
        if spreading is not None:
            await spreading.close()
        await super().close()

    async def chain_id(self) -> int:
        """Answer the number of the chain."""
        return as_int(await self.request("eth_chainId"), "eth_chainId")

    async def client_version(self) -> str:
        """Answer what the node says it is."""
        return as_text(await self.request("web3_clientVersion"), "web3_clientVersion")

    async def height(self) -> int:
        """Answer the number of the head."""
        return as_int(await self.request("eth_blockNumber"), "eth_blockNumber")

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
        requests: list[Request] = [("eth_call", [_message(to, data, sender), in_block(at)]) for to, data in asked]
        return [as_bytes(answer, "eth_call") for answer in await self.all(requests)]

    async def proofs(self, addresses: Sequence[bytes], slot: int, *, at: bytes) -> list[Json]:
        """Answer what proves one slot of each of these contracts in the block with hash `at` (`chain.state_proof`)."""
        key: Json = [to_hex(slot.to_bytes(32, "big"))]
        return await self.all([("eth_getProof", [to_hex(address), key, in_block(at)]) for address in addresses])

    async def estimate(self, to: bytes | None, data: bytes, *, sender: bytes) -> int:
        """Answer the gas that a transaction would burn on the head; one that would revert is `NodeRefused`."""
        return as_int(await self.request("eth_estimateGas", _message(to, data, sender)), "eth_estimateGas")

    async def try_out(self, to: bytes, data: bytes, *, sender: bytes, question: bytes, at: bytes) -> Trial:
        """Try a transaction on the head and ask for its sender's account, all in one request.

        With it goes a `question` to the same contract in the block with hash `at`, which must be on the node's chain.
        """
        who = to_hex(sender)
        answer, gas, nonce, balance = await self.batch(
            [
                ("eth_call", [_message(to, question, None), in_block(at)]),
                ("eth_estimateGas", [_message(to, data, sender)]),
                ("eth_getTransactionCount", [who, "latest"]),
                ("eth_getBalance", [who, "latest"]),
            ]
        )
        return Trial(
            gas=gas if isinstance(gas, NodeRefused) else as_int(gas, "eth_estimateGas"),
            account=_account(_granted(nonce), _granted(balance)),
            answer=as_bytes(_granted(answer), "eth_call"),
        )

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

    async def receipts(self, transactions: Sequence[bytes]) -> list[TransactionReceipt | None]:
        """Answer the receipts of transactions, None for one that is in no block."""
        asked: list[Request] = [("eth_getTransactionReceipt", [to_hex(one)]) for one in transactions]
        found = [None if answer is None else as_receipt(answer) for answer in await self.all(asked)]
        for transaction, receipt in zip(transactions, found, strict=True):
            if receipt is not None and receipt.transaction != transaction:
                raise NodeInconsistent("the node gave the receipt of another transaction than it was asked for")
        return found

    async def send(self, raw: bytes) -> bytes:
        """Hand over a signed transaction; answer its hash as we compute it."""
        said = as_bytes(await self.request("eth_sendRawTransaction", to_hex(raw)), "eth_sendRawTransaction")
        if said != keccak(raw):
            raise NodeInconsistent("the node took our transaction under another hash")
        return said

    async def account(self, address: bytes) -> Account:
        """Answer nonce and balance in the latest block."""
        return (await self.accounts([address]))[0]

    async def accounts(self, addresses: Sequence[bytes]) -> list[Account]:
        """Answer nonce and balance of each address in the latest block."""
        asked: list[Request] = []
        for who in map(to_hex, addresses):
            asked += [("eth_getTransactionCount", [who, "latest"]), ("eth_getBalance", [who, "latest"])]
        answers = await self.all(asked)
        return [_account(*pair) for pair in zip(answers[::2], answers[1::2], strict=True)]

    async def nonces_at(
        self, addresses: Sequence[bytes], block: int, block_hash: bytes | None
    ) -> list[int | None] | None:
        """Answer how many transactions of each address are in the blocks up to `block`; None where it is refused.

        None where there is no block at that height, or it is not the one with this hash (None: whichever).
        """
        method = "eth_getTransactionCount"
        asked: list[Request] = [(method, [to_hex(address), hex(block)]) for address in addresses]
        *answers, found = await self.batch([*asked, ("eth_getBlockByNumber", [hex(block), False])])
        if found is None or isinstance(found, NodeRefused):
            return None
        if block_hash not in {None, as_header(found).hash}:
            return None
        return [None if isinstance(answer, NodeRefused) else as_int(answer, method) for answer in answers]

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


def in_block(block_hash: bytes) -> Json:
    """Say in which block something is asked; a node that has left it refuses."""
    return {"blockHash": to_hex(block_hash), "requireCanonical": True}


def _granted(answer: Json | NodeRefused) -> Json:
    if isinstance(answer, NodeRefused):
        raise answer
    return answer


def _account(nonce: Json, balance: Json) -> Account:
    return Account(nonce=as_int(nonce, "eth_getTransactionCount"), balance=as_int(balance, "eth_getBalance"))


def _message(to: bytes | None, data: bytes, sender: bytes | None) -> dict[str, Json]:
    message: dict[str, Json] = {"data": to_hex(data)}
    if to is not None:
        message["to"] = to_hex(to)
    if sender is not None:
        message["from"] = to_hex(sender)
    return message
