"""The file of passwords: what opens the key files beside it, in TOML, for its owner alone.

Each process may be given a file with only those that it needs.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from io import FileIO
from pathlib import Path
from typing import Any

from verifier.faults import KeyringError
from verifier.keys.key_file import read_key_file
from verifier.keys.secret_files import SecretFileExists, write_secret

_HEAD = b"# What opens the key files beside this one. Keep it from others.\n"


class PasswordsFile:
    """The file at `path`; read whenever it is asked."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def tables(self) -> Mapping[str, Any]:
        """Read it.

        Raises:
            KeyringError: it is missing, lies open to others, or is not TOML.
        """
        try:
            return tomllib.loads(read_key_file(self.path, "there is no file of passwords").decode("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise KeyringError(f"{self.path} is not right: {error}") from error

    def add(self, table: str, passwords: Mapping[str, str]) -> None:
        """Write down the passwords of a table that is not there yet, in a new file where there is none; all or nothing.

        Raises:
            KeyringError: it cannot be written.
        """
        lines = [f"\n[{table}]", *(f'{name} = "{password}"' for name, password in passwords.items())]
        try:
            self._start()
            with self.path.open("ab", buffering=0) as file:
                _append(file, ("\n".join(lines) + "\n").encode())
        except OSError as error:
            raise KeyringError(f"{self.path} cannot be written: {error.strerror}") from error

    def _start(self) -> None:
        try:
            write_secret(self.path, _HEAD)
        except SecretFileExists:
            return


def _append(file: FileIO, lines: bytes) -> None:
    """Write at the end; what a full disk took of it is cut off again, which would leave the whole file unreadable."""
    size = file.seek(0, os.SEEK_END)
    try:
        while lines:
            lines = lines[file.write(lines) :]
        os.fsync(file.fileno())
    except OSError:
        file.truncate(size)
        raise
