"""The process `api`: what faces the network. It opens no key of an agency."""

from __future__ import annotations

import asyncio
import socket
from functools import partial

from chain.deployment import Deployment
from ecert.types import TypeCatalogue
from store.database import Database
from verifier.access.access import open_access
from verifier.changes.feed import ChangeFeed
from verifier.keys.receipt_key import Answerer, published_receipt_keys
from verifier.keys.service_keys import ServiceKey, ServiceKeys
from verifier.ledger_view import LedgerView
from verifier.matters import load_matters
from verifier.observing.readers import Readers
from verifier.processes.recorded import recorded
from verifier.processes.serving import serve_web
from verifier.publishing.trust_folder import TrustFolder
from verifier.record.recording import Recording
from verifier.services.answering import Answering
from verifier.services.codes import Codes
from verifier.services.found import OpensFinding
from verifier.services.paths import Paths
from verifier.services.published import Published
from verifier.services.records import Records
from verifier.services.verifying import Verifying
from verifier.settings import Settings
from verifier.web import Served, public_app


async def serve_public(settings: Settings, database: Database, taken: socket.socket, stop: asyncio.Event) -> None:
    """Serve API and pages from a database until `stop`."""
    async with recorded(settings, database, Answerer.API) as recording:
        await serve_web(public_app(open_served(settings, database, recording)), taken, stop)


def open_served(
    settings: Settings, database: Database, recording: Recording, *, finding: OpensFinding | None = None
) -> Served:
    """Set up what both `api` and `office` serve, each with the record that it keeps; `office` alone looks things up."""
    view = LedgerView(database, Deployment.load(settings.deployment_file).names)
    types, paths = TypeCatalogue.bundled(), Paths(database)
    answering = Answering(
        verifying=Verifying(view=view, types=types, paths=paths),
        matters=load_matters(settings.matters_dir, types),
        codes=Codes(database),
        finding=finding,
        recording=recording,
        figures=recording.figures,
    )
    access, keys = open_access(settings, database), ServiceKeys(settings.keys_dir, settings.passwords_file)
    return Served(
        view=view,
        answering=answering,
        published=Published(database, view, paths),
        status_ttl=settings.status_ttl,
        gate=access.gate,
        access=access,
        changes=ChangeFeed(database),
        records=Records(database, recording),
        receipt_keys=partial(published_receipt_keys, keys),
        status_keys=partial(keys.published_here, ServiceKey.STATUS),
        trust=TrustFolder(settings.trust_dir),
        max_age=settings.max_age,
        late_seconds=settings.late_seconds,
        stall_seconds=settings.stall_seconds,
        poll_seconds=settings.poll_seconds,
        figures=recording.figures,
        readers=Readers(anybody=settings.metrics_open, trusted=settings.trusted_proxies),
    )
