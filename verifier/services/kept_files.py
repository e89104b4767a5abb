"""Certificate files that somebody kept: which of them the ledger really anchored, and the best copy of each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from ecert.certificate import Certificate
from ecert.errors import MalformedCertificate
from ecert.ledger_copy import LedgerCopy
from ecert.merkle import leaf_hash, verify_inclusion
from ecert.parsing import MAX_SIZE, parse
from verifier.services.progress import Progress

PATTERN = "*.ecert.json"
STEP = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file of a certificate that the ledger anchored; `shown` counts its disclosed fields.

    `supersedes`: serials of those that it says it replaces.
    """

    path: Path
    shown: int
    supersedes: tuple[int, ...]


@dataclass(slots=True)
class KeptFiles:
    """The best file of each serial by agency, and what is wrong with the others: path -> why.

    Those of `others`, ledgers that go before or come after, are passed over in silence.
    """

    copy: LedgerCopy
    others: Collection[str] = ()
    found: dict[str, dict[int, Kept]] = field(default_factory=dict)
    useless: dict[Path, str] = field(default_factory=dict)
    files: int = 0

    def read(self, folder: Path, progress: Progress) -> None:
        """Look at every certificate file under a folder."""
        progress.begin("certificate files", None)
        for path in sorted(folder.rglob(PATTERN)):
            self._look(path)
            self.files += 1
            if self.files % STEP == 0:
                progress.reach(self.files)
        progress.reach(self.files)

    def _look(self, path: Path) -> None:
        try:
            certificate = read_certificate(path)
        except MalformedCertificate as error:
            self.useless[path] = f"it is no certificate: {error}"
            return
        if certificate.iss.ledger != self.copy.ledger and certificate.iss.ledger in self.others:
            return
        why = self._why_not(certificate)
        if why is not None:
            self.useless[path] = why
            return
        here = self.found.setdefault(certificate.iss.agency, {})
        known = here.get(certificate.serial)
        if known is None or known.shown < len(certificate.disclosures):
            shown = len(certificate.disclosures)
            here[certificate.serial] = Kept(path=path, shown=shown, supersedes=certificate.supersedes)

    def _why_not(self, certificate: Certificate) -> str | None:
        """Say why the ledger does not have this very certificate; None where it does."""
        if certificate.iss.ledger != self.copy.ledger:
            return f"it is of another ledger, {certificate.iss.ledger}"
        facts = self.copy.batch(certificate.iss.agency, certificate.serial)
        if facts is None:
            return "no batch on the ledger has its serial"
        if certificate.path is None:
            return "it has no path, so nobody can tell whether it is the one that was anchored"
        index, leaf = certificate.serial - facts.first_serial, leaf_hash(certificate.signed)
        if not verify_inclusion(leaf, index, facts.count, certificate.path, facts.root):
            return "it is not the one that was anchored under its serial"
        return None


def read_certificate(path: Path) -> Certificate:
    """Read a certificate's file; raises `MalformedCertificate` for what is none, or cannot be read."""
    try:
        with path.open("rb") as file:
            return parse(file.read(MAX_SIZE + 1))
    except OSError as error:
        raise MalformedCertificate("file", str(error.strerror)) from error
