"""The works of the office that tell callers of changes: tracking and delivering."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from store.database import Database
from verifier.changes.addresses import AddressRules
from verifier.changes.delivering import Deliverer
from verifier.changes.posting import HttpPost
from verifier.changes.tracking import Tracker
from verifier.keys.watch_key import WatchKeys
from verifier.processes.running import Work
from verifier.settings import Settings


def change_works(settings: Settings, database: Database, keys: WatchKeys) -> Sequence[Work]:
    """Set up both; each process may run them, and one at a time does."""

    async def track(stop: asyncio.Event) -> None:
        await Tracker(database, days=settings.changes_days).run(stop, settings.poll_seconds)

    async def deliver(stop: asyncio.Event) -> None:
        post = HttpPost(AddressRules(settings.webhook_hosts))
        try:
            await Deliverer(database, post, keys).run(stop, settings.poll_seconds)
        finally:
            await post.close()

    return (track, deliver)
