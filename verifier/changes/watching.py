"""What callers do with their watches: each sees and moves its own and nothing else.

`None` is the one answer for what is not there and for what is somebody else's.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from store import caller_names, deliveries, key_uses, watches
from store.database import Connection, Database
from store.deliveries import Delivery
from store.key_uses import Use
from store.states import DeliveryState, Move, WatchEnd
from store.watches import Watch
from verifier.changes.addresses import AddressRefused, AddressRules
from verifier.clock import seconds_now
from verifier.faults import KeyringError
from verifier.keys.watch_key import WatchKeys
from verifier.problems import Code, Flaw, RequestRefused

_LOG = logging.getLogger(__name__)
MOST = 20
"""Watches that a caller may have active."""
RESOLVED_SECONDS = 5.0
"""Within which a name server has to answer when a watch is made."""
SECRET_PREFIX = "whsec_"  # noqa: S105 # what Standard Webhooks begins secrets with
_SECRET_BYTES = 32
_ID = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWatch:
    """A watch as it is made: its secret is shown this once."""

    watch: Watch
    secret: str


class Watching:
    """The watches of callers.

    Args:
        database: where they are.
        rules: which addresses may be called.
        keys: seal their secrets.
        clock: seconds since 1970.
    """

    def __init__(
        self, database: Database, rules: AddressRules, keys: WatchKeys, *, clock: Callable[[], int] = seconds_now
    ) -> None:
        self._database = database
        self._rules = rules
        self._keys = keys
        self._clock = clock

    async def add(self, caller: str, url: str) -> NewWatch:
        """Make a watch.

        Raises:
            RequestRefused: the URL may not be called, the caller has as many as it may, or the key is not here.
            StoreError: the database does not answer.
        """
        try:
            async with asyncio.timeout(RESOLVED_SECONDS):
                await self._rules.target(url)
        except (AddressRefused, TimeoutError) as error:
            why = error.why if isinstance(error, AddressRefused) else "its name server does not answer"
            flaw = Flaw(place="url", why=why)
            raise RequestRefused(Code.NOT_UNDERSTOOD, "This address cannot be watched from.", [flaw]) from None
        return await asyncio.to_thread(self._add, caller, url)

    def of_caller(self, caller: str) -> tuple[Watch, ...]:
        """Give all watches of a caller, ended ones too."""
        with self._database.read() as connection:
            return watches.of_caller(connection, caller)

    def remove(self, caller: str, watch: str) -> bool | None:
        """End a watch; a repeat changes nothing."""
        with self._database.begin() as connection:
            if self._named(connection, watch, caller) is None:
                return None
            return watches.end(connection, watch, reason=WatchEnd.REMOVED, now=self._clock())

    def deliveries(
        self, caller: str, watch: str, *, after: int, limit: int, state: DeliveryState | None
    ) -> tuple[Delivery, ...] | None:
        """Give deliveries of a watch, in the order of their changes."""
        with self._database.read() as connection:
            if self._named(connection, watch, caller) is None:
                return None
            return deliveries.of_watch(connection, watch, after=after, limit=limit, state=state)

    def retry(self, caller: str, watch: str, delivery: str) -> Move[DeliveryState] | None:
        """Try a delivery again at once, that failed or waits."""
        with self._database.begin() as connection:
            if self._named(connection, watch, caller) is None:
                return None
            if not _ID.fullmatch(delivery):
                return None
            return deliveries.retry(connection, watch, delivery, now=self._clock())

    def _named(self, connection: Connection, watch: str, caller: str) -> Watch | None:
        return watches.read(connection, watch, caller) if _ID.fullmatch(watch) else None

    def _add(self, caller: str, url: str) -> NewWatch:
        number = str(uuid.uuid4())
        secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
        with self._database.begin() as connection:
            caller_names.hold(connection, caller)
            active = [each for each in watches.of_caller(connection, caller) if each.ended_at is None]
            if len(active) >= MOST:
                raise RequestRefused(Code.CONFLICT, f"There are {MOST} watches already, which is the most; remove one.")
            sealed = self._sealed(connection, secret, number)
            watches.add(connection, watch=number, caller=caller, url=url, secret=sealed, now=self._clock())
            watch = watches.read(connection, number, caller)
        assert watch is not None  # noqa: S101 # written just now
        return NewWatch(watch=watch, secret=secret)

    def _sealed(self, connection: Connection, secret: str, watch: str) -> bytes:
        """Seal with the key that is current at the commit, too."""
        try:
            start_keys(connection, self._keys)
            return self._keys.seal(secret, watch, number=key_uses.current(connection, Use.WATCH))
        except KeyringError as error:
            _LOG.error("no watch can be made: %s", error)  # the sentence says it all
            raise RequestRefused(
                Code.CONFLICT, "This office does not have the key for the secrets of watches."
            ) from error


def start_keys(connection: Connection, keys: WatchKeys) -> None:
    """Name the newest key the current one where none is yet; make the first where there is none.

    Raises:
        KeyringError: it cannot be written.
    """
    if Use.WATCH not in key_uses.read(connection):
        key_uses.start(connection, Use.WATCH, keys.keys.newest())
