"""A lost database made again: facts from the chain, rows from the certificate files that were kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from chain.deployment import Deployment
from chain.indexer import Indexer
from chain.node import Node
from ecert.facts import FINAL, BatchFacts
from ecert.ledger_copies import LedgerCopies
from ecert.ledger_copy import LedgerCopy
from ecert.merkle import leaf_hash
from ecert.types import TypeCatalogue
from store import cursors, restoring
from store.database import Database
from store.records import Call, NewCertificate
from store.restoring import KeptCertificate, KnownBatch
from verifier.clock import seconds_now
from verifier.errors import Refused
from verifier.keys.keyring import Keyring
from verifier.ledger_view import LedgerView
from verifier.services.at_rest import AtRest
from verifier.services.blind_indexes import number_of, said_by
from verifier.services.gaps import Gap
from verifier.services.kept_files import Kept, KeptFiles, read_certificate
from verifier.services.lost_calls import OpenCall, goes_on, lost_calls
from verifier.services.progress import Progress, Silence
from verifier.services.serial_ranges import ranges
from verifier.services.unsaid import Replacement, Unsaid


@dataclass(slots=True, kw_only=True)
class Rebuilt:
    """What was put back and what could not be.

    `incomplete`: certificates whose kept copies withhold fields. `unsaid`: what certificates replace, and the ledger
    does not know of yet. `lost_successors`: certificates in force that replace others on the ledger, and were not kept,
    but for those that are about to be replaced. `numbers`: the serial that has a number for itself, by agency, type and
    the number's index. `twice`: agency and serial of what is in force with such a number, too, and whose it is: one is
    too many. `lost_calls`: what the lost database was about to ask of the ledger, and nobody asks any more.
    `kept`: what was kept of each agency, on this ledger and those before.
    """

    events: int = 0
    batches: int = 0
    certificates: int = 0
    gaps: list[Gap] = field(default_factory=list)
    useless: dict[Path, str] = field(default_factory=dict)
    incomplete: list[tuple[str, int]] = field(default_factory=list)
    numbers: dict[tuple[str, str, bytes], int] = field(default_factory=dict)
    twice: list[tuple[str, int, int]] = field(default_factory=list)
    unsaid: Unsaid
    lost_successors: list[Replacement] = field(default_factory=list)
    lost_calls: tuple[Call, ...] = ()
    kept: dict[str, dict[int, Kept]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilding:
    """What a database is made again from. `settled_depth` None: as the kind of network needs it.

    `left_open`: the calls that the old database had not settled, where it can still be read. `others`: the ledgers
    whose certificate files are nothing to wonder at: one that goes before, or comes after. `before`: what came of the
    ledgers before, which are made again first.
    """

    database: Database
    node: Node
    deployment: Deployment
    keyring: Keyring
    settled_depth: int | None = None
    left_open: tuple[OpenCall, ...] = ()
    others: Collection[str] = ()
    before: Sequence[Rebuilt] = ()
    progress: Progress = field(default_factory=Silence)

    async def run(self, certificates: Path) -> Rebuilt:
        """Read the chain, then the files under `certificates`; each batch is put back whole or not at all.

        Raises:
            Refused: the chain gives no copy of the ledger.
            ChainError, StoreError: the chain or the database cannot be used; the same again begins anew.
        """
        rebuilt = Rebuilt(events=await self._read_chain(), unsaid=Unsaid(ledger=self.deployment.name))
        view = LedgerView(self.database, self.deployment.names)
        view.refresh()
        kept = KeptFiles(view.copy, self.others)
        kept.read(certificates, self.progress)
        rebuilt.useless = kept.useless
        for found in (*(each.kept for each in self.before), kept.found):
            for agency, its in found.items():
                rebuilt.kept[agency] = rebuilt.kept.get(agency, {}) | its
        self._restore(view.copies, kept, rebuilt)
        for each in self.before:
            each.lost_calls = tuple(call for call in each.lost_calls if not goes_on(call, rebuilt.unsaid))
        return rebuilt

    async def _read_chain(self) -> int:
        head = await self.node.latest()
        indexer = Indexer(self.database, self.node, self.deployment, settled_depth=self.settled_depth)
        self.progress.begin("blocks", head.number)
        while True:
            moved = await indexer.step()
            with self.database.read() as connection:
                cursor = cursors.read(connection, self.deployment.name)
            if cursor is None:
                raise Refused("the chain was not read")
            self.progress.reach(cursor.block)
            if not moved or cursor.block >= head.number:
                return cursor.registry_sequence + cursor.ledger_sequence

    def _restore(self, copies: LedgerCopies, kept: KeptFiles, rebuilt: Rebuilt) -> None:
        copy = copies.newest
        ours = {*self.keyring.agencies(), *kept.found}
        at_rest, now = AtRest.open(self.database, self.keyring.folder), seconds_now()
        whole, lacking = [], []
        for agency, facts in _batches(copy, ours):
            found = kept.found.get(agency, {})
            missing = [serial for serial in _serials(facts) if serial not in found]
            if not missing:
                whole.append((agency, facts))
                rebuilt.unsaid.look(copies, self.keyring, agency, rebuilt.kept[agency], _serials(facts))
                continue
            lacking.append((agency, facts, missing))
        needed = _Needed(copies=copies, being_replaced=rebuilt.unsaid.being_replaced(copies))
        rebuilt.gaps = [_gap(needed, agency, facts, missing) for agency, facts, missing in lacking]
        for agency in rebuilt.kept:
            rebuilt.lost_successors += _lost_successors(needed, agency, rebuilt.kept[agency])
        self.progress.begin("certificates", sum(len(found) for found in kept.found.values()))
        with self.database.begin() as connection:
            for agency, facts in whole:
                files = [(serial, kept.found[agency][serial].path) for serial in _serials(facts)]
                rows = self._rows(at_rest, copy, agency, files, rebuilt)
                restoring.restore(connection, self._known(agency, facts), rows, now=now)
                rebuilt.batches += 1
                rebuilt.certificates += facts.count
                self.progress.reach(rebuilt.certificates)
            rebuilt.unsaid.write_down(connection, self.keyring, now=now)
            rebuilt.lost_calls = lost_calls(connection, copy, rebuilt.unsaid, self.left_open)

    def _known(self, agency: str, facts: BatchFacts) -> KnownBatch:
        return KnownBatch(
            ledger=self.deployment.name,
            agency=agency,
            certificate_type=facts.certificate_type,
            root=facts.root,
            first_serial=facts.first_serial,
            count=facts.count,
            anchored=facts.anchored,
        )

    def _rows(
        self,
        at_rest: AtRest,
        copy: LedgerCopy,
        agency: str,
        files: Iterable[tuple[int, Path]],
        rebuilt: Rebuilt,
    ) -> Iterator[KeptCertificate]:
        catalogue, given = TypeCatalogue.bundled(), rebuilt.unsaid.numbers_given()
        for serial, path in files:
            certificate = read_certificate(path)
            if len(certificate.disclosures) < len(certificate.slots):
                rebuilt.incomplete.append((agency, serial))
            shown = "~".join([one.encoded for one in certificate.disclosures])
            row = NewCertificate(
                jwt=certificate.signed.decode("ascii"),
                disclosures=at_rest.seal(shown, self.deployment.name, agency, serial),
                leaf=leaf_hash(certificate.signed),
                number_index=None,
            )
            known = catalogue.by_vct(certificate.vct)
            if known is not None:
                blind = at_rest.blind(agency, known)
                number = blind.number(number_of(certificate, known))
                row = replace(row, number_index=number, lookups=blind.lookups(said_by(certificate)))
            live = copy.status(agency, serial) not in FINAL and (agency, serial) not in given
            if live and row.number_index is not None:
                first = rebuilt.numbers.setdefault((agency, certificate.vct, row.number_index), serial)
                if first != serial:
                    rebuilt.twice.append((agency, serial, first))
                    live = False
            yield KeptCertificate(row=row, live=live)


def _serials(batch: BatchFacts) -> range:
    return range(batch.first_serial, batch.first_serial + batch.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Needed:
    """Tells whether anybody needs a certificate of this ledger that was not kept: not if replaced, or about to be."""

    copies: LedgerCopies
    being_replaced: frozenset[tuple[str, int]]

    def __call__(self, agency: str, serial: int) -> bool:
        copy = self.copies.newest
        in_force = copy.batch(agency, serial) is not None and copy.status(agency, serial) not in FINAL
        return in_force and (agency, serial) not in self.being_replaced

    def successors(self, agency: str, serial: int) -> Iterator[int]:
        """Give all that ever replaced a certificate on the ledger that it stands on."""
        for change in self.copies.covering(agency, serial).changes(agency, serial):
            yield from change.successors


def _gap(needed: _Needed, agency: str, facts: BatchFacts, missing: Sequence[int]) -> Gap:
    return Gap(
        agency=agency,
        first_serial=facts.first_serial,
        count=facts.count,
        missing=ranges(missing),
        ended=ranges(serial for serial in missing if not needed(agency, serial)),
    )


def _lost_successors(needed: _Needed, agency: str, kept: Mapping[int, Kept]) -> Iterator[Replacement]:
    """Give what replaces kept certificates on the ledger, is needed, and was not kept itself.

    Where what replaced it is replaced in its turn, and was not kept either, the last one is meant.
    """
    for old in kept:
        lost, looked_at = [old], 0
        while looked_at < len(lost):
            found = needed.successors(agency, lost[looked_at])
            lost += [serial for serial in found if serial not in kept and serial not in lost]
            looked_at += 1
        for serial in lost[1:]:
            if needed(agency, serial):
                yield Replacement(agency=agency, old=old, serial=serial)


def _batches(copy: LedgerCopy, ours: set[str]) -> Iterator[tuple[str, BatchFacts]]:
    for code in sorted(ours):
        agency = copy.agency(code)
        if agency is not None:
            for facts in agency.batches:
                yield code, facts
