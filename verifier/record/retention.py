"""Retention: whole segments go, once they are closed, copied and old enough; a signed tombstone stays for each.

Order: the tombstone first, then the copies in the database, then the files. Cut off anywhere, the same again goes on.
Whoever can drop segments can destroy evidence, and everybody sees that he did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chain.whole_files import sync_folder
from ecert.errors import MalformedError, UntrustedToken
from ecert.jwks import KeySet
from ecert.suite import SigningKey
from store import verifications
from store.database import Database
from store.verifications import Shipment
from verifier.record.closing import CLOSED, DROPPED, check_closing, extent_of, read_closing, write_signed
from verifier.record.segments import RecordFolder, Segment


@dataclass(slots=True, kw_only=True)
class Due:
    """Segments that may go; and those that are not what was signed when they were closed, with why: they stay."""

    segments: list[Segment] = field(default_factory=list)
    kept: dict[Segment, str] = field(default_factory=dict)


def due(folder: RecordFolder, shipped: Mapping[str, Shipment], before: int, keys: Mapping[str, KeySet]) -> Due:
    """Find the segments that were closed before a time and copied whole, and those whose dropping was cut off.

    A tombstone says what was signed. So each closing is checked with the receipt `keys`, by kind of process, and the
    lines of what may go with the closing. Raises OSError.
    """
    found = Due()
    for segment in (each for segments in folder.segments().values() for each in segments):
        if not folder.closing(segment).exists():
            continue
        try:
            if _may_go(folder, segment, shipped, before, keys):
                found.segments.append(segment)
        except (MalformedError, UntrustedToken) as error:
            found.kept[segment] = str(error)
    return found


def drop(folder: RecordFolder, segment: Segment, database: Database, key: SigningKey, now: int) -> int:
    """Drop one segment; give how many copies of it there were in the database."""
    closing_file = folder.closing(segment)
    if not folder.tombstone(segment).exists():
        closing = replace(read_closing(closing_file), time=now, closing=closing_file.read_text("ascii").strip())
        write_signed(folder.tombstone(segment), DROPPED, closing, key)
    with database.begin() as connection:
        dropped = verifications.drop(connection, segment.lineage, segment.number, str(segment))
    folder.lines(segment).unlink(missing_ok=True)
    closing_file.unlink(missing_ok=True)
    sync_folder(folder.path)
    return dropped


def _may_go(
    folder: RecordFolder, segment: Segment, shipped: Mapping[str, Shipment], before: int, keys: Mapping[str, KeySet]
) -> bool:
    if folder.tombstone(segment).exists():
        return True
    token = folder.closing(segment).read_text("utf-8", errors="replace").strip()
    closing = check_closing(token, CLOSED, keys.get(segment.process, KeySet(keys=())), segment)
    copied = shipped.get(segment.lineage)
    if closing.time >= before or copied is None or not folder.lines(segment).exists():
        return False
    content = folder.lines(segment).read_bytes()
    if extent_of(content) != closing.extent:
        raise UntrustedToken("its lines are not what it was closed with")
    if copied.number != segment.number:
        return copied.number > segment.number
    return copied.offset >= len(content) - closing.extent.torn
