"""Our trees against npm's `@transmute/rfc9162`, written by others from RFC 9162 section 2.1 word by word."""

from __future__ import annotations

import pytest

from ecert.merkle import Tree, leaf_hash, verify_inclusion
from tests.strangers.packages import ask

pytestmark = pytest.mark.usefixtures("npm")


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 33])
def test_roots_and_all_paths_are_the_same(count: int) -> None:
    entries = [f"entry {index}" for index in range(count)]
    tree = Tree([leaf_hash(entry.encode()) for entry in entries])
    answer = ask("tree", entries=entries)
    assert answer["root"] == tree.root.hex()
    assert answer["paths"] == [[node.hex() for node in tree.path(index)] for index in range(count)]


@pytest.mark.parametrize(("count", "index"), [(1, 0), (5, 4), (7, 3), (33, 32)])
def test_it_accepts_our_paths(count: int, index: int) -> None:
    leaves = [leaf_hash(f"entry {number}".encode()) for number in range(count)]
    tree = Tree(leaves)
    path = tree.path(index)
    proof = {"root": tree.root.hex(), "leaf": leaves[index].hex(), "index": index, "count": count}
    assert ask("included", path=[node.hex() for node in path], **proof) == {"included": True}
    assert verify_inclusion(leaves[index], index, count, path, tree.root)
    spoiled = [*path[:-1], bytes(32)] if path else [bytes(32)]
    assert ask("included", path=[node.hex() for node in spoiled], **proof) == {"included": False}
    assert not verify_inclusion(leaves[index], index, count, tuple(spoiled), tree.root)
