"""The index keys: values that certificates are found by stand in the database as keyed hashes.

Whoever has an index key and the database can test guesses of numbers and ids; the public process is not given these
files and never imports this. A lost key loses nothing but the finding: all indexes can be made again.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Self

from verifier.faults import KeyringError
from verifier.keys.key_file import SERVICE
from verifier.keys.numbered_keys import NumberedKeys
from verifier.keys.secret_files import SecretFileExists, SecretFileOpen, read_secret, write_secret

LOOKUP_BYTES = 16
"""Bytes of a look-up's index: two of a city's hundred million values meet once in 10^22 cities."""


class IndexKeys(NumberedKeys):
    """The numbered index keys. The one key from before, `keys/index.key`, becomes number 1."""

    def __init__(self, folder: Path, before: Path) -> None:
        super().__init__(folder, "index")
        self._before = before

    @classmethod
    def under(cls, keys_dir: Path) -> Self:
        """Give the index keys of the service whose keys are in a folder."""
        return cls(keys_dir / SERVICE, keys_dir / "index.key")

    def numbers(self) -> tuple[int, ...]:
        """Give the numbers of the keys that are there, in their order."""
        there = super().numbers()
        if there or not self._before.exists():
            return there
        try:
            write_secret(self.file(1), read_secret(self._before))
        except SecretFileExists:
            pass
        except SecretFileOpen as error:
            raise KeyringError(f"{self._before} can be read by others: chmod 600 {self._before}") from error
        except OSError as error:
            raise KeyringError(f"{self._before} cannot be taken over: {error.strerror}") from error
        self._before.unlink(missing_ok=True)
        return super().numbers()


def blind_index(key: bytes, kind: str, agency: str, value: str) -> bytes:
    """Give the 32 bytes under which a value is found in the database without standing in it: HMAC-SHA-256."""
    return hmac.digest(key, f"{kind}\0{agency}\0{value}".encode(), hashlib.sha256)


def lookup_index(key: bytes, kind: str, vct: str, value: str) -> bytes:
    """Give the 16 bytes under which a look-up finds a value across agencies; `vct` empty: of any type."""
    return hmac.digest(key, f"{kind}\0{vct}\0{value}".encode(), hashlib.sha256)[:LOOKUP_BYTES]
