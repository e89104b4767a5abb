"""A table of changes of status (CSV): serial or number, action, reason; read whole, or refused with every fault."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

from ecert.strict_json import MAX_INTEGER
from verifier.faults import RowFault, RowsRefused
from verifier.plain_text import is_plain
from verifier.services.status_order import Action
from verifier.tables.columns import Column
from verifier.tables.rows import Row, Table
from verifier.tables.survey import survey

SERIAL = Column(name="serial", zh="序列号", needed=False)
NUMBER = Column(name="number", zh="编号", needed=False)
ACTION = Column(name="action", zh="操作", needed=True)
REASON = Column(name="reason", zh="原因", needed=True)
COLUMNS = (SERIAL, NUMBER, ACTION, REASON)
NAME = "body"
LONGEST_REASON = 500
_DIGITS = len(str(MAX_INTEGER))


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRow:
    """One line: whose status is to change, to what, and why."""

    line: int
    serial: int
    action: Action
    reason: str


def read_status_rows(content: bytes, serial_of: Callable[[str], int | None]) -> list[StatusRow]:
    """Read a table; `serial_of` finds the serial of a number.

    Raises:
        RowsRefused: with every fault of every row.
    """
    file = io.BytesIO(content)
    table = Table(file, survey(file, NAME), COLUMNS)
    header = table.checked_header()
    named = {SERIAL.name, NUMBER.name}.intersection(name for name in header.names if name)
    if len(named) != 1:
        en = "there must be one of the columns serial and number"
        raise RowsRefused([_fault(table.header_line, None, "column_missing", en, "须有serial与number两列之一")])
    reading = _Reading(named.pop(), serial_of)
    for row in table.rows():
        reading.take(row)
    if not reading.rows and not reading.faults:
        reading.faults.append(_fault(None, None, "empty_file", "there are no rows", "没有数据行"))
    if reading.faults:
        raise RowsRefused(reading.faults)
    return reading.rows


class _Reading:
    def __init__(self, column: str, serial_of: Callable[[str], int | None]) -> None:
        self._column = column
        self._serial_of = serial_of
        self._lines: dict[int, int] = {}
        self.rows: list[StatusRow] = []
        self.faults: list[RowFault] = []

    def take(self, row: Row | RowFault) -> None:
        if isinstance(row, RowFault):
            self.faults.append(row)
            return
        known = len(self.faults)
        action = self._action(row)
        reason = row.cells[REASON.name]
        if not 1 <= len(reason) <= LONGEST_REASON:
            en = f"a reason of 1 to {LONGEST_REASON} characters is due"
            self.faults.append(_fault(row.line, REASON.name, "reason", en, f"须填写1至{LONGEST_REASON}字的原因"))
        elif not is_plain(reason):
            en = "a reason on one line is due, without control characters and marks that turn or hide what is written"
            zh = "原因须写在一行内，不得含控制字符或改变、隐藏文字显示的字符"
            self.faults.append(_fault(row.line, REASON.name, "reason", en, zh))
        serial = self._serial(row)
        if serial is not None and (first := self._lines.setdefault(serial, row.line)) != row.line:
            en = f"this certificate stands in line {first} already"
            self.faults.append(_fault(row.line, self._column, "twice", en, f"该证照已在第{first}行出现"))
        if len(self.faults) == known and action is not None and serial is not None:
            self.rows.append(StatusRow(line=row.line, serial=serial, action=action, reason=reason))

    def _action(self, row: Row) -> Action | None:
        try:
            return Action(row.cells[ACTION.name].casefold())
        except ValueError:
            en = "suspend, reinstate or revoke is due"
            self.faults.append(_fault(row.line, ACTION.name, "action", en, "须为suspend、reinstate或revoke"))
            return None

    def _serial(self, row: Row) -> int | None:
        cell = row.cells[self._column]
        if self._column == NUMBER.name:
            found = self._serial_of(cell)
        else:
            digits = cell.isascii() and cell.isdigit() and len(cell) <= _DIGITS
            found = int(cell) if digits and int(cell) <= MAX_INTEGER else None
        if found is None:
            en = "the agency has no such certificate"
            self.faults.append(_fault(row.line, self._column, "unknown", en, "该发证机构没有此证照"))
        return found


def _fault(line: int | None, field: str | None, reason: str, en: str, zh: str) -> RowFault:
    return RowFault(file=NAME, line=line, field=field, reason=reason, en=en, zh=zh)
