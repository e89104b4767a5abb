"""Combining marks: a form of Unicode for everybody's text, and no hours for what nobody writes."""

from __future__ import annotations

import pytest

from ecert.certificate import Value
from ecert.comparing import Answer, compare_field
from ecert.marks import MOST, has_too_many, normal
from ecert.normal_forms import normalise_number, normalise_text
from tests.ecert.cases import TITLE

ABOVE, BELOW, HALF_WIDTH = "\u0301", "\u0323", "\uff9e"


@pytest.mark.parametrize(
    ("text", "composed"), [("abc", "abc"), ("é", "é"), ("e" + ABOVE, "é"), ("e" + ABOVE + BELOW, "ẹ" + ABOVE)]
)
def test_text_is_composed(text: str, composed: str) -> None:
    assert normal("NFC", text) == composed


def test_only_marks_in_a_row_count() -> None:
    assert not has_too_many(("e" + ABOVE * MOST) * 3)
    assert has_too_many("e" + ABOVE * (MOST + 1))
    assert has_too_many("e" + HALF_WIDTH * (MOST + 1))


@pytest.mark.parametrize("text", ["e" + ABOVE * 90_000 + BELOW * 90_000, "e" + ABOVE * 50_000 + HALF_WIDTH * 50_000])
def test_what_nobody_writes_is_itself_alone_and_told_soon(text: str) -> None:
    assert normal("NFKC", text) == normalise_text(text) == text
    assert normalise_number(text) == text.upper()
    for name in ("address", "area_m2", "registration_date", "unit_number"):
        field, stated = TITLE.field(name), dict[str, Value]({name: text})
        assert compare_field(field, text, stated) is Answer.EQUAL
        assert compare_field(field, "e", stated) is Answer.DIFFERS
