"""All that tells who asks, put together from the settings and the database, and kept fresh while a process runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from store.database import Database
from store.errors import StoreError
from verifier.access.access_tokens import AccessTokens
from verifier.access.addresses import Addresses
from verifier.access.bearers import Bearers
from verifier.access.directory import ClientDirectory
from verifier.access.gate import AccessGate
from verifier.access.grants import Grants
from verifier.access.idempotency import Idempotency
from verifier.access.log_ins import LogIns
from verifier.access.meter import Meter
from verifier.access.open_id import OpenId, Provider
from verifier.access.paces import Paces, PerMinute
from verifier.access.passwords import Cost, Passwords
from verifier.access.sessions import Lasting, Sessions
from verifier.clock import seconds_now
from verifier.errors import Refused
from verifier.keys.log_in_key import log_in_key
from verifier.keys.secret_files import SecretFileOpen, read_secret
from verifier.keys.service_keys import ServiceKeys
from verifier.keys.token_key import token_key
from verifier.settings import Settings
from verifier.system_words import why

_LOG = logging.getLogger(__name__)
SWEEP = 600
"""Seconds between two times that what is over is deleted: sessions, answers to idempotent requests."""


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
    sessions: Sessions
    log_ins: LogIns
    open_id: OpenId | None
    secure: bool
    every: float

    async def look(self) -> None:
        """Read the clients, write what was counted and read the day's sums; trouble is logged, never raised."""
        await self.directory.look()
        await self.meter.flush()

    async def follow(self, stop: asyncio.Event) -> None:
        """Do so every few seconds until `stop`, and once more then; sweep now and then."""
        clock = asyncio.get_running_loop().time
        swept = clock()
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), self.every)
            except TimeoutError:
                await self.look()
            if clock() - swept >= SWEEP:
                swept = clock()
                await self.sweep()
        await self.meter.flush()

    async def sweep(self) -> None:
        """Delete what is over; what cannot be deleted now is next time."""
        try:
            await self.sessions.forget()
            await self.idempotency.forget()
        except StoreError as error:
            _LOG.debug("nothing was swept: %s", error)


def open_access(settings: Settings, database: Database, clock: Callable[[], int] = seconds_now) -> Access:
    """Set up who may ask; nothing is read yet but the secret for the OpenID provider, where there is one.

    Raises:
        Refused: that secret cannot be read.
        KeyringError: the key of log-in cookies cannot be read or made.
    """
    directory = ClientDirectory(database)
    tokens = AccessTokens(token_key(ServiceKeys(settings.keys_dir, settings.passwords_file)), settings.issuer)
    lasting = Lasting(idle=settings.session_idle, whole=settings.session_lifetime)
    sessions = Sessions(database, lasting, clock, secure=settings.cookies_are_secure)
    paces, addresses, meter = Paces(_figures(settings)), Addresses(settings.trusted_proxies), Meter(database, clock)
    cost = Cost(memory=settings.password_memory, passes=settings.password_passes, lanes=settings.password_lanes)
    return Access(
        gate=AccessGate(
            bearers=Bearers(tokens, directory),
            sessions=sessions,
            addresses=addresses,
            paces=paces,
            meter=meter,
            clock=clock,
        ),
        grants=Grants(tokens, directory, clock),
        directory=directory,
        meter=meter,
        paces=paces,
        addresses=addresses,
        idempotency=Idempotency(database, clock),
        sessions=sessions,
        log_ins=LogIns(database, Passwords(cost), sessions, clock),
        open_id=_open_id(settings),
        secure=settings.cookies_are_secure,
        every=settings.access_seconds,
    )


def _figures(settings: Settings) -> PerMinute:
    return PerMinute(
        client=settings.client_per_minute, address=settings.address_per_minute, wrong_tries=settings.tries_per_minute
    )


def _open_id(settings: Settings) -> OpenId | None:
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    path = settings.oidc_secret_file
    try:
        secret = None if path is None else read_secret(path).decode("utf-8").strip()
    except SecretFileOpen as error:
        raise Refused(f"{path} can be read by others: chmod 600 {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path}, the secret for the OpenID provider, cannot be read: {why(error).en}") from error
    return OpenId(
        Provider(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            secret=secret,
            here=settings.issuer,
            cookie_key=log_in_key(settings.keys_dir),
        )
    )
