"""The process `api`: what faces the network. It opens no key of an agency."""

from __future__ import annotations

import asyncio
import socket

from ecert.types import TypeCatalogue
from store.database import Database
from verifier.access.access import open_access
from verifier.ledger_view import LedgerView
from verifier.matters import load_matters
from verifier.processes.serving import serve_web
from verifier.services.answering import Answering
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
    view, types, paths = LedgerView(database), TypeCatalogue.bundled(), Paths(database)
    answering = Answering(
        verifying=Verifying(view=view, types=types, paths=paths),
        matters=load_matters(settings.matters_dir, types),
    )
    access = open_access(settings, database)
    return Served(
        view=view,
        answering=answering,
        published=Published(database, view, paths),
        status_ttl=settings.status_ttl,
        gate=access.gate,
        access=access,
        max_age=settings.max_age,
        poll_seconds=settings.poll_seconds,
    )
