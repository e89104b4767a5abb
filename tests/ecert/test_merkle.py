from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecert import merkle
from ecert.errors import BatchSizeError
from ecert.merkle import Tree, leaf_hash, verify_inclusion


def split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def tree_head(leaves: Sequence[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, word by word (its leaves are hashed already)."""
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + tree_head(leaves[:k]) + tree_head(leaves[k:])).digest()


def inclusion_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """RFC 9162 section 2.1.3.1, word by word."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*inclusion_path(index, leaves[:k]), tree_head(leaves[k:])]
    return [*inclusion_path(index - k, leaves[k:]), tree_head(leaves[:k])]


def made(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def test_a_leaf_is_hashed_with_a_zero_byte_before_it() -> None:
    assert leaf_hash(b"a.b.c") == sha256(b"\x00a.b.c").digest()


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70))
@settings(deadline=None)
def test_root_and_paths_are_those_of_the_rfc(leaves: list[bytes]) -> None:
    tree = Tree(leaves)
    assert tree.root == tree_head(leaves)
    for index in range(len(leaves)):
        assert list(tree.path(index)) == inclusion_path(index, leaves)


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 31, 32, 33, 64, 200, 4097])
def test_a_path_is_found_from_the_leaves_of_a_subtree_and_the_hashes_of_all(count: int) -> None:
    leaves = made(count)
    tree = Tree(leaves)
    upper = Tree(merkle.split(tree.subtrees))
    assert (upper.root, upper.leaf(upper.count)) == (tree.root, b"")
    for index in range(count):
        number, place = divmod(index, merkle.SUBTREE)
        lower = Tree(leaves[number * merkle.SUBTREE : (number + 1) * merkle.SUBTREE])
        assert lower.root == upper.leaf(number)
        assert (*lower.path(place), *upper.path(number)) == tree.path(index)


@pytest.mark.parametrize("count", [*range(1, 34), 63, 64, 65, 100])
def test_every_leaf_is_at_its_place_and_at_no_other(count: int) -> None:
    leaves = made(count)
    tree = Tree(leaves)
    for index, leaf in enumerate(leaves):
        path = tree.path(index)
        assert verify_inclusion(leaf, index, count, path, tree.root)
        others = [other for other in range(-1, count + 2) if other != index]
        assert not any(verify_inclusion(leaf, other, count, path, tree.root) for other in others)


@given(st.integers(min_value=1, max_value=300), st.data())
@settings(deadline=None)
def test_a_spoiled_proof_proves_nothing(count: int, data: st.DataObject) -> None:
    tree = Tree(made(count))
    index = data.draw(st.integers(min_value=0, max_value=count - 1))
    leaf, path = made(count)[index], list(tree.path(index))
    spoiled = data.draw(
        st.sampled_from(
            [
                (bytes(32), path, tree.root),
                (leaf, path, bytes(32)),
                (leaf, [*path, bytes(32)], tree.root),
                (leaf, [bytes(32), *path], tree.root),
                (leaf, [*path[:-1], bytes(32)], tree.root) if path else (leaf, path, bytes(32)),
                (leaf, path[:-1], tree.root) if path else (leaf, [leaf], tree.root),
                (leaf, path[1:], tree.root) if path else (leaf, [leaf], tree.root),
            ]
        )
    )
    assert not verify_inclusion(spoiled[0], index, count, spoiled[1], spoiled[2])


def test_a_path_of_another_size_of_tree_proves_nothing() -> None:
    tree = Tree(made(8))
    assert not verify_inclusion(made(8)[0], 0, 9, tree.path(0), tree.root)
    assert not verify_inclusion(made(8)[0], 0, 4, tree.path(0), tree.root)


def test_a_batch_has_at_least_one_and_at_most_2_20_leaves() -> None:
    for count in (0, merkle.MAX_LEAVES + 1):
        with pytest.raises(BatchSizeError) as caught:
            Tree([bytes(32)] * count)
        assert caught.value.count == count
    assert len(Tree([bytes(32)] * merkle.MAX_LEAVES).path(5)) == 20


@pytest.mark.parametrize("leaves", [[bytes(33)], [bytes(32), bytes(33)], [bytes(31), bytes(32), b""], [b""] * 5])
def test_leaves_of_another_length_come_to_an_end(leaves: list[bytes]) -> None:
    assert Tree(leaves).root != Tree([bytes(32)] * len(leaves)).root


@pytest.mark.parametrize("index", [-1, 3])
def test_only_leaves_that_are_there_have_a_path(index: int) -> None:
    with pytest.raises(IndexError):
        Tree(made(3)).path(index)


def test_a_tree_gives_its_leaves_back() -> None:
    assert Tree(made(5)).leaves == b"".join(made(5))
