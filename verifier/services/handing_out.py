"""Handing out: a certificate becomes a file only after our own verifier has judged it, path and all.

What is handed out passes every check but the period: an agency may issue today what counts from tomorrow, and a
back-fill holds what has expired. Doubt (a copy that is behind, a batch that is not settled) means later, not never.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ecert.carried_evidence import differs_in_evidence_alone
from ecert.certificate_type import CertificateType
from ecert.errors import MalformedCertificate
from ecert.judging import judge, judge_malformed
from ecert.ledger_copies import LedgerCopies
from ecert.ledger_copy import LedgerCopy
from ecert.merkle import Tree
from ecert.parsing import parse
from ecert.verdict import Outcome, Reason, Verdict
from store import batches, certificates, supersessions
from store.database import Database
from store.pieces import pieces
from store.records import BatchRecord, CertificateRecord
from verifier.faults import CannotOpen
from verifier.keys.field_key import FieldKeys
from verifier.services.checking import GROUP
from verifier.written_files import write_files

PERIOD = frozenset({Reason.EXPIRED, Reason.NOT_YET_VALID})
WITHDRAWN = frozenset({Reason.REVOKED, Reason.SUPERSEDED, Reason.SUSPENDED})
"""What the agency itself did to a certificate since it was anchored."""


@dataclass(slots=True, kw_only=True)
class HandedOut:
    """How many files are out, and serials that are not, with the verdict's reasons.

    `withdrawn`: the agency itself revoked, suspended or replaced them. `withheld`: our verifier does not find them
    good. `later`: there is doubt still, so that the batch is to be handed out again.
    """

    files: int = 0
    withheld: dict[int, tuple[Reason, ...]] = field(default_factory=dict)
    withdrawn: dict[int, tuple[Reason, ...]] = field(default_factory=dict)
    later: bool = False


def folder_of(certificates_folder: Path, agency: str, certificate_type: CertificateType) -> Path:
    """Say where the files of an agency's certificates of one type are."""
    return certificates_folder / agency / certificate_type.slug


def file_name(serial: int) -> str:
    """Name the file of a certificate."""
    return f"{serial}.ecert.json"


def is_settled(copy: LedgerCopy, batch: BatchRecord) -> bool:
    """Tell whether the copy of its ledger has this very batch, settled."""
    facts = copy.batch(batch.agency, batch.first_serial)
    return facts is not None and facts.settled and facts.root == batch.root


def hand_out(
    database: Database,
    batch: BatchRecord,
    certificate_type: CertificateType,
    copies: LedgerCopies,
    *,
    fields: FieldKeys,
    folder: Path,
    now: int,
) -> HandedOut:
    """Judge every certificate of a settled batch and write the files of those that are good.

    Repeating it is harmless: files that are there as they should be, with evidence or without, are left alone. Where
    there is doubt about one certificate, the rest of the batch waits with it.
    """
    result = HandedOut()
    with database.read() as connection:
        tree = Tree(batches.leaves(connection, batch.id))
        hopeless = supersessions.failed(connection, batch.id)
    for group in _groups(database, batch):
        if not result.later:
            files = _judged_files(
                group, tree, certificate_type, copies, fields=fields, hopeless=hopeless, now=now, result=result
            )
            write_files(folder, (one for one in files if not _is_out(folder, *one)))
            result.files += len(files)
    if result.later:
        return result
    with database.begin() as connection:
        batches.hand_out(connection, batch.id, now=now)
    return result


def _judged_files(
    group: Sequence[CertificateRecord],
    tree: Tree,
    certificate_type: CertificateType,
    copies: LedgerCopies,
    *,
    fields: FieldKeys,
    hopeless: Collection[int],
    now: int,
    result: HandedOut,
) -> list[tuple[str, bytes]]:
    """Give names and contents of the files of those that are good, up to the first that leaves a doubt.

    `hopeless`: serials of those that the ledger does not let replace what they should.
    """
    files: list[tuple[str, bytes]] = []
    for record in group:
        try:
            data = fields.signed(record).file(tree.path(record.position))
        except CannotOpen:
            result.withheld[record.serial] = (Reason.MALFORMED,)
            continue
        verdict = _judged(data, certificate_type, copies, now)
        never = record.serial in hopeless and verdict.reasons == (Reason.SUPERSESSION_PENDING,)
        if any(check.outcome is Outcome.UNKNOWN for check in verdict.checks) and not never:
            result.later = True
            break
        if reasons := tuple(reason for reason in verdict.reasons if reason not in PERIOD):
            (result.withdrawn if WITHDRAWN.issuperset(reasons) else result.withheld)[record.serial] = reasons
        else:
            files.append((file_name(record.serial), data))
    return files


def _is_out(folder: Path, name: str, due: bytes) -> bool:
    try:
        return differs_in_evidence_alone((folder / name).read_bytes(), due)
    except OSError:
        return False  # writing it says what is wrong


def _groups(database: Database, batch: BatchRecord) -> Iterator[Sequence[CertificateRecord]]:
    """Give the batch's certificates in order; to be read to the end."""
    with database.read() as connection:
        yield from pieces(certificates.of_batch(connection, batch.id), GROUP)


def _judged(data: bytes, certificate_type: CertificateType, copies: LedgerCopies, now: int) -> Verdict:
    try:
        certificate = parse(data)
    except MalformedCertificate as error:
        return judge_malformed(error, as_of=copies.newest.as_of, now=now)
    return judge(certificate, copies.facts(certificate), now=now, certificate_type=certificate_type)
