"""Lineages: which row of segments this process goes on with, and what dead processes have left.

A lineage belongs to whoever holds the lock on its file, which the system takes from a process that dies. A lock in the
database would not do: verifications are recorded while that is away. A process that starts takes a lineage of its kind
that nobody holds and of which nothing is gone (`verifier.record.holding`), or begins one; it never appends to an old
segment, but closes it and names it in the next.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from chain.whole_files import OWNER_FILE
from store.verifications import Shipment
from verifier.keys.receipt_key import Answerer
from verifier.keys.secret_files import make_secret_folder
from verifier.record.closing import DROPPED, Closing, read_closing
from verifier.record.holding import holds
from verifier.record.lines import Place
from verifier.record.segments import RecordFolder, Segment

Close = Callable[[Segment], Closing]
"""Closes a segment with this process's receipt key."""


class Lineage:
    """A lineage whose lock is held; made by `take` or `adopt`."""

    def __init__(self, folder: RecordFolder, name: str, lock: int) -> None:
        self.folder = folder
        self.name = name
        self._lock: int | None = lock

    @classmethod
    def take(cls, folder: RecordFolder, process: Answerer, copied: Mapping[str, Shipment]) -> Self:
        """Take a lineage of a kind of process that nobody holds, or begin one; raises OSError.

        One that does not have what the database has `copied` of it is left as it is.
        """
        make_secret_folder(folder.path)
        for name in folder.lineages(process):
            found = cls.adopt(folder, name)
            if found is None:
                continue
            if holds(folder, name, copied.get(name)):
                return found
            found.release()
        while True:
            found = cls.adopt(folder, f"{process}-{secrets.token_hex(4)}")
            if found is not None:
                return found

    @classmethod
    def adopt(cls, folder: RecordFolder, name: str) -> Self | None:
        """Take this lineage; None where somebody else has it."""
        lock = os.open(folder.lock(name), os.O_RDWR | os.O_CREAT, OWNER_FILE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return cls(folder, name, lock)

    def release(self) -> None:
        """Let others have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def segments(self) -> Sequence[Segment]:
        """List its segments in order, dropped ones among them."""
        return self.folder.of(self.name)

    def close_all(self, close: Close) -> None:
        """Close every segment that is open."""
        for segment in self.segments():
            if not self.folder.closing(segment).exists() and self.folder.lines(segment).exists():
                close(segment)

    def ending(self) -> tuple[Segment, Place | None]:
        """Give the segment that comes next, and the last line so far; all segments are closed."""
        segments = self.segments()
        if not segments:
            return Segment(self.name, 1), None
        last = segments[-1]
        closing = self.folder.closing(last)
        said = read_closing(closing) if closing.exists() else read_closing(self.folder.tombstone(last), DROPPED)
        return last.following, said.last(last)
