"""Block headers, written again from what a node says of their fields, so that the hash is ours and not the node's word.

A header is RLP of its fields; those that later forks added stand at the end, in the order in which they came. The block
hash is keccak256 of it. Clique blocks are hashed whole, their signer's seal in the extra data included. QBFT blocks are
hashed without their seals and with round 0 (`chain.seals`), so that every node has the same hash whatever seals it saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import rlp
from eth_hash.auto import keccak
from rlp.exceptions import RLPException

from chain.answers import Json, as_bytes, as_int
from chain.errors import NodeInconsistent

BFT_DIGEST = bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")
"""The `mixHash` of every QBFT and IBFT block."""

STATE_ROOT, RECEIPTS_ROOT, NUMBER, TIME, EXTRA, MIX_HASH = 3, 5, 8, 11, 12, 13
"""Where some of the fields stand."""

Fields = list[bytes]

_FIELDS: tuple[tuple[str, int | None], ...] = (
    ("parentHash", 32),
    ("sha3Uncles", 32),
    ("miner", 20),
    ("stateRoot", 32),
    ("transactionsRoot", 32),
    ("receiptsRoot", 32),
    ("logsBloom", 256),
    ("difficulty", 0),
    ("number", 0),
    ("gasLimit", 0),
    ("gasUsed", 0),
    ("timestamp", 0),
    ("extraData", None),
    ("mixHash", 32),
    ("nonce", 8),
)
"""Name and length; 0 is a number, None any length."""

_LATER: tuple[tuple[str, int], ...] = (
    ("baseFeePerGas", 0),
    ("withdrawalsRoot", 32),
    ("blobGasUsed", 0),
    ("excessBlobGas", 0),
    ("parentBeaconBlockRoot", 32),
    ("requestsHash", 32),
)
"""Fields that forks added, in their order; a header has some of them from the first on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockHeader:
    """What is needed of a block. `base_fee` is None where the network knows none.

    `rlp`: the whole header, made of the fields that the node gave; None where it left one out. It is the header of the
    block `hash` only once `check_hash` has said so.
    """

    number: int
    hash: bytes
    parent: bytes
    time: int
    gas_limit: int
    base_fee: int | None
    rlp: bytes | None = None


def as_header(answer: Json) -> BlockHeader:
    """Read a block."""
    if answer is None:
        raise NodeInconsistent("the node does not have a block that it should have")
    if not isinstance(answer, dict):
        raise NodeInconsistent("the node gave a block that is none")
    block = cast("Mapping[str, Json]", answer)
    base_fee = block.get("baseFeePerGas")
    return BlockHeader(
        number=as_int(block.get("number"), "block number"),
        hash=as_bytes(block.get("hash"), "block hash", 32),
        parent=as_bytes(block.get("parentHash"), "parent hash", 32),
        time=as_int(block.get("timestamp"), "block time"),
        gas_limit=as_int(block.get("gasLimit"), "gas limit"),
        base_fee=None if base_fee is None else as_int(base_fee, "base fee"),
        rlp=_encoded(block),
    )


def hash_of(header: bytes) -> bytes:
    """The block hash of a header (RLP), whichever kind of network it is of; `NodeInconsistent` for what is none."""
    fields = fields_of(header)
    if fields[MIX_HASH] != BFT_DIGEST:
        return keccak(header)
    return keccak(rlp.encode(with_extra(fields, round_number=b"", seals=[])))


def check_hash(header: BlockHeader) -> bytes:
    """Give a header's RLP if its fields make the hash that the node gave; else it is `NodeInconsistent`."""
    if header.rlp is None or hash_of(header.rlp) != header.hash:
        raise NodeInconsistent(f"block {header.number} does not have the hash that the node gives it")
    return header.rlp


def fields_of(header: bytes) -> Fields:
    """Take a header apart."""
    try:
        fields = rlp.decode(header)
    except RLPException as error:
        raise NodeInconsistent("a header is no RLP") from error
    if not isinstance(fields, list) or len(fields) < len(_FIELDS) or not all(isinstance(one, bytes) for one in fields):
        raise NodeInconsistent("a header does not have the fields of one")
    return cast("Fields", fields)


def extra_of(fields: Fields) -> tuple[bytes, list[bytes], object, bytes, list[bytes]]:
    """Take a QBFT header's extra data apart: vanity, validators, vote, round, seals."""
    try:
        extra = rlp.decode(fields[EXTRA])
        vanity, validators, vote, round_number, seals = extra
    except (RLPException, ValueError) as error:
        raise NodeInconsistent("a header's extra data are not those of QBFT") from error
    if not _are_bytes(validators, 20) or not _are_bytes(seals, 65) or not isinstance(round_number, bytes):
        raise NodeInconsistent("a header's validators, round or seals are malformed")
    return vanity, validators, vote, round_number, seals


def with_extra(fields: Fields, *, round_number: bytes | None, seals: list[bytes]) -> Fields:
    """Write a QBFT header's fields with another round (None: the one it has) and other seals."""
    vanity, validators, vote, own_round, _ = extra_of(fields)
    extra = [vanity, validators, vote, own_round if round_number is None else round_number, seals]
    return [*fields[:EXTRA], rlp.encode(extra), *fields[EXTRA + 1 :]]


def _are_bytes(value: object, length: int) -> bool:
    return isinstance(value, list) and all(isinstance(one, bytes) and len(one) == length for one in value)


def _encoded(block: Mapping[str, Json]) -> bytes | None:
    if any(block.get(name) is None for name, _ in _FIELDS):
        return None
    wanted: list[tuple[str, int | None]] = list(_FIELDS)
    for name, length in _LATER:
        if block.get(name) is None:
            break
        wanted.append((name, length))
    encoded: bytes = rlp.encode([_field(block[name], name, length) for name, length in wanted])
    return encoded


def _field(said: Json, name: str, length: int | None) -> bytes:
    if length == 0:
        number = as_int(said, name)
        return number.to_bytes((number.bit_length() + 7) // 8, "big")
    return as_bytes(said, name, length)
