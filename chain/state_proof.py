"""What a contract keeps, and how much an account has sent, proved from the state root of a block (EIP-1186).

An account is found in the state's trie under keccak256 of its address, and a slot in the account's own trie under
keccak256 of its number. Every node of a trie is named by its hash in the one above it, the topmost by the root: so who
answers can neither change what is there nor say that nothing is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import rlp
from eth_hash.auto import keccak
from rlp.exceptions import RLPException

from chain.answers import Json, as_bytes
from chain.errors import NodeInconsistent

_WORD = 32
_BRANCH = 17
"""Items of a node that branches: one for each nibble, and a value. Any other has a stretch of path and its end."""
_ODD, _LEAF = 1, 2
"""Bits of the nibble before such a stretch."""
_NONCE, _STORAGE_ROOT = 0, 2
"""Where an account's nonce and storage root stand."""

_Item = bytes | list["_Item"]


def proved_word(answer: Json, *, state_root: bytes, address: bytes, slot: int) -> bytes:
    """Give the 32 bytes that a contract keeps in a slot; what proves nothing of the kind is `NodeInconsistent`.

    Args:
        answer: what `eth_getProof` said of the address and this slot alone.
        state_root: that of the block that was asked about.
        address: the contract's.
        slot: the number of the slot.
    """
    try:
        proof = cast("Mapping[str, Json]", answer)
        (stored,) = cast("list[Mapping[str, Json]]", proof["storageProof"])
        account = _account(proof, state_root, address)
        found = _find(cast("bytes", account[_STORAGE_ROOT]), keccak(slot.to_bytes(_WORD, "big")), stored["proof"])
        value = rlp.decode(found) if found else b""
        return cast("bytes", value).rjust(_WORD, b"\0")
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, RLPException) as error:
        raise NodeInconsistent("the node's proof of what a contract keeps proves nothing") from error


def proved_nonce(answer: Json, *, state_root: bytes, address: bytes) -> int:
    """Give how many transactions an account had sent; what proves nothing of the kind is `NodeInconsistent`.

    The arguments are those of `proved_word`; what was said of slots is not looked at.
    """
    try:
        account = _account(cast("Mapping[str, Json]", answer), state_root, address)
        return int.from_bytes(cast("bytes", account[_NONCE]), "big") if account else 0
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, RLPException) as error:
        raise NodeInconsistent("the node's proof of what an account has sent proves nothing") from error


def _account(proof: Mapping[str, Json], state_root: bytes, address: bytes) -> Sequence[_Item]:
    """Give the fields of an account; none where the state has no such account."""
    found = _find(state_root, keccak(address), proof["accountProof"])
    return cast("Sequence[_Item]", rlp.decode(found)) if found else []


def _find(root: bytes, key: bytes, proof: Json) -> bytes:
    """Walk down from the root along a key; empty where the trie has none such, `KeyError` where a node is missing."""
    nodes = {keccak(node): node for node in (as_bytes(one, "proof") for one in cast("list[Json]", proof))}
    path, at = key.hex(), cast("_Item", root)
    while at:
        # A node that is shorter than a hash stands in the one above it.
        node = cast("list[_Item]", rlp.decode(nodes[at]) if isinstance(at, bytes) else at)
        if len(node) == _BRANCH:
            at, path = node[int(path[0], 16)], path[1:]
        else:
            written, at = node
            kind, stretch = _stretch(cast("bytes", written))
            if not path.startswith(stretch):
                return b""
            path = path[len(stretch) :]
            if kind & _LEAF:
                return cast("bytes", at) if not path else b""
    return b""


def _stretch(written: bytes) -> tuple[int, str]:
    """Read a stretch of path (hex prefix): its kind, and its nibbles as hexadecimal digits."""
    digits = written.hex()
    kind = int(digits[0], 16)
    return kind, digits[1:] if kind & _ODD else digits[2:]
