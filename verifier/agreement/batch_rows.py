"""Batches in the database against the chain: serials, leaves, roots, and that every anchored batch has its rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ecert.facts import BatchFacts
from ecert.merkle import Tree
from store import batch_reading, certificates, inventory, lookups
from store.database import Connection
from store.records import BatchRecord
from store.states import BatchState, CallState
from verifier.agreement.certificate_rows import CertificateRows
from verifier.agreement.chronicle import Anchor
from verifier.agreement.findings import Findings

PIECE = 1000


class BatchRows:
    """All batches of one ledger, in one snapshot of the database."""

    def __init__(self, connection: Connection, ledger: str, rows: CertificateRows, findings: Findings) -> None:
        self._connection = connection
        self._ledger = ledger
        self._rows = rows
        self._findings = findings
        self.found = list(inventory.batch_rows(connection, ledger))

    def compare(self) -> None:
        """Compare every batch, with all its certificates."""
        total = inventory.count_certificates(self._connection, self._ledger)
        self._findings.progress.begin("certificates", total)
        for batch in self.found:
            self._findings.checked["batches"] += 1
            self._compare_leaves(batch)
            self._compare_anchor(batch)
        for agency, serial, number in inventory.strays(self._connection, self._ledger):
            place = f"certificate {agency} {serial}"
            self._findings.add("certificate_stray", place, f"it lies outside of the serials of its batch {number}")
        self._compare_serials()

    def _compare_leaves(self, batch: BatchRecord) -> None:
        leaves, due = [], batch.first_serial
        found_by = lookups.of_batch(self._connection, batch.id)
        for row in certificates.of_batch(self._connection, batch.id):
            for serial in range(due, row.serial):
                self._findings.add("certificate_missing", f"certificate {batch.agency} {serial}", _missing(batch))
            due = row.serial + 1
            leaves.append(row.leaf)
            self._rows.compare(row, batch, found_by.get(row.serial, frozenset()))
            if self._findings.checked["certificates"] % PIECE == 0:
                self._findings.progress.reach(self._findings.checked["certificates"])
        for serial in range(due, batch.first_serial + batch.count):
            self._findings.add("certificate_missing", f"certificate {batch.agency} {serial}", _missing(batch))
        if batch.state is BatchState.CLOSED and leaves:
            self._compare_tree(batch, Tree(leaves))

    def _compare_tree(self, batch: BatchRecord, tree: Tree) -> None:
        if tree.root != batch.root:
            self._findings.add(
                "batch_root", place_of(batch), "its certificates have another root than it was closed with"
            )
        elif batch_reading.subtrees_of(self._connection, batch.id) not in {None, tree.subtrees}:
            self._findings.add(
                "batch_subtrees",
                place_of(batch),
                "the hashes kept of its subtrees are not those of its leaves; delete its row of `subtrees`: paths are"
                " then made from the leaves",
            )

    def _compare_anchor(self, batch: BatchRecord) -> None:
        facts = self._rows.copy.batch(batch.agency, batch.first_serial)
        anchored = facts is not None and _is(batch, facts)
        if batch.state is BatchState.CLOSED:
            if batch.call_state is CallState.FAILED:
                self._findings.add("batch_call", place_of(batch), "it is closed, and its call has failed")
            elif batch.call_state in {None, CallState.SETTLED} and not anchored:
                self._findings.add("batch_not_anchored", place_of(batch), "the chain does not have it under its root")
        elif facts is not None and facts.root == batch.root and facts.first_serial == batch.first_serial:
            self._findings.add("batch_anchored", place_of(batch), f"it is {batch.state}, and the chain has it")

    def _compare_serials(self) -> None:
        given = inventory.next_serials(self._connection, self._ledger)
        ends: dict[str, int] = {}
        for batch in self.found:
            if batch.state is BatchState.VOID:
                continue
            if batch.first_serial < ends.get(batch.agency, 0):
                self._findings.add("batch_overlap", place_of(batch), "its serials are those of another batch, too")
            ends[batch.agency] = max(ends.get(batch.agency, 0), batch.first_serial + batch.count)
        for agency, end in sorted(ends.items()):
            if given.get(agency, 0) < end:
                said = f"the next serial would be {given.get(agency, 0)}, and serials below {end} are given"
                self._findings.add("next_serial", f"agency {agency}", said)


def compare_known_serials(given: dict[str, int], anchors: Iterable[Anchor], up_to: int, findings: Findings) -> None:
    """See that no agency's next serial is one that a block up to `up_to` holds."""
    ends: dict[str, int] = {}
    for anchor in anchors:
        if anchor.facts.block <= up_to:
            ends[anchor.agency] = anchor.facts.first_serial + anchor.facts.count
    for agency, end in sorted(ends.items()):
        if given.get(agency, 0) < end:
            said = f"the next serial would be {given.get(agency, 0)}, and the chain has serials below {end}"
            findings.add("next_serial", f"agency {agency}", said)


def without_rows(anchors: Iterable[Anchor], found: Iterable[BatchRecord], ours: Collection[str]) -> list[Anchor]:
    """Give the anchored batches of our agencies that are not in the database."""
    here = {(batch.agency, batch.first_serial) for batch in found if batch.state is BatchState.CLOSED}
    return [one for one in anchors if one.agency in ours and (one.agency, one.facts.first_serial) not in here]


def add_missing(anchor: Anchor, findings: Findings) -> None:
    """List an anchored batch that is not here."""
    facts = anchor.facts
    place = f"batch of {anchor.agency} at serial {facts.first_serial}"
    last = facts.first_serial + facts.count - 1
    said = (
        f"the chain has serials {facts.first_serial} to {last} (block {facts.block}), and there are no rows of it here"
    )
    findings.add("batch_missing", place, said)


def place_of(batch: BatchRecord) -> str:
    """Name a batch."""
    return f"batch {batch.id} of {batch.agency} at serial {batch.first_serial}"


def _is(batch: BatchRecord, facts: BatchFacts) -> bool:
    here = (batch.first_serial, batch.count, batch.root, batch.certificate_type)
    return here == (facts.first_serial, facts.count, facts.root, facts.certificate_type)


def _missing(batch: BatchRecord) -> str:
    return f"batch {batch.id} ({batch.state}) has it, and there is no row of it"
