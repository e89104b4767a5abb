"""`ecert api`: the process that faces the network. It has no key of an agency."""

from __future__ import annotations

import socket

import typer

from store.database import Database
from verifier.commands.options import DataOption, FdOption, SupervisedOption
from verifier.commands.reporting import reported_to_supervisor
from verifier.processes.listening import address_of, listen
from verifier.processes.logs import start_log
from verifier.processes.public import serve_public
from verifier.processes.running import run
from verifier.settings import load_settings


def api(*, data: DataOption = None, supervised: SupervisedOption = False, fd: FdOption = None) -> None:
    """Answer over HTTP until stopped: the API, the page /check, and whether we are ready."""
    with reported_to_supervisor():
        settings = load_settings(data)
        start_log("api", settings.log_level, settings.log_format)
        with Database.open(settings.database_url) as database:
            taken = listen(settings.host, settings.port) if fd is None else socket.socket(fileno=fd)
            if fd is None:
                typer.echo(f"listening at {address_of(taken)}", err=True)
            run(lambda stop: serve_public(settings, database, taken, stop), supervised=supervised)


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("api")(api)
