"""Accounts from a CSV file: `name,organisation,office,roles,matter,ground,subject`, all of them or none.

UTF-8 with a header; columns may come in any order, and all but name, organisation and roles may be missing. Roles are
separated by spaces. Who has a `subject` logs in by OpenID; everybody else gets a password that is good once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from ecert.fields import Words
from store.organisations import Organisation
from verifier.access.directory import OF_AGENCIES
from verifier.access.names import check_name
from verifier.access.roles import SCOPES, Role
from verifier.callers import Ground
from verifier.errors import Refused
from verifier.faults import FaultList, RowFault, RowsRefused

REQUIRED = ("name", "organisation", "roles")
COLUMNS = (*REQUIRED, "office", "matter", "ground", "subject")
MOST = 100_000
LONGEST_CELL = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One account as the file has it."""

    line: int
    name: str
    organisation: str
    office: str | None
    roles: tuple[Role, ...]
    defaults: Mapping[str, str]
    subject: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is there already, to be held against the file."""

    organisations: Mapping[str, Organisation]
    names: frozenset[str]
    subjects: frozenset[str]
    matters: tuple[str, ...]


def read_accounts(content: bytes, file: str, known: Known) -> tuple[AccountRow, ...]:
    """Read a file; `file` is its name in what is said of it.

    Raises:
        RowsRefused: with every fault, its line and column.
    """
    faults, found = FaultList(), list[AccountRow]()
    seen: dict[str, set[str]] = {"name": set(known.names), "subject": set(known.subjects)}
    for line, cells in _records(content, file):
        wrong = list(_faults(cells, file, line, known, seen))
        faults.add(wrong)
        for column, values in seen.items():
            values.add(cells[column])
        if not wrong:
            found.append(_row(cells, line))
    if faults.count:
        raise RowsRefused(faults.listed, faults.count)
    return tuple(found)


def _records(content: bytes, file: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Give the records with the line where each begins; cells are trimmed, columns that are missing are empty."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        _refuse(file, line, None, "not_utf8", Words(en="this is not UTF-8", zh="文件不是UTF-8编码"))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = _header(next(reader, []), file)
        end = reader.line_num
        for number, cells in enumerate(reader):
            line, end = end + 1, reader.line_num
            if not any(cells):
                continue
            if number >= MOST:
                _refuse(file, line, None, "too_many", Words(en=f"more than {MOST} rows", zh=f"超过{MOST}行"))
            if len(cells) != len(header):
                words = Words(en=f"{len(cells)} cells where {len(header)} are due", zh=f"应有{len(header)}列")
                _refuse(file, line, None, "cells", words)
            trimmed = (cell.strip() for cell in cells)
            yield line, dict.fromkeys(COLUMNS, "") | dict(zip(header, trimmed, strict=True))
    except csv.Error:
        _refuse(file, reader.line_num, None, "not_csv", Words(en="this is not CSV", zh="不是CSV格式"))


def _header(cells: list[str], file: str) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    for name in names:
        if name not in COLUMNS:
            words = Words(
                en=f"no such column; known are {', '.join(COLUMNS)}", zh=f"未知列；可用列：{', '.join(COLUMNS)}"
            )
            _refuse(file, 1, name[:40], "unknown_column", words)
        if names.count(name) > 1:
            _refuse(file, 1, name, "column_twice", Words(en="the column is there twice", zh="列重复"))
    for name in REQUIRED:
        if name not in names:
            _refuse(file, 1, name, "missing_column", Words(en="the column is missing", zh="缺少该列"))
    return names


def _faults(
    cells: Mapping[str, str], file: str, line: int, known: Known, seen: Mapping[str, set[str]]
) -> Iterator[RowFault]:
    house = known.organisations.get(cells["organisation"])
    for column, reason, words in (
        *_length_faults(cells),
        *_name_faults(cells, seen),
        *_place_faults(cells, house),
        *_role_faults(cells, house),
        *_default_faults(cells, known),
    ):
        yield RowFault(file=file, line=line, field=column, reason=reason, en=words.en, zh=words.zh)


_Wrong = Iterator[tuple[str, str, Words]]
"""Column, reason, and the sentence that says it."""


def _length_faults(cells: Mapping[str, str]) -> _Wrong:
    for column, cell in cells.items():
        if len(cell) > LONGEST_CELL:
            words = Words(en=f"longer than {LONGEST_CELL} characters", zh=f"超过{LONGEST_CELL}个字符")
            yield column, "too_long", words


def _name_faults(cells: Mapping[str, str], seen: Mapping[str, set[str]]) -> _Wrong:
    if not _is_name(cells["name"]):
        words = Words(en="1 to 64 of a-z, 0-9 and . _ @ - are due", zh="应为1至64个a-z、0-9及 . _ @ -")
        yield "name", "no_name", words
    elif cells["name"] in seen["name"]:
        words = Words(en="a client or an account has this name already", zh="该名称已被使用")
        yield "name", "name_taken", words
    if cells["subject"] and cells["subject"] in seen["subject"]:
        yield "subject", "subject_taken", Words(en="another account has this subject", zh="该subject已被使用")


def _place_faults(cells: Mapping[str, str], house: Organisation | None) -> _Wrong:
    if house is None:
        yield "organisation", "no_organisation", Words(en="there is no such organisation", zh="没有该机构")
    elif cells["office"] and cells["office"] not in {office.code for office in house.offices}:
        yield "office", "no_office", Words(en="the organisation has no such office", zh="该机构没有此办公点")


def _role_faults(cells: Mapping[str, str], house: Organisation | None) -> _Wrong:
    roles = cells["roles"].split()
    if not roles or any(role not in set(Role) for role in roles):
        listed = " ".join(Role)
        yield "roles", "no_role", Words(en=f"one or more of: {listed}", zh=f"应为以下一项或多项：{listed}")
    elif house is not None and house.agency is None and any(SCOPES[Role(role)] & OF_AGENCIES for role in roles):
        yield "roles", "no_agency", Words(en="only an agency's people have such a role", zh="仅发证机构人员可有此角色")


def _default_faults(cells: Mapping[str, str], known: Known) -> _Wrong:
    if cells["matter"] and cells["matter"] not in known.matters:
        listed = ", ".join(known.matters)
        words = Words(en=f"there is no such matter; known are {listed}", zh=f"没有该事项；可用事项：{listed}")
        yield "matter", "no_matter", words
    if cells["ground"] and cells["ground"] not in set(Ground):
        listed = " ".join(Ground)
        yield "ground", "no_ground", Words(en=f"one of: {listed}", zh=f"应为以下一项：{listed}")


def _is_name(text: str) -> bool:
    try:
        check_name(text)
    except Refused:
        return False
    return True


def _row(cells: Mapping[str, str], line: int) -> AccountRow:
    return AccountRow(
        line=line,
        name=cells["name"],
        organisation=cells["organisation"],
        office=cells["office"] or None,
        roles=tuple(Role(role) for role in cells["roles"].split()),
        defaults={name: cells[name] for name in ("matter", "ground") if cells[name]},
        subject=cells["subject"] or None,
    )


def _refuse(file: str, line: int, field: str | None, reason: str, words: Words) -> NoReturn:
    raise RowsRefused([RowFault(file=file, line=line, field=field, reason=reason, en=words.en, zh=words.zh)])
