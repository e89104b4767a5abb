"""`ecert indexer`: what the contracts say becomes facts in the database."""

from __future__ import annotations

import asyncio

import typer

from chain.deployment import Deployment
from chain.indexer import Indexer
from store.database import Database
from verifier.commands.options import DataOption, SupervisedOption
from verifier.commands.reporting import reported_to_supervisor
from verifier.processes.logs import start_log
from verifier.processes.nodes import open_node
from verifier.processes.running import run
from verifier.settings import load_settings


def indexer(*, data: DataOption = None, supervised: SupervisedOption = False) -> None:
    """Read the chain into the database until stopped. Refuses a chain that is not the one it began with."""
    with reported_to_supervisor():
        settings = load_settings(data)
        start_log("indexer", settings.log_level, settings.log_format)
        deployment = Deployment.load(settings.deployment_file)
        with Database.open(settings.database_url) as database:

            async def work(stop: asyncio.Event) -> None:
                async with open_node(settings.node_urls) as node:
                    depth = settings.settled_depth
                    await Indexer(database, node, deployment, settled_depth=depth, poll=settings.poll_seconds / 2).run(
                        stop
                    )

            run(work, supervised=supervised)


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("indexer")(indexer)
