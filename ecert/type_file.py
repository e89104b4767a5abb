"""Reading a certificate type's JSON file: whole, or `MalformedType` with the place that is wrong.

Members: `slug`, `code` (null where not known), `vct`, `en`, `zh`, `holder`, `issued_by`, `validity`, `fields`,
`number`, `holders`, `essential`; optional `legacy`, `says_nothing_about`, `exclusive_by`, `consumable`,
`composite_by`, `order`. A field: `name`, `kind`, `required`, `en`, `zh`; optional `form`, `of`, `least`, `more_than`,
`note`. Words in both languages are `{"en": ..., "zh": ...}`, or one text that serves for both. Anything else is
refused: a misspelt member must not vanish.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from ecert import strict_json
from ecert.certificate import Value
from ecert.certificate_type import (
    VALID_FROM,
    VALID_UNTIL,
    VCT_PREFIX,
    CertificateType,
    HolderPlace,
    Legacy,
    check_vct,
)
from ecert.errors import MalformedType, UnreadableValue
from ecert.fields import COMMON_FIELDS, Field, Form, Kind, ListOf, Words
from ecert.readings import read_decimal

MAX_FIELDS = 256 - len(COMMON_FIELDS)
_MAX_WORDS = 500
_SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_CODE = re.compile(r"[0-9A-Z]{18}[0-9]{3}")
_RESERVED = {"holder", VALID_FROM, VALID_UNTIL, "legacy", *(each.name for each in COMMON_FIELDS)}
_NEEDED = frozenset(
    "slug code vct en zh holder issued_by validity fields number holders essential".split()  # noqa: SIM905
)
_OPTIONAL = frozenset("legacy says_nothing_about exclusive_by consumable composite_by order".split())  # noqa: SIM905
_FIELD_NEEDED = frozenset({"name", "kind", "required", "en", "zh"})
_FIELD_OPTIONAL = frozenset({"form", "of", "least", "more_than", "note"})

_Choice = TypeVar("_Choice", bound=StrEnum)
_Item = TypeVar("_Item")


def parse_type(text: str, place: str) -> CertificateType:
    """Read one type's JSON; `place` (a file's name, mostly) begins the place of a `MalformedType`."""
    whole = _object(strict_json.loads(text, place, MalformedType), place, _NEEDED, _OPTIONAL)
    fields = _each(whole["fields"], f"{place}.fields", _field)
    if len(fields) > MAX_FIELDS:
        raise MalformedType(f"{place}.fields", f"more than {MAX_FIELDS} fields")
    kinds = {each.name: each.kind for each in fields}
    if len(kinds) != len(fields):
        raise MalformedType(f"{place}.fields", "two fields of one name")
    holders = _each(whole["holders"], f"{place}.holders", lambda value, at: _holder(value, at, kinds))
    slug, code, vct = _names(whole, place)
    return CertificateType(
        slug=slug,
        code=code,
        vct=vct,
        en=_text(whole["en"], f"{place}.en"),
        zh=_text(whole["zh"], f"{place}.zh"),
        holder=_words(whole["holder"], f"{place}.holder"),
        issued_by=_words(whole["issued_by"], f"{place}.issued_by"),
        validity=_words(whole["validity"], f"{place}.validity"),
        fields=_with_people(fields, {each.list for each in holders}, place),
        number=_one_of(whole["number"], f"{place}.number", kinds.keys()),
        holders=holders,
        essential=_some_of(whole["essential"], f"{place}.essential", kinds.keys()),
        legacy=_optional(whole, "legacy", place, lambda value, at: _legacy(value, at, fields)),
        says_nothing_about=_optional(whole, "says_nothing_about", place, _words),
        exclusive_by=_optional(whole, "exclusive_by", place, lambda value, at: _one_of(value, at, kinds.keys())),
        consumable=_optional(whole, "consumable", place, _yes_or_no) is True,
        composite_by=_optional(whole, "composite_by", place, lambda value, at: _one_of(value, at, _lists(kinds))),
        order=_optional(whole, "order", place, lambda value, at: _each(value, at, _order_of(kinds))) or (),
    )


def _names(whole: Mapping[str, Value], place: str) -> tuple[str, str | None, str]:
    """Read slug, code and `vct`, which must say the same."""
    slug, code, vct = _text(whole["slug"], f"{place}.slug"), whole["code"], _text(whole["vct"], f"{place}.vct")
    if not _SLUG.fullmatch(slug):
        raise MalformedType(f"{place}.slug", "not lower-case words joined by hyphens")
    if not check_vct(vct):
        raise MalformedType(f"{place}.vct", f"not {VCT_PREFIX}<type code> or {VCT_PREFIX}<definer>:<slug>:<version>")
    if code is None:
        if f":{slug}:" not in vct:
            raise MalformedType(f"{place}.vct", "has neither the type code nor the slug")
        return slug, None, vct
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise MalformedType(f"{place}.code", "not a GB/T 36904 type code of 21 characters")
    if vct != VCT_PREFIX + code:
        raise MalformedType(f"{place}.vct", "does not name the type code")
    return slug, code, vct


def _field(value: Value, place: str) -> Field:
    read = _object(value, place, _FIELD_NEEDED, _FIELD_OPTIONAL)
    name = _text(read["name"], f"{place}.name")
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise MalformedType(f"{place}.name", "not a free name of a-z, 0-9 and _")
    kind = _choice(read["kind"], f"{place}.kind", Kind)
    form = _optional(read, "form", place, lambda value, at: _choice(value, at, Form))
    if form is not None and kind is not Kind.TEXT:
        raise MalformedType(f"{place}.form", "only text has a form")
    of = _optional(read, "of", place, lambda value, at: _choice(value, at, ListOf))
    if of is not None and kind is not Kind.LIST:
        raise MalformedType(f"{place}.of", "only a list is of something")
    bounds = {name: _optional(read, name, place, _bound) for name in ("least", "more_than")}
    for bound, given in bounds.items():
        if given is not None and kind is not Kind.DECIMAL:
            raise MalformedType(f"{place}.{bound}", "only a decimal has bounds")
    return Field(
        name=name,
        kind=kind,
        required=_yes_or_no(read["required"], f"{place}.required"),
        en=_text(read["en"], f"{place}.en"),
        zh=_text(read["zh"], f"{place}.zh"),
        form=form,
        of=of,
        least=bounds["least"],
        more_than=bounds["more_than"],
        note=_optional(read, "note", place, _words),
    )


def _bound(value: Value, place: str) -> Decimal:
    try:
        return Decimal(read_decimal(_text(value, place)))
    except UnreadableValue as error:
        raise MalformedType(place, "not a plain decimal, written as text") from error


def _with_people(fields: tuple[Field, ...], holder_lists: set[str | None], place: str) -> tuple[Field, ...]:
    """Say of each list what it is of: people where holders stand in it, else records unless the file says otherwise."""
    for index, each in enumerate(fields):
        if each.name in holder_lists and each.of is ListOf.RECORDS:
            raise MalformedType(f"{place}.fields[{index}].of", "holders stand in a list of people")
    default = dict.fromkeys(holder_lists, ListOf.PEOPLE)
    return tuple(
        replace(each, of=each.of or default.get(each.name, ListOf.RECORDS)) if each.kind is Kind.LIST else each
        for each in fields
    )


def _holder(value: Value, place: str, kinds: Mapping[str, Kind]) -> HolderPlace:
    read = _object(value, place, frozenset({"id", "name"}), frozenset({"list"}))
    if "list" in read:
        return HolderPlace(
            list=_one_of(read["list"], f"{place}.list", _lists(kinds)),
            id=_text(read["id"], f"{place}.id"),
            name=_text(read["name"], f"{place}.name"),
        )
    return HolderPlace(
        id=_one_of(read["id"], f"{place}.id", kinds.keys()), name=_one_of(read["name"], f"{place}.name", kinds.keys())
    )


def _legacy(value: Value, place: str, fields: tuple[Field, ...]) -> Legacy:
    read = _object(value, place, frozenset({"before", "may_lack"}), frozenset())
    required = {each.name for each in fields if each.required}
    before = _text(read["before"], f"{place}.before")
    try:
        day = date.fromisoformat(before)
    except ValueError as error:
        raise MalformedType(f"{place}.before", "not a date YYYY-MM-DD") from error
    return Legacy(before=day, may_lack=_some_of(read["may_lack"], f"{place}.may_lack", required))


def _order_of(kinds: Mapping[str, Kind]) -> Callable[[Value, str], tuple[str, str]]:
    """Make the reader of one pair of dates."""
    dates = {name for name, kind in kinds.items() if kind is Kind.DATE} | {VALID_FROM, VALID_UNTIL}

    def read(value: Value, place: str) -> tuple[str, str]:
        pair = _each(value, place, lambda item, at: _one_of(item, at, dates))
        if len(pair) != 2 or pair[0] == pair[1]:  # noqa: PLR2004
            raise MalformedType(place, "not a pair of two dates")
        return pair[0], pair[1]

    return read


def _lists(kinds: Mapping[str, Kind]) -> frozenset[str]:
    return frozenset(name for name, kind in kinds.items() if kind is Kind.LIST)


def _object(value: Value, place: str, needed: frozenset[str], optional: frozenset[str]) -> Mapping[str, Value]:
    if not isinstance(value, dict):
        raise MalformedType(place, "not an object")
    for name in sorted(needed):
        if name not in value:
            raise MalformedType(f"{place}.{name}", "missing")
    for name in value:
        if name not in needed and name not in optional:
            raise MalformedType(f"{place}.{name}", "not a member of a certificate type")
    return value


def _optional(whole: Mapping[str, Value], name: str, place: str, read: Callable[[Value, str], _Item]) -> _Item | None:
    return read(whole[name], f"{place}.{name}") if name in whole else None


def _each(value: Value, place: str, read: Callable[[Value, str], _Item]) -> tuple[_Item, ...]:
    if not isinstance(value, list) or not value:
        raise MalformedType(place, "not a list with something in it")
    return tuple(read(item, f"{place}[{index}]") for index, item in enumerate(value))


def _text(value: Value, place: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _MAX_WORDS:
        raise MalformedType(place, f"not a text of 1 to {_MAX_WORDS} characters")
    return value


def _words(value: Value, place: str) -> Words:
    if isinstance(value, dict):
        both = _object(value, place, frozenset({"en", "zh"}), frozenset())
        return Words(en=_text(both["en"], f"{place}.en"), zh=_text(both["zh"], f"{place}.zh"))
    text = _text(value, place)
    return Words(en=text, zh=text)


def _yes_or_no(value: Value, place: str) -> bool:
    if not isinstance(value, bool):
        raise MalformedType(place, "not true or false")
    return value


def _choice(value: Value, place: str, among: type[_Choice]) -> _Choice:
    for each in among:
        if value == each:
            return each
    raise MalformedType(place, f"not one of {', '.join(among)}")


def _one_of(value: Value, place: str, names: Collection[str]) -> str:
    if not isinstance(value, str) or value not in names:
        raise MalformedType(place, "does not name a field of this type that can stand here")
    return value


def _some_of(value: Value, place: str, names: Collection[str]) -> frozenset[str]:
    return frozenset(_each(value, place, lambda item, at: _one_of(item, at, names)))
