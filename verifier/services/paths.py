"""Inclusion paths for certificates that came without one, made from the leaves of batches that were issued here.

A path is made of two: one through the 16 leaves around the certificate, and one through the hashes of all such
subtrees, which were kept when the batch was closed. So a batch of a million costs hardly more than one of a hundred,
and what is kept in memory of a whole city's batches is small.

What is found is compared with the root and the count that the ledger names, which fix a tree: a wrong or changed leaf
or hash in the database can only leave a certificate without path (`proof_missing`), never condemn it.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial

from ecert.certificate import Issuer
from ecert.facts import BatchFacts
from ecert.merkle import SUBTREE, Tree, split
from store import batches, certificates
from store.database import Database
from store.errors import StoreError

_LOG = logging.getLogger(__name__)
MAX_LEAVES_KEPT = 2**20
"""Leaves of the trees that are kept in memory, over all trees: some 70 MB, and four times as much where batches are of
one certificate each."""


class Paths:
    """Finds paths in a database's batches; keeps the trees used last. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept = _Kept()

    def find(self, issuer: Issuer, serial: int, batch: BatchFacts) -> tuple[bytes, ...] | None:
        """Give the path of a serial in the batch that the ledger names for it; None where the leaves are not here."""
        number, place = divmod(serial - batch.first_serial, SUBTREE)
        try:
            upper = self._kept.get((*_tree(batch), "upper"), partial(self._upper, issuer, batch))
            if upper is None:
                return None
            make = partial(self._lower, issuer, batch, number, upper.leaf(number))
            lower = self._kept.get((*_tree(batch), number), make)
        except StoreError as error:
            _LOG.warning("no leaves could be read: %s", error)
            return None
        return None if lower is None else (*lower.path(place), *upper.path(number))

    def tree(self, issuer: Issuer, batch: BatchFacts) -> Tree | None:
        """Give the whole tree of a batch that the ledger names; None where its leaves are not here.

        Raises:
            StoreError: the database does not answer.
        """
        return self._kept.get((*_tree(batch), "whole"), partial(self._whole, issuer, batch))

    def _whole(self, issuer: Issuer, batch: BatchFacts) -> Tree | None:
        with self._database.read() as connection:
            record = batches.covering(connection, issuer.ledger, issuer.agency, batch.first_serial)
            leaves = () if record is None else batches.leaves(connection, record.id)
        return _made(leaves, batch.count, batch.root)

    def _upper(self, issuer: Issuer, batch: BatchFacts) -> Tree | None:
        """Make the tree over the hashes of the subtrees: of those that were kept, or else of all leaves."""
        with self._database.read() as connection:
            record = batches.covering(connection, issuer.ledger, issuer.agency, batch.first_serial)
            hashes = None if record is None else batches.subtrees_of(connection, record.id)
        count = -(-batch.count // SUBTREE)
        kept = None if hashes is None else _made(split(hashes), count, batch.root)
        if kept is not None:
            return kept
        if hashes is not None:
            _LOG.error("the subtrees of a batch are not those of its root: see `ecert fsck`")
        whole = self._whole(issuer, batch)
        return None if whole is None else _made(split(whole.subtrees), count, batch.root)

    def _lower(self, issuer: Issuer, batch: BatchFacts, number: int, root: bytes) -> Tree | None:
        """Make the subtree of a number."""
        start = number * SUBTREE
        count = min(SUBTREE, batch.count - start)
        first = batch.first_serial + start
        with self._database.read() as connection:
            leaves = certificates.leaves(connection, issuer.ledger, issuer.agency, range(first, first + count))
        return _made(leaves, count, root)


class _Kept:
    """The trees used last, up to a number of leaves."""

    def __init__(self) -> None:
        self._trees: OrderedDict[Hashable, Tree] = OrderedDict()
        self._leaves = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Tree | None]) -> Tree | None:
        """Give the tree that is kept under a key; make it where there is none, and keep it."""
        with self._lock:
            if key in self._trees:
                self._trees.move_to_end(key)
                return self._trees[key]
        tree = make()
        if tree is not None:
            self._keep(key, tree)
        return tree

    def _keep(self, key: Hashable, tree: Tree) -> None:
        with self._lock:
            if key not in self._trees:
                self._leaves += tree.count
            self._trees[key] = tree
            while len(self._trees) > 1 and self._leaves > MAX_LEAVES_KEPT:
                _, oldest = self._trees.popitem(last=False)
                self._leaves -= oldest.count


def _tree(batch: BatchFacts) -> tuple[bytes, int]:
    """Name a batch's tree: anybody may have anchored the root of another batch, with another count."""
    return batch.root, batch.count


def _made(leaves: tuple[bytes, ...], count: int, root: bytes) -> Tree | None:
    """Make the tree of so many leaves; None where they are not so many, or it has another root."""
    tree = Tree(leaves) if len(leaves) == count else None
    return tree if tree is not None and tree.root == root else None
