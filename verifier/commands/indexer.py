"""`ecert indexer`: what the contracts say becomes facts in the database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

import typer

from chain.deployment import Deployment
from chain.indexer import Indexer
from store.database import Database
from verifier.commands.options import DataOption, SupervisedOption
from verifier.commands.reporting import reported_to_supervisor
from verifier.keys.service_keys import ServiceKeys
from verifier.keys.status_key import status_key
from verifier.ledger_view import LedgerView
from verifier.processes.logs import start_log
from verifier.processes.nodes import open_node
from verifier.processes.running import Work, run
from verifier.processes.together import together
from verifier.publishing.status_lists import StatusPublisher, Terms
from verifier.settings import Settings, load_settings


def indexer(*, data: DataOption = None, supervised: SupervisedOption = False) -> None:
    """Read the chain into the database and make status lists. Refuses a chain that is not the one it began with."""
    with reported_to_supervisor():
        settings = load_settings(data)
        start_log("indexer", settings.log_level, settings.log_format)
        ledgers = Deployment.load(settings.deployment_file).succession
        with Database.open(settings.database_url) as database:
            works = [_reading(settings, database, each) for each in ledgers]
            works += _publishing(settings, database, [each.name for each in ledgers])
            run(partial(together, works), supervised=supervised)


def _reading(settings: Settings, database: Database, deployment: Deployment) -> Work:
    """Set up the reading of one ledger, with a node of its own to turn away from."""

    async def read(stop: asyncio.Event) -> None:
        async with open_node(settings.node_urls) as node:
            depth, poll = settings.settled_depth, settings.poll_seconds
            await Indexer(database, node, deployment, settled_depth=depth, poll=poll / 2).run(stop)

    return read


def _publishing(settings: Settings, database: Database, ledgers: Sequence[str]) -> list[Work]:
    """Set up the making of each ledger's status lists, where it is known under which address they are published."""
    if settings.status_base is None:
        logging.getLogger(__name__).warning("no status lists are made: status_base is not set")
        return []
    key = status_key(ServiceKeys(settings.keys_dir, settings.passwords_file))
    terms = Terms(base=settings.status_base, ttl=settings.status_ttl, lifetime=settings.status_lifetime)
    views = [LedgerView(database, [ledger]) for ledger in ledgers]
    publishers = [StatusPublisher(database, view, key=key.at, terms=terms) for view in views]
    return [partial(publisher.run, every=settings.poll_seconds) for publisher in publishers]


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("indexer")(indexer)
