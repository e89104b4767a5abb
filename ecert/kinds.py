"""What a value of each kind must be before it is signed; for comparing there is `ecert.normal_forms`.

`check` gives the one form that is signed: text in NFC without outer spaces, numbers in NFKC without any, ids in upper
case and 18 digits, dates `YYYY-MM-DD`, decimals in plain notation as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from unicodedata import is_normalized, normalize

from ecert import check_digits
from ecert.certificate import Value
from ecert.check_digits import Flaw
from ecert.documents import Document
from ecert.errors import FaultReason, UnreadableValue
from ecert.fields import Field, Form, Kind, ListOf
from ecert.readings import read_date, read_decimal, read_integer, read_items
from ecert.strict_json import MAX_INTEGER

MAX_TEXT = 10_000
MAX_NUMBER = 200
"""Characters as they are written, with spaces."""
MAX_BARE_NUMBER = 64
MAX_ID = 32
CITIZEN_ID_TYPE = "111"
_MAX_DEPTH = 8
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
"""Control characters other than tab and line feed, marks that turn the direction of writing, what is no character."""
_MEMBER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_ID_TYPE = re.compile(r"[0-9A-Z]{1,8}")

_CITIZEN_ID = {
    Flaw.FORM: FaultReason.CITIZEN_ID_FORM,
    Flaw.DATE: FaultReason.CITIZEN_ID_DATE,
    Flaw.CHECK: FaultReason.CITIZEN_ID_CHECK,
}
_USCC = {Flaw.FORM: FaultReason.USCC_FORM, Flaw.CHECK: FaultReason.USCC_CHECK}
_FOOD_PERMIT = {Flaw.FORM: FaultReason.FOOD_PERMIT_FORM, Flaw.CHECK: FaultReason.FOOD_PERMIT_CHECK}


def check(field: Field, value: Value) -> Value:
    """Give the form of `value` that is signed, or raise `UnreadableValue`. None is for the caller to judge."""
    return _CHECKS[field.kind](field, value)


def _plain_text(value: Value, limit: int = MAX_TEXT) -> str:
    if not isinstance(value, str):
        raise UnreadableValue(FaultReason.NOT_TEXT)
    text = value.strip()
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if not text.isascii():
        text = normalize("NFC", text)
    if _FORBIDDEN.search(text):
        raise UnreadableValue(FaultReason.FORBIDDEN_CHARACTER)
    if len(text) > limit:
        raise UnreadableValue(FaultReason.TOO_LONG)
    return text


def _number(value: Value) -> str:
    """Give a number in NFKC without spaces."""
    text = _plain_text(value, MAX_NUMBER)
    if "\n" in text or "\t" in text:
        raise UnreadableValue(FaultReason.FORBIDDEN_CHARACTER)
    if not text.isascii():
        text = normalize("NFKC", text)
    bare = "".join(text.split())
    return bare if is_normalized("NFKC", bare) else normalize("NFKC", bare)


def _check_text(field: Field, value: Value) -> str:
    if field.form is None:
        return _plain_text(value)
    number = _number(value)
    return _plain_number(number) if field.form is Form.NUMBER else _FORMS[field.form](number.upper())


def _plain_number(number: str) -> str:
    """Check a number of no known form: printable, a digit somewhere, as long as people can write."""
    if not number.isprintable():
        raise UnreadableValue(FaultReason.FORBIDDEN_CHARACTER)
    if len(number) > MAX_BARE_NUMBER or not any(map(str.isdecimal, number)):
        raise UnreadableValue(FaultReason.NUMBER_FORM)
    return number


def _refuse(flaw: Flaw | None, reasons: dict[Flaw, FaultReason]) -> None:
    if flaw is not None:
        raise UnreadableValue(reasons[flaw])


def _food_permit(number: str) -> str:
    _refuse(check_digits.food_permit(number), _FOOD_PERMIT)
    return number


def _property_unit(number: str) -> str:
    _refuse(check_digits.property_unit(number), {Flaw.FORM: FaultReason.PROPERTY_UNIT_FORM})
    return number


def _taxpayer_id(number: str) -> str:
    """Check a taxpayer's id: of 18 characters and beginning with a digit, it is a citizen id or social credit code."""
    if not re.fullmatch(r"[0-9A-Z]{6,20}", number):
        raise UnreadableValue(FaultReason.TAXPAYER_ID_FORM)
    of_18 = len(number) == len("110105194912310021") and number[0].isdigit()
    if of_18 and check_digits.citizen_id(number) and check_digits.social_credit_code(number):
        raise UnreadableValue(FaultReason.TAXPAYER_ID_CHECK)
    return number


def _identifier(number: str) -> str:
    """Check a GB/T 36904 identifier's form; malformed check characters circulate, so one is only noted (`draft`)."""
    if check_digits.identifier(number) is Flaw.FORM:
        raise UnreadableValue(FaultReason.IDENTIFIER_FORM)
    return number


_FORMS: dict[Form, Callable[[str], str]] = {
    Form.FOOD_PERMIT: _food_permit,
    Form.PROPERTY_UNIT: _property_unit,
    Form.TAXPAYER_ID: _taxpayer_id,
    Form.IDENTIFIER: _identifier,
}


def _citizen_id(value: Value) -> str:
    number = _number(value).upper()
    if check_digits.is_old_citizen_id(number):
        return check_digits.citizen_id_18(number)
    _refuse(check_digits.citizen_id(number), _CITIZEN_ID)
    return number


def _uscc(value: Value) -> str:
    number = _number(value).upper()
    _refuse(check_digits.social_credit_code(number), _USCC)
    return number


def _decimal(field: Field, value: Value) -> str:
    """Check a decimal, and that it keeps its field's bounds."""
    text = read_decimal(value)
    if field.least is not None and Decimal(text) < field.least:
        raise UnreadableValue(FaultReason.OUT_OF_RANGE, f"≥ {field.least}")
    if field.more_than is not None and Decimal(text) <= field.more_than:
        raise UnreadableValue(FaultReason.OUT_OF_RANGE, f"> {field.more_than}")
    return text


def _check_list(field: Field, value: Value) -> Value:
    check_item = _person if field.of is ListOf.PEOPLE else _record
    checked: list[Value] = []
    for index, item in enumerate(read_items(value)):
        try:
            checked.append(check_item(item))
        except UnreadableValue as error:
            raise UnreadableValue(error.reason, f"[{index}]{error.member}") from None
    return checked


def _person(item: Value) -> Value:
    """Check one of a list of people: `name` and `id_number`, `id_type` (absent: a citizen id), and what else."""
    if not isinstance(item, dict):
        raise UnreadableValue(FaultReason.NOT_A_PERSON)
    person = _record_object(item, 0)
    for member in ("name", "id_number"):
        if not isinstance(said := person.get(member), str) or not said:
            raise UnreadableValue(FaultReason.MISSING, f".{member}")
    id_type = person.get("id_type", CITIZEN_ID_TYPE)
    if not isinstance(id_type, str) or not _ID_TYPE.fullmatch(id_type):
        raise UnreadableValue(FaultReason.ID_TYPE_FORM, ".id_type")
    try:
        person["id_number"] = (
            _citizen_id(item["id_number"]) if id_type == CITIZEN_ID_TYPE else _other_id(item["id_number"])
        )
    except UnreadableValue as error:
        raise UnreadableValue(error.reason, ".id_number") from None
    return person


def _other_id(value: Value) -> str:
    """Check the number of a passport or another id: 1-32 printable characters, whose own rules nobody here knows."""
    number = _number(value).upper()
    if not is_normalized("NFKC", number) or not number.isprintable() or len(number) > MAX_ID:
        raise UnreadableValue(FaultReason.ID_NUMBER_FORM)
    return number


def _record(item: Value, depth: int = 0) -> Value:
    """Check one of a list of records, or what stands in it: JSON without floating-point numbers, not nested deep."""
    if isinstance(item, str):
        return _plain_text(item)
    if item is None or isinstance(item, bool) or (type(item) is int and abs(item) <= MAX_INTEGER):
        return item
    if depth < _MAX_DEPTH and isinstance(item, dict):
        return _record_object(item, depth)
    if depth < _MAX_DEPTH and isinstance(item, list):
        return [_record(each, depth + 1) for each in item]
    raise UnreadableValue(FaultReason.NOT_A_RECORD)


def _record_object(item: dict[str, Value], depth: int) -> dict[str, Value]:
    if not all(isinstance(name, str) and _MEMBER.fullmatch(name) for name in item):
        raise UnreadableValue(FaultReason.NOT_A_RECORD)
    checked: dict[str, Value] = {}
    for name, each in item.items():
        try:
            checked[name] = _record(each, depth + 1)
        except UnreadableValue as error:
            raise UnreadableValue(error.reason, f".{name}{error.member}") from None
    return checked


_CHECKS: dict[Kind, Callable[[Field, Value], Value]] = {
    Kind.TEXT: _check_text,
    Kind.DATE: lambda _, value: read_date(value),
    Kind.INTEGER: lambda _, value: read_integer(value),
    Kind.DECIMAL: _decimal,
    Kind.CITIZEN_ID: lambda _, value: _citizen_id(value),
    Kind.USCC: lambda _, value: _uscc(value),
    Kind.LIST: _check_list,
    Kind.DOCUMENT: lambda _, value: Document.from_value(value).value(),
}
