"""The process `office`: what systems and people inside ask, and the work that goes on beside the answering."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from store.database import Database
from verifier.office_web import office_app
from verifier.processes.public import open_served
from verifier.processes.running import Work
from verifier.processes.serving import serve_web
from verifier.settings import Settings


async def serve_office(settings: Settings, database: Database, taken: socket.socket, stop: asyncio.Event) -> None:
    """Serve the office from a database until `stop`, with the works that go on beside it.

    A work that fails ends the process, and whoever watches over it starts it again.
    """
    works: Sequence[Work] = ()
    ended = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(work(ended))
        await serve_web(office_app(open_served(settings, database)), taken, stop)
        ended.set()
