"""Segments: the files of the record, and what lies beside each in the folder.

`<lineage>-<number>.jsonl` holds lines; `.closed` beside it says, signed, how it ended; `.dropped` stands, signed, where
retention has taken a segment away. A lineage (`api-3f2a9c1b`) is one row of segments, each naming the one before; one
process at a time writes it, which holds the lock on `<lineage>.lock`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"(?P<lineage>(?:api|office)-[0-9a-f]{8})-(?P<number>[0-9]{6,12})")
_LINES = ".jsonl"
_CLOSED = ".closed"
_DROPPED = ".dropped"
_LOCK = ".lock"


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """One segment by its name; numbers begin at 1."""

    lineage: str
    number: int

    def __str__(self) -> str:
        """Give the name that receipts say."""
        return f"{self.lineage}-{self.number:06d}"

    @property
    def process(self) -> str:
        """The kind of process that wrote it."""
        return self.lineage.partition("-")[0]

    @property
    def following(self) -> Segment:
        """The next segment of the lineage."""
        return Segment(self.lineage, self.number + 1)

    @classmethod
    def named(cls, name: str) -> Segment | None:
        """Read a name; None where it is none."""
        found = _NAME.fullmatch(name)
        return None if found is None else cls(found["lineage"], int(found["number"]))


@dataclass(frozen=True, slots=True)
class RecordFolder:
    """The folder of all segments. Whoever can write it can destroy the record, but not change it unnoticed."""

    path: Path

    def lines(self, segment: Segment) -> Path:
        """Say where a segment's lines are."""
        return self.path / f"{segment}{_LINES}"

    def closing(self, segment: Segment) -> Path:
        """Say where a segment's closing is."""
        return self.path / f"{segment}{_CLOSED}"

    def tombstone(self, segment: Segment) -> Path:
        """Say where it stands that a segment was dropped."""
        return self.path / f"{segment}{_DROPPED}"

    def lock(self, lineage: str) -> Path:
        """Say where the lock of a lineage is."""
        return self.path / f"{lineage}{_LOCK}"

    def segments(self) -> Mapping[str, Sequence[Segment]]:
        """List all segments that have left any file here, by lineage, in order."""
        found: defaultdict[str, set[Segment]] = defaultdict(set)
        if self.path.is_dir():
            for path in self.path.iterdir():
                segment = Segment.named(path.stem)
                if segment is not None and path.suffix in {_LINES, _CLOSED, _DROPPED}:
                    found[segment.lineage].add(segment)
        return {lineage: sorted(found[lineage]) for lineage in sorted(found)}

    def of(self, lineage: str) -> Sequence[Segment]:
        """List the segments of one lineage."""
        return self.segments().get(lineage, ())

    def lineages(self, process: str) -> Sequence[str]:
        """List the lineages of one kind of process that ever were locked here."""
        found = (path.stem for path in self.path.glob(f"{process}-*{_LOCK}"))
        return sorted(name for name in found if Segment.named(f"{name}-000001") is not None)
