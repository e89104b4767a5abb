"""Secret keys of one use, numbered: the files `<use>-<number>.key` in `keys/service`, each 32 bytes in hex.

A key is never overwritten and its number never given again. Whoever reads the files reads what they seal.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from verifier.faults import KeyringError
from verifier.keys.key_file import read_key_file
from verifier.keys.secret_files import SecretFileExists, write_secret

KEY_BYTES = 32
MOST = 255
"""A number is one byte, and 0 stands for no key."""


class NumberedKeys:
    """The keys of one use in a folder. A key that was read is kept in memory: its file never changes."""

    def __init__(self, folder: Path, use: str) -> None:
        self.folder = folder
        self.use = use
        self._known: dict[int, bytes] = {}

    def numbers(self) -> tuple[int, ...]:
        """Give the numbers of the keys that are there, in their order."""
        form = re.compile(rf"{self.use}-([1-9][0-9]{{0,2}})\.key")
        names = (form.fullmatch(path.name) for path in self.folder.glob(f"{self.use}-*.key"))
        return tuple(sorted(int(name[1]) for name in names if name is not None and int(name[1]) <= MOST))

    def newest(self) -> int:
        """Give the highest number; make the first key where there is none."""
        there = self.numbers()
        return there[-1] if there else self.make(1)

    def key(self, number: int) -> bytes:
        """Give a key.

        Raises:
            KeyringError: it is not there, is no key, or can be read by others.
        """
        if number not in self._known:
            self._known[number] = self._read(number)
        return self._known[number]

    def make(self, number: int) -> int:
        """Make a key of a number; one that is there stays as it is."""
        if not 1 <= number <= MOST:
            raise KeyringError(f"there is no number for another {self.use} key: {MOST} were made")
        path = self.file(number)
        try:
            write_secret(path, secrets.token_bytes(KEY_BYTES).hex().encode() + b"\n")
        except SecretFileExists:
            pass
        except OSError as error:
            raise KeyringError(f"{path} cannot be written: {error.strerror}") from error
        return number

    def remove(self, number: int) -> None:
        """Throw a key away; what is sealed with it is lost."""
        self._known.pop(number, None)
        try:
            self.file(number).unlink(missing_ok=True)
        except OSError as error:
            raise KeyringError(f"{self.file(number)} cannot be removed: {error.strerror}") from error

    def file(self, number: int) -> Path:
        """Say where the file of a key is."""
        return self.folder / f"{self.use}-{number}.key"

    def _read(self, number: int) -> bytes:
        path = self.file(number)
        text = read_key_file(path, f"the {self.use} key {number} is not here")
        try:
            key = bytes.fromhex(text.decode("ascii"))
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise KeyringError(f"{path} is no {self.use} key: {KEY_BYTES} bytes in hex are due")
        return key
