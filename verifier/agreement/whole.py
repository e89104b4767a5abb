"""All of it: one snapshot of the database compared with the chain, which is read from its first block on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chain.deployment import Deployment
from chain.identity import verify
from chain.node import Node
from ecert.types import TypeCatalogue
from store import batches, cursors, inventory, key_uses, pins, supersessions
from store.database import Connection, Database
from store.key_uses import KeyUse, Use
from verifier.agreement.batch_rows import BatchRows, add_missing, compare_known_serials, without_rows
from verifier.agreement.call_rows import CallRows
from verifier.agreement.certificate_rows import CertificateRows
from verifier.agreement.chronicle import Anchor, Chronicle
from verifier.agreement.contract_words import ContractWords
from verifier.agreement.evidence_rows import compare_evidence
from verifier.agreement.facts_rows import FactsRows, compare_pins
from verifier.agreement.file_rows import FileRows
from verifier.agreement.findings import Findings
from verifier.errors import Refused
from verifier.keys.field_key import FieldKeys
from verifier.keys.index_key import IndexKeys
from verifier.keys.keyring import Keyring


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """What is compared: a database with a chain; the keyring tells which agencies are ours.

    `certificates`: the folder to which certificates were handed out; None: files are not looked at.
    """

    database: Database
    node: Node
    deployment: Deployment
    keyring: Keyring
    certificates: Path | None = None


async def check_everything(parties: Parties, findings: Findings) -> int:
    """Compare everything, list every difference in `findings`, and answer how many blocks the database is behind.

    Raises:
        ChainChanged: this is another chain, or these are other contracts, than the deployment says.
        NodeError: the node does not do its part, or its word cannot be taken.
        StoreError: the database cannot be used.
        Refused: the database has never read this ledger.
    """
    found = await verify(parties.node, parties.deployment)
    ledger = parties.deployment.name
    chronicle = Chronicle(parties.node, parties.deployment)
    with parties.database.read() as connection:
        cursor = cursors.read(connection, ledger)
        if cursor is None:
            raise Refused(f"the database has never read {ledger}: nothing can be compared; run `ecert indexer`")
        compare_pins(pins.read(connection, ledger), found, findings)
        rows = FactsRows(connection, parties.node, parties.deployment, cursor, findings)
        await rows.compare(chronicle)
        compare_evidence(connection, cursor, findings)
        head = await parties.node.latest()
        await ContractWords(parties.node, parties.deployment, chronicle, findings).compare()
        calls = CallRows(connection, ledger, findings)
        calls.compare(chronicle)
        certificate_rows = CertificateRows(
            copy=chronicle.copy,
            catalogue=TypeCatalogue.bundled(),
            fields=FieldKeys.under(parties.keyring.folder),
            index_keys=_index_keys(parties.keyring, key_uses.read(connection).get(Use.INDEX)),
            released=_released(connection, ledger, calls),
            findings=findings,
        )
        batch_rows = BatchRows(connection, ledger, certificate_rows, findings)
        batch_rows.compare()
        if parties.certificates is not None:
            FileRows(
                connection=connection,
                folder=parties.certificates,
                copy=chronicle.copy,
                catalogue=certificate_rows.catalogue,
                fields=certificate_rows.fields,
                findings=findings,
            ).compare(batch_rows.found)
        anchors = list(chronicle.anchors())
        compare_known_serials(inventory.next_serials(connection, ledger), anchors, cursor.block, findings)
        ours = {*parties.keyring.agencies(), *(batch.agency for batch in batch_rows.found)}
    _list_missing(parties, without_rows(anchors, batch_rows.found, ours), findings)
    return head.number - cursor.block


def _released(connection: Connection, ledger: str, calls: CallRows) -> dict[str, set[int]]:
    """Give the serials that have given up their numbers: withdrawn for good, or to those that replace them."""
    found = calls.released()
    for agency, serials in supersessions.given_up(connection, ledger).items():
        found.setdefault(agency, set()).update(serials)
    return found


def _list_missing(parties: Parties, missing: list[Anchor], findings: Findings) -> None:
    """List what is still not there: what was issued while we compared came after our snapshot."""
    with parties.database.read() as connection:
        for anchor in missing:
            facts = anchor.facts
            found = batches.covering(connection, parties.deployment.name, anchor.agency, facts.first_serial)
            if found is None or found.first_serial != facts.first_serial or found.root != facts.root:
                add_missing(anchor, findings)


def _index_keys(keyring: Keyring, use: KeyUse | None) -> tuple[bytes, ...]:
    """Give the keys that what is stored is found under; none where none was ever made."""
    keys = IndexKeys.under(keyring.folder)
    if use is None:
        return tuple(keys.key(number) for number in keys.numbers()[-1:])
    return tuple(keys.key(number) for number in (use.current, use.former) if number is not None)
