"""Rows that passed the lint of their certificate type, and the faults of those that did not.

Numbers are compared within the file; whether the store knows one already is asked by the service, many at a time.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ecert.certificate import Value
from ecert.documents import LARGEST
from ecert.draft import Freezer, LintedCertificate, attach, lint
from ecert.errors import Fault, FaultReason, LintError, MalformedError, SealBroken
from ecert.fields import Words
from ecert.strict_json import loads
from ecert.types import CertificateType, Kind, TypeCatalogue
from verifier.faults import IssuingStopped, RowFault
from verifier.tables.columns import COMMON, DOCUMENT, IDENTIFIER, VALID_FROM, VALID_UNTIL, Column, recognised
from verifier.tables.document_folder import DocumentFolder, DocumentMissing
from verifier.tables.rows import Row, Table
from verifier.tables.spool import Spool

KEPT = 10_000
"""Rows that are kept in memory between two readings: some 60 MB of the longest type."""

COMMON_NAMES = frozenset(column.name for column in COMMON)


@dataclass(frozen=True, slots=True, kw_only=True)
class LintedRow:
    """What will be signed for the record that starts on `line`, without its document, which is `document`."""

    line: int
    linted: LintedCertificate
    document: Path | None


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
    """The rows of one table as certificates of one type, read as a stream as often as asked, one reading at a time.

    Each is linted once. What the first whole reading found is what every later one gives: the last rows, `KEPT` at
    most, are kept in memory, and those before them are laid aside in the spool.
    """

    def __init__(
        self,
        table: Table,
        certificate_type: CertificateType,
        documents: DocumentFolder,
        spool: Spool,
        *,
        zone: str = "+08:00",
    ) -> None:
        self._table = table
        self._type = certificate_type
        self._documents = documents
        self._zone = zone
        self._spool = spool
        self._freezer = Freezer()
        self._kept: list[LintedRow | BadRow] | None = None
        self._lists = tuple(field.name for field in certificate_type.fields if field.kind is Kind.LIST)

    def read(self) -> Iterator[LintedRow | BadRow]:
        """Give every row in its order; of rows with one number only the first is good.

        Raises:
            IssuingStopped: rows cannot be laid aside, or what was laid aside is not there any more.
        """
        if self._kept is not None:
            yield from map(self._taken_back, self._spool.read())
            yield from self._kept
            return
        self._spool.clear()
        kept: list[LintedRow | BadRow] = []
        for row in self._read():
            kept.append(row)
            if len(kept) > KEPT:
                for each in kept:
                    self._spool.add(self._laid_aside(each))
                kept.clear()
            yield row
        self._spool.flush()
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
        return attach(row.linted, self._documents.hash(row.document))

    def fault(self, line: int, field: str | None, reason: str, en: str, zh: str) -> RowFault:
        """Make a fault of the row of this table that starts on a line."""
        return RowFault(file=self._table.name, line=line, field=field, reason=reason, en=en, zh=zh)

    def _laid_aside(self, row: LintedRow | BadRow) -> bytes:
        """Write a row as a line of JSON, then the certificate where it is good; the line is its place."""
        if isinstance(row, BadRow):
            return json.dumps(asdict(row)).encode()
        said = {"line": row.line, "document": None if row.document is None else str(row.document)}
        place = json.dumps(said).encode()  # ASCII, also where a file's name is no text
        return place + b"\n" + self._freezer.freeze(row.linted, place=place)

    def _taken_back(self, record: bytes) -> LintedRow | BadRow:
        place, _, frozen = record.partition(b"\n")
        try:
            said = json.loads(place)
            if "faults" in said:
                return BadRow(line=said["line"], faults=tuple(RowFault(**fault) for fault in said["faults"]))
            linted = self._freezer.thaw(self._type, frozen, place=place)
        except (ValueError, SealBroken) as error:
            raise IssuingStopped(
                Words(
                    en="the rows that were laid aside were changed by somebody: issue the table again",
                    zh="暂存的各行已被改动：请重新签发该表",
                )
            ) from error
        document = said["document"]
        return LintedRow(line=said["line"], linted=linted, document=None if document is None else Path(document))

    def _lint(self, row: Row) -> LintedRow | BadRow:
        try:
            linted = self._draft(row)
            document = self._documents.find(row.cells, linted.number)
            if document is not None:
                attach(linted, LARGEST)  # it is hashed when the row is signed, and must have room then
        except LintError as error:
            return self._bad(row, *(self.fault(row.line, f.field, f.reason.value, f.en, f.zh) for f in error.faults))
        except DocumentMissing as missing:
            return self._bad(row, self.fault(row.line, DOCUMENT.name, missing.reason, missing.en, missing.zh))
        return LintedRow(line=row.line, linted=linted, document=document)

    def _draft(self, row: Row) -> LintedCertificate:
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
        )

    def _twice(self, row: Row, first: int) -> RowFault:
        en = f"this number stands in line {first} already"
        return self.fault(row.line, self._type.number, "duplicate_number", en, f"该编号已在第 {first} 行出现")

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
