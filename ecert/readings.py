"""Reading dates, whole numbers, decimals and lists as people and tables write them; `UnreadableValue` for what is none.

The same readings serve what is signed (`ecert.kinds`) and what is compared (`ecert.normal_forms`).
"""

from __future__ import annotations

import re
from datetime import date

from ecert import strict_json
from ecert.certificate import Value
from ecert.errors import FaultReason, MalformedError, UnreadableValue
from ecert.marks import normal
from ecert.strict_json import MAX_INTEGER

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})-([0-9]{2})|([0-9]{2})([0-9]{2})|年([0-9]{1,2})月([0-9]{1,2})日)")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,29})(?:\.[0-9]{1,20})?")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,15})")


def read_date(value: Value) -> str:
    """Read `2026-11-20`, `20261120` or `2026年11月20日` as `2026-11-20`; the day must be real."""
    if isinstance(value, str) and _is_iso_date(value):
        return value
    if isinstance(value, str) and (match := _DATE.fullmatch(normal("NFKC", value).strip())):
        year, month, day = (int(group) for group in match.groups() if group is not None)
        try:
            return date(year, month, day).isoformat()
        except ValueError:
            pass
    raise UnreadableValue(FaultReason.NOT_A_DATE)


def is_absent(value: Value) -> bool:
    """Tell whether a value says nothing: empty text, an empty list, None."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or value == []


def _is_iso_date(text: str) -> bool:
    """Tell whether a text is a real day in just the form that is kept."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def read_integer(value: Value) -> int:
    """Read a whole number within 2^53-1, written as a number or as digits."""
    if isinstance(value, str) and _INTEGER.fullmatch(text := normal("NFKC", value).strip()):
        value = int(text)
    if type(value) is not int or abs(value) > MAX_INTEGER:
        raise UnreadableValue(FaultReason.NOT_AN_INTEGER)
    return value


def read_decimal(value: Value) -> str:
    """Read a decimal in plain notation, as it is written: no exponent, no thousands marks, no leading zeros."""
    if type(value) is int and abs(value) <= MAX_INTEGER:
        return str(value)
    if not isinstance(value, str) or not _DECIMAL.fullmatch(text := normal("NFKC", value).strip()):
        raise UnreadableValue(FaultReason.NOT_A_DECIMAL)
    return text


def read_items(value: Value) -> list[Value]:
    """Read a list, given as one or as JSON text."""
    if isinstance(value, str):
        try:
            value = strict_json.loads(value, "list", shown=True)
        except MalformedError as error:
            raise UnreadableValue(FaultReason.NOT_A_LIST) from error
    if not isinstance(value, list):
        raise UnreadableValue(FaultReason.NOT_A_LIST)
    return value
