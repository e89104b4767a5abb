"""The rows of an agency's table (CSV), read as a stream: every record becomes a row or a fault that says where.

Comma, semicolon or tab, as the header says; RFC 4180 quoting; CRLF or LF, or CR throughout; empty rows and empty
columns at the end, as spreadsheets leave them, are passed over. A record that is not whole is a fault, never half a
row.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from verifier.faults import RowFault, RowsRefused
from verifier.tables.columns import Column, Header, read_header, recognised
from verifier.tables.lines import lines
from verifier.tables.survey import LONGEST_LINE, Survey

DELIMITERS = (",", ";", "\t")
DELIMITER_NOTE = "sep="
"""What some programs write above the header to name the delimiter."""
DOS_END = "\x1a"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record: the physical line where it starts, and its cells by field name, outer spaces removed."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    line: int
    cells: Sequence[str]
    whole: bool


class Table:
    """A table of certificates: a known header and as many rows as there are.

    Raises:
        RowsRefused: the header has faults (all of them listed), or there is none.
    """

    def __init__(self, file: BinaryIO, found: Survey, columns: Sequence[Column]) -> None:
        self._file = file
        self._found = found
        self.name = found.name
        self._delimiter, first = self._sniff(columns)
        self.header_line = first.line
        self.header_cells = tuple(first.cells)
        self.header = read_header(first.cells, columns, file=self.name, line=first.line)

    def checked_header(self) -> Header:
        """Give the header, or refuse it with all its faults."""
        if self.header.faults:
            raise RowsRefused(self.header.faults)
        return self.header

    def rows(self) -> Iterator[Row | RowFault]:
        """Give every row from the first on, in order; can be asked again.

        After a fault that leaves no way to tell where the next record starts (quotes, a line without end) nothing
        more is given.
        """
        names = self.checked_header().names
        fields = tuple(name for name in names if name is not None)
        width = len(names)
        try:
            for record in self._records(self._delimiter):
                if record.line <= self.header_line:
                    continue
                cells = record.cells
                if len(cells) != width or None in names:
                    trimmed = _trimmed(cells, names)
                    if trimmed is None:
                        yield self._wrong_width(record, len(fields))
                        continue
                    cells = trimmed
                if not record.whole and not cells[-1]:
                    yield self._cut_off(record.line)
                    continue
                if "\N{REPLACEMENT CHARACTER}" in "".join(cells):
                    yield self._broken_character(record)
                    continue
                yield Row(line=record.line, cells=dict(zip(fields, map(str.strip, cells), strict=False)))
        except RowsRefused as error:
            yield from error.faults

    def _sniff(self, columns: Sequence[Column]) -> tuple[str, _Record]:
        """Find the delimiter under which the first record names most columns, and that record."""
        found: list[tuple[int, str, _Record]] = []
        failures: list[RowsRefused] = []
        for delimiter in DELIMITERS:
            try:
                record = next(self._records(delimiter), None)
            except RowsRefused as error:
                failures.append(error)
            else:
                if record is not None:
                    found.append((recognised(record.cells, columns), delimiter, record))
        if found:
            _, delimiter, record = max(found, key=lambda each: each[0])
            return delimiter, record
        if failures:
            raise failures[0]
        raise RowsRefused([self._fault(None, "empty_file", "there is nothing in the file", "文件中没有内容")])

    def _records(self, delimiter: str) -> Iterator[_Record]:
        """Give the records that are not empty."""
        feed = _Feed(self.name, lines(self._file, self._found))
        reader = csv.reader(feed, delimiter=delimiter, strict=True)
        while True:
            start = feed.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise RowsRefused([self._syntax(error, start, whole=feed.whole)]) from error
            if start == 1 and cells and cells[0].startswith(DELIMITER_NOTE):
                continue
            if any(cell.strip() for cell in cells) and cells != [DOS_END]:
                yield _Record(line=start, cells=cells, whole=feed.whole)

    def _syntax(self, error: csv.Error, line: int, *, whole: bool) -> RowFault:
        if "unexpected end" in str(error):
            en = "the file ends inside quotation marks: it was cut off, or a mark is not closed"
            return self._fault(line, "truncated", en, "文件在引号内结束：可能被截断，或引号未闭合")
        if "field limit" in str(error):
            return self._fault(line, "cell_too_long", "a cell is longer than any certificate", "单元格内容过长")
        if "new-line" in str(error):
            en = "a carriage return stands inside the row: save the file as CSV with one kind of line break"
            return self._fault(line, "bad_line_break", en, "行内有回车符：请将文件另存为换行符一致的 CSV")
        en = "quotation marks are not those of a CSV file: a cell with a mark in it stands in marks, each written twice"
        return self._fault(
            line,
            "bad_quotes" if whole else "truncated",
            en,
            "引号不符合 CSV 格式：含引号的单元格须用引号括起，其中的引号须写两次",
        )

    def _wrong_width(self, record: _Record, width: int) -> RowFault:
        if not record.whole:
            return self._cut_off(record.line)
        count = len(record.cells)
        en = f"the row has {count} cells, the header {width}"
        return self._fault(record.line, "wrong_number_of_cells", en, f"本行有 {count} 个单元格，表头有 {width} 列")

    def _cut_off(self, line: int) -> RowFault:
        en = "the last row ends early and without a line break: the file was cut off, or needs a line break at its end"
        return self._fault(line, "truncated", en, "最后一行不完整且没有换行：文件可能被截断，或须在末尾补一个换行")

    def _broken_character(self, record: _Record) -> RowFault:
        names = [name for name in self.header.names if name is not None]
        field = next(n for n, cell in zip(names, record.cells, strict=False) if "\N{REPLACEMENT CHARACTER}" in cell)
        en = "holds U+FFFD, what a program leaves in place of a character it could not read"
        return self._fault(record.line, "broken_character", en, "含有无法识别的字符（U+FFFD）", field)

    def _fault(self, line: int | None, reason: str, en: str, zh: str, field: str | None = None) -> RowFault:
        return RowFault(file=self.name, line=line, field=field, reason=reason, en=en, zh=zh)


def _trimmed(cells: Sequence[str], names: Sequence[str | None]) -> Sequence[str] | None:
    """Give the named cells where all others are empty columns at the end; None where the row does not fit."""
    width = sum(name is not None for name in names)
    if len(cells) < width or any(cell.strip() for cell in cells[width:]):
        return None
    return cells[:width]


class _Feed:
    """Lines for the CSV reader, with the place and the length of the record that is being read."""

    def __init__(self, name: str, source: Iterator[str]) -> None:
        self._name = name
        self._source = source
        self._line = 0
        self._start = 1
        self._length = 0
        self.whole = True

    def begin(self) -> int:
        """A record begins; give its line."""
        self._start = self._line + 1
        self._length = 0
        return self._start

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._source)
        self._line += 1
        self._length += len(line)
        if self._length > LONGEST_LINE:
            fault = RowFault(
                file=self._name,
                line=self._start,
                field=None,
                reason="unclosed_quote",
                en=f"a quotation mark that opens in this row is not closed within {LONGEST_LINE} characters",
                zh=f"本行的引号在 {LONGEST_LINE} 个字符内没有闭合",
            )
            raise RowsRefused([fault])
        self.whole = line.endswith(("\n", "\r"))
        return line
