"""Reading a JSON object member by member."""

from __future__ import annotations

from typing import Any

import pytest

from ecert.errors import MalformedFacts
from ecert.members import Members

MEMBERS = Members(
    {"n": 0, "t": "text", "f": False, "o": "AAE", "m": {"k": 1}, "l": [{"k": 1}, {"k": 2}], "nil": None, "bad": "A="},
    "here",
    MalformedFacts,
)


def test_members_are_read_by_their_kind() -> None:
    assert (MEMBERS.number("n"), MEMBERS.text("t"), MEMBERS.flag("f"), MEMBERS.octets("o")) == (
        0,
        "text",
        False,
        b"\0\1",
    )
    assert MEMBERS.members("m").number("k") == 1
    assert MEMBERS.each("l", lambda item: item.number("k")) == (1, 2)
    assert MEMBERS.items("l") == [{"k": 1}, {"k": 2}]
    assert list(MEMBERS.names()) == ["n", "t", "f", "o", "m", "l", "nil", "bad"]


def test_a_member_may_be_absent_or_null() -> None:
    assert MEMBERS.maybe("n", MEMBERS.number) == 0
    assert MEMBERS.maybe("nil", MEMBERS.number) is None
    assert MEMBERS.maybe("absent", MEMBERS.number) is None


@pytest.mark.parametrize("name", ["number", "text", "flag", "octets", "items", "members"])
def test_what_is_missing_is_refused_with_its_place(name: str) -> None:
    with pytest.raises(MalformedFacts) as refused:
        getattr(MEMBERS, name)("absent")
    assert refused.value.place == "here.absent"


@pytest.mark.parametrize(
    ("kind", "name"), [("number", "t"), ("number", "f"), ("text", "n"), ("flag", "n"), ("octets", "bad")]
)
def test_what_is_of_another_kind_is_refused(kind: str, name: str) -> None:
    with pytest.raises(MalformedFacts):
        getattr(MEMBERS, kind)(name)


def test_places_within_a_list_are_told() -> None:
    def read(item: Members) -> Any:
        return item.text("k")

    with pytest.raises(MalformedFacts) as refused:
        MEMBERS.each("l", read)
    assert refused.value.place == "here.l[0].k"
