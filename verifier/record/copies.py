"""Copies: whether the database has of every segment what stands there, no more and no less.

Whoever can write the database can hide, change or invent what callers and auditors are answered. The record itself is
not changed by that, and tells.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping

from store import verifications
from store.database import Database
from store.verifications import Recorded, Shipment
from verifier.record.line_audit import Flaw
from verifier.record.reading import entries_from, start_of
from verifier.record.segments import RecordFolder, Segment
from verifier.record.shipping import understood


def copy_flaws(
    folder: RecordFolder, database: Database, shipped: Mapping[str, Shipment], told: Collection[str]
) -> Iterator[Flaw]:
    """Find what is not as it was copied, but in files of which `told` knows flaws already.

    May run while processes record and copy: what is copied stood in a file before, and must be there once the database
    said so (`shipped`).

    Raises:
        OSError: a file cannot be read.
        StoreError: the database cannot be used now.
    """
    with database.read() as connection:
        copied = verifications.segments(connection)
    here = [segment for segments in folder.segments().values() for segment in segments]
    for name in sorted({f"{name}.jsonl" for name in copied - {str(segment) for segment in here}} - {*told}):
        yield Flaw(file=name, line=None, why="is missing: the database has copies of its lines")
    for segment in here:
        file = folder.lines(segment)
        if file.name in told or folder.tombstone(segment).exists() or not file.exists():
            continue
        with database.read() as connection:
            rows = verifications.copies(connection, str(segment))
        there = {one.position: verifications.copy_of(one) for one in _recorded(folder, segment)}
        due = _copied_up_to(segment, shipped.get(segment.lineage))
        for position in sorted(rows.keys() | {each for each in there if each < due}):
            if rows.get(position) != there.get(position):
                why = "has another copy" if position in rows else "lacks its copy"
                yield Flaw(file=file.name, line=position + 1, why=f"the database {why}")


def _recorded(folder: RecordFolder, segment: Segment) -> Iterator[Recorded]:
    end = folder.lines(segment).stat().st_size
    yield from filter(None, map(understood, entries_from(folder, segment, start_of(segment), end)))


def _copied_up_to(segment: Segment, shipped: Shipment | None) -> float:
    """Give the first line that may lack its copy."""
    if shipped is None or shipped.number < segment.number:
        return 0
    return shipped.position if shipped.number == segment.number else math.inf
