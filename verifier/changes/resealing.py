"""A new key for the secrets of watches, beside a running service, all of them in one transaction: they are few.

Killed at any moment everything is as it was or as it shall be. The former key stays until `retire` finds that no watch
needs it: of a secret that does not open nothing is known but its key's number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from store import key_uses, watches
from store.database import Database
from store.key_uses import Use
from verifier.changes.watching import start_keys
from verifier.faults import KeyringError
from verifier.keys.watch_key import WatchKeys
from verifier.services.sweeping import Retired, forget_what_was


@dataclass(slots=True, kw_only=True)
class Resealed:
    """What a rotation did: the number of the key that is current, how many secrets it took over.

    `passed_over`: the watches whose secrets do not open, which stay as they are.
    """

    number: int
    taken_over: int = 0
    passed_over: list[str] = field(default_factory=list)


class Resealing:
    """Takes the secrets of all watches of a database over to new keys."""

    def __init__(self, database: Database, keys_dir: Path) -> None:
        self._database = database
        self._keys = WatchKeys.under(keys_dir)

    def rotate(self) -> Resealed:
        """Put a new key in the place of the current one.

        Raises:
            KeyringError: a key cannot be written or read.
            StoreError: the database does not answer; nothing was changed.
        """
        with self._database.begin() as connection:
            start_keys(connection, self._keys)
            before = key_uses.hold(connection, Use.WATCH).current
            done = Resealed(number=self._keys.keys.make(before + 1))
            key_uses.rotate(connection, Use.WATCH, before=before, after=done.number)
            watches.reseal(connection, self._resealed(watches.sealed(connection), done))
            key_uses.finish(connection, Use.WATCH)
        forget_what_was(self._database)
        return done

    def retire(self) -> Retired:
        """Throw away the keys before the current one that no watch needs any more."""
        with self._database.begin() as connection:
            start_keys(connection, self._keys)
            current = key_uses.current(connection, Use.WATCH)
            needed = {secret[0] for secret in watches.sealed(connection).values() if secret}
        before = [number for number in self._keys.keys.numbers() if number < current]
        gone = tuple(number for number in before if number not in needed)
        for number in gone:
            self._keys.keys.remove(number)
        return Retired(use=Use.WATCH, gone=gone, needed=tuple(number for number in before if number in needed))

    def _resealed(self, found: dict[str, bytes], done: Resealed) -> dict[str, bytes]:
        made: dict[str, bytes] = {}
        for watch, sealed in found.items():
            try:
                secret = self._keys.open(sealed, watch)
            except KeyringError:
                done.passed_over.append(watch)
                continue
            made[watch] = self._keys.seal(secret, watch, number=done.number)
        done.taken_over = len(made)
        return made
