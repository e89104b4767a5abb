"""The key that seals the secrets of watches: `keys/service/watch.key`, 32 bytes in hex, made at its first use.

For the office alone. Who steals it and the database can sign webhooks that a caller's receiver believes.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from verifier.faults import KeyringError
from verifier.keys.secret_files import SecretFileExists, SecretFileOpen, read_secret, write_secret

_KEY_BYTES = 32
_NONCE_BYTES = 12


class WatchKey:
    """Seals with AES-256-GCM, each secret for its own watch: moved to another one it does not open."""

    def __init__(self, keys_dir: Path) -> None:
        self.file = keys_dir / "service" / "watch.key"
        self._cipher: AESGCM | None = None

    def seal(self, secret: str, watch: str) -> bytes:
        """Seal a watch's secret.

        Raises:
            KeyringError: the key cannot be made or read.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._opened().encrypt(nonce, secret.encode(), watch.encode())

    def open(self, sealed: bytes, watch: str) -> str:
        """Open a watch's secret.

        Raises:
            KeyringError: the key cannot be read, or is not the one that this was sealed with.
        """
        try:
            return self._opened().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], watch.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise KeyringError(f"{self.file} did not seal the secret of watch {watch}") from error

    def _opened(self) -> AESGCM:
        if self._cipher is None:
            self._cipher = AESGCM(self._read())
        return self._cipher

    def _read(self) -> bytes:
        try:
            write_secret(self.file, secrets.token_bytes(_KEY_BYTES).hex().encode() + b"\n")
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
        if len(key) != _KEY_BYTES:
            raise KeyringError(f"{self.file} is no key: {_KEY_BYTES} bytes in hex are due")
        return key
