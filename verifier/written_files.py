"""Files that are there whole or not at all: written beside their place, made durable, then moved there.

Folders that are made for them are for their owner alone, since what is written tells of people.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from chain.whole_files import sync_folder
from verifier.keys.secret_files import make_secret_folder

FEW = 8
"""Up to so many files are synced one by one; more share one sync of the system."""


def write_files(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write files into a folder; those that are there with the same content are left alone.

    One that takes another's place can be read by whoever could read that one.
    """
    make_secret_folder(folder)
    moves: list[tuple[Path, Path]] = []
    try:
        for name, content in files:
            path = folder / name
            if not _holds(path, content):
                partial = _partial(path)
                moves.append((partial, path))
                with partial.open("wb") as file:
                    if path.exists():
                        shutil.copymode(path, partial)
                    file.write(content)
        _sync([partial for partial, _ in moves])
        for partial, path in moves:
            partial.replace(path)
        if moves:
            sync_folder(folder)
    finally:
        for partial, _ in moves:
            partial.unlink(missing_ok=True)


def assure_writable(folder: Path) -> None:
    """Make the folder and see that files can be written in it; raises `OSError` where they cannot."""
    make_secret_folder(folder)
    probe = _partial(folder / "writable")
    try:
        probe.write_bytes(b"")
    finally:
        probe.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[IO[str]]:
    """Write one text file; it takes its place only when all went well."""
    make_secret_folder(path.parent)
    partial = _partial(path)
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.partial")


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except FileNotFoundError:
        return False


def _sync(paths: list[Path]) -> None:
    if len(paths) > FEW and hasattr(os, "sync"):
        os.sync()
        return
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())
