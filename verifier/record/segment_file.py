"""One segment's file, open for appending: what is written is synced before anybody hears of it."""

from __future__ import annotations

import os
from collections.abc import Iterable

from chain.whole_files import OWNER_FILE, sync_folder
from verifier.record.segments import RecordFolder, Segment

ROOM = 4096
"""Bytes that a disk must take before it is given lines again: about as many as a verification has."""


class SegmentFiles:
    """The file that is being written, one at a time; a segment's file is made when its first line comes."""

    def __init__(self, folder: RecordFolder) -> None:
        self._folder = folder
        self._segment: Segment | None = None
        self._file: int | None = None

    def write(self, pieces: Iterable[tuple[Segment, bytes]]) -> None:
        """Write lines to their segments, in order, and make them durable.

        Raises:
            OSError: some of it may stand in the files; `cut` takes it away.
        """
        fresh = False
        joined: list[tuple[Segment, list[bytes]]] = []
        for segment, content in pieces:
            if not joined or joined[-1][0] != segment:
                joined.append((segment, []))
            joined[-1][1].append(content)
        for segment, contents in joined:
            if segment != self._segment:
                self._finish()
                self._open(segment)
                fresh = True
            self._append(b"".join(contents))
        self._sync()
        if fresh:
            sync_folder(self._folder.path)

    def cut(self, segment: Segment, size: int, last: Segment) -> None:
        """Take back what was written beyond `size` of `segment`, and all segments after it up to `last`.

        What a full disk took can always be taken back; so it is seen, too, that there is room again.

        Raises:
            OSError: it cannot be taken back now, or the disk takes nothing still.
        """
        self.close()
        while last.number > segment.number:
            self._folder.lines(last).unlink(missing_ok=True)
            last = Segment(last.lineage, last.number - 1)
        path = self._folder.lines(segment)
        if size == 0:
            path.unlink(missing_ok=True)
        self._open(segment, new=size == 0)
        try:
            self._shorten(size)
            self._append(bytes(ROOM))
            self._sync()
        finally:
            self._shorten(size)
        self._sync()
        if size == 0:
            self.close()
            path.unlink()

    def close(self) -> None:
        """Close what is open."""
        if self._file is not None:
            os.close(self._file)
        self._file = self._segment = None

    def _finish(self) -> None:
        self._sync()
        self.close()

    def _open(self, segment: Segment, *, new: bool = True) -> None:
        flags = os.O_WRONLY | os.O_APPEND | (os.O_CREAT | os.O_EXCL if new else 0)
        self._file = os.open(self._folder.lines(segment), flags, OWNER_FILE)
        self._segment = segment

    def _append(self, content: bytes) -> None:
        left = memoryview(content)
        while left and self._file is not None:
            left = left[os.write(self._file, left) :]

    def _shorten(self, size: int) -> None:
        if self._file is not None:
            os.ftruncate(self._file, size)

    def _sync(self) -> None:
        if self._file is not None:
            os.fsync(self._file)
