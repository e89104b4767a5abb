"""Passwords of people: argon2id (RFC 9106), in a thread, a few at a time since each takes much memory."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 256
"""Characters; there is no other rule, since rules make people choose worse ones."""
_AT_ONCE = 2
_ONE_TIME_BYTES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a guess costs: KiB of memory, passes, lanes. The defaults are those of RFC 9106 for little memory."""

    memory: int = 65_536
    passes: int = 3
    lanes: int = 4


class Passwords:
    """Hashes passwords and checks them."""

    def __init__(self, cost: Cost) -> None:
        self._hasher = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory, parallelism=cost.lanes)
        self._nobody: str | None = None
        self._turns = asyncio.Semaphore(_AT_ONCE)

    def hash(self, password: str) -> str:
        """Give what is stored of a password; takes its time."""
        return self._hasher.hash(_normal(password))

    async def check(self, password: str, known: str | None) -> bool:
        """Tell whether a password is the one that `known` was made of; None takes as long, and is never right."""
        async with self._turns:
            return await asyncio.to_thread(self._check, password, known)

    def is_outdated(self, known: str) -> bool:
        """Tell whether a hash was made with another cost than ours."""
        return self._hasher.check_needs_rehash(known)

    def _check(self, password: str, known: str | None) -> bool:
        if self._nobody is None:
            self._nobody = self._hasher.hash(secrets.token_urlsafe())
        try:
            self._hasher.verify(known or self._nobody, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return known is not None


def one_time_password() -> tuple[str, str]:
    """Make up a first password, and its hash.

    The hash is made at little cost, so that thousands of accounts can be made at once: nobody guesses 95 random bits,
    and the owner replaces it at the first log-in. It stands in a table, where no spreadsheet may take it for a formula.
    """
    password = secrets.token_urlsafe(_ONE_TIME_BYTES).replace("-", "_")
    return password, PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(password)


def _normal(password: str) -> str:
    """Let one password be one, however a keyboard composes it."""
    return unicodedata.normalize("NFC", password)
