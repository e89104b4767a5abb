"""The physical lines of a surveyed text file, read as a stream; no more than a line is held in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from verifier.tables.survey import LONGEST_LINE, RETURN, Survey, line_too_long, refused


def lines(file: BinaryIO, found: Survey) -> Iterator[str]:
    """Give the lines as they stand, line breaks included, in constant memory.

    Raises:
        RowsRefused: a line is too long, or the bytes are no longer those that were surveyed.
    """
    file.seek(found.start)
    ended = _ended_by_returns(file) if found.end == RETURN else _ended_by_feeds(file)
    for number, line in enumerate(ended, start=1):
        if len(line) > LONGEST_LINE:
            raise line_too_long(found.name, number)
        try:
            yield line.decode(found.encoding)
        except UnicodeDecodeError as error:
            raise refused(
                found.name, number, "file_changed", "the file changed while it was read", "读取过程中文件被修改"
            ) from error


def _ended_by_feeds(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE + 1):
        yield line


def _ended_by_returns(file: BinaryIO) -> Iterator[bytes]:
    """Give lines that end with a carriage return, a line feed in its place; what is too long stays too long."""
    rest = b""
    while piece := file.read(LONGEST_LINE):
        *whole, rest = (rest + piece).split(RETURN)
        for line in whole:
            yield line + b"\n"
        if len(rest) > LONGEST_LINE:
            break
    if rest:
        yield rest


def unchanged(file: BinaryIO, before: os.stat_result) -> bool:
    """Tell whether the open file still has the size and time of change that it had."""
    now = os.fstat(file.fileno())
    return (now.st_size, now.st_mtime_ns, now.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino)
