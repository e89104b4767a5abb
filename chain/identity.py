"""Is this still our chain? Asked at every start, after every outage, and before anything is rolled back."""

from __future__ import annotations

from chain.answers import to_hex
from chain.deployment import Deployment
from chain.errors import ChainChanged
from chain.node import Node
from chain.pins import read_pins
from store import pins
from store.database import Database
from store.errors import PinsDiffer
from store.records import Pins


async def verify(node: Node, deployment: Deployment) -> Pins:
    """Compare the chain with a deployment; answer what was found, to be pinned.

    Raises:
        ChainChanged: another chain, or other contracts, than the deployment says.
    """
    pins = await read_pins(
        node,
        access_manager=deployment.access_manager,
        registry=deployment.registry,
        ledger=deployment.ledger,
    )
    said = (
        ("chain id", deployment.chain_id, pins.chain_id),
        ("genesis block", deployment.genesis, pins.genesis),
        ("instance of the registry", deployment.registry_instance, pins.registry_instance),
        ("instance of the ledger", deployment.ledger_instance, pins.ledger_instance),
    )
    differences = [
        f"{what}: the deployment says {_shown(expected)}, the chain has {_shown(found)}"
        for what, expected, found in said
        if expected != found
    ]
    if differences:
        raise ChainChanged(node.url, differences)
    return pins


async def pin(database: Database, node: Node, deployment: Deployment) -> None:
    """Compare the chain with the deployment and with what was pinned; pin it where nothing was.

    Raises:
        ChainChanged: another chain, or other contracts.
        NodeError: the node cannot say.
        StoreError: the database cannot be used.
    """
    found = await verify(node, deployment)
    try:
        with database.begin() as connection:
            pins.pin(connection, found)
    except PinsDiffer as error:
        said = [f"{one.name}: pinned {one.pinned}, found {one.found}" for one in error.differences]
        raise ChainChanged(node.url, said) from error


def _shown(value: bytes | int) -> str:
    if isinstance(value, bytes):
        return to_hex(value) if value else "nothing there"
    return str(value)
