"""Sealing what lies in a database: AES-256-GCM (NIST SP 800-38D), bound to the place where it lies.

A sealed text moved to another place does not open there. The nonce is an argument, 12 bytes, never the same
twice under one key: the operating system's randomness (fewer than 2^32 texts under one key keep that so), or a count.
"""

from __future__ import annotations

from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ecert.errors import SealBroken

KEY_SIZE = 32
NONCE_SIZE = 12


class Sealer:
    """Seals and opens with one key of 32 bytes."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_SIZE:
            raise ValueError(f"a key of {len(key)} bytes; it has {KEY_SIZE}")
        self._cipher = AESGCM(key)

    @classmethod
    def with_new_key(cls) -> Self:
        """Make one whose key nobody else has: what it seals opens as long as it is there."""
        return cls(AESGCM.generate_key(KEY_SIZE * 8))

    def seal(self, content: bytes, *, nonce: bytes, place: bytes) -> bytes:
        """Give the nonce and the ciphertext with its tag, 28 bytes longer than the content."""
        return nonce + self._cipher.encrypt(nonce, content, place)

    def open(self, sealed: bytes, *, place: bytes) -> bytes:
        """Give the content; `SealBroken` where this is not what was sealed with this key for this place."""
        if len(sealed) < NONCE_SIZE:
            raise SealBroken
        try:
            return self._cipher.decrypt(sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], place)
        except InvalidTag:
            raise SealBroken from None
