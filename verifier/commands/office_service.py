"""`ecert office`: the process that issues, for systems and people inside. It alone has agencies' certificate keys."""

from __future__ import annotations

import socket

import typer

from store.database import Database
from verifier.commands.options import DataOption, FdOption, SupervisedOption
from verifier.commands.reporting import reported_to_supervisor
from verifier.processes.inside import serve_office
from verifier.processes.listening import address_of, listen
from verifier.processes.logs import start_log
from verifier.processes.running import run
from verifier.settings import load_settings


def office(*, data: DataOption = None, supervised: SupervisedOption = False, fd: FdOption = None) -> None:
    """Answer systems inside over HTTP until stopped: all that `ecert api` answers, and what needs agencies' keys."""
    with reported_to_supervisor():
        settings = load_settings(data)
        start_log("office", settings.log_level, settings.log_format)
        with Database.open(settings.database_url) as database:
            host, port = settings.office_host, settings.office_port
            taken = listen(host, port, setting="office_") if fd is None else socket.socket(fileno=fd)
            if fd is None:
                typer.echo(f"listening at {address_of(taken)}", err=True)
            run(lambda stop: serve_office(settings, database, taken, stop), supervised=supervised)


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("office")(office)
