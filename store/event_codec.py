"""Events as JSON text and back, fast enough to load a city's ledger at the start.

The body of a row is a JSON object with the event's own field names; bytes are lower-case hex, tuples arrays. The place
is in columns of its own. The classes of `ecert.events` are the only description: a new event needs no change here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
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


def decode(rows: Iterable[Row[int, int, int, str, str]]) -> Iterator[Event]:
    """Read rows that `encode` and the store wrote, many at once for speed."""
    rows = tuple(rows)
    bodies = json.loads("[" + ",".join([row[4] for row in rows]) + "]")
    for (block, time, sequence, name, _), body in zip(rows, bodies, strict=True):
        yield _READERS[name](Place(block=block, time=time, sequence=sequence), body)


def _hex(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} cannot stand in an event")


def _reader(kind: Callable[..., Event], types: Mapping[str, object]) -> Callable[[Place, dict[str, Any]], Event]:
    binary = tuple(name for name, one in types.items() if one == "bytes")
    lists = tuple(name for name, one in types.items() if str(one).startswith("tuple["))

    def read(place: Place, body: dict[str, Any]) -> Event:
        for name in binary:
            body[name] = bytes.fromhex(body[name])
        for name in lists:
            body[name] = tuple(body[name])
        return kind(place=place, **body)

    return read


_READERS = {kind.__name__: _reader(kind, {one.name: one.type for one in fields(kind)}) for kind in get_args(Event)}
