import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecert import kinds, normal_forms
from ecert.certificate import Value
from ecert.documents import Document
from ecert.errors import FaultReason, UnreadableValue
from ecert.fields import DOCUMENT, IDENTIFIER, Field, Form, Kind, ListOf

NUMBERS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "vectors" / "numbers.json").read_text("utf-8"))


def of(kind: Kind, form: Form | None = None, items: ListOf | None = None) -> Field:
    return Field(name="it", kind=kind, form=form, of=items, required=True, en="It", zh="它")


TEXT, DATE, INTEGER, DECIMAL = of(Kind.TEXT), of(Kind.DATE), of(Kind.INTEGER), of(Kind.DECIMAL)
BOUNDED = replace(DECIMAL, least=Decimal("-1.5"), more_than=Decimal("-1.6"))
POSITIVE = replace(DECIMAL, more_than=Decimal(0))
CITIZEN, USCC = of(Kind.CITIZEN_ID), of(Kind.USCC)
NUMBER, UNIT = of(Kind.TEXT, Form.NUMBER), of(Kind.TEXT, Form.PROPERTY_UNIT)
PERMIT, TAXPAYER = of(Kind.TEXT, Form.FOOD_PERMIT), of(Kind.TEXT, Form.TAXPAYER_ID)
PEOPLE, RECORDS = of(Kind.LIST, items=ListOf.PEOPLE), of(Kind.LIST, items=ListOf.RECORDS)
ALL = [
    TEXT,
    DATE,
    INTEGER,
    DECIMAL,
    CITIZEN,
    USCC,
    NUMBER,
    UNIT,
    PERMIT,
    TAXPAYER,
    PEOPLE,
    RECORDS,
    IDENTIFIER,
    DOCUMENT,
]
DIGEST = "A" * 43
IDENTIFIER_TEXT = NUMBERS["certificate_identifier"]["valid"][0]
LI: dict[str, Value] = {"name": "李明", "id_number": "420102199003071232"}
ANA: dict[str, Value] = {"name": "Ana", "id_type": "414", "id_number": "E1"}
PDF: Value = {"sha256": DIGEST, "media_type": "application/pdf", "size": 0}
DEEP: Value = [[[[[[[[[["x"]]]]]]]]]]


@pytest.mark.parametrize(
    ("field", "value", "signed"),
    [
        (TEXT, "  e\u0301t\r\né（1）  ", "ét\né（1）"),
        (TEXT, "", ""),
        (DATE, "2026-11-20", "2026-11-20"),
        (DATE, "20261120", "2026-11-20"),
        (DATE, "2026年1月5日", "2026-01-05"),
        (DATE, "２０２６年１１月２０日", "2026-11-20"),
        (DATE, "2024-02-29", "2024-02-29"),
        (INTEGER, "12", 12),
        (INTEGER, -9007199254740991, -9007199254740991),
        (DECIMAL, "4041185.12", "4041185.12"),
        (DECIMAL, " -0.50 ", "-0.50"),
        (DECIMAL, 84, "84"),
        (CITIZEN, " 42010620000229008x ", "42010620000229008X"),
        (CITIZEN, "420102900307123", "420102199003071232"),
        (USCC, "91420103ma9k000796", "91420103MA9K000796"),
        (NUMBER, "鄂 （ 2026 ） 第 0012345 号a", "鄂(2026)第0012345号a"),
        (NUMBER, "e \u03011", "é1"),
        (NUMBER, "１" * 64, "1" * 64),
        (BOUNDED, "-1.50", "-1.50"),
        (UNIT, "420103 001002 gb00017 F00030045", "420103001002GB00017F00030045"),
        (PERMIT, "jy24201030000011", "JY24201030000011"),
        (TAXPAYER, "420102199003071232", "420102199003071232"),
        (TAXPAYER, "91420103MA9K000796", "91420103MA9K000796"),
        (TAXPAYER, "420103198001011", "420103198001011"),
        (TAXPAYER, "CABC12345678901234", "CABC12345678901234"),
        (IDENTIFIER, IDENTIFIER_TEXT.lower(), IDENTIFIER_TEXT),
        (IDENTIFIER, IDENTIFIER_TEXT[:-1] + "Z", IDENTIFIER_TEXT[:-1] + "Z"),
        (DOCUMENT, PDF, PDF),
        (PEOPLE, [LI], [LI]),
        (PEOPLE, '[{"name":" 李明 ","id_number":"420102900307123","age":7}]', [{**LI, "age": 7}]),
        (PEOPLE, [{**ANA, "id_number": " e１2-3 "}], [{**ANA, "id_number": "E12-3"}]),
        (RECORDS, '[{"n":1,"x":null,"y":true,"z":["a "]},"b "]', [{"n": 1, "x": None, "y": True, "z": ["a"]}, "b"]),
        (RECORDS, [], []),
    ],
)
def test_what_is_signed_has_one_form(field: Field, value: Value, signed: Value) -> None:
    assert kinds.check(field, value) == signed


@pytest.mark.parametrize(
    ("field", "value", "reason", "member"),
    [
        (TEXT, 5, FaultReason.NOT_TEXT, ""),
        (TEXT, "a\x00", FaultReason.FORBIDDEN_CHARACTER, ""),
        (TEXT, "a\u202eb", FaultReason.FORBIDDEN_CHARACTER, ""),
        (TEXT, "a\ud800b", FaultReason.FORBIDDEN_CHARACTER, ""),
        (TEXT, "a" * 10_001, FaultReason.TOO_LONG, ""),
        (NUMBER, "1" * 201, FaultReason.TOO_LONG, ""),
        (NUMBER, "1" * 65, FaultReason.NUMBER_FORM, ""),
        (NUMBER, "鄂不动产权", FaultReason.NUMBER_FORM, ""),
        (NUMBER, "12\n34", FaultReason.FORBIDDEN_CHARACTER, ""),
        (NUMBER, "12\t34", FaultReason.FORBIDDEN_CHARACTER, ""),
        (NUMBER, "12\u200b34", FaultReason.FORBIDDEN_CHARACTER, ""),
        (BOUNDED, "-1.51", FaultReason.OUT_OF_RANGE, "≥ -1.5"),
        (POSITIVE, "0.00", FaultReason.OUT_OF_RANGE, "> 0"),
        (DATE, "2026-02-29", FaultReason.NOT_A_DATE, ""),
        (DATE, "2026-W01-1", FaultReason.NOT_A_DATE, ""),
        (DATE, "26-1-1", FaultReason.NOT_A_DATE, ""),
        (DATE, "2016-12-31T23:59:60", FaultReason.NOT_A_DATE, ""),
        (DATE, 20261120, FaultReason.NOT_A_DATE, ""),
        (INTEGER, "1.0", FaultReason.NOT_AN_INTEGER, ""),
        (INTEGER, "9007199254740992", FaultReason.NOT_AN_INTEGER, ""),
        (INTEGER, 2**53, FaultReason.NOT_AN_INTEGER, ""),
        (INTEGER, True, FaultReason.NOT_AN_INTEGER, ""),
        (DECIMAL, "1e3", FaultReason.NOT_A_DECIMAL, ""),
        (DECIMAL, "1,287.39", FaultReason.NOT_A_DECIMAL, ""),
        (DECIMAL, "007", FaultReason.NOT_A_DECIMAL, ""),
        (DECIMAL, "NaN", FaultReason.NOT_A_DECIMAL, ""),
        (DECIMAL, 1.5, FaultReason.NOT_A_DECIMAL, ""),
        (DECIMAL, 2**53, FaultReason.NOT_A_DECIMAL, ""),
        (CITIZEN, "110105194912310021", FaultReason.CITIZEN_ID_CHECK, ""),
        (CITIZEN, "420102199013071232", FaultReason.CITIZEN_ID_DATE, ""),
        (CITIZEN, "E12345678", FaultReason.CITIZEN_ID_FORM, ""),
        (USCC, "11100000000013338X", FaultReason.USCC_CHECK, ""),
        (USCC, "91440101MA5CJMYA9", FaultReason.USCC_FORM, ""),
        (UNIT, "420103001002GB00017X00030045", FaultReason.PROPERTY_UNIT_FORM, ""),
        (PERMIT, "JY11108071215651", FaultReason.FOOD_PERMIT_CHECK, ""),
        (PERMIT, "SC11108071215650", FaultReason.FOOD_PERMIT_FORM, ""),
        (TAXPAYER, "12345", FaultReason.TAXPAYER_ID_FORM, ""),
        (TAXPAYER, "420102199003071233", FaultReason.TAXPAYER_ID_CHECK, ""),
        (IDENTIFIER, "1.2.3", FaultReason.IDENTIFIER_FORM, ""),
        (DOCUMENT, "x", FaultReason.NOT_A_DOCUMENT, ""),
        (RECORDS, "[", FaultReason.NOT_A_LIST, ""),
        (RECORDS, '{"a":1}', FaultReason.NOT_A_LIST, ""),
        (RECORDS, "[1.5]", FaultReason.NOT_A_LIST, ""),
        (RECORDS, [1.5], FaultReason.NOT_A_RECORD, "[0]"),
        (RECORDS, [2**53], FaultReason.NOT_A_RECORD, "[0]"),
        (RECORDS, [DEEP], FaultReason.NOT_A_RECORD, "[0]"),
        (RECORDS, [{"a": {"b": "\x00"}}], FaultReason.FORBIDDEN_CHARACTER, "[0].a.b"),
        (RECORDS, ["a", {"_sd": 1}], FaultReason.NOT_A_RECORD, "[1]"),
        (PEOPLE, ["李明"], FaultReason.NOT_A_PERSON, "[0]"),
        (PEOPLE, [LI, {"name": "李明"}], FaultReason.MISSING, "[1].id_number"),
        (PEOPLE, [{**LI, "name": " "}], FaultReason.MISSING, "[0].name"),
        (PEOPLE, [{**LI, "name": 5}], FaultReason.MISSING, "[0].name"),
        (PEOPLE, [{**LI, "id_type": 111}], FaultReason.ID_TYPE_FORM, "[0].id_type"),
        (PEOPLE, [{**LI, "id_type": "passport"}], FaultReason.ID_TYPE_FORM, "[0].id_type"),
        (PEOPLE, [{**LI, "id_number": "110105194912310021"}], FaultReason.CITIZEN_ID_CHECK, "[0].id_number"),
        (PEOPLE, [{**ANA, "id_number": "1" * 33}], FaultReason.ID_NUMBER_FORM, "[0].id_number"),
        (PEOPLE, [{**ANA, "id_number": "1\u200b2"}], FaultReason.ID_NUMBER_FORM, "[0].id_number"),
    ],
)
def test_what_cannot_be_signed_has_a_reason_of_its_own(
    field: Field, value: Any, reason: FaultReason, member: str
) -> None:
    with pytest.raises(UnreadableValue) as caught:
        kinds.check(field, value)
    assert (caught.value.reason, caught.value.member) == (reason, member)
    assert str(reason) in str(caught.value)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        (TEXT, "武汉市（江岸） 区", " 武汉市(江岸)  区 "),
        (NUMBER, NUMBERS["title_number"]["same"][0][0], NUMBERS["title_number"]["same"][0][1]),
        (NUMBER, NUMBERS["title_number"]["same"][1][0], NUMBERS["title_number"]["same"][1][1]),
        (NUMBER, "ab-12 3", "AB123"),
        (UNIT, "420103 001002 GB00017 F00030045", "420103001002gb00017f00030045"),
        (CITIZEN, "420102900307123", "420102199003071232"),
        (CITIZEN, "42010620000229008x", "42010620000229008X"),
        (TAXPAYER, "420102900307123", "420102199003071232"),
        (USCC, "91420103 MA9K000796", "91420103ma9k000796"),
        (DATE, "2026年11月20日", "20261120"),
        (DECIMAL, "84.10", "84.1"),
        (DECIMAL, "84.00", 84),
        (DECIMAL, "-0.0", "0"),
        (INTEGER, "12", 12),
        (PEOPLE, [ANA, LI], '[{"id_number":"420102900307123"},{"id_number":"e1"}]'),
        (PEOPLE, [LI], ["420102199003071232"]),
        (PEOPLE, [{"name": "李 明"}], ["李明"]),
        (RECORDS, [{"a": "（1） ", "n": None}, ["x"]], '[{"n":null,"a":"(1)"},["x"]]'),
        (DOCUMENT, DIGEST, PDF),
        (TEXT, None, None),
    ],
)
def test_what_means_the_same_has_the_same_normal_form(field: Field, one: Value, other: Value) -> None:
    assert normal_forms.normalise(field, one) == normal_forms.normalise(field, other)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        (TEXT, "a b", "ab"),
        (TEXT, "a", "A"),
        (DECIMAL, "84.1", "84.01"),
        (DECIMAL, "-84", "84"),
        (PEOPLE, [LI], [LI, ANA]),
        (RECORDS, ["a", "b"], ["b", "a"]),
        (NUMBER, "鄂(2026)武汉市江岸不动产权第1号", "鄂(2026)武汉市江汉不动产权第1号"),
    ],
)
def test_what_differs_has_another_normal_form(field: Field, one: Value, other: Value) -> None:
    assert normal_forms.normalise(field, one) != normal_forms.normalise(field, other)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (TEXT, 5),
        (CITIZEN, 5),
        (USCC, ["x"]),
        (DATE, "soon"),
        (DECIMAL, "much"),
        (INTEGER, "many"),
        (PEOPLE, [5]),
        (PEOPLE, [{}]),
        (RECORDS, "text"),
        (RECORDS, [[DEEP] * 1, [[[[[[[[[[[[[[[[[["x"]]]]]]]]]]]]]]]]]]]),
        (DOCUMENT, "short"),
        (DOCUMENT, {"sha256": DIGEST}),
    ],
)
def test_a_value_that_cannot_be_compared_is_told(field: Field, value: Value) -> None:
    with pytest.raises(UnreadableValue):
        normal_forms.normalise(field, value)


TEXTS = st.text(max_size=30) | st.text(alphabet="aA1ß（）-‐ \u0301é㎏ﬁＡ\u3000ΐℎ鄂", max_size=12)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS | st.from_regex(r"-?[0-9]{1,6}(\.[0-9]{1,4})?", fullmatch=True),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(ALL), VALUES | st.lists(st.fixed_dictionaries({"name": TEXTS, "id_number": TEXTS}), max_size=3))
def test_normalising_again_changes_nothing(field: Field, value: Any) -> None:
    try:
        normal = normal_forms.normalise(field, value)
    except UnreadableValue:
        return
    assert normal_forms.normalise(field, normal) == normal


@given(st.sampled_from(ALL), VALUES | TEXTS)
def test_what_is_signed_is_in_its_one_form_and_means_what_was_said(field: Field, value: Any) -> None:
    try:
        signed = kinds.check(field, value)
    except UnreadableValue:
        return
    assert kinds.check(field, signed) == signed
    if value is not None and field is not PEOPLE:
        assert normal_forms.normalise(field, signed) == normal_forms.normalise(field, value)


@given(TEXTS)
def test_ids_and_texts_have_stable_normal_forms(text: str) -> None:
    for fold in (normal_forms.normalise_text, normal_forms.normalise_number, normal_forms.normalise_id):
        assert fold(fold(text)) == fold(text)


def test_a_document_s_value_is_read_back() -> None:
    document = Document(sha256=bytes(32), media_type="application/pdf", size=7)
    assert Document.from_value(kinds.check(DOCUMENT, document.value())) == document
