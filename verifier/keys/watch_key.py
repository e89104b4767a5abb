"""The watch keys: the secrets of watches are sealed with them before they go into the database.

For the office and the commands alone. A sealed secret is one byte, the number of its key, then nonce and ciphertext of
AES-256-GCM, bound to its watch and that number. Who steals a key and the database can sign webhooks that a caller's
receiver believes. A lost key loses the secrets: callers make their watches anew.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from ecert.errors import SealBroken
from ecert.sealing import NONCE_SIZE, Sealer
from verifier.faults import KeyringError
from verifier.keys.key_file import SERVICE
from verifier.keys.numbered_keys import NumberedKeys


class WatchKeys:
    """Seals and opens secrets, each for its own watch: moved to another one it does not open."""

    def __init__(self, folder: Path) -> None:
        self.keys = NumberedKeys(folder, "watch")

    @classmethod
    def under(cls, keys_dir: Path) -> Self:
        """Give the watch keys of the service whose keys are in a folder."""
        return cls(keys_dir / SERVICE)

    def seal(self, secret: str, watch: str, *, number: int) -> bytes:
        """Seal a watch's secret with the key of a number.

        Raises:
            KeyringError: that key is not here.
        """
        sealer = Sealer(self.keys.key(number))
        sealed = sealer.seal(secret.encode(), nonce=os.urandom(NONCE_SIZE), place=_place(watch, number))
        return bytes((number,)) + sealed

    def open(self, sealed: bytes, watch: str) -> str:
        """Open a watch's secret.

        Raises:
            KeyringError: its key is not here, or is not the one that this was sealed with.
        """
        number = sealed[0] if sealed else 0
        try:
            return Sealer(self.keys.key(number)).open(sealed[1:], place=_place(watch, number)).decode()
        except (SealBroken, ValueError) as error:
            raise KeyringError(f"{self.keys.file(number)} did not seal the secret of watch {watch}") from error


def _place(watch: str, number: int) -> bytes:
    return f"{watch}\0{number}".encode()
