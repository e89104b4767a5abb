import json
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from ecert.errors import MalformedType
from ecert.fields import Kind, ListOf, Words
from ecert.types import HolderPlace, TypeCatalogue, bundled_types, check_vct, parse_type, vct_hash

TITLE = bundled_types()["real-estate-title"]
SMALL: dict[str, Any] = {
    "slug": "fishing-licence",
    "code": None,
    "vct": "urn:ecert:type:lake:fishing-licence:1",
    "en": "Fishing licence",
    "zh": "垂钓证",
    "holder": "person",
    "issued_by": {"en": "lakes", "zh": "湖泊"},
    "validity": "1 year",
    "fields": [
        {"name": "number", "kind": "text", "required": True, "en": "Number", "zh": "编号", "form": "number"},
        {"name": "anglers", "kind": "list", "required": True, "en": "Anglers", "zh": "垂钓者"},
        {"name": "lakes", "kind": "list", "required": False, "en": "Lakes", "zh": "湖", "of": "records"},
        {"name": "issued", "kind": "date", "required": True, "en": "Issued", "zh": "签发", "note": "day of issue"},
        {
            "name": "fee",
            "kind": "decimal",
            "required": False,
            "en": "Fee",
            "zh": "费用",
            "least": "0",
            "more_than": "-0.5",
        },
    ],
    "number": "number",
    "holders": [{"list": "anglers", "id": "id_number", "name": "name"}, {"id": "number", "name": "number"}],
    "essential": ["number", "anglers"],
    "legacy": {"before": "2000-01-01", "may_lack": ["anglers"]},
    "says_nothing_about": {"en": "fish", "zh": "鱼"},
    "exclusive_by": "number",
    "consumable": True,
    "composite_by": "lakes",
    "order": [["issued", "valid_from"]],
}
GONE = object()


def changed(place: str, value: Any) -> str:
    """Write the small type with another value at one place, such as `fields.0.kind`."""
    whole = json.loads(json.dumps(SMALL))
    *way, last = place.split(".")
    inner = whole
    for step in way:
        inner = inner[int(step)] if step.isdigit() else inner[step]
    at: Any = int(last) if last.isdigit() else last
    if value is GONE:
        del inner[at]
    else:
        inner[at] = value
    return json.dumps(whole)


def test_all_27_types_come_with_the_package_in_both_languages() -> None:
    types = TypeCatalogue.bundled()
    assert len(types) == 27
    for each in types:
        assert each.en.isascii()
        assert not each.zh.isascii()
        assert all(not field.zh.isascii() and field.en.isascii() for field in each.fields)


def test_a_code_that_is_not_known_is_not_invented() -> None:
    known = {each.slug: each.code for each in TypeCatalogue.bundled() if each.code}
    assert len(known) == 12
    assert known["real-estate-title"] == "11100000MB03271699001"
    assert TITLE.vct == "urn:ecert:type:11100000MB03271699001"


def test_a_type_knows_its_slots_fields_and_name_on_the_ledger() -> None:
    assert len(TITLE.slots) == 16
    assert TITLE.slots[0] == "title_number"
    assert TITLE.slots[-2:] == ("identifier", "document")
    assert TITLE.vct_hash == vct_hash(TITLE.vct) == sha256(TITLE.vct.encode()).digest()
    assert TITLE.holders == (HolderPlace(list="holders", id="id_number", name="name"),)
    people, document = TITLE.field("holders"), TITLE.field("document")
    assert people is not None
    assert people.of is ListOf.PEOPLE
    assert document is not None
    assert document.kind is Kind.DOCUMENT
    assert TITLE.field("colour") is None


def test_a_catalogue_finds_types_by_all_their_names() -> None:
    types = TypeCatalogue.bundled()
    assert types.by_slug("real-estate-title") is types.by_vct(TITLE.vct) is types.by_hash(TITLE.vct_hash) is TITLE
    assert types.by_slug("x") is types.by_vct("x") is types.by_hash(b"x") is None


def test_a_type_is_in_a_catalogue_once() -> None:
    with pytest.raises(MalformedType):
        TypeCatalogue([TITLE, TITLE])
    same_vct = parse_type(changed("en", "Other"), "x")
    with pytest.raises(MalformedType):
        TypeCatalogue([parse_type(json.dumps(SMALL), "x"), same_vct])


def test_a_type_that_a_bureau_adds_is_read_whole() -> None:
    added = parse_type(json.dumps(SMALL), "fishing.json")
    assert TypeCatalogue([*bundled_types().values(), added]).by_slug("fishing-licence") is added
    assert [field.of for field in added.fields] == [None, ListOf.PEOPLE, ListOf.RECORDS, None, None]
    assert added.legacy is not None
    assert added.legacy.before == date(2000, 1, 1)
    assert added.holder == Words(en="person", zh="person")
    assert added.fields[3].note == Words(en="day of issue", zh="day of issue")
    assert added.order == (("issued", "valid_from"),)
    assert added.consumable
    assert added.composite_by == "lakes"
    assert added.exclusive_by == "number"
    assert (added.fields[4].least, added.fields[4].more_than) == (Decimal(0), Decimal("-0.5"))


@pytest.mark.parametrize(
    "member", ["legacy", "says_nothing_about", "exclusive_by", "consumable", "composite_by", "order"]
)
def test_what_is_optional_may_be_absent(member: str) -> None:
    assert not getattr(parse_type(changed(member, GONE), "x"), member)


@pytest.mark.parametrize(
    ("at", "value", "place"),
    [
        ("slug", GONE, "slug"),
        ("slug", "Fishing Licence", "slug"),
        ("slug", 5, "slug"),
        ("slug", "hunting-licence", "vct"),
        ("code", "1234", "code"),
        ("code", 1234, "code"),
        ("code", "11100000MB03271699001", "vct"),
        ("vct", "https://example.org/type", "vct"),
        ("en", "", "en"),
        ("zh", "x" * 501, "zh"),
        ("holder", 5, "holder"),
        ("holder", {"en": "x"}, "holder.zh"),
        ("issued_by", {"en": "x", "zh": "y", "fr": "z"}, "issued_by.fr"),
        ("colour", "red", "colour"),
        ("fields", [], "fields"),
        ("fields", "all", "fields"),
        ("fields.0", "number", "fields[0]"),
        ("fields.0.kind", "number", "fields[0].kind"),
        ("fields.0.kind", ["text"], "fields[0].kind"),
        ("fields.0.required", "yes", "fields[0].required"),
        ("fields.0.name", "Number", "fields[0].name"),
        ("fields.0.name", "document", "fields[0].name"),
        ("fields.0.name", "holder", "fields[0].name"),
        ("fields.0.name", GONE, "fields[0].name"),
        ("fields.0.name", "anglers", "fields"),
        ("fields.0.form", "round", "fields[0].form"),
        ("fields.0.of", "people", "fields[0].of"),
        ("fields.1.of", "records", "fields[1].of"),
        ("fields.1.form", "number", "fields[1].form"),
        ("fields.0.least", "0", "fields[0].least"),
        ("fields.3.more_than", "0", "fields[3].more_than"),
        ("fields.4.least", 0, "fields[4].least"),
        ("fields.4.least", "1e3", "fields[4].least"),
        ("number", "colour", "number"),
        ("number", 5, "number"),
        ("holders", [], "holders"),
        ("holders.0.list", "number", "holders[0].list"),
        ("holders.0.id", 5, "holders[0].id"),
        ("holders.1.id", "colour", "holders[1].id"),
        ("essential.1", "colour", "essential[1]"),
        ("legacy.before", "soon", "legacy.before"),
        ("legacy.may_lack.0", "lakes", "legacy.may_lack[0]"),
        ("consumable", "yes", "consumable"),
        ("composite_by", "number", "composite_by"),
        ("order.0", ["issued"], "order[0]"),
        ("order.0", ["issued", "issued"], "order[0]"),
        ("order.0.0", "number", "order[0][0]"),
    ],
)
def test_a_bad_type_is_refused_with_the_place(at: str, value: Any, place: str) -> None:
    with pytest.raises(MalformedType) as caught:
        parse_type(changed(at, value), "fishing.json")
    assert caught.value.place == f"fishing.json.{place}"


@pytest.mark.parametrize("text", ["", "[]", '{"slug": "a", "slug": "b"}', '{"slug": 1.5}'])
def test_what_is_no_object_is_no_type(text: str) -> None:
    with pytest.raises(MalformedType) as caught:
        parse_type(text, "fishing.json")
    assert caught.value.place == "fishing.json"


def test_a_type_has_at_most_254_fields_beside_the_common_ones() -> None:
    def fields(count: int) -> list[Any]:
        return [*SMALL["fields"], *({**SMALL["fields"][0], "name": f"f{number}"} for number in range(count - 5))]

    assert len(parse_type(changed("fields", fields(254)), "x").slots) == 256
    with pytest.raises(MalformedType):
        parse_type(changed("fields", fields(255)), "x")


@pytest.mark.parametrize("vct", ["urn:ecert:type:11100000MB03271699001", "urn:ecert:type:lake:fishing-licence:12"])
def test_a_vct_names_a_code_or_a_definer_slug_and_version(vct: str) -> None:
    assert check_vct(vct)


@pytest.mark.parametrize(
    "vct", ["", "urn:ecert:type:", "urn:ecert:type:lake:fishing:0", "urn:ecert:type:Lake:fishing:1"]
)
def test_no_other_text_is_a_vct(vct: str) -> None:
    assert not check_vct(vct)
