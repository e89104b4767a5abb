"""The clients, as this process knows them: a snapshot in memory, looked at again every few seconds.

Tokens are checked and given out from the snapshot alone. With the database away the last one goes on being used, so
that a caller who has a token is served; a client that is disabled or loses a scope meanwhile keeps it until we can read
again. What the store says is believed: who can write to the database can let anybody in.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from store import clients
from store.clients import Client
from store.database import Database
from store.errors import StoreError
from verifier.callers import Scope

_LOG = logging.getLogger(__name__)

OF_AGENCIES = frozenset({Scope.ISSUE, Scope.STATUS})
"""Scopes that mean nothing without an agency to issue as."""

PAUSE = 1.0
"""Seconds between two looks for a client that is not known: whoever makes names up must not keep the database busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClient:
    """A client that may ask. `secrets`: hash and the second from when each is good no more, None for never."""

    name: str
    organisation: str
    office: str | None
    agency: str | None
    scopes: frozenset[Scope]
    defaults: Mapping[str, str]
    per_minute: int | None
    per_day: int | None
    secrets: tuple[tuple[bytes, int | None], ...]

    def good_hashes(self, now: int) -> tuple[bytes, ...]:
        """Give the hashes of the secrets that are good now."""
        return tuple(digest for digest, end in self.secrets if end is None or end > now)


class ClientDirectory:
    """The clients that may ask; those that are disabled are not in it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: Mapping[str, KnownClient] = MappingProxyType({})
        self._trouble: str | None = None
        self._looked_again = -PAUSE

    def find(self, name: str) -> KnownClient | None:
        """Give a client; None where there is none, or it is disabled."""
        return self._known.get(name)

    @property
    def names(self) -> frozenset[str]:
        """The names of all."""
        return frozenset(self._known)

    def refresh(self) -> None:
        """Read all clients; what has not changed stays the same object. Raises `StoreError`, and forgets nothing."""
        with self._database.read() as connection:
            rows = clients.read_all(connection)
        fresh = {row.name: _known(row) for row in rows if row.disabled_at is None}
        before = self._known
        kept = {name: before[name] if before.get(name) == each else each for name, each in fresh.items()}
        self._known = MappingProxyType(kept)

    async def look_again(self) -> bool:
        """Look for a client that may have been let in since; False where we did within the last second."""
        now = time.monotonic()
        if now - self._looked_again < PAUSE:
            return False
        self._looked_again = now
        await self.look()
        return True

    async def look(self) -> None:
        """Refresh without holding up the event loop; trouble is logged when it starts and ends, and never raised."""
        try:
            await asyncio.to_thread(self.refresh)
        except StoreError as error:
            if self._trouble is None:
                _LOG.warning("the clients are those that were known before: %s", error)
            self._trouble = str(error)
            return
        if self._trouble is not None:
            _LOG.info("the clients are read again")
        self._trouble = None


def _known(row: Client) -> KnownClient:
    scopes = frozenset(Scope(word) for word in row.scopes)
    return KnownClient(
        name=row.name,
        organisation=row.organisation,
        office=row.office,
        agency=row.agency,
        scopes=scopes if row.agency is not None else scopes - OF_AGENCIES,
        defaults=MappingProxyType(dict(row.defaults)),
        per_minute=row.per_minute,
        per_day=row.per_day,
        secrets=tuple((secret.hash, secret.expires_at) for secret in row.secrets),
    )
