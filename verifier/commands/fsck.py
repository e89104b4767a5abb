"""`ecert fsck`: does the database agree with the chain?"""

from __future__ import annotations

import asyncio

import typer

from chain.deployment import Deployment
from store.database import Database
from verifier.agreement.findings import Findings
from verifier.agreement.whole import Parties, check_everything
from verifier.commands.bars import Bars
from verifier.commands.comparing import findings_to_json, print_findings
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.printing import print_json
from verifier.commands.reporting import answered
from verifier.keys.keyring import Keyring
from verifier.processes.nodes import open_node
from verifier.settings import Settings, load_settings

DIFFERS = 1
RESUME = "Nothing was changed."


def fsck(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Read the chain again from its first block, and compare everything that is stored with it. Changes nothing.

    A ledger that follows others is compared after them, each in its turn.

    Files of certificates that were handed out to the data directory are compared with what is stored, too.

    Exit code 0: no difference; 1: every difference is listed; 2: it could not be compared. May run beside the service.
    """
    bars = Bars()
    findings = Findings(progress=bars)
    with answered(as_json=as_json, resume=RESUME), bars.shown():
        behind = asyncio.run(_check(load_settings(data), findings))
    if as_json:
        state = "different" if findings.differences else "clean"
        print_json({"state": state, "blocks_behind": behind, **findings_to_json(findings)})
    else:
        print_findings(findings)
        if behind:
            typer.echo(_behind(behind))
    if findings.differences:
        raise typer.Exit(DIFFERS)


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("fsck")(fsck)


def _behind(blocks: int) -> str:
    if blocks == 1:
        said = "the database is 1 block behind the chain; it was compared with nothing"
    else:
        said = f"the database is {blocks} blocks behind the chain; these were compared with nothing"
    return f"{said}; a few are usual while the service runs"


async def _check(settings: Settings, findings: Findings) -> int:
    deployment = Deployment.load(settings.deployment_file)
    keyring = Keyring(settings.keys_dir, settings.passwords_file)
    async with open_node(settings.node_urls) as node:
        with Database.open(settings.database_url) as database:
            behind = 0
            for each in reversed(deployment.succession):
                parties = Parties(
                    database=database,
                    node=node,
                    deployment=each,
                    keyring=keyring,
                    certificates=settings.certificates_dir,
                )
                behind = max(behind, await check_everything(parties, findings))
            return behind
