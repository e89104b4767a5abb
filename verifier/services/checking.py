"""The first pass over a table: every row is linted, and its number looked for, before anything is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from ecert.certificate_type import CertificateType
from store import certificates
from verifier.faults import FaultList
from verifier.keys.keyring import blind_index
from verifier.services.office import Office
from verifier.services.progress import Stage
from verifier.tables.linted_rows import BadRow, LintedRow, LintedRows

GROUP = 1000
"""Rows that are looked up or stored at once."""

NUMBER = "number"
"""The kind of value under which numbers are indexed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """How numbers of an agency's certificates of one type are found without standing in the database."""

    key: bytes
    agency: str
    certificate_type: CertificateType

    def index(self, number: str | None) -> bytes | None:
        """Give the blind index of a number in its normal form; None where there is no number."""
        if number is None:
            return None
        return blind_index(self.key, f"{NUMBER} {self.certificate_type.vct}", self.agency, number)


@dataclass(slots=True, kw_only=True)
class Checked:
    """What the first pass found: good rows, and for every bad line its first reason."""

    good: int = 0
    bad: dict[int | None, str] = field(default_factory=dict)
    faults: FaultList = field(default_factory=FaultList)


def check_rows(office: Office, rows: LintedRows, numbers: Numbers, own: Mapping[int, int]) -> Checked:
    """Lint every row and find every number that is taken. `own`: line -> serial, what this very file issued before."""
    checked = Checked()
    source = rows.read()
    office.progress.begin(Stage.CHECK, None)
    read = 0
    while group := list(islice(source, GROUP)):
        for row in _with_taken(office, rows, group, numbers, own):
            if isinstance(row, BadRow):
                checked.bad.setdefault(row.line, row.faults[0].reason)
                checked.faults.add(row.faults)
            else:
                checked.good += 1
        read += len(group)
        office.progress.reach(read)
    return checked


def _with_taken(
    office: Office, rows: LintedRows, group: Sequence[LintedRow | BadRow], numbers: Numbers, own: Mapping[int, int]
) -> Iterator[LintedRow | BadRow]:
    indexes = {
        row.line: index
        for row in group
        if isinstance(row, LintedRow) and (index := numbers.index(row.linted.number)) is not None
    }
    with office.database.read() as connection:
        taken = certificates.taken(
            connection,
            office.ledger,
            numbers.agency,
            numbers.certificate_type.vct_hash,
            tuple(indexes.values()),
        )
    for row in group:
        serial = taken.get(indexes[row.line]) if isinstance(row, LintedRow) and row.line in indexes else None
        if serial is None or isinstance(row, BadRow) or own.get(row.line) == serial:
            yield row
        else:
            yield number_taken(rows, row, serial, numbers)


def number_taken(rows: LintedRows, row: LintedRow, serial: int | None, numbers: Numbers) -> BadRow:
    """Say that a row's number belongs to a certificate that was issued before."""
    fault = rows.fault(
        row.row,
        numbers.certificate_type.number,
        "number_taken",
        f"this number is on the certificate with serial {serial} already: the row may have been in an earlier file;"
        " a certificate that is to be replaced must be revoked first",
        f"该编号已签发，序列号 {serial}：本行可能已在此前的文件中签发；如需更换证照，须先撤销原证照",
    )
    return BadRow(line=row.line, faults=(fault,))
