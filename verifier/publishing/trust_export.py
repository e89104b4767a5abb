"""Making the next trust file and its facts file, from the chain; what the service's own copy says must be the same."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from chain.deployment import Deployment
from chain.errors import FactsUnfit
from chain.facts_export import Earlier, FactsExport
from chain.facts_file import FactsReader, FactsWriter, read_copies
from chain.network import find_network
from chain.node import Node
from ecert.jwks import KeySet
from ecert.trust import Checkpoint, Roots, Trust, TrustedContract, TrustedLedger
from ecert.trust_file import TrustFile
from store import blocks, cursors, events, pins
from store.database import Database
from store.records import Cursor, Pins
from verifier.errors import Refused
from verifier.publishing.trust_folder import TrustFolder, write_trust_file
from verifier.services.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedKeys:
    """What else a trust file names: where status lists are, and the keys of those and of receipts."""

    status_bases: tuple[str, ...]
    receipts: KeySet
    statuses: KeySet


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustExport:
    """Makes the next files in `folder`. `deployment`: that of the ledger that is issued on."""

    database: Database
    node: Node
    deployment: Deployment
    folder: TrustFolder
    progress: Progress

    async def make(self, roots: Roots, keys: PublishedKeys, *, iat: int, exp: int) -> TrustFile:
        """Make both files up to the block that is settled in the service's copy; the trust file is not signed yet.

        Raises:
            Refused: the service's copy is not there, contested, behind what is published, or not what the node tells.
            NodeError: the node did not answer, or contradicts itself.
        """
        with self.folder.held():
            made = await self._made(roots, keys, iat=iat, exp=exp)
            write_trust_file(self.folder.next_trust, made)
            return made

    async def _made(self, roots: Roots, keys: PublishedKeys, *, iat: int, exp: int) -> TrustFile:
        before = self.folder.published()
        known: dict[str, TrustedLedger] = {}
        if before is not None and self.folder.facts.exists():
            known = {ledger.name: ledger for ledger in before.trust.ledgers}
        try:
            ledgers = await self._write(known)
        except FactsUnfit as error:
            self.progress.note(f"{error}; the chain is read from the beginning")
            ledgers = await self._write({})
        trust = Trust(
            version=1 if before is None else before.trust.version + 1,
            iat=iat,
            exp=exp,
            previous=None if before is None else before.hash,
            roots=roots,
            ledgers=ledgers,
            status_bases=keys.status_bases,
            receipt_keys=keys.receipts,
            status_keys=keys.statuses,
        )
        return TrustFile.unsigned(trust.telling(read_copies(self.folder.next_facts, trust)))

    async def _write(self, known: Mapping[str, TrustedLedger]) -> tuple[TrustedLedger, ...]:
        partial = self.folder.next_facts.with_name(".facts.partial")
        try:
            with partial.open("wb") as out:
                if known:
                    with self.folder.facts.open("rb") as earlier:
                        ledgers = await self._export(out, known, FactsReader(earlier))
                else:
                    ledgers = await self._export(out, {}, None)
                out.flush()
                os.fsync(out.fileno())
            self.folder.next_trust.unlink(missing_ok=True)  # it does not go with these
            partial.replace(self.folder.next_facts)
        finally:
            partial.unlink(missing_ok=True)
        return ledgers

    async def _export(
        self, out: IO[bytes], known: Mapping[str, TrustedLedger], earlier: FactsReader | None
    ) -> tuple[TrustedLedger, ...]:
        writer = FactsWriter(out)
        network = await find_network(self.node)
        export = FactsExport(node=self.node, network=network, out=writer, reach=self.progress.reach)
        ledgers = []
        for each in self.deployment.succession:
            cursor, pinned = self._copy_of(each)
            ledger = known.get(each.name)
            if ledger is not None and ledger.checkpoint.block > cursor.settled_block:
                raise Refused(
                    f"the service's copy of {each.name} has settled up to block {cursor.settled_block}, and block"
                    f" {ledger.checkpoint.block} is published already: wait until the indexer has caught up"
                )
            self.progress.begin("blocks", cursor.settled_block)
            goes_on = None if ledger is None or earlier is None else Earlier(facts=earlier, ledger=ledger)
            at, validators = await export.write(each, cursor.settled_block, goes_on)
            self._compare(at, cursor)
            ledgers.append(
                TrustedLedger(
                    chain_id=each.chain_id,
                    genesis=each.genesis,
                    registry=TrustedContract(
                        address=each.registry, instance=each.registry_instance, code_hash=pinned.registry_code
                    ),
                    ledger=TrustedContract(
                        address=each.ledger, instance=each.ledger_instance, code_hash=pinned.ledger_code
                    ),
                    checkpoint=at,
                    validators=validators,
                    agencies=(),
                )
            )
        writer.close()
        return tuple(ledgers)

    def _copy_of(self, deployment: Deployment) -> tuple[Cursor, Pins]:
        with self.database.read() as connection:
            cursor, pinned = cursors.read(connection, deployment.name), pins.read(connection, deployment.name)
        if cursor is None or pinned is None:
            raise Refused(f"the indexer has not read {deployment.name} yet: let the service run")
        if cursor.contested is not None:
            raise Refused(
                f"the validators of {deployment.name} have sealed two histories from block {cursor.contested} on:"
                " nobody may rely on either"
            )
        return cursor, pinned

    def _compare(self, at: Checkpoint, cursor: Cursor) -> None:
        with self.database.read() as connection:
            start = cursors.origin(connection, cursor.ledger)
            reached = events.reached(connection, start, at.block)
            block = blocks.read(connection, cursor.ledger, at.block)
        known = block or (cursor if cursor.block == at.block else start)
        if (*reached, known.hash, known.time) != (at.registry, at.ledger, at.hash, at.time):
            raise Refused(
                f"at block {at.block} the node tells another block, or other events of {cursor.ledger}, than the"
                " service has read: run `ecert fsck` before anybody signs anything"
            )
