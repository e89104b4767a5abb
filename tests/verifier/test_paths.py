"""Paths through batches that lie in a real database."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import delete, event, update
from sqlalchemy.engine import Engine

from ecert.certificate import Issuer
from ecert.facts import BatchFacts
from ecert.merkle import SUBTREE, Tree
from store import batches
from store.database import Database
from store.tables import certificates, subtrees
from tests.store.makers import AGENCY, LEDGER, SENDER, TITLE, batch, certificates_from
from verifier.services.paths import Paths

COUNT = 3 * SUBTREE + 5
ISSUER = Issuer(ledger=LEDGER, agency=AGENCY)


@pytest.fixture
def tree(database: Database) -> Tree:
    """The tree of a batch that was closed; its first serial is 10, since ten were given before."""
    rows = certificates_from(0, COUNT)
    made = Tree([row.leaf for row in rows])
    with database.begin() as connection:
        batch(connection, capacity=10)
        begun = batch(connection, capacity=COUNT)
        batches.close(connection, begun.id, position=0, rows=rows, tree=made, suite=1, sender=SENDER, now=101)
    return made


def facts(tree: Tree) -> BatchFacts:
    return BatchFacts(
        certificate_type=TITLE, suite=1, root=tree.root, first_serial=10, count=COUNT, anchored=110, block=5
    )


def leaves_read(paths: Paths, tree: Tree, index: int) -> int:
    """Find one path, and count how often leaves were read for it."""
    read: list[int] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "certificates.leaf" in statement:
            read.append(1)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        assert paths.find(ISSUER, 10 + index, facts(tree)) == tree.path(index)
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return len(read)


def test_every_certificate_of_a_batch_gets_its_path(database: Database, tree: Tree) -> None:
    paths = Paths(database)
    for index in range(COUNT):
        assert paths.find(ISSUER, 10 + index, facts(tree)) == tree.path(index)


def test_the_leaves_around_a_certificate_are_read_once(database: Database, tree: Tree) -> None:
    paths = Paths(database)
    asked = [leaves_read(paths, tree, index) for index in (0, SUBTREE - 1, SUBTREE, 1)]
    assert asked == [1, 0, 1, 0]


def test_a_batch_from_before_gets_its_paths_from_all_its_leaves(database: Database, tree: Tree) -> None:
    with database.begin() as connection:
        connection.execute(delete(subtrees))
    paths = Paths(database)
    assert [leaves_read(paths, tree, index) for index in (7, 8, COUNT - 1)] == [2, 0, 1]


def test_a_leaf_that_was_changed_takes_the_paths_of_its_subtree_alone(database: Database, tree: Tree) -> None:
    with database.begin() as connection:
        connection.execute(update(certificates).where(certificates.c.serial == 11).values(leaf=bytes(32)))
    paths = Paths(database)
    assert paths.find(ISSUER, 10, facts(tree)) is None
    assert paths.find(ISSUER, 10 + SUBTREE, facts(tree)) == tree.path(SUBTREE)


def test_the_root_of_another_batch_with_another_count_condemns_nobody_and_breaks_nothing(
    database: Database, tree: Tree
) -> None:
    """Whoever anchored it has no such leaves; the ledger lets every agency anchor what root it likes."""
    paths = Paths(database)
    assert paths.find(ISSUER, 10, facts(tree)) == tree.path(0)
    assert paths.find(ISSUER, 10 + COUNT - 1, facts(tree)) == tree.path(COUNT - 1)
    other = replace(facts(tree), count=4 * SUBTREE)
    found = [paths.find(ISSUER, 10 + index, other) for index in range(other.count)]
    assert found[COUNT - 1 :] == [None] * (other.count - COUNT + 1)


@pytest.mark.parametrize("hashes", [b"", b"\x01" * 32, b"\x01" * 31, b"\x01" * 32 * 4, b"\x01" * 97])
def test_hashes_that_were_changed_are_made_again_from_the_leaves(
    database: Database, tree: Tree, hashes: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with database.begin() as connection:
        connection.execute(update(subtrees).values(hashes=hashes))
    assert Paths(database).find(ISSUER, 10, facts(tree)) == tree.path(0)
    assert "see `ecert fsck`" in caplog.text


@pytest.mark.parametrize("leaf", [b"", b"\x01" * 31, b"\x01" * 33, b"\x01" * 96])
def test_a_leaf_of_another_length_takes_the_paths_of_its_subtree_alone(
    database: Database, tree: Tree, leaf: bytes
) -> None:
    with database.begin() as connection:
        connection.execute(update(certificates).where(certificates.c.serial == 11).values(leaf=leaf))
    paths = Paths(database)
    assert paths.find(ISSUER, 10, facts(tree)) is None
    assert paths.find(ISSUER, 10 + SUBTREE, facts(tree)) == tree.path(SUBTREE)
    assert paths.tree(ISSUER, facts(tree)) is None


def test_hashes_of_another_level_with_leaves_to_match_condemn_nobody(database: Database, tree: Tree) -> None:
    with database.begin() as connection:
        connection.execute(update(subtrees).values(hashes=tree.root))
        connection.execute(update(certificates).values(leaf=tree.root))
    paths = Paths(database)
    assert [paths.find(ISSUER, 10 + index, facts(tree)) for index in range(COUNT)] == [None] * COUNT


def test_leaves_that_were_left_out_give_no_path(database: Database, tree: Tree) -> None:
    with database.begin() as connection:
        connection.execute(delete(certificates).where(certificates.c.serial >= 10 + SUBTREE // 2))
    assert Paths(database).find(ISSUER, 10, facts(tree)) is None
    assert Paths(database).tree(ISSUER, facts(tree)) is None


def test_a_batch_that_is_not_here_gives_no_path(database: Database, tree: Tree) -> None:
    stranger = Issuer(ledger=LEDGER, agency="SOMEBODY-1")
    assert Paths(database).find(stranger, 10, facts(tree)) is None
    assert Paths(database).tree(stranger, facts(tree)) is None


def test_the_whole_tree_is_given_where_all_leaves_are_here(database: Database, tree: Tree) -> None:
    found = Paths(database).tree(ISSUER, facts(tree))
    assert found is not None
    assert (found.root, found.leaves) == (tree.root, tree.leaves)


def test_trees_are_let_go_beyond_the_limit(database: Database, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifier.services.paths.MAX_LEAVES_KEPT", SUBTREE + 4)
    paths = Paths(database)
    assert [leaves_read(paths, tree, index) for index in (0, 1, SUBTREE, 0)] == [1, 0, 1, 1]
