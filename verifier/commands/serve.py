"""`ecert serve`: the whole service on one machine."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path

import typer

from chain.deployment import Deployment
from chain.errors import NodeError
from chain.identity import pin
from store.database import Database
from store.errors import SchemaMismatch
from store.schema import migrate
from verifier.clock import seconds_now
from verifier.commands.options import DataOption
from verifier.commands.reporting import reported
from verifier.errors import Refused
from verifier.keys.service_keys import ServiceKeys
from verifier.observing.figures import FOLDER_VARIABLE
from verifier.processes.listening import address_of, listen
from verifier.processes.logs import start_log
from verifier.processes.nodes import open_node
from verifier.processes.running import run
from verifier.processes.workers import Worker, supervise
from verifier.settings import Settings, load_settings
from verifier.written_files import writing


def serve(*, data: DataOption = None) -> None:
    """Start and watch over api, office, sender and indexer until stopped.

    An empty database gets its tables, unless this data directory has served before; one of an older version is left
    alone until you run `ecert migrate`. Keys of the service that are missing are made. The address stands in
    service.url in the data directory, that of the office in office.url.
    """
    with reported():
        settings = load_settings(data)
        start_log("serve", settings.log_level, settings.log_format)
        with _alone(settings.data_dir / "serve.lock"):
            _forget_addresses(settings)
            _empty(settings.figures_dir)
            asyncio.run(_check(settings))
            ServiceKeys(settings.keys_dir, settings.passwords_file).make_missing(seconds_now())
            with (
                listen(settings.host, settings.port) as public,
                listen(settings.office_host, settings.office_port, setting="office_") as inside,
            ):
                _serve(settings, public, inside)


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("serve")(serve)


def _serve(settings: Settings, public: socket.socket, inside: socket.socket) -> None:
    _write_address(settings.office_url_file, address_of(inside))
    _write_address(settings.url_file, address_of(public))
    typer.echo(f"ecert: serving at {address_of(public)}, the office at {address_of(inside)}", err=True)
    workers = _workers(settings, public, inside)
    ended_well = False

    async def work(stop: asyncio.Event) -> None:
        nonlocal ended_well
        ended_well = await supervise(workers, stop)

    try:
        run(work, supervised=False)
    finally:
        _forget_addresses(settings)
    if not ended_well:
        raise Refused("the service could not be kept up; what is wrong stands above")


def _workers(settings: Settings, public: socket.socket, inside: socket.socket) -> list[Worker]:
    data = ("--data", str(settings.data_dir))
    api = Worker(
        command="api",
        arguments=(*data, "--fd", str(public.fileno())),
        files=(public.fileno(),),
        variables={FOLDER_VARIABLE: str(settings.figures_dir)},
        vital=True,
    )
    return [
        Worker(command="indexer", arguments=data),
        Worker(command="sender", arguments=data),
        Worker(command="office", arguments=(*data, "--fd", str(inside.fileno())), files=(inside.fileno(),)),
        *repeat(api, settings.api_processes),
    ]


def _forget_addresses(settings: Settings) -> None:
    for path in (settings.url_file, settings.office_url_file):
        path.unlink(missing_ok=True)


def _empty(folder: Path) -> None:
    """Let the figures of processes that are gone go; make the folder."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in folder.glob("*.db"):
        path.unlink()


async def _check(settings: Settings) -> None:
    """See before the start whether database and chain are ours; a node that is away is no reason to stay away."""
    deployment = Deployment.load(settings.deployment_file)
    with _open_database(settings) as database:
        async with open_node(settings.node_urls) as node:
            try:
                for each in deployment.succession:
                    await pin(database, node, each)
            except NodeError as error:
                typer.echo(f"ecert: {error}; certificates are judged from what is known meanwhile", err=True)


def _open_database(settings: Settings) -> Database:
    """Open it; make the tables where there are none and never were: else numbers would be given twice."""
    try:
        return Database.open(settings.database_url)
    except SchemaMismatch as error:
        if error.found is not None:
            raise
    if any(settings.record_dir.glob("*.jsonl")):
        raise Refused(
            f"the database is empty, and {settings.record_dir} shows that there was another: is database_url right?"
            " A lost one is made again by `ecert rebuild`; to begin anew without it, run `ecert migrate`"
        )
    migrate(settings.database_url)
    return Database.open(settings.database_url)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the data directory's lock; the system lets go of it however we end."""
    with path.open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            number = lock.read().strip() or "unknown"
            raise Refused(f"`ecert serve` runs on {path.parent} already (process {number}): stop it first") from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _write_address(path: Path, address: str) -> None:
    with writing(path) as file:
        file.write(address + "\n")
