"""The tree over a batch: RFC 9162 section 2.1 with SHA-256, leaf i the certificate of serial `first_serial + i`.

A tree is made once, in O(n); each path is then O(log n). A level is one byte string, so that a million leaves take
64 MB. A batch's leaves are no secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

from ecert.errors import BatchSizeError

MAX_LEAVES = 2**20
SUBTREE = 16
"""Leaves of a subtree: with the hashes of all subtrees, a path is found without the other subtrees' leaves."""
_SIZE = 32
_NODES_KEPT = 8192
_SUBTREE_LEVEL = SUBTREE.bit_length() - 1
_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(jwt: bytes) -> bytes:
    """Hash the issuer-signed JWT, `header.payload.signature` in ASCII."""
    return sha256(_LEAF + jwt).digest()


@lru_cache(_NODES_KEPT)
def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two nodes to the one above them; certificates of a batch share the upper nodes, so the latest are kept."""
    return sha256(_NODE + left + right).digest()


class Tree:
    """All levels over the leaves (32 bytes each), from the leaves up to the root."""

    __slots__ = ("_levels", "count")

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.count = len(leaves)
        if not 1 <= self.count <= MAX_LEAVES:
            raise BatchSizeError(self.count)
        self._levels = [b"".join(leaves)]
        for _ in range((self.count - 1).bit_length()):  # by their number: their bytes may have been changed
            self._levels.append(_level_above(self._levels[-1]))

    @property
    def root(self) -> bytes:
        """The tree head, which the ledger keeps."""
        return self._levels[-1]

    @property
    def leaves(self) -> bytes:
        """The leaves, one after the other."""
        return self._levels[0]

    def leaf(self, index: int) -> bytes:
        """Give leaf `index`; nothing where there is none."""
        return self._levels[0][index * _SIZE : (index + 1) * _SIZE]

    @property
    def subtrees(self) -> bytes:
        """The hashes of the subtrees over each 16 leaves, one after the other; the last may be over fewer.

        They are the leaves of a tree with the same root: the path of leaf i is that of leaf i % 16 in its subtree, and
        on top of it that of leaf i // 16 in the tree over the subtrees.
        """
        return self._levels[min(_SUBTREE_LEVEL, len(self._levels) - 1)]

    def path(self, index: int) -> tuple[bytes, ...]:
        """Give the inclusion path of leaf `index` (0 ... count - 1), from the leaf's sibling up."""
        if not 0 <= index < self.count:
            raise IndexError(index)
        path = []
        for level in self._levels[:-1]:
            start = (index ^ 1) * _SIZE
            if start < len(level):
                path.append(level[start : start + _SIZE])
            index >>= 1
        return tuple(path)


def _level_above(level: bytes) -> bytes:
    """Hash each pair; a node without a sibling goes up as it is."""
    pair = 2 * _SIZE
    whole = len(level) - len(level) % pair
    nodes = [sha256(_NODE + level[start : start + pair]).digest() for start in range(0, whole, pair)]
    nodes.append(level[whole:])
    return b"".join(nodes)


def split(hashes: bytes) -> tuple[bytes, ...]:
    """Take apart hashes that stand one after the other."""
    return tuple(hashes[start : start + _SIZE] for start in range(0, len(hashes), _SIZE))


def verify_inclusion(leaf: bytes, index: int, count: int, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the leaf is number `index` of `count` under `root` (RFC 9162 section 2.1.3.2).

    What the RFC finds out step by step follows from the numbers: up to where the ways of this leaf and of the last one
    meet, a bit of `index` says on which side the sibling is; above, all siblings are on the left, one for each bit set.
    """
    if not 0 <= index < count:
        return False
    meeting = (index ^ (count - 1)).bit_length()
    if len(path) != meeting + (index >> meeting).bit_count():
        return False
    node = leaf
    for level, sibling in enumerate(path):
        on_the_left = level >= meeting or index >> level & 1
        node = node_hash(sibling, node) if on_the_left else node_hash(node, sibling)
    return node == root
