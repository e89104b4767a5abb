"""When two values are the same (design section 5, check 11): each kind's normal form.

Normal forms ask for no check digit and are idempotent; two values are equal where their normal forms are. They are
never signed.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ecert import base64url, check_digits, strict_json
from ecert.certificate import Value
from ecert.documents import Document
from ecert.errors import FaultReason, UnreadableValue
from ecert.fields import Field, Form, Kind, ListOf
from ecert.marks import normal
from ecert.readings import read_date, read_decimal, read_integer, read_items

_GAPS = re.compile(r"[\s\-\u2010-\u2015\u2212]+")
"""Spaces, and hyphens and dashes of all lengths."""


def normalise(field: Field, value: Value) -> Value:
    """Give the normal form of a value for comparing, None for None, or raise `UnreadableValue`."""
    return None if value is None else _NORMALS[field.kind](field, value)


def normalise_text(text: str) -> str:
    """Fold a text for comparing: NFKC, each run of spaces one space, none outside."""
    folded = " ".join(normal("NFKC", text).split())
    return folded if normal("NFKC", folded) == folded else normalise_text(folded)


def normalise_number(text: str) -> str:
    """Fold a number for comparing: NFKC, without spaces and hyphens, upper case."""
    folded = _GAPS.sub("", normal("NFKC", text).upper())
    return folded if folded == text else normalise_number(folded)


def normalise_id(text: str) -> str:
    """Fold the number of an id of any kind for comparing; a 15-digit citizen id becomes 18 digits."""
    number = normalise_number(text)
    return check_digits.citizen_id_18(number) if check_digits.is_old_citizen_id(number) else number


def _normal_text(field: Field, value: Value) -> str:
    if not isinstance(value, str):
        raise UnreadableValue(FaultReason.NOT_TEXT)
    if field.form is None:
        return normalise_text(value)
    return normalise_id(value) if field.form is Form.TAXPAYER_ID else normalise_number(value)


def _normal_id(_: Field, value: Value) -> str:
    if not isinstance(value, str):
        raise UnreadableValue(FaultReason.NOT_TEXT)
    return normalise_id(value)


def _normal_decimal(_: Field, value: Value) -> str:
    text = read_decimal(value)
    whole, _point, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    if fraction:
        return f"{whole}.{fraction}"
    return "0" if whole == "-0" else whole


def _normal_list(field: Field, value: Value) -> Value:
    items = read_items(value)
    if field.of is not ListOf.PEOPLE:
        return [_normal_record(item) for item in items]
    ids: list[Value] = []
    ids.extend(sorted(_normal_person(item) for item in items))
    return ids


def _normal_person(item: Value) -> str:
    """Give a person's normal id; where only a name is said, that."""
    said = (item.get("id_number") or item.get("name")) if isinstance(item, dict) else item
    if not isinstance(said, str):
        raise UnreadableValue(FaultReason.NOT_A_PERSON)
    return normalise_id(said)


def _normal_record(item: Value, depth: int = 0) -> Value:
    if isinstance(item, str):
        return normalise_text(item)
    if depth > strict_json.MAX_NESTING:
        raise UnreadableValue(FaultReason.NOT_A_RECORD)
    if isinstance(item, dict):
        return {name: _normal_record(each, depth + 1) for name, each in item.items()}
    if isinstance(item, list):
        return [_normal_record(each, depth + 1) for each in item]
    return item


def _normal_document(_: Field, value: Value) -> str:
    """Give a document's SHA-256 in base64url, whether stated alone or with type and size."""
    whole: Value = {"sha256": value, "media_type": "any/any", "size": 0} if isinstance(value, str) else value
    return base64url.encode(Document.from_value(whole).sha256)


_NORMALS: dict[Kind, Callable[[Field, Value], Value]] = {
    Kind.TEXT: _normal_text,
    Kind.DATE: lambda _, value: read_date(value),
    Kind.INTEGER: lambda _, value: read_integer(value),
    Kind.DECIMAL: _normal_decimal,
    Kind.CITIZEN_ID: _normal_id,
    Kind.USCC: _normal_id,
    Kind.LIST: _normal_list,
    Kind.DOCUMENT: _normal_document,
}
