"""The process `api`: what faces the network. It opens no key of an agency."""

from __future__ import annotations

import asyncio
import socket

from ecert.types import TypeCatalogue
from store.database import Database
from verifier.access.access import open_access
from verifier.ledger_view import LedgerView
from verifier.processes.serving import serve_web
from verifier.services.paths import Paths
from verifier.services.published import Published
from verifier.services.verifying import Verifying
from verifier.settings import Settings
from verifier.web import Served, public_app


async def serve_public(settings: Settings, database: Database, taken: socket.socket, stop: asyncio.Event) -> None:
    """Serve API and pages from a database until `stop`."""
    await serve_web(public_app(open_served(settings, database)), taken, stop)


def open_served(settings: Settings, database: Database) -> Served:
    """Set up what both `api` and `office` serve."""
    view = LedgerView(database)
    paths = Paths(database)
    access = open_access(settings, database)
    return Served(
        view=view,
        verifying=Verifying(view=view, types=TypeCatalogue.bundled(), paths=paths),
        published=Published(database, view, paths),
        status_ttl=settings.status_ttl,
        gate=access.gate,
        access=access,
        max_age=settings.max_age,
        poll_seconds=settings.poll_seconds,
    )
