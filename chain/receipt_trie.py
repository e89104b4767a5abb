"""The trie that keeps a block's receipts: what proves that one is in it, made and checked (Merkle Patricia tries).

A receipt's key is the RLP of its index in the block, walked nibble by nibble. A node is a branch (a child for each
nibble, and a value) or a stretch of path and what it leads to; it is named in the one above it by its hash, or stands
there itself where it is shorter than a hash. A proof is the nodes from the root down, each once, in their order, none
but those: so there is one proof of a receipt, and no proof of anything that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import rlp
from eth_hash.auto import keccak

from chain.errors import AnchorUnproved, Unproved
from chain.strict_rlp import Item, decode, length

_HASH = 32
_BRANCH = 17
_STRETCH = 2
"""How many items each kind of node has."""
_ODD, _LEAF = 1, 2
"""Bits of the nibble before a stretch of path."""
_NOTHING = b""

_Entries = Sequence[tuple[str, bytes]]
"""What is left of each key, as hexadecimal digits, and its value; ascending."""


def receipt_at(root: bytes, index: int, proof: Sequence[bytes]) -> bytes:
    """Give the receipt that a proof shows at `index` under the receipts root; `AnchorUnproved` where it shows none."""
    nodes = iter(proof)

    def following(name: bytes) -> bytes:
        node = next(nodes, None)
        if node is None:
            raise _broken("a node is missing")
        if keccak(node) != name:
            raise _broken("a node does not have the hash by which the one above it names it")
        return node

    value = _walk(root, _path(index), following)
    if next(nodes, None) is not None:
        raise _broken("it has a node that the way to the receipt does not pass")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptTrie:
    """The trie over all receipts of a block: its root, and its nodes by their names."""

    root: bytes
    nodes: Mapping[bytes, bytes]

    @classmethod
    def of(cls, receipts: Sequence[bytes]) -> Self:
        """Make it of the receipts in their order."""
        nodes: dict[bytes, bytes] = {}
        entries = sorted((_path(index), receipt) for index, receipt in enumerate(receipts))
        return cls(root=_name(rlp.encode(_node(entries, nodes)), nodes), nodes=nodes)

    def proof(self, index: int) -> tuple[bytes, ...]:
        """Give the proof of the receipt at an index that there is."""
        proof: list[bytes] = []

        def following(name: bytes) -> bytes:
            proof.append(self.nodes[name])
            return proof[-1]

        _walk(self.root, _path(index), following)
        return tuple(proof)


def _path(index: int) -> str:
    key: bytes = rlp.encode(index)
    return key.hex()


def _walk(root: bytes, path: str, following: Callable[[bytes], bytes]) -> bytes:
    """Walk down from the root to the end of a path; `following` gives the node of a name."""
    at: Item = root
    shortest = 0  # the root is named by its hash however short it is
    while True:
        node = _opened(at, following, shortest)
        shortest = _HASH
        if len(node) == _BRANCH:
            at, path, ends = (node[int(path[0], 16)], path[1:], False) if path else (node[-1], path, True)
        else:
            stretch, ends = _stretch(node[0])
            if not path.startswith(stretch) or (ends and path != stretch):
                raise _broken("it leads to another place")
            at, path = node[1], path[len(stretch) :]
        if ends:
            if not isinstance(at, bytes) or at == _NOTHING:
                raise _broken("there is nothing at that place")
            return at


def _opened(at: Item, following: Callable[[bytes], bytes], shortest: int) -> list[Item]:
    """Give the node that stands here, or that is named here and has at least so many bytes."""
    node = at
    if isinstance(at, bytes):
        if len(at) != _HASH:
            raise _broken("it leads to nothing")
        encoded = following(at)
        if len(encoded) < shortest:
            raise _broken("a node that is shorter than a hash is named by one")
        node = decode(encoded, Unproved.RECEIPT_PROOF)
    elif length(at, Unproved.RECEIPT_PROOF) >= _HASH:
        raise _broken("a node that is as long as a hash stands in another one")
    if not isinstance(node, list) or len(node) not in {_BRANCH, _STRETCH}:
        raise _broken("a node is none")
    return node


def _stretch(written: Item) -> tuple[str, bool]:
    """Read a stretch of path (hex prefix): its nibbles, and whether the path ends with it."""
    digits = written.hex() if isinstance(written, bytes) else ""
    kind = int(digits[:1] or "f", 16)
    if kind > _LEAF | _ODD or (not kind & _ODD and digits[1] != "0"):
        raise _broken("a node is none")
    stretch, is_leaf = digits[1 if kind & _ODD else 2 :], bool(kind & _LEAF)
    if not stretch and not is_leaf:
        raise _broken("a node is none")
    return stretch, is_leaf


def _written(stretch: str, *, is_leaf: bool) -> bytes:
    kind = _LEAF if is_leaf else 0
    return bytes.fromhex(f"{kind | _ODD}{stretch}" if len(stretch) % 2 else f"{kind}0{stretch}")


def _node(entries: _Entries, nodes: dict[bytes, bytes]) -> Item:
    """Make the node over some entries, none of whose keys begins another; those under it are put into `nodes`."""
    if not entries:
        return _NOTHING
    if len(entries) == 1:
        ((path, value),) = entries
        return [_written(path, is_leaf=True), value]
    shared = _shared(entries[0][0], entries[-1][0])
    if shared:
        below = [(path[len(shared) :], value) for path, value in entries]
        return [_written(shared, is_leaf=False), _child(below, nodes)]
    children = [
        _child([(path[1:], value) for path, value in entries if path[0] == nibble], nodes)
        for nibble in "0123456789abcdef"
    ]
    return [*children, _NOTHING]


def _shared(first: str, last: str) -> str:
    """Give how the first and the last key begin, and so all between them."""
    for at, (one, other) in enumerate(zip(first, last, strict=False)):
        if one != other:
            return first[:at]
    return first


def _child(entries: _Entries, nodes: dict[bytes, bytes]) -> Item:
    node = _node(entries, nodes)
    encoded: bytes = rlp.encode(node)
    return node if len(encoded) < _HASH else _name(encoded, nodes)


def _name(encoded: bytes, nodes: dict[bytes, bytes]) -> bytes:
    name = keccak(encoded)
    nodes[name] = encoded
    return name


def _broken(why: str) -> AnchorUnproved:
    return AnchorUnproved(Unproved.RECEIPT_PROOF, why)
