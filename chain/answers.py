"""What a node's JSON says, read strictly: logs, receipts, numbers, bytes (blocks: `chain.headers`).

Whatever is not of the right shape is `NodeInconsistent`; nothing missing is filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from chain.errors import NodeInconsistent

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""What a node can answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One log of one contract, with the block it is in."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    block_hash: bytes
    transaction: bytes
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionReceipt:
    """A mined transaction: whether it succeeded, what it burnt, and its logs."""

    transaction: bytes
    block: int
    block_hash: bytes
    succeeded: bool
    gas_used: int
    logs: tuple[Log, ...]
    contract: bytes | None


def to_hex(value: bytes) -> str:
    """Write bytes as a node reads them."""
    return "0x" + value.hex()


def as_int(answer: Json, what: str) -> int:
    """Read a quantity."""
    if isinstance(answer, str) and answer.startswith("0x"):
        try:
            return int(answer, 16)
        except ValueError:
            pass
    raise NodeInconsistent(f"{what}: {answer!r} is no number")


def as_bytes(answer: Json, what: str, length: int | None = None) -> bytes:
    """Read bytes, of one length where one is given."""
    if isinstance(answer, str) and answer.startswith("0x"):
        try:
            value = bytes.fromhex(answer[2:])
        except ValueError:
            value = None
        if value is not None and length in {None, len(value)}:
            return value
    raise NodeInconsistent(f"{what}: {str(answer)[:100]!r} is not made of {length or 'any'} bytes")


def as_text(answer: Json, what: str) -> str:
    """Read a text."""
    if not isinstance(answer, str):
        raise NodeInconsistent(f"{what}: {answer!r} is no text")
    return answer


def as_log(answer: Json) -> Log:
    """Read a log; one that the node marks as removed is refused."""
    log = _fields(answer, "log")
    topics = log.get("topics")
    if not isinstance(topics, list) or log.get("removed") is True:
        raise NodeInconsistent("the node gave a log without topics, or one of a block that it has left")
    return Log(
        address=as_bytes(log.get("address"), "log address", 20),
        topics=tuple(as_bytes(topic, "topic", 32) for topic in topics),
        data=as_bytes(log.get("data"), "log data"),
        block=as_int(log.get("blockNumber"), "log block"),
        block_hash=as_bytes(log.get("blockHash"), "log block hash", 32),
        transaction=as_bytes(log.get("transactionHash"), "log transaction", 32),
        index=as_int(log.get("logIndex"), "log index"),
    )


def as_receipt(answer: Json) -> TransactionReceipt:
    """Read a receipt."""
    receipt = _fields(answer, "receipt")
    logs = receipt.get("logs")
    if not isinstance(logs, list):
        raise NodeInconsistent("the node gave a receipt without logs")
    contract = receipt.get("contractAddress")
    return TransactionReceipt(
        transaction=as_bytes(receipt.get("transactionHash"), "receipt transaction", 32),
        block=as_int(receipt.get("blockNumber"), "receipt block"),
        block_hash=as_bytes(receipt.get("blockHash"), "receipt block hash", 32),
        succeeded=as_int(receipt.get("status"), "receipt status") == 1,
        gas_used=as_int(receipt.get("gasUsed"), "gas used"),
        logs=tuple(as_log(log) for log in logs),
        contract=None if contract is None else as_bytes(contract, "contract address", 20),
    )


def _fields(answer: Json, what: str) -> Mapping[str, Json]:
    if not isinstance(answer, dict):
        raise NodeInconsistent(f"the node gave a {what} that is none")
    return cast("Mapping[str, Json]", answer)
