"""How our contracts get onto a chain, and who has which role in them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from chain.answers import to_hex
from chain.artifact import Name, artifact
from chain.deployment import Deployment
from chain.errors import DeploymentFailed
from chain.node import Node
from chain.pins import read_pins
from chain.signer import Signer
from chain.transacting import Creation, Invocation, transact

ADMINISTRATOR = 0
"""The AccessManager's own role: gives and takes all others, and retires ledgers."""

REGISTRAR = 1
"""The role that registers, suspends and accredits agencies."""

GUARDIAN = 2
"""The role that may put an agency in doubt, and nothing else."""

_ROLES = {
    REGISTRAR: (
        "registerAgency",
        "setAgencyAdmin",
        "suspendAgency",
        "reinstateAgency",
        "liftDoubt",
        "accredit",
        "endAccreditation",
    ),
    GUARDIAN: ("doubtAgency",),
}
NOBODY = bytes(20)
"""The address that stands for none."""
LOOK_EVERY = 0.5
PATIENCE = 40
"""Looks for code that was just put on the chain, every so many seconds."""


async def deploy(node: Node, bureau: Signer, *, admin_delay: int = 0) -> Deployment:
    """Put AccessManager, registry and ledger on a chain that will not last; `bureau` gets every role.

    Nothing is written down, so a run that was cut off leaves contracts behind: `chain.founding` is for chains that
    last.

    Args:
        node: of the chain.
        bureau: who pays and then administers: administrator, registrar and guardian, to be handed on later.
        admin_delay: seconds until what an agency's admin adds becomes active.

    Raises:
        DeploymentFailed: a transaction was reverted, or the code at an address is not ours.
        NodeError: the node did not do its part; what was deployed so far is left alone and never used.
    """
    first = (await node.latest()).number + 1
    access_manager = await _create(node, bureau, artifact("AccessManager").creation(to_hex(bureau.address)))
    registry = await _create(node, bureau, artifact("AgencyRegistry").creation(to_hex(access_manager), admin_delay))
    steps: list[Creation | Invocation] = [
        Creation(data=artifact("CertificateLedger").creation(to_hex(access_manager), to_hex(registry), to_hex(NOBODY))),
        *grants(access_manager, registry, {REGISTRAR: bureau.address, GUARDIAN: bureau.address}),
    ]
    receipts = await transact(node, bureau, steps)
    ledger = receipts[0].contract
    if ledger is None:
        raise DeploymentFailed("the node gives no address for the ledger that it created")
    await _await_code(node, [access_manager, registry, ledger])
    pins = await read_pins(node, access_manager=access_manager, registry=registry, ledger=ledger)
    await check_code(node, {"AccessManager": access_manager, "AgencyRegistry": registry, "CertificateLedger": ledger})
    return Deployment(
        chain_id=pins.chain_id,
        genesis=pins.genesis,
        access_manager=access_manager,
        registry=registry,
        ledger=ledger,
        registry_instance=pins.registry_instance,
        ledger_instance=pins.ledger_instance,
        block=first,
    )


async def _await_code(node: Node, addresses: Sequence[bytes]) -> None:
    """Wait a while for code at every address: where signers take turns a newest block may go, and come again later."""
    for _ in range(PATIENCE):
        if all(await node.codes(list(addresses))):
            return
        await asyncio.sleep(LOOK_EVERY)


async def _create(node: Node, bureau: Signer, data: bytes) -> bytes:
    created = (await transact(node, bureau, [Creation(data=data)]))[0].contract
    if created is None:
        raise DeploymentFailed("the node gives no address for the contract that it created")
    return created


def grants(access_manager: bytes, registry: bytes, holders: Mapping[int, bytes]) -> list[Invocation]:
    """Write what gives each role its functions of the registry and its holder; doing it again changes nothing."""
    manager = artifact("AccessManager").functions
    functions = artifact("AgencyRegistry").functions
    written = []
    for role, names in _ROLES.items():
        selectors = [functions[name].selector for name in names]
        written.append(manager["setTargetFunctionRole"].encode(to_hex(registry), selectors, role))
        written.append(manager["grantRole"].encode(role, to_hex(holders[role]), 0))
    return [Invocation(to=access_manager, data=data) for data in written]


async def check_code(node: Node, addresses: Mapping[Name, bytes]) -> None:
    """Raise `DeploymentFailed` unless the code at each address is that of our contract of this name."""
    codes = await node.codes(list(addresses.values()))
    wrong = [name for name, code in zip(addresses, codes, strict=True) if not artifact(name).is_code(code)]
    if wrong:
        raise DeploymentFailed(f"the code on the chain is not that of our {', '.join(wrong)}")
