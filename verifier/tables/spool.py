"""Records of bytes laid aside on the disk in their order, in a file without a name, which ends with the process.

Who trusts it: whoever reads what he wrote a moment ago. Who can write to the files of this process can change it, so
records are made so that a changed one is noticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from ecert.fields import Words
from verifier.faults import IssuingStopped
from verifier.system_words import why

_LENGTH = 4


class Spool:
    """First written, then read as often as asked. There is a file from the first record on.

    `folder`: where the file is made; the system's own for such files where None.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        self._size = 0

    def add(self, record: bytes) -> None:
        """Lay a record aside; raises `IssuingStopped` where it cannot be written. `flush` ends the writing."""
        try:
            if self._file is None:
                self._file = TemporaryFile(dir=self._folder)  # noqa: SIM115 # `close` closes it
            self._file.write(len(record).to_bytes(_LENGTH) + record)
        except OSError as error:
            raise self._stopped(error) from error
        self._size += _LENGTH + len(record)

    def flush(self) -> None:
        """See that all records are written; raises `IssuingStopped` where they cannot be."""
        try:
            if self._file is not None:
                self._file.flush()
        except OSError as error:
            raise self._stopped(error) from error

    def read(self) -> Iterator[bytes]:
        """Give every record in its order, one at a time in memory; raises `IssuingStopped` where one is not there."""
        at = 0
        while self._file is not None and at < self._size:
            length = int.from_bytes(self._read(self._file, at, _LENGTH))
            yield self._read(self._file, at + _LENGTH, length)
            at += _LENGTH + length

    def clear(self) -> None:
        """Forget all records, so that others can be written."""
        self.close()
        self._file, self._size = None, 0

    def close(self) -> None:
        """Give the room on the disk back; what was written cannot be read any more."""
        if self._file is not None:
            with suppress(OSError):  # it tries once more to write what the disk did not take, and that is given up
                self._file.close()

    def _read(self, file: BinaryIO, at: int, size: int) -> bytes:
        try:
            file.seek(at)
            found = file.read(size)
        except OSError as error:
            raise self._lost(why(error)) from error
        if len(found) != size:
            raise self._lost(Words(en="it ends early", zh="提前结束"))
        return found

    def _stopped(self, error: OSError) -> IssuingStopped:
        words, place = why(error), self._place
        return IssuingStopped(
            Words(
                en="nothing was stored by this run: the rows of a long table cannot be laid aside in"
                f" {place.en}: {words.en}",
                zh=f"本次运行未保存任何内容：无法在{place.zh}中暂存长表的各行：{words.zh}",
            )
        )

    def _lost(self, words: Words) -> IssuingStopped:
        place = self._place
        return IssuingStopped(
            Words(
                en=f"the rows that were laid aside in {place.en} cannot be read again: {words.en}",
                zh=f"无法重新读取暂存在{place.zh}中的各行：{words.zh}",
            )
        )

    @property
    def _place(self) -> Words:
        if self._folder is None:
            return Words(en="the folder for temporary files", zh="临时文件夹")
        return Words(en=str(self._folder), zh=f" {self._folder} ")
