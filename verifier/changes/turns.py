"""A work that goes on beside the answering, in one process at a time: it looks, does what is due, and waits.

The lease on it sees to the one; that two do it at once, after a pause of the whole machine, harms nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import uuid
from collections.abc import Awaitable, Callable

from store import leases
from store.database import Connection
from store.errors import StoreError
from verifier.faults import KeyringError

_LOG = logging.getLogger(__name__)
LEASE_SECONDS = 60


def new_holder() -> str:
    """Name this start of this process."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4()}"


def take_turn(connection: Connection, name: str, holder: str, now: int) -> bool:
    """Take or keep the lease on a work in this transaction; False: another process has it."""
    return leases.take(connection, name, holder=holder, now=now, seconds=LEASE_SECONDS) is not None


async def keep_looking(name: str, look: Callable[[], Awaitable[bool]], stop: asyncio.Event, every: float) -> None:
    """Look until `stop`, at once again after True; trouble is logged when it starts and when it ends."""
    trouble = ""
    while not stop.is_set():
        said, again = "", False
        try:
            again = await look()
        except (StoreError, KeyringError) as error:
            said = str(error)
        if said and said != trouble:
            _LOG.warning("%s waits: %s", name, said)
        if trouble and not said:
            _LOG.info("%s goes on", name)
        trouble = said
        if again:
            continue
        try:
            await asyncio.wait_for(stop.wait(), every)
        except TimeoutError:
            continue
