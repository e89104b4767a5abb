from __future__ import annotations

from dataclasses import fields
from typing import Any, cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecert.events import Event, Place
from store import event_codec

NUMBERS = st.integers(0, 2**53 - 1)
BY_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "Place": st.builds(Place, block=NUMBERS, time=NUMBERS, sequence=NUMBERS),
    "str": st.text(max_size=20),
    "bytes": st.binary(max_size=65),
    "int": NUMBERS,
    "int | None": st.none() | NUMBERS,
    "tuple[int, ...]": st.lists(NUMBERS, max_size=5).map(tuple),
}
EVENTS = st.one_of(
    *(st.builds(kind, **{field.name: BY_TYPE[str(field.type)] for field in fields(kind)}) for kind in get_args(Event))
)


@given(happened=st.lists(EVENTS, max_size=6))
def test_every_event_comes_back_as_it_was(happened: list[Event]) -> None:
    rows = [
        (one.place.block, one.place.time, one.place.sequence, type(one).__name__, event_codec.encode(one))
        for one in happened
    ]
    assert list(event_codec.decode(cast("Any", rows))) == happened


def test_what_no_event_holds_is_refused() -> None:
    kind = get_args(Event)[0]
    values: dict[str, Any] = {field.name: 1 for field in fields(kind)}
    values[fields(kind)[-1].name] = {1, 2}
    with pytest.raises(TypeError, match="set cannot stand in an event"):
        event_codec.encode(kind(**values))
