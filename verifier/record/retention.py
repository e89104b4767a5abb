"""Retention: whole segments go, once they are closed, copied and old enough; a signed tombstone stays for each.

Order: the tombstone first, then the copies in the database, then the files. Cut off anywhere, the same again goes on.
Whoever can drop segments can destroy evidence, and everybody sees that he did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ecert.suite import SigningKey
from store import verifications
from store.database import Database
from store.verifications import Shipment
from verifier.keys.secret_files import sync_folder
from verifier.record.closing import DROPPED, read_closing, write_signed
from verifier.record.segments import RecordFolder, Segment


def due(folder: RecordFolder, shipped: Mapping[str, Shipment], before: int) -> Sequence[Segment]:
    """List the segments that were closed before a time and copied whole, and those whose dropping was cut off.

    Raises:
        Refused: a closing is not right.
    """
    found = [segment for segments in folder.segments().values() for segment in segments]
    return [
        segment for segment in found if folder.closing(segment).exists() and _may_go(folder, segment, shipped, before)
    ]


def drop(folder: RecordFolder, segment: Segment, database: Database, key: SigningKey, now: int) -> int:
    """Drop one segment; give how many copies of it there were in the database."""
    closing_file = folder.closing(segment)
    if not folder.tombstone(segment).exists():
        closing = replace(read_closing(closing_file), time=now, closing=closing_file.read_text("ascii").strip())
        write_signed(folder.tombstone(segment), DROPPED, closing, key)
    with database.begin() as connection:
        dropped = verifications.drop(connection, str(segment))
    folder.lines(segment).unlink(missing_ok=True)
    closing_file.unlink(missing_ok=True)
    sync_folder(folder.path)
    return dropped


def _may_go(folder: RecordFolder, segment: Segment, shipped: Mapping[str, Shipment], before: int) -> bool:
    if folder.tombstone(segment).exists():
        return True
    closing = read_closing(folder.closing(segment))
    copied = shipped.get(segment.lineage)
    if closing.time >= before or copied is None or not folder.lines(segment).exists():
        return False
    if copied.number != segment.number:
        return copied.number > segment.number
    return copied.offset >= folder.lines(segment).stat().st_size - closing.extent.torn
