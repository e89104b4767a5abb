"""Rows that passed the lint of their certificate type, and the faults of those that did not.

Numbers are compared within the file; whether the store knows one already is asked by the service, many at a time.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ecert.certificate import Value
from ecert.documents import Document
from ecert.draft import LintedCertificate, lint
from ecert.errors import Fault, FaultReason, LintError, MalformedError
from ecert.strict_json import loads
from ecert.types import CertificateType, Kind, TypeCatalogue
from verifier.faults import RowFault
from verifier.tables.columns import COMMON, DOCUMENT, IDENTIFIER, VALID_FROM, VALID_UNTIL, Column, recognised
from verifier.tables.document_folder import DocumentFolder, DocumentMissing
from verifier.tables.rows import Row, Table

KEPT = 10_000
"""Rows that are kept in memory between the two passes: some 60 MB of the longest type."""

COMMON_NAMES = frozenset(column.name for column in COMMON)


@dataclass(frozen=True, slots=True, kw_only=True)
class LintedRow:
    """What will be signed for the record that starts on `line`, without its document, which is `document`."""

    line: int
    linted: LintedCertificate
    document: Path | None
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """The record that starts on `line` cannot be issued."""

    line: int | None
    faults: tuple[RowFault, ...]


def columns_of(certificate_type: CertificateType) -> tuple[Column, ...]:
    """Give the columns of a table of a type: needed are required and essential fields, and the validity.

    An essential field may be empty, but its column must be there: a statement that is missing by mistake
    ("mortgaged: ...") must not become one that says nothing.
    """
    fields = (
        Column(name=field.name, zh=field.zh, needed=field.required or field.name in certificate_type.essential)
        for field in certificate_type.fields
    )
    return (*fields, *COMMON)


def type_of_header(cells: tuple[str, ...], catalogue: TypeCatalogue) -> CertificateType | None:
    """Guess which type a header belongs to, where just one knows all of it."""
    named = [cell for cell in cells if cell.strip()]
    fitting = [each for each in catalogue if recognised(named, columns_of(each)) == len(named)]
    return fitting[0] if len(fitting) == 1 and named else None


class LintedRows:
    """The rows of one table as certificates of one type, read as a stream as often as asked."""

    def __init__(
        self, table: Table, certificate_type: CertificateType, documents: DocumentFolder, *, zone: str = "+08:00"
    ) -> None:
        self._table = table
        self._type = certificate_type
        self._documents = documents
        self._zone = zone
        self._kept: list[LintedRow | BadRow] | None = None
        self._lists = tuple(field.name for field in certificate_type.fields if field.kind is Kind.LIST)

    def read(self) -> Iterator[LintedRow | BadRow]:
        """Give every row in its order; of rows with one number only the first is good.

        A table of at most `KEPT` rows is linted once and kept; a longer one is linted at each reading.
        """
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[LintedRow | BadRow] = []
        for row in self._read():
            if len(kept) <= KEPT:
                kept.append(row)
            yield row
        if len(kept) <= KEPT:
            self._kept = kept

    def _read(self) -> Iterator[LintedRow | BadRow]:
        numbers: dict[bytes, int] = {}
        for row in self._table.rows():
            if isinstance(row, RowFault):
                yield BadRow(line=row.line, faults=(row,))
                continue
            linted = self._lint(row)
            number = linted.linted.number if isinstance(linted, LintedRow) else None
            if number is not None:
                key = hashlib.blake2b(number.encode(), digest_size=16).digest()
                first = numbers.setdefault(key, row.line)
                if first != row.line:
                    yield self._bad(row, self._twice(row, first))
                    continue
            yield linted

    def with_document(self, row: LintedRow) -> LintedCertificate:
        """Give what is to be signed, the row's document hashed now."""
        if row.document is None:
            return row.linted
        return self._draft(row.row, self._documents.hash(row.document))

    def fault(self, row: Row, field: str | None, reason: str, en: str, zh: str) -> RowFault:
        """Make a fault of a row of this table."""
        return RowFault(file=self._table.name, line=row.line, field=field, reason=reason, en=en, zh=zh)

    def _lint(self, row: Row) -> LintedRow | BadRow:
        try:
            linted = self._draft(row, None)
        except LintError as error:
            return self._bad(row, *(self.fault(row, f.field, f.reason.value, f.en, f.zh) for f in error.faults))
        try:
            document = self._documents.find(row.cells, linted.number)
        except DocumentMissing as missing:
            return self._bad(row, self.fault(row, DOCUMENT.name, missing.reason, missing.en, missing.zh))
        return LintedRow(line=row.line, linted=linted, document=document, row=row)

    def _draft(self, row: Row, document: Document | None) -> LintedCertificate:
        cells = row.cells
        values: dict[str, Value] = {name: cell for name, cell in cells.items() if name not in COMMON_NAMES}
        for name in self._lists:
            if cell := cells.get(name):
                values[name] = _list(cell, name)
        return lint(
            self._type,
            values,
            valid_from=cells[VALID_FROM.name],
            valid_until=cells[VALID_UNTIL.name] or None,
            zone=self._zone,
            identifier=cells.get(IDENTIFIER.name) or None,
            document=document,
        )

    def _twice(self, row: Row, first: int) -> RowFault:
        en = f"this number stands in line {first} already"
        return self.fault(row, self._type.number, "duplicate_number", en, f"该编号已在第 {first} 行出现")

    @staticmethod
    def _bad(row: Row, *faults: RowFault) -> BadRow:
        return BadRow(line=row.line, faults=faults)


def _list(cell: str, field: str) -> Value:
    """Read the JSON text of a list; numbers in it must be whole."""
    try:
        return loads(unicodedata.normalize("NFC", cell), field)
    except MalformedError as error:
        fault = Fault(
            field=field,
            reason=FaultReason.NOT_A_LIST,
            en=f"is not a list in JSON: {error}",
            zh=f"不是 JSON 列表：{error}",
        )
        raise LintError((fault,)) from error
