"""Files that only their owner may read, written whole or not at all and never over one that is there."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

OWNER_FILE = 0o600
OWNER_FOLDER = 0o700
OTHERS = 0o077


class SecretFileExists(Exception):
    """The file is there already and stays as it is."""


class SecretFileOpen(Exception):
    """The file can be read or changed by others than its owner."""


def make_secret_folder(folder: Path) -> None:
    """Make a folder, and those above it, that only its owner may enter; leave one that is there."""
    if folder.is_dir():
        return
    make_secret_folder(folder.parent)  # of itself, `mkdir` would leave those above open
    folder.mkdir(mode=OWNER_FOLDER, exist_ok=True)


def write_secret(path: Path, content: bytes) -> None:
    """Write a new secret and make it durable.

    Raises:
        SecretFileExists: there is a file of that name; it is left alone.
        OSError: the disk says no; nothing is left behind.
    """
    make_secret_folder(path.parent)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_FILE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(partial, path)
        sync_folder(path.parent)
    except FileExistsError as error:
        raise SecretFileExists(path) from error
    finally:
        partial.unlink(missing_ok=True)


def read_secret(path: Path) -> bytes:
    """Read a secret; raises `SecretFileOpen` where others than the owner could, and OSError."""
    with path.open("rb") as file:
        if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & OTHERS:
            raise SecretFileOpen(path)
        return file.read()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
