"""The process `office`: what systems and people inside ask, and the work that goes on beside the answering."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from chain.deployment import Deployment
from ecert.types import TypeCatalogue
from store.database import Database
from verifier.keys.receipt_key import Answerer
from verifier.office_web import office_app
from verifier.processes.public import open_served
from verifier.processes.recorded import recorded
from verifier.processes.running import Work
from verifier.processes.serving import serve_web
from verifier.services.finding import Finding
from verifier.settings import Settings


async def serve_office(settings: Settings, database: Database, taken: socket.socket, stop: asyncio.Event) -> None:
    """Serve the office from a database until `stop`, with the works that go on beside it.

    A work that fails ends the process, and whoever watches over it starts it again.
    """
    works: Sequence[Work] = ()
    ended = asyncio.Event()
    async with recorded(settings, database, Answerer.OFFICE) as recording:
        ledger = Deployment.load(settings.deployment_file).name
        finding = Finding(database, ledger, settings.keys_dir, TypeCatalogue.bundled())
        app = office_app(open_served(settings, database, recording, finding=finding))
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work(ended))
            await serve_web(app, taken, stop)
            ended.set()
