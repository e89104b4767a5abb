"""All that tells who asks, put together from the settings and the database, and kept fresh while a process runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from store.database import Database
from verifier.access.access_tokens import AccessTokens
from verifier.access.addresses import Addresses
from verifier.access.bearers import Bearers
from verifier.access.directory import ClientDirectory
from verifier.access.gate import AccessGate
from verifier.access.grants import Grants
from verifier.access.idempotency import Idempotency
from verifier.access.meter import Meter
from verifier.access.paces import Paces, PerMinute
from verifier.keys.service_keys import ServiceKeys
from verifier.keys.token_key import token_key
from verifier.services.verifying import seconds_now
from verifier.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The gate and what stands behind it; `every`: seconds between two looks at the database."""

    gate: AccessGate
    grants: Grants
    directory: ClientDirectory
    meter: Meter
    paces: Paces
    addresses: Addresses
    idempotency: Idempotency
    every: float

    async def look(self) -> None:
        """Read the clients, write what was counted and read the day's sums; trouble is logged, never raised."""
        await self.directory.look()
        await self.meter.flush()

    async def follow(self, stop: asyncio.Event) -> None:
        """Do so every few seconds until `stop`, and once more then."""
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), self.every)
            except TimeoutError:
                await self.look()
        await self.meter.flush()


def open_access(settings: Settings, database: Database, clock: Callable[[], int] = seconds_now) -> Access:
    """Set up who may ask; nothing is read yet."""
    directory = ClientDirectory(database)
    key = token_key(ServiceKeys(settings.keys_dir, settings.passwords_file))
    tokens = AccessTokens(key, settings.issuer)
    figures = PerMinute(
        client=settings.client_per_minute, address=settings.address_per_minute, wrong_tries=settings.tries_per_minute
    )
    paces, addresses, meter = Paces(figures), Addresses(settings.trusted_proxies), Meter(database, clock)
    gate = AccessGate(
        bearers=Bearers(tokens, directory), sessions=None, addresses=addresses, paces=paces, meter=meter, clock=clock
    )
    return Access(
        gate=gate,
        grants=Grants(tokens, directory, clock),
        directory=directory,
        meter=meter,
        paces=paces,
        addresses=addresses,
        idempotency=Idempotency(database, clock),
        every=settings.access_seconds,
    )
