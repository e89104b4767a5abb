"""The first pass over a table: every row is linted, and its number looked for, before anything is stored."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field

from store import certificates
from store.pieces import pieces
from store.records import Origin
from verifier.faults import FaultList
from verifier.services.abandoned import abandoned
from verifier.services.blind_indexes import BlindIndexes
from verifier.services.held_job import SECONDS
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
    """Lint every row and find every number that is held, but by a row of this very file (`sha256`) itself."""
    checked = Checked()
    held = _Held(office=office, blind=blind, sha256=sha256)
    office.progress.begin(Stage.CHECK, None)
    read = 0
    for group in pieces(rows.read(), GROUP):
        for row in held.look(rows, group):
            if isinstance(row, BadRow):
                checked.bad.setdefault(row.line, row.faults[0].reason)
                checked.faults.add(row.faults)
            else:
                checked.good += 1
        read += len(group)
        office.progress.reach(read)
    return checked


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """Finds rows whose numbers are held by what was issued before, but by a row of this very file (`sha256`) itself."""

    office: Office
    blind: BlindIndexes
    sha256: bytes

    def look(self, rows: LintedRows, group: Sequence[LintedRow | BadRow]) -> Iterator[LintedRow | BadRow]:
        """Give the rows; in the place of each whose number is held, why it cannot be issued."""
        blind = self.blind
        indexes = {
            row.line: blind.numbers(row.linted.number)
            for row in group
            if isinstance(row, LintedRow) and row.linted.number is not None
        }
        asked = tuple(index for line in indexes.values() for index in line)
        with self.office.database.read() as connection:
            taken = certificates.taken(
                connection, self.office.ledger, blind.agency, blind.certificate_type.vct_hash, asked
            )
            origins = certificates.origins(connection, self.office.ledger, blind.agency, taken.values())
        left = {job for job, _ in abandoned(self.office, agency=blind.agency)} if origins else set()
        for row in group:
            serials = (taken[index] for index in indexes.get(row.line or 0, ()) if index in taken)
            serial = next(serials, None)
            origin = None if serial is None else origins.get(serial)
            if serial is None or isinstance(row, BadRow) or self._is_free(row, origin, left):
                yield row
            else:
                yield number_taken(rows, row, serial, origin, blind)

    def _is_free(self, row: LintedRow, origin: Origin | None, left: Container[int]) -> bool:
        """Whether this very row holds the number, or a table that is given up before anything is stored."""
        if origin is None:
            return False
        return (origin.sha256, origin.line) == (self.sha256, row.line) or (origin.filling and origin.job in left)


def number_taken(
    rows: LintedRows, row: LintedRow, serial: int | None, origin: Origin | None, blind: BlindIndexes
) -> BadRow:
    """Say who holds a row's number: a certificate that was issued before, or a table that is being issued now."""
    if origin is not None and origin.filling:
        reason = "number_in_work"
        en = (
            f"{origin.name}, line {origin.line}, has this number, and somebody is issuing it or was until a moment ago:"
            f" wait until it is issued; or stop it and run this command again {SECONDS} s later"
        )
        zh = (
            f"该编号在 {origin.name} 第 {origin.line} 行，该文件正在签发，或刚刚中断："
            f"请等待其签发完毕；或中止该签发，{SECONDS} 秒后重新运行本命令"
        )
    else:
        reason = "number_taken"
        place = "" if origin is None else f", from {origin.name}, line {origin.line}"
        en = (
            f"this number is on the certificate with serial {serial} already{place}: leave the row out;"
            " a certificate that is to be replaced must be revoked first"
        )
        place = "" if origin is None else f"（来自 {origin.name} 第 {origin.line} 行）"
        zh = f"该编号已签发，序列号 {serial}{place}：请删去本行；如需换发证照，须先撤销原证照"
    return BadRow(line=row.line, faults=(rows.fault(row.line, blind.certificate_type.number, reason, en, zh),))
