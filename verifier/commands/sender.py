"""`ecert sender`: the only process that has ledger keys sign; makes transactions of the calls that wait."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack

import typer

from chain.deployment import Deployment
from chain.sender import Sender
from chain.signer import Signer
from chain.urls import told
from store.database import Database
from verifier.commands.options import DataOption, SupervisedOption
from verifier.commands.reporting import reported_to_supervisor
from verifier.keys.keyring import Keyring
from verifier.keys.ledger_keys import ledger_signers
from verifier.keys.remote_keys import RemoteKeys
from verifier.processes.logs import start_log
from verifier.processes.nodes import open_node
from verifier.processes.running import run
from verifier.settings import load_settings

_LOG = logging.getLogger(__name__)


def sender(*, data: DataOption = None, supervised: SupervisedOption = False) -> None:
    """Send the ledger calls that wait, each once, until stopped."""
    with reported_to_supervisor():
        settings = load_settings(data)
        start_log("sender", settings.log_level, settings.log_format)
        remote = RemoteKeys.of(settings.signer_url, settings.signer_keys, settings.keys_dir)
        if remote.url is not None:
            _LOG.info("%d keys are those of the signing service at %s", len(remote.addresses), told(remote.url))
        deployment = Deployment.load(settings.deployment_file)
        with Database.open(settings.database_url) as database:

            async def work(stop: asyncio.Event) -> None:
                files = await asyncio.to_thread(ledger_signers, Keyring(settings.keys_dir, settings.passwords_file))
                async with open_node(settings.node_urls) as node, AsyncExitStack() as connections:
                    services = remote.signers()
                    for each in services:
                        connections.push_async_callback(each.close)
                    signers: list[Signer] = [*files, *services]
                    await Sender(database, node, deployment, signers, poll=settings.poll_seconds).run(stop)

            run(work, supervised=supervised)


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("sender")(sender)
