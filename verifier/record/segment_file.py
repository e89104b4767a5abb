"""One segment's file, open for appending: what is written is synced before anybody hears of it."""

from __future__ import annotations

import os
from collections.abc import Iterable

from verifier.keys.secret_files import OWNER_FILE, sync_folder
from verifier.record.segments import RecordFolder, Segment


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

        Raises:
            OSError: it cannot be taken back now.
        """
        self.close()
        while last.number > segment.number:
            self._folder.lines(last).unlink(missing_ok=True)
            last = Segment(last.lineage, last.number - 1)
        if size == 0:
            self._folder.lines(segment).unlink(missing_ok=True)
            return
        self._open(segment, new=False)
        if self._file is not None:
            os.ftruncate(self._file, size)
        self._sync()

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

    def _sync(self) -> None:
        if self._file is not None:
            os.fsync(self._file)
