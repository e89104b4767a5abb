"""Inclusion paths for certificates that came without one, made from the leaves of batches that were issued here.

What is found is compared with the root that the ledger names, so a wrong or changed leaf in the database can only leave
a certificate without path (`proof_missing`), never condemn it.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict

from ecert.certificate import Certificate
from ecert.facts import BatchFacts
from ecert.merkle import Tree
from store import batches
from store.database import Database
from store.errors import StoreError

_LOG = logging.getLogger(__name__)
MAX_LEAVES_KEPT = 2**20
"""Leaves of the trees that are kept in memory, over all trees: about 150 MB."""


class Paths:
    """Finds paths in a database's batches; keeps the trees used last. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._trees: OrderedDict[bytes, Tree] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, certificate: Certificate, batch: BatchFacts) -> tuple[bytes, ...] | None:
        """Give the path of a certificate in the batch that the ledger names; None where the leaves are not here."""
        try:
            tree = self.tree(certificate.iss.ledger, certificate.iss.agency, batch)
        except StoreError as error:
            _LOG.warning("no leaves could be read: %s", error)
            return None
        return None if tree is None else tree.path(certificate.serial - batch.first_serial)

    def tree(self, ledger: str, agency: str, batch: BatchFacts) -> Tree | None:
        """Give the tree of a batch that the ledger names; None where its leaves are not here, or make another root.

        Raises:
            StoreError: the database does not answer.
        """
        with self._lock:
            if batch.root in self._trees:
                self._trees.move_to_end(batch.root)
                return self._trees[batch.root]
        with self._database.read() as connection:
            record = batches.covering(connection, ledger, agency, batch.first_serial)
            leaves = () if record is None else batches.leaves(connection, record.id)
        if len(leaves) != batch.count:
            return None
        tree = Tree(leaves)
        if tree.root != batch.root:
            return None
        self._keep(tree)
        return tree

    def _keep(self, tree: Tree) -> None:
        with self._lock:
            self._trees[tree.root] = tree
            while len(self._trees) > 1 and sum(kept.count for kept in self._trees.values()) > MAX_LEAVES_KEPT:
                self._trees.popitem(last=False)
