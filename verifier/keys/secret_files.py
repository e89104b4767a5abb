"""Files that only their owner may read, written whole or not at all and never over one that is there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from chain.whole_files import create_secret

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
    try:
        create_secret(path, content)
    except FileExistsError as error:
        raise SecretFileExists(path) from error


def read_secret(path: Path) -> bytes:
    """Read a secret; raises `SecretFileOpen` where others than the owner could, and OSError."""
    with path.open("rb") as file:
        if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & OTHERS:
            raise SecretFileOpen(path)
        return file.read()
