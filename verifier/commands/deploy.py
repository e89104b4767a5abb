"""`ecert deploy`: puts the contracts on a chain, once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from chain.answers import to_hex
from chain.deployment import Deployment
from chain.journal import Charter
from verifier.commands.key_files import PasswordOption, address_named, address_of, make_key, opened
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.printing import print_json
from verifier.commands.reporting import answered
from verifier.errors import Refused
from verifier.keys.remote_keys import RemoteKeys
from verifier.processes.nodes import open_node
from verifier.services.deploying import Deployed, Site, settings_lines, survey
from verifier.services.deploying import deploy as deploy_to
from verifier.settings import Settings, load_settings

RESUME = "Run the same command again: it goes on where this one stopped, and deploys nothing twice."


def deploy(
    *,
    node: Annotated[str | None, typer.Option("--node", metavar="URL", help="JSON-RPC address of a node.")] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", metavar="FILE|ADDRESS", help="The bureau's key file, or key. [default: DATA/keys/bureau.json]"
        ),
    ] = None,
    password_file: PasswordOption = None,
    expect_chain_id: Annotated[
        int | None, typer.Option("--expect-chain-id", help="Refuse every other chain.", show_default=False)
    ] = None,
    admin_delay: Annotated[
        int, typer.Option("--admin-delay", min=0, help="Seconds until keys that an agency's admin adds count.")
    ] = 86_400,
    registrar: Annotated[
        str | None, typer.Option("--registrar", metavar="ADDRESS", help="Who admits agencies. [default: the bureau]")
    ] = None,
    guardian: Annotated[
        str | None, typer.Option("--guardian", metavar="ADDRESS", help="Who may stop agencies. [default: the bureau]")
    ] = None,
    predecessor: Annotated[
        Path | None,
        typer.Option("--predecessor", metavar="FILE", help="deployment.json of the ledger that the new one follows."),
    ] = None,
    retire: Annotated[
        bool,
        typer.Option("--retire-predecessor", help="Let the predecessor anchor nothing more. There is no way back."),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put AccessManager, registry and ledger on a chain, give the roles, write deployment.json.

    A key file that is missing is made; ADDRESS is that of a key in the signing service (signer_url). What is there
    already is refused. Cut off at any point, the same command goes on.
    """
    with answered(as_json=as_json, resume=RESUME):
        if data is not None:
            data.mkdir(parents=True, exist_ok=True)
        settings = load_settings(data)
        site = Site(file=settings.deployment_file, expected_chain=expect_chain_id)
        key_file = key or settings.bureau_key_file
        remote = RemoteKeys.of(settings.signer_url, settings.signer_keys, settings.keys_dir)
        before = None if predecessor is None else Deployment.load(predecessor)
        if retire and before is None:
            raise Refused("--retire-predecessor needs --predecessor")

        async def work() -> Deployed:
            async with open_node((node,) if node else settings.node_urls) as opened_node:
                done = await survey(opened_node, site)
                if done is not None:
                    return done
                if address_named(key_file) is None and make_key(key_file, password_file):
                    _tell(f"made the bureau's key {key_file}")
                async with opened(key_file, password_file, remote, settings.keys_dir) as bureau:
                    charter = Charter(
                        admin_delay=admin_delay,
                        registrar=bureau.address if registrar is None else address_of(registrar),
                        guardian=bureau.address if guardian is None else address_of(guardian),
                        predecessor=before,
                        retire=retire,
                    )
                    return await deploy_to(opened_node, bureau, charter, site, tell=_tell)

        deployed = asyncio.run(work())
        _render(deployed, settings, node or settings.node_urls[0], as_json=as_json)


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("deploy")(deploy)


def _render(deployed: Deployed, settings: Settings, node_url: str, *, as_json: bool) -> None:
    deployment = deployed.deployment
    lines = settings_lines(deployed, node_url)
    if as_json:
        print_json(
            {
                "state": "done",
                "ledger": deployment.name,
                "registry": to_hex(deployment.registry),
                "access_manager": to_hex(deployment.access_manager),
                "network": deployed.network.kind,
                "file": str(settings.deployment_file),
                "settings": list(lines),
            }
        )
        return
    typer.echo(f"deployed: ledger {deployment.name}, written to {settings.deployment_file}")
    typer.echo(f"put these lines into {settings.data_dir / 'ecert.toml'}:\n")
    for line in lines:
        typer.echo(f"  {line}")


def _tell(line: str) -> None:
    typer.echo(f"ecert: {line}", err=True)
