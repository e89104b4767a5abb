"""The header of a table of certificates: which column holds which field.

A column is named by its field's `name` or by the field's Chinese name. Columns that the table cannot do without must
be there, no column may be there twice, and one that nobody knows is an error, never silently left out.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ecert.marks import normal
from verifier.faults import RowFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that a table may have: `name`, its Chinese name, and whether the table must have it."""

    name: str
    zh: str
    needed: bool


VALID_FROM = Column(name="valid_from", zh="有效期起", needed=True)
VALID_UNTIL = Column(name="valid_until", zh="有效期至", needed=True)
IDENTIFIER = Column(name="identifier", zh="电子证照标识", needed=False)
DOCUMENT = Column(name="document", zh="文件", needed=False)
COMMON = (VALID_FROM, VALID_UNTIL, IDENTIFIER, DOCUMENT)
"""Columns of every type: first and last valid day, GB/T 36904 identifier, name of the row's file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What was found in a header: field names by position (None: an empty column at the end), and faults."""

    names: tuple[str | None, ...]
    faults: tuple[RowFault, ...]


def recognised(cells: Sequence[str], columns: Iterable[Column]) -> int:
    """Count the cells that name a known column."""
    known = _index(columns)
    return sum(_fold(cell) in known for cell in cells)


def read_header(cells: Sequence[str], columns: Sequence[Column], *, file: str, line: int) -> Header:
    """Match a header with the columns of a type; all faults at once."""
    if not recognised(cells, columns):
        return Header(names=(), faults=(_no_header(columns, file, line),))
    known = _index(columns)
    last = max((i for i, cell in enumerate(cells) if cell.strip()), default=-1)
    names: list[str | None] = []
    faults: list[RowFault] = []
    seen: dict[str, int] = {}
    for position, cell in enumerate(cells):
        column = known.get(_fold(cell))
        names.append(column.name if column else None)
        if column is None:
            if position <= last:
                faults.append(_unknown(cell, position, columns, file, line))
        elif column.name in seen:
            faults.append(_twice(column, seen[column.name], position, file, line))
        else:
            seen[column.name] = position
    faults.extend(_missing(column, file, line) for column in columns if column.needed and column.name not in seen)
    return Header(names=tuple(names), faults=tuple(faults))


def _fold(cell: str) -> str:
    return normal("NFKC", cell).strip().casefold()


def _index(columns: Iterable[Column]) -> dict[str, Column]:
    """Index columns by both names; a Chinese name that two fields share names neither."""
    known: dict[str, Column] = {}
    shared: set[str] = set()
    for column in columns:
        name = _fold(column.zh)
        if name in known:
            shared.add(name)
        known[name] = column
    for name in shared:
        del known[name]
    return known | {column.name: column for column in columns}


def _no_header(columns: Sequence[Column], file: str, line: int) -> RowFault:
    needed = [column for column in columns if column.needed]
    names, names_zh = ", ".join(f"{each.name} ({each.zh})" for each in needed), "、".join(each.zh for each in needed)
    return RowFault(
        file=file,
        line=line,
        field=None,
        reason="no_header",
        en=f"none of the columns is named here: this is another file, or the line with their names is missing: {names}",
        zh=f"本行没有任何已知列名：文件不对，或缺少表头：{names_zh}",
    )


def _unknown(cell: str, position: int, columns: Sequence[Column], file: str, line: int) -> RowFault:
    name = cell.strip()
    if not name:
        return RowFault(
            file=file,
            line=line,
            field=None,
            reason="unnamed_column",
            en=f"column {position + 1} has no name",
            zh=f"第 {position + 1} 列没有列名",
        )
    words = [word for column in columns for word in (column.name, column.zh)]
    close = difflib.get_close_matches(_fold(name)[:64], words, n=1)
    return RowFault(
        file=file,
        line=line,
        field=name[:64],
        reason="unknown_column",
        en="no such column" + (f"; did you mean {close[0]}?" if close else ""),
        zh="没有这一列" + (f"，是否应为“{close[0]}”？" if close else ""),
    )


def _twice(column: Column, first: int, second: int, file: str, line: int) -> RowFault:
    return RowFault(
        file=file,
        line=line,
        field=column.name,
        reason="duplicate_column",
        en=f"columns {first + 1} and {second + 1} are both {column.name} ({column.zh})",
        zh=f"第 {first + 1} 列与第 {second + 1} 列都是“{column.zh}”",
    )


def _missing(column: Column, file: str, line: int) -> RowFault:
    return RowFault(
        file=file,
        line=line,
        field=column.name,
        reason="missing_column",
        en=f"the column {column.name} ({column.zh}) is missing",
        zh=f"缺少“{column.zh}”（{column.name}）列",
    )
