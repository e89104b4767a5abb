"""The process `office`: what systems and people inside ask, and the work that goes on beside the answering."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from dataclasses import replace
from functools import partial

from chain.deployment import Deployment
from ecert.fields import Words
from ecert.types import TypeCatalogue
from store.database import Database
from verifier.access.idempotency import Idempotency
from verifier.changes.addresses import AddressRules
from verifier.changes.watching import Watching
from verifier.clock import seconds_now
from verifier.keys.field_key import FieldKeys
from verifier.keys.keyring import Keyring
from verifier.keys.receipt_key import Answerer
from verifier.keys.watch_key import WatchKeys
from verifier.observing.stored_figures import StoredFigures
from verifier.office.inside import Inside
from verifier.office_web import office_app
from verifier.processes.change_works import change_works
from verifier.processes.public import open_served
from verifier.processes.recorded import recorded
from verifier.processes.serving import serve_web
from verifier.processes.together import together
from verifier.services.finding import Finding
from verifier.services.making_codes import CodeDesk
from verifier.services.office import Office
from verifier.services.online_batches import OnlineBatches
from verifier.services.paths import Paths
from verifier.services.progress import Silence
from verifier.services.single_issuing import SingleIssuing
from verifier.services.standing import Shelf
from verifier.services.status_asking import StatusAsking
from verifier.settings import Settings
from verifier.web import Served

_LOG = logging.getLogger(__name__)


async def serve_office(settings: Settings, database: Database, taken: socket.socket, stop: asyncio.Event) -> None:
    """Serve the office from a database until `stop`, with the works that go on beside it.

    A work that fails ends the process, and whoever watches over it starts it again.
    """
    keys = WatchKeys.under(settings.keys_dir)
    async with recorded(settings, database, Answerer.OFFICE) as recording:
        served = open_served(settings, database, recording, finding=open_finding(settings, database))
        inside = open_inside(settings, database, served)
        stored = StoredFigures(database, recording.lineage.folder, seconds_now, inside.office.ledgers)
        served = replace(served, collectors=(stored,))
        closing = OnlineBatches(office=inside.office, seconds=settings.batch_seconds)
        app = office_app(served, inside, Watching(database, AddressRules(settings.webhook_hosts), keys))
        works = change_works(settings, database, keys)
        await together([partial(serve_web, app, taken), closing.run, *works], stop)


def open_finding(settings: Settings, database: Database) -> Finding:
    """Set up looking certificates up, which the public process may not."""
    ledgers = Deployment.load(settings.deployment_file).names
    return Finding(database, ledgers, settings.keys_dir, TypeCatalogue.bundled())


def open_inside(settings: Settings, database: Database, served: Served) -> Inside:
    """Set up what only the office serves."""
    ledgers = Deployment.load(settings.deployment_file).names
    office = Office(
        database=database,
        view=served.view,
        keyring=Keyring(settings.keys_dir, settings.passwords_file),
        ledgers=ledgers,
        status_base=settings.status_base or "",
        late_seconds=settings.late_seconds,
        clock=seconds_now,
        pause=time.sleep,
        progress=LoggedProgress(),
    )
    return Inside(
        gate=served.gate,
        idempotency=Idempotency(database, seconds_now),
        office=office,
        issuing=SingleIssuing(office, batch_size=settings.batch_size),
        shelf=Shelf(
            database=database,
            types=TypeCatalogue.bundled(),
            paths=Paths(database),
            fields=FieldKeys.under(settings.keys_dir),
            clock=seconds_now,
        ),
        statuses=StatusAsking(office=office),
        codes=CodeDesk(database=database, ledgers=ledgers, fields=FieldKeys.under(settings.keys_dir)),
    )


class LoggedProgress(Silence):
    """Puts into the log, once, what somebody should know; shows no progress."""

    def __init__(self) -> None:
        self._noted: set[str] = set()

    def note(self, said: str | Words) -> None:
        """Log it, once, in English."""
        text = said if isinstance(said, str) else said.en
        if text not in self._noted:
            self._noted.add(text)
            _LOG.warning("%s", text)
