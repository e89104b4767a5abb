"""The files that somebody names to be verified: files, folders and patterns, none of them read beyond the limit."""

from __future__ import annotations

import errno
import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecert.fields import Words
from ecert.parsing import MAX_SIZE

PATTERN = "**/*.ecert.json"
_NONE_HERE = Words(en="no certificate files (*.ecert.json) were found here", zh="此处没有找到证照文件（*.ecert.json）")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One file to verify, under the name that is answered with; `fault`: why there is nothing to read."""

    name: str
    fault: Words | None = None


def named_files(arguments: Sequence[str]) -> Iterator[Named]:
    """Find the files: a folder stands for every `*.ecert.json` in it, at any depth; a pattern for what it matches."""
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            yield from _found((str(file) for file in sorted(path.glob(PATTERN))), argument)
        elif not path.exists() and glob.has_magic(argument):
            yield from _found(sorted(glob.iglob(argument, recursive=True)), argument)  # noqa: PTH207 - as a shell does
        else:
            yield Named(name=argument)


def read_presented_file(name: str) -> bytes:
    """Read a file, but for one byte over the limit nothing more of what is too large; raises OSError."""
    path = Path(name)
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a file", name)
    with path.open("rb") as file:
        return file.read(MAX_SIZE + 1)


def _found(names: Iterator[str] | list[str], argument: str) -> Iterator[Named]:
    nothing = True
    for name in names:
        nothing = False
        yield Named(name=name)
    if nothing:
        yield Named(name=argument, fault=_NONE_HERE)
