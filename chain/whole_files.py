"""Files that are there whole or not at all: written beside their place, made durable, then moved there."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ANY_FILE = 0o666
"""Less what the system withholds from others."""
OWNER_FILE = 0o600


def replace_file(path: Path, text: str) -> None:
    """Write a file, over one that may be there; raises `OSError`, and the old one stays."""
    with _beside(path, text.encode(), _ANY_FILE) as partial:
        partial.replace(path)


def create_secret(path: Path, content: bytes) -> None:
    """Write a file for its owner alone; raises `FileExistsError` where there is one, and `OSError`."""
    with _beside(path, content, OWNER_FILE) as partial:
        os.link(partial, path)


@contextmanager
def _beside(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield partial
        sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
