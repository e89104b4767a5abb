"""Auditing the record: finds what was edited, swapped, cut off or taken away, and names file and line.

What is believed is what a receipt key has signed: each receipt names the place and hash of the line before it, each
closing the number of lines and the last hash. Everything else must follow from that. Of a segment that nobody has
closed yet, lines cut off at its very end are noticed only against receipts that were given away, or against the
database, which says up to where it has copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ecert.errors import MalformedError, UntrustedToken
from ecert.jwks import KeySet
from store.verifications import Shipment
from verifier.record.closing import CLOSED, DROPPED, Closing, Extent, check_closing, extent_of
from verifier.record.line_audit import UNKNOWN, Before, Flaw, SegmentLines
from verifier.record.lines import START, Place, chained
from verifier.record.segments import RecordFolder, Segment


@dataclass(slots=True, kw_only=True)
class Audit:
    """What was found: flaws in order, and how much was looked through, was dropped, or is still open."""

    flaws: list[Flaw] = field(default_factory=list)
    segments: int = 0
    verifications: int = 0
    dropped: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)


class Auditor:
    """Looks through a folder of segments.

    Args:
        folder: where they are.
        keys: the receipt keys, by kind of process.
        shipped: how far the database has copied each lineage; empty: nobody asked it.
    """

    def __init__(
        self, folder: RecordFolder, keys: Mapping[str, KeySet], shipped: Mapping[str, Shipment] | None = None
    ) -> None:
        self._folder = folder
        self._keys = keys
        self._shipped = shipped or {}
        self._audit = Audit()

    def audit(self) -> Audit:
        """Look through all of it; raises OSError where a file cannot be read."""
        found = self._folder.segments()
        for lineage, segments in found.items():
            self._lineage(lineage, segments)
        for lineage in sorted(self._shipped.keys() - found.keys()):
            segment = Segment(lineage, self._shipped[lineage].number)
            self._flaw(segment, None, "is missing: the database has copied lines of it")
        return self._audit

    def _lineage(self, lineage: str, segments: Sequence[Segment]) -> None:
        before: Before = None
        due = 1
        ended = [each for each in segments if self._has_ended(each)]
        for segment in segments:
            if segment.number != due:
                self._missing(lineage, due, segment.number - 1)
                before = UNKNOWN
            before = self._one(segment, before, must_be_closed=bool(ended) and segment < ended[-1])
            due = segment.number + 1
        shipped = self._shipped.get(lineage)
        if shipped is not None and shipped.number >= due:
            self._missing(lineage, due, shipped.number)

    def _missing(self, lineage: str, first: int, last: int) -> None:
        until = "" if first == last else f", and so are all up to {Segment(lineage, last)}"
        self._flaw(Segment(lineage, first), None, f"is missing{until}")

    def _one(self, segment: Segment, before: Before, *, must_be_closed: bool) -> Before:
        if self._folder.lines(segment).exists():
            return self._segment(segment, before, must_be_closed=must_be_closed)
        if self._folder.tombstone(segment).exists():
            return self._dropped(segment)
        self._flaw(segment, None, "is missing: only its closing is there")
        closing = self._closing(segment, must_be_there=True)
        return UNKNOWN if closing is None else closing.last(segment)

    def _segment(self, segment: Segment, before: Before, *, must_be_closed: bool) -> Place:
        content = self._folder.lines(segment).read_bytes()
        extent = extent_of(content)
        lines = content.split(b"\n")[: extent.lines]
        reading = SegmentLines(segment, self._keys.get(segment.process, KeySet(keys=())), before)
        flaws = list(reading.flaws(lines))
        self._audit.segments += 1
        self._audit.verifications += reading.verifications
        closing = self._closing(segment, must_be_there=must_be_closed)
        if closing is not None and closing.extent != extent:
            flaws += _differences(segment, closing, extent, told=bool(flaws))
        if not flaws:
            flaws += self._unlike_shipped(segment, lines)
        self._audit.flaws += flaws
        return Place(segment, extent.lines - 1, extent.hash) if closing is None else closing.last(segment)

    def _has_ended(self, segment: Segment) -> bool:
        return self._folder.closing(segment).exists() or self._folder.tombstone(segment).exists()

    def _closing(self, segment: Segment, *, must_be_there: bool) -> Closing | None:
        path = self._folder.closing(segment)
        if path.exists():
            return self._signed(segment, path.read_text("utf-8", errors="replace").strip(), CLOSED)
        self._audit.open.append(str(segment))
        if must_be_there:
            self._flaw(segment, None, "is not closed, and a later segment is")
        return None

    def _dropped(self, segment: Segment) -> Before:
        text = self._folder.tombstone(segment).read_text("utf-8", errors="replace").strip()
        closing = self._signed(segment, text, DROPPED)
        self._audit.dropped.append(str(segment))
        return UNKNOWN if closing is None else closing.last(segment)

    def _signed(self, segment: Segment, token: str, typ: str) -> Closing | None:
        path = self._folder.closing(segment) if typ == CLOSED else self._folder.tombstone(segment)
        try:
            return check_closing(token, typ, self._keys.get(segment.process, KeySet(keys=())), segment)
        except (MalformedError, UntrustedToken) as error:
            self._audit.flaws.append(Flaw(file=path.name, line=None, why=str(error)))
            return None

    def _unlike_shipped(self, segment: Segment, lines: Sequence[bytes]) -> Iterator[Flaw]:
        shipped = self._shipped.get(segment.lineage)
        if shipped is None or shipped.number != segment.number:
            return
        last = START
        for line in lines[: shipped.position]:
            last = chained(last, line)
        file = self._folder.lines(segment).name
        if len(lines) < shipped.position:
            why = f"the end is cut off: the database has copied up to line {shipped.position}"
            yield Flaw(file=file, line=len(lines), why=why)
        elif last != shipped.hash:
            yield Flaw(file=file, line=shipped.position, why="up to here it is not what the database has copied")

    def _flaw(self, segment: Segment, line: int | None, why: str) -> None:
        self._audit.flaws.append(Flaw(file=self._folder.lines(segment).name, line=line, why=why))


def _differences(segment: Segment, closing: Closing, found: Extent, *, told: bool) -> Iterator[Flaw]:
    """Say how a segment differs from its closing; `told`: lines that are not right were named already."""
    closed = closing.extent
    file = f"{segment}.jsonl"
    if found.lines < closed.lines:
        yield Flaw(file=file, line=found.lines, why=f"the end is cut off: it was closed with {closed.lines} lines")
    elif found.lines > closed.lines:
        yield Flaw(file=file, line=closed.lines + 1, why=f"lines were added: it was closed with {closed.lines} lines")
    elif found.hash != closed.hash and not told:
        yield Flaw(file=file, line=found.lines, why="the last hash is not the one that the segment was closed with")
    elif found.torn != closed.torn:
        yield Flaw(file=file, line=found.lines, why="what follows the last line is not what it was closed with")
