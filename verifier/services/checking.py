"""The first pass over a table: every row is linted, and its number looked for, before anything is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from store import certificates
from store.pieces import pieces
from verifier.faults import FaultList
from verifier.services.blind_indexes import BlindIndexes
from verifier.services.office import Office
from verifier.services.progress import Stage
from verifier.tables.linted_rows import BadRow, LintedRow, LintedRows

GROUP = 1000
"""Rows that are looked up or stored at once."""


@dataclass(slots=True, kw_only=True)
class Checked:
    """What the first pass found: good rows, and for every bad line its first reason."""

    good: int = 0
    bad: dict[int | None, str] = field(default_factory=dict)
    faults: FaultList = field(default_factory=FaultList)


def check_rows(office: Office, rows: LintedRows, blind: BlindIndexes, sha256: bytes) -> Checked:
    """Lint every row and find every number that is taken, but by a row of this very file (`sha256`) itself."""
    checked = Checked()
    office.progress.begin(Stage.CHECK, None)
    read = 0
    for group in pieces(rows.read(), GROUP):
        for row in _with_taken(office, rows, group, blind, sha256):
            if isinstance(row, BadRow):
                checked.bad.setdefault(row.line, row.faults[0].reason)
                checked.faults.add(row.faults)
            else:
                checked.good += 1
        read += len(group)
        office.progress.reach(read)
    return checked


def _with_taken(
    office: Office, rows: LintedRows, group: Sequence[LintedRow | BadRow], blind: BlindIndexes, sha256: bytes
) -> Iterator[LintedRow | BadRow]:
    indexes = {
        row.line: blind.numbers(row.linted.number)
        for row in group
        if isinstance(row, LintedRow) and row.linted.number is not None
    }
    with office.database.read() as connection:
        taken = certificates.taken(
            connection,
            office.ledger,
            blind.agency,
            blind.certificate_type.vct_hash,
            tuple(index for line in indexes.values() for index in line),
        )
        own = certificates.lines_of_file(connection, office.ledger, blind.agency, sha256, taken.values())
    for row in group:
        serials = (taken[index] for index in indexes.get(row.line or 0, ()) if index in taken)
        serial = next(serials, None)
        if serial is None or isinstance(row, BadRow) or own.get(serial) == row.line:
            yield row
        else:
            yield number_taken(rows, row, serial, blind)


def number_taken(rows: LintedRows, row: LintedRow, serial: int | None, blind: BlindIndexes) -> BadRow:
    """Say that a row's number belongs to a certificate that was issued before."""
    fault = rows.fault(
        row.line,
        blind.certificate_type.number,
        "number_taken",
        f"this number is on the certificate with serial {serial} already: the row may have been in an earlier file;"
        " a certificate that is to be replaced must be revoked first",
        f"该编号已签发，序列号 {serial}：本行可能已在此前的文件中签发；如需更换证照，须先撤销原证照",
    )
    return BadRow(line=row.line, faults=(fault,))
