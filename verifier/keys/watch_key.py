"""The key that seals the secrets of watches: `keys/service/watch.key`, 32 bytes in hex, made at its first use.

For the office alone. Who steals it and the database can sign webhooks that a caller's receiver believes.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from ecert.errors import SealBroken
from ecert.sealing import KEY_SIZE, NONCE_SIZE, Sealer
from verifier.faults import KeyringError
from verifier.keys.secret_files import SecretFileExists, SecretFileOpen, read_secret, write_secret


class WatchKey:
    """Seals with AES-256-GCM, each secret for its own watch: moved to another one it does not open."""

    def __init__(self, keys_dir: Path) -> None:
        self.file = keys_dir / "service" / "watch.key"
        self._sealer: Sealer | None = None

    def seal(self, secret: str, watch: str) -> bytes:
        """Seal a watch's secret.

        Raises:
            KeyringError: the key cannot be made or read.
        """
        return self._opened().seal(secret.encode(), nonce=secrets.token_bytes(NONCE_SIZE), place=watch.encode())

    def open(self, sealed: bytes, watch: str) -> str:
        """Open a watch's secret.

        Raises:
            KeyringError: the key cannot be read, or is not the one that this was sealed with.
        """
        try:
            return self._opened().open(sealed, place=watch.encode()).decode()
        except (SealBroken, ValueError) as error:
            raise KeyringError(f"{self.file} did not seal the secret of watch {watch}") from error

    def _opened(self) -> Sealer:
        if self._sealer is None:
            self._sealer = Sealer(self._read())
        return self._sealer

    def _read(self) -> bytes:
        try:
            write_secret(self.file, secrets.token_bytes(KEY_SIZE).hex().encode() + b"\n")
        except SecretFileExists:
            pass
        except OSError as error:
            raise KeyringError(f"{self.file} cannot be written: {error.strerror}") from error
        try:
            key = bytes.fromhex(read_secret(self.file).decode("ascii"))
        except SecretFileOpen as error:
            raise KeyringError(f"{self.file} can be read by others: chmod 600 {self.file}") from error
        except OSError as error:
            raise KeyringError(f"{self.file} cannot be read: {error.strerror}") from error
        except ValueError:
            key = b""
        if len(key) != KEY_SIZE:
            raise KeyringError(f"{self.file} is no key: {KEY_SIZE} bytes in hex are due")
        return key
