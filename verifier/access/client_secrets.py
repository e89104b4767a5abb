"""Secrets of clients: 256 random bits, shown once, kept as a hash.

The hash is one SHA-256, and fast on purpose. A slow hash (argon2, as for passwords) makes guessing costly where there
is something to guess: words that people choose. Nobody guesses 256 random bits, however fast each try is, and a slow
hash would only let anybody burn our processor by asking for tokens. Who steals the table has hashes that open nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable

_BYTES = 32
_MARK = "ecs_"
"""How every secret begins, so that scanners of source code know one when they see it."""


def new_secret() -> str:
    """Make a secret from the operating system's randomness."""
    return _MARK + secrets.token_urlsafe(_BYTES)


def secret_hash(secret: str) -> bytes:
    """Give the 32 bytes that are kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def matches(secret: str, hashes: Iterable[bytes]) -> bool:
    """Tell whether a secret is one of those that are kept, in a time that does not tell how near it was."""
    presented = secret_hash(secret)
    good = False
    for each in hashes:
        good |= hmac.compare_digest(presented, each)
    return good
