"""Opening the office for one command."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chain.deployment import Deployment
from store.database import Database
from verifier.clock import seconds_now
from verifier.commands.bars import Bars
from verifier.keys.keyring import Keyring
from verifier.ledger_view import LedgerView
from verifier.services.office import Office
from verifier.settings import Settings, load_settings


@contextmanager
def open_office(data: Path | None, bars: Bars) -> Iterator[tuple[Office, Settings]]:
    """Open what the settings name: database, copy of the ledger, keys."""
    settings = load_settings(data)
    deployment = Deployment.load(settings.deployment_file)
    with Database.open(settings.database_url) as database, bars.shown():
        yield (
            Office(
                database=database,
                view=LedgerView(database, deployment.names),
                keyring=Keyring(settings.keys_dir, settings.passwords_file),
                ledgers=deployment.names,
                status_base=settings.required_status_base(),
                late_seconds=settings.late_seconds,
                clock=seconds_now,
                pause=time.sleep,
                progress=bars,
            ),
            settings,
        )
