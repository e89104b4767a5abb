"""`ecert reindex`: what certificates are found by is made again from what they say."""

from __future__ import annotations

import typer

from store.database import Database
from verifier.commands.bars import Bars
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.reporting import answered
from verifier.commands.sweeping import RESUME, say_swept, sweeping_of
from verifier.settings import load_settings


def reindex(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Make all indexes again, from the certificates themselves, under the present key. May run beside the service.

    Exit code 0: done; 1: some certificates do not open and were passed over; 2: it was cut off, run it again.
    """
    bars = Bars()
    with answered(as_json=as_json, resume=RESUME), bars.shown():
        settings = load_settings(data)
        with Database.open(settings.database_url) as database:
            done = sweeping_of(settings, database, bars).reindex()
    say_swept(done, "indexed", as_json=as_json)


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("reindex")(reindex)
