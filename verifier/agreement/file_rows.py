"""Certificate files that were handed out against what is stored: each is there, as it would be written now.

Evidence that was put into one since is not compared: it proves itself, or it proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ecert.carried_evidence import differs_in_evidence_alone
from ecert.ledger_copy import LedgerCopy
from ecert.merkle import Tree
from ecert.types import TypeCatalogue
from store import batches, certificates
from store.database import Connection
from store.records import BatchRecord, CertificateRecord
from verifier.agreement.batch_rows import place_of
from verifier.agreement.findings import Findings
from verifier.faults import CannotOpen, KeyringError
from verifier.keys.field_key import FieldKeys
from verifier.services.handing_out import file_name, folder_of

PIECE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRows:
    """Files under one folder. What was handed out to another folder is not looked for there, and looks lost here."""

    connection: Connection
    folder: Path
    copy: LedgerCopy
    catalogue: TypeCatalogue
    fields: FieldKeys
    findings: Findings

    def compare(self, found: Iterable[BatchRecord]) -> None:
        """Compare the files of every batch that was handed out; without the folder, none."""
        if not self.folder.is_dir():
            return
        self.findings.progress.begin("files", None)
        for batch in found:
            if batch.handed_out_at is not None:
                self._compare_batch(batch)

    def _compare_batch(self, batch: BatchRecord) -> None:
        certificate_type = self.catalogue.by_hash(batch.certificate_type)
        leaves = batches.leaves(self.connection, batch.id)
        if certificate_type is None or not leaves or (tree := Tree(leaves)).root != batch.root:
            return  # there are no paths to write; the batch's rows are a difference of their own
        folder = folder_of(self.folder, batch.agency, certificate_type)
        missing, present = [], 0
        for row in certificates.of_batch(self.connection, batch.id):
            path = folder / file_name(row.serial)
            try:
                here = path.read_bytes()
            except FileNotFoundError:
                missing += [row.serial] if self._is_due(row) else []
            except OSError as error:
                self.findings.add("file_unreadable", _place(path), f"it cannot be read: {error.strerror}")
            else:
                present += 1
                self._compare_content(row, path, here, tree)
        self._list_missing(batch, folder, missing, present)

    def _is_due(self, row: CertificateRecord) -> bool:
        """What the agency withdrew before it was handed out has no file, so that nothing is said of what changed."""
        return not self.copy.changes(row.agency, row.serial)

    def _compare_content(self, row: CertificateRecord, path: Path, here: bytes, tree: Tree) -> None:
        self.findings.checked["files"] += 1
        if self.findings.checked["files"] % PIECE == 0:
            self.findings.progress.reach(self.findings.checked["files"])
        try:
            due = self.fields.signed(row).file(tree.path(row.position))
        except (CannotOpen, KeyringError, ValueError):
            return  # sealed or malformed: the row is a difference of its own
        if not differs_in_evidence_alone(here, due):
            self.findings.add("file_altered", _place(path), "it is not what is stored")

    def _list_missing(self, batch: BatchRecord, folder: Path, missing: list[int], present: int) -> None:
        if missing and not present:
            said = f"none of its files is in {folder}: they were lost, or handed out to another folder"
            self.findings.add("file_missing", place_of(batch), said)
            return
        for serial in missing:
            self.findings.add("file_missing", _place(folder / file_name(serial)), "it was handed out and is not there")


def _place(path: Path) -> str:
    return f"file {path}"
