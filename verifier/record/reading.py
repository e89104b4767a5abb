"""Reading segments from a place on: verifications with their receipts, as they are copied or looked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from store.verifications import Shipment
from verifier.record.lines import START, Place, chained, decoded
from verifier.record.segments import RecordFolder, Segment

PIECE = 4 << 20
"""Bytes that are read at once, unless one verification has more."""
VERIFICATION = b'{"kind":"verification"'
RECEIPT = b'{"kind":"receipt"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A verification's line with its place, and its receipt."""

    place: Place
    line: bytes
    receipt: str


def start_of(segment: Segment) -> Shipment:
    """Give the place before the first line of a segment."""
    return Shipment(number=segment.number, position=0, offset=0, hash=START)


def read_piece(
    folder: RecordFolder, segment: Segment, after: Shipment, end: int, *, size: int | None = None
) -> tuple[Sequence[Entry], Shipment]:
    """Read the next verifications of a segment that are whole before byte `end`, and where to go on.

    A verification whose receipt never came was never answered; it is passed over once lines follow it, or at the end.
    Lines of no kind that is known are passed over, too: `ecert audit verify` names them.

    Raises:
        OSError: the file cannot be read.
    """
    size = size or PIECE
    with folder.lines(segment).open("rb") as file:
        file.seek(after.offset)
        content = file.read(min(size, end - after.offset))
    entries, reached = _entries(segment, content, after)
    if reached.offset == after.offset and after.offset + size < end:
        return read_piece(folder, segment, after, end, size=2 * size)
    return entries, reached


def _entries(segment: Segment, content: bytes, after: Shipment) -> tuple[Sequence[Entry], Shipment]:
    found: list[Entry] = []
    reached = position, offset, last = after.position, after.offset, after.hash
    open_line: tuple[Place, bytes] | None = None
    for line in content.split(b"\n")[:-1]:
        last = chained(last, line)
        position, offset = position + 1, offset + len(line) + 1
        if line.startswith(VERIFICATION):
            open_line = (Place(segment, position - 1, last), line)
            continue
        if open_line is not None and line.startswith(RECEIPT):
            entry = _entry(*open_line, line)
            found += [] if entry is None else [entry]
        open_line = None
        reached = position, offset, last
    position, offset, last = reached
    return found, Shipment(number=after.number, position=position, offset=offset, hash=last)


def _entry(place: Place, line: bytes, receipt_line: bytes) -> Entry | None:
    said = decoded(receipt_line)
    receipt = None if said is None else said.get("receipt")
    return Entry(place=place, line=line, receipt=receipt) if isinstance(receipt, str) else None


def entries_from(folder: RecordFolder, segment: Segment, at: Shipment, end: int) -> Iterator[Entry]:
    """Give the verifications of a segment from a place on that are whole before byte `end`, a piece at a time."""
    while at.offset < end:
        entries, after = read_piece(folder, segment, at, end)
        if after.offset == at.offset:
            return
        at = after
        yield from entries


def all_entries(folder: RecordFolder, since: int | None, until: int | None) -> Iterator[tuple[Entry, dict[str, Any]]]:
    """Give all verifications from `since` to before `until` with their receipts, segment by segment, as JSON, too."""
    for segment in (each for segments in folder.segments().values() for each in segments):
        path = folder.lines(segment)
        end = path.stat().st_size if path.exists() else 0
        for entry in entries_from(folder, segment, start_of(segment), end):
            said = decoded(entry.line)
            time = None if said is None else said.get("time")
            if said is not None and isinstance(time, int) and _within(time, since, until):
                yield entry, said


def _within(time: int, since: int | None, until: int | None) -> bool:
    return (since is None or since <= time) and (until is None or time < until)
