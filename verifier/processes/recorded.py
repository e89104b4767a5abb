"""The record of a process that answers: begun before it answers, copied while it does, closed after it has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from store import verifications
from store.database import Database
from store.errors import StoreError
from store.verifications import Shipment
from verifier.keys.receipt_key import Answerer, receipt_key
from verifier.keys.service_keys import ServiceKeys
from verifier.observing.figures import Figures
from verifier.record.journal import Limits
from verifier.record.recording import Recording, Signing
from verifier.record.shipping import Shipping
from verifier.settings import Settings


@asynccontextmanager
async def recorded(settings: Settings, database: Database, process: Answerer) -> AsyncIterator[Recording]:
    """Keep the record of this process, and copy it to the database.

    Raises:
        Refused: the record cannot be written.
        KeyringError: there is no receipt key: `ecert keys init`.
    """
    key = receipt_key(ServiceKeys(settings.keys_dir, settings.passwords_file), process)
    limits = Limits(bytes=settings.segment_bytes, seconds=settings.segment_seconds)
    signing = Signing(process=process, key=key, iss=settings.issuer)
    figures = Figures.of_process()
    copied = await asyncio.to_thread(_copied, database)
    recording = await asyncio.to_thread(Recording.begin, settings.record_dir, signing, limits, figures, copied)
    ended = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(Shipping(recording, database).run(ended, settings.poll_seconds))
            try:
                yield recording
            finally:
                ended.set()
    except BaseExceptionGroup as failed:
        if len(failed.exceptions) == 1:
            raise failed.exceptions[0] from None  # as it was, so that it is said in one sentence
        raise
    finally:
        await asyncio.to_thread(recording.close)


def _copied(database: Database) -> dict[str, Shipment] | None:
    """Ask the database how far it has copied; None where it is away, which keeps nobody from recording."""
    try:
        with database.read() as connection:
            return verifications.all_shipped(connection)
    except StoreError:
        return None
