"""Events as JSON text and back, fast enough to load a city's ledger at the start.

The body of a row is a JSON object with the event's own field names; bytes are lower-case hex, tuples arrays. The place
is in columns of its own. The classes of `ecert.events` are the only description: a new event needs no change here.

A frozen dataclass sets its fields one by one through `object.__setattr__`, which is more than half of the time that
loading takes; here the slots are written directly, on objects that nobody has seen yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from typing import Any, get_args

from sqlalchemy import Row

from ecert.events import Event, Place
from store.tables import events

COLUMNS = (events.c.block, events.c.time, events.c.sequence, events.c.name, events.c.body)
"""What `decode` reads, in this order."""


def encode(event: Event) -> str:
    """Write all of an event but its place."""
    body = {field.name: getattr(event, field.name) for field in fields(event) if field.name != "place"}
    return json.dumps(body, default=_hex, ensure_ascii=False, separators=(",", ":"))


def decode(rows: Iterable[Row[int, int, int, str, str] | tuple[int, int, int, str, str]]) -> Iterator[Event]:
    """Read rows that `encode` and the store wrote, many at once for speed."""
    rows = tuple(rows)
    bodies = json.loads("[" + ",".join([row[4] for row in rows]) + "]")
    new, readers = object.__new__, _READERS
    set_block, set_time, set_sequence = _PLACE
    for (block, time, sequence, name, _), body in zip(rows, bodies, strict=True):
        place = new(Place)
        set_block(place, block)
        set_time(place, time)
        set_sequence(place, sequence)
        yield readers[name](place, body)


def _hex(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} cannot stand in an event")


def _slot(kind: type[Any], name: str) -> Callable[[Any, Any], None]:
    write: Callable[[Any, Any], None] = getattr(kind, name).__set__
    return write


def _reader(kind: type[Event]) -> Callable[[Place, dict[str, Any]], Event]:
    types = {field.name: str(field.type) for field in fields(kind) if field.name != "place"}
    binary = tuple((name, _slot(kind, name)) for name, written in types.items() if written == "bytes")
    lists = tuple((name, _slot(kind, name)) for name, written in types.items() if written.startswith("tuple["))
    plain = tuple((name, _slot(kind, name)) for name in types if name not in dict(binary) and name not in dict(lists))
    set_place, new, from_hex = _slot(kind, "place"), object.__new__, bytes.fromhex

    def read(place: Place, body: dict[str, Any]) -> Event:
        event = new(kind)
        set_place(event, place)
        for name, write in plain:
            write(event, body[name])
        for name, write in lists:
            write(event, tuple(body[name]))
        for name, write in binary:
            write(event, from_hex(body[name]))
        return event

    return read


_PLACE = (_slot(Place, "block"), _slot(Place, "time"), _slot(Place, "sequence"))
_READERS = {kind.__name__: _reader(kind) for kind in get_args(Event)}
