"""The journal of one process: lines get their place at once and reach the disk in groups.

Whoever appends learns segment, position and hash without waiting; a thread writes whatever has gathered, syncs it, and
says so to those who wait. An event loop tells the thread once it has gone through all that was ready, so that requests
which came together wait for one sync. Where a write fails, nothing of its group counts: what of it may stand in the
files is cut off again, those who wait are told, and as long as that is not mended nothing is taken.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from verifier.errors import said_of
from verifier.observing.figures import Figures
from verifier.record.group import Group
from verifier.record.lines import START, Place, chained, segment_line
from verifier.record.segment_file import SegmentFiles
from verifier.record.segments import RecordFolder, Segment

_LOG = logging.getLogger(__name__)
MEND_SECONDS = 1.0
"""How often a journal that cannot write tries again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A segment ends once it has this many bytes, or is this many seconds old."""

    bytes: int = 64 << 20
    seconds: int = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where the lines end: the last line (`position` -1: none yet), and how large the segment is."""

    segment: Segment
    position: int
    hash: bytes
    size: int
    since: int
    before: Place | None

    @property
    def last(self) -> Place:
        """The place of the last line."""
        return Place(self.segment, self.position, self.hash)


class Journal:
    """Appends to the segments of one lineage, which this process alone may write.

    Args:
        folder: where segments are.
        segment: the first segment to write; its file is made with the first line.
        before: the last line of the lineage so far.
        figures: where lines are counted.
    """

    def __init__(
        self,
        folder: RecordFolder,
        segment: Segment,
        before: Place | None,
        limits: Limits | None = None,
        figures: Figures | None = None,
    ) -> None:
        self._files = SegmentFiles(folder)
        self._limits = limits or Limits()
        self._figures = figures or Figures()
        self._end = _begun(segment, before, since=0)
        self._durable = self._end
        self._group = Group()
        self._change = threading.Condition()
        self._broken: OSError | None = None
        self._closing = False
        self._telling: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    @property
    def writable(self) -> bool:
        """Whether lines are taken now."""
        return self._broken is None

    @property
    def durable(self) -> End:
        """How far the disk has it."""
        return self._durable

    def append(self, first: bytes, second: Callable[[Place], bytes], now: int) -> tuple[Place, Group]:
        """Append two lines, the second made when the place of the first is known; give that place and their group.

        Raises:
            OSError: the disk took nothing when it was last asked, and nothing is taken now.
        """
        with self._change:
            if self._broken is not None or self._closing:
                raise _again(self._broken or OSError("the journal is closed"))
            start = self._ready(now)
            place = Place(start.segment, start.position + 1, chained(start.hash, first))
            line = second(place)
            self._add(first + b"\n" + line + b"\n", 2, chained(place.hash, line))
            group = self._group
        self._tell_soon()
        return place, group

    def roll(self, now: int) -> None:
        """End a segment that is due although nothing comes; the next one begins with the next line."""
        with self._change:
            if self._is_due(now):
                all_durable = self._durable == self._end
                self._end = _begun(self._end.segment.following, self._end.last, since=now)
                if all_durable:
                    self._durable = self._end

    def close(self) -> None:
        """Write what has gathered, and take no more."""
        with self._change:
            self._closing = True
            self._change.notify()
        self._thread.join()
        self._files.close()

    def _tell_soon(self) -> None:
        """Wake the thread: on an event loop once what is ready there has had its turn, elsewhere at once."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._tell()
            return
        if self._telling is not loop:
            self._telling = loop
            loop.call_soon(self._tell)

    def _tell(self) -> None:
        with self._change:
            self._telling = None
            self._change.notify()

    def _ready(self, now: int) -> End:
        """Begin a segment where one is due; give where the next line goes."""
        if self._is_due(now):
            self._end = _begun(self._end.segment.following, self._end.last, since=now)
        if self._end.position < 0:
            self._end = replace(self._end, since=now)
            header = segment_line(self._end.segment, now=now, before=self._end.before)
            self._add(header + b"\n", 1, chained(START, header))
        return self._end

    def _is_due(self, now: int) -> bool:
        end = self._end
        return end.position > 0 and (end.size >= self._limits.bytes or now - end.since >= self._limits.seconds)

    def _add(self, content: bytes, count: int, last: bytes) -> None:
        end = self._end
        self._group.pieces.append((end.segment, content))
        self._end = End(
            segment=end.segment,
            position=end.position + count,
            hash=last,
            size=end.size + len(content),
            since=end.since,
            before=end.before,
        )

    def _work(self) -> None:
        while True:
            with self._change:
                while not self._group.pieces and not self._closing and self._broken is None:
                    self._change.wait()
                if self._broken is not None:
                    if self._closing:
                        return
                    self._change.wait(MEND_SECONDS)
                elif not self._group.pieces:
                    return
                group, end = self._group, self._end
                self._group = Group()
            if self._broken is None:
                self._write(group, end)
            else:
                self._mend()

    def _write(self, group: Group, end: End) -> None:
        begun = time.perf_counter()
        try:
            self._files.write(group.pieces)
        except OSError as error:
            self._figures.not_written()
            self._fail(group, error)
        else:
            self._durable = end
            group.settle(None)
            lines = sum(content.count(b"\n") for _, content in group.pieces)
            self._figures.written(lines, time.perf_counter() - begun)

    def _fail(self, group: Group, error: OSError) -> None:
        _LOG.error("nothing can be recorded, so nothing is answered: %s", said_of(error))
        with self._change:
            self._broken = error
            gathered, self._group = self._group, Group()
        for each in (group, gathered):
            each.settle(error)

    def _mend(self) -> None:
        """Take back what the failed write left, and go on from what is durable."""
        durable, last = self._durable, self._end.segment
        try:
            self._files.cut(durable.segment, durable.size, last)
        except OSError as error:
            self._broken = error
            return
        with self._change:
            self._end = durable
            self._broken = None
        _LOG.info("the record takes lines again, after line %d of %s", durable.position + 1, durable.segment)


def _begun(segment: Segment, before: Place | None, *, since: int) -> End:
    return End(segment=segment, position=-1, hash=START, size=0, since=since, before=before)


def _again(error: OSError) -> OSError:
    """Make an error anew: one that is raised over and over would remember every time."""
    return OSError(*error.args)
