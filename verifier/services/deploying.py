"""Deploying once: what is there already is refused, and what was begun is gone on with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chain.deployment import Deployment
from chain.errors import ChainChanged
from chain.founding import Founding
from chain.identity import verify
from chain.journal import Charter
from chain.network import Network, find_network
from chain.node import Node
from chain.signer import Signer
from chain.urls import told
from verifier.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a deployment is written to, and which chain it must be (None: whichever the node has)."""

    file: Path
    expected_chain: int | None = None

    @property
    def journal(self) -> Path:
        """Where a deployment under way is kept."""
        return self.file.with_name(self.file.name + ".journal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What there is now, and on which kind of network."""

    deployment: Deployment
    network: Network


async def survey(node: Node, site: Site) -> Deployed | None:
    """See whether there is anything to do; a deployment whose last run ended just before its end is finished here.

    Raises:
        Refused: the chain is another one than expected, or something is there already.
        NodeError: the node does not answer.
    """
    found = await node.chain_id()
    if site.expected_chain not in {None, found}:
        raise Refused(
            f"the node at {told(node.url)} is of chain {found}, not of {site.expected_chain}; nothing was done"
        )
    if not site.file.exists():
        return None
    deployment = Deployment.load(site.file)
    try:
        await verify(node, deployment)
    except ChainChanged as error:
        said = "; ".join(error.differences)
        raise Refused(f"{site.file} is of another chain ({said}); move it away to deploy to this one") from error
    if not site.journal.exists():
        raise Refused(
            f"{site.file} is there already, and so are its contracts: ledger {deployment.name}. Nothing was done; to"
            " deploy once more, name another data directory"
        )
    return await _finish(node, site, deployment)


async def deploy(
    node: Node, bureau: Signer, charter: Charter, site: Site, *, tell: Callable[[str], None] = lambda _: None
) -> Deployed:
    """Deploy, or go on with it, and write it down; to be asked after `survey`.

    Raises:
        DeploymentFailed, CallReverted: it cannot be done; the text says why.
        NodeError: the node did not do its part; the same again goes on.
    """
    return await _finish(node, site, await Founding(node, bureau, charter, site.journal, tell=tell).run())


async def _finish(node: Node, site: Site, deployment: Deployment) -> Deployed:
    network = await find_network(node)
    deployment.save(site.file)
    site.journal.unlink(missing_ok=True)
    return Deployed(deployment=deployment, network=network)


def settings_lines(deployed: Deployed, node_url: str) -> tuple[str, ...]:
    """Give the lines that belong into ecert.toml."""
    return (
        f'node_urls = ["{node_url}"]',
        f"settled_depth = {deployed.network.settled_depth}  # a {deployed.network.kind} network",
        '# status_base = "https://..."  # where this service will stay; is written into every certificate',
    )
