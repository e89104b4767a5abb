"""A receipt as it stands in its block's trie, written from what a node says of it, and read again (EIP-2718, EIP-658).

RLP of status, gas used so far, bloom and logs; before it a byte with the type of the transaction, but for the first
kind. A log is RLP of address, topics and data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import rlp

from chain.answers import Json, as_bytes, as_int
from chain.errors import AnchorUnproved, NodeInconsistent, Unproved
from chain.strict_rlp import Item, decode

TYPES = range(1, 5)
"""Types of transactions whose receipts are written so: access lists, fee market, blobs, account code."""
SUCCEEDED = b"\x01"

_ADDRESS, _TOPIC, _BLOOM = 20, 32, 256
_FIRST_LIST = 0xC0
"""From here on a first byte is that of a list, so that there is no type before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLog:
    """What a contract logged."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TrieReceipt:
    """What is needed of a receipt: whether its transaction succeeded, and its logs, in their order."""

    succeeded: bool
    logs: tuple[ReceiptLog, ...]


def write_receipt(answer: Json) -> bytes:
    """Write a receipt from a node's JSON; `NodeInconsistent` where something is missing or of another kind."""
    said = _fields(answer)
    logs = said.get("logs")
    if not isinstance(logs, list):
        raise NodeInconsistent("the node gave a receipt without logs")
    body: bytes = rlp.encode(
        [
            _number(said, "status"),
            _number(said, "cumulativeGasUsed"),
            as_bytes(said.get("logsBloom"), "logs bloom", _BLOOM),
            [_written_log(_fields(one)) for one in logs],
        ]
    )
    kind = as_int(said.get("type", "0x0"), "receipt type")
    if kind and kind not in TYPES:
        raise NodeInconsistent(f"the node gave a receipt of type {kind}, which is not known here")
    return bytes([kind]) + body if kind else body


def read_receipt(receipt: bytes) -> TrieReceipt:
    """Read a receipt as it stands in the trie; `AnchorUnproved` for what is none."""
    first = receipt[0] if receipt else 0
    if first < _FIRST_LIST and first not in TYPES:
        raise _malformed("it is of a type that is not known")
    item = decode(receipt if first >= _FIRST_LIST else receipt[1:], Unproved.RECEIPT)
    try:
        status, _, bloom, logs = item
    except ValueError as error:
        raise _malformed("it does not have the parts of one") from error
    if status not in (SUCCEEDED, b"") or not _is_bytes(bloom, _BLOOM) or not isinstance(logs, list):
        raise _malformed("it does not have the parts of one")
    return TrieReceipt(succeeded=status == SUCCEEDED, logs=tuple(map(_read_log, logs)))


def _read_log(item: Item) -> ReceiptLog:
    try:
        address, topics, data = item
    except ValueError as error:
        raise _malformed("one of its logs is none") from error
    if not _is_bytes(address, _ADDRESS) or not isinstance(topics, list) or not isinstance(data, bytes):
        raise _malformed("one of its logs is none")
    if not all(_is_bytes(topic, _TOPIC) for topic in topics):
        raise _malformed("one of its logs is none")
    return ReceiptLog(address=cast("bytes", address), topics=tuple(cast("list[bytes]", topics)), data=data)


def _is_bytes(item: Item | int, length: int) -> bool:
    return isinstance(item, bytes) and len(item) == length


def _malformed(why: str) -> AnchorUnproved:
    return AnchorUnproved(Unproved.RECEIPT, why)


def _fields(answer: Json) -> Mapping[str, Json]:
    if not isinstance(answer, dict):
        raise NodeInconsistent("the node gave a receipt that is none")
    return cast("Mapping[str, Json]", answer)


def _number(said: Mapping[str, Json], name: str) -> bytes:
    number = as_int(said.get(name), f"receipt {name}")
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _written_log(said: Mapping[str, Json]) -> list[bytes | list[bytes]]:
    topics = said.get("topics")
    if not isinstance(topics, list):
        raise NodeInconsistent("the node gave a log without topics")
    return [
        as_bytes(said.get("address"), "log address", _ADDRESS),
        [as_bytes(topic, "topic", _TOPIC) for topic in topics],
        as_bytes(said.get("data"), "log data"),
    ]
