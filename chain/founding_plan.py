"""What a deployment does, in which order, and where the contracts will be: pure, so that every run plans the same."""

from __future__ import annotations

from dataclasses import dataclass

import rlp
from eth_hash.auto import keccak

from chain.answers import to_hex
from chain.artifact import artifact
from chain.deploying import GUARDIAN, NOBODY, REGISTRAR, grants
from chain.deployment import Deployment
from chain.journal import Charter
from chain.transacting import Creation, Invocation

_GAS_PER_BYTE = 240  # of a contract's bytecode: 200 for keeping it, the rest for bringing it
_GAS_BESIDE = 400_000  # of a creation
_GAS_OF_CALL = 250_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One transaction of a deployment, and what people are told about it."""

    what: str
    step: Creation | Invocation


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundingPlan:
    """All that is to be done, in the order of nonces, and where the contracts will be."""

    access_manager: bytes
    registry: bytes
    ledger: bytes
    steps: tuple[Planned, ...]


def contract_address(creator: bytes, nonce: int) -> bytes:
    """Give the address of the contract that the creator's transaction with this nonce makes."""
    return keccak(rlp.encode([creator, nonce]))[12:]


def make_plan(bureau: bytes, first_nonce: int, charter: Charter) -> FoundingPlan:
    """Plan a deployment by the key `bureau`, whose next transaction has `first_nonce`."""
    if charter.predecessor is not None:
        return _successor(contract_address(bureau, first_nonce), charter.predecessor, retire=charter.retire)
    manager, registry, ledger = (contract_address(bureau, first_nonce + index) for index in range(3))
    holders = {REGISTRAR: charter.registrar, GUARDIAN: charter.guardian}
    roles = grants(manager, registry, holders)
    said = ("what a registrar may do", "the registrar", "what a guardian may do", "the guardian")
    return FoundingPlan(
        access_manager=manager,
        registry=registry,
        ledger=ledger,
        steps=(
            Planned(what="AccessManager", step=Creation(data=artifact("AccessManager").creation(to_hex(bureau)))),
            Planned(
                what="AgencyRegistry",
                step=Creation(data=artifact("AgencyRegistry").creation(to_hex(manager), charter.admin_delay)),
            ),
            Planned(what="CertificateLedger", step=_ledger(manager, registry, NOBODY)),
            *(Planned(what=what, step=step) for what, step in zip(said, roles, strict=True)),
        ),
    )


def most_gas(step: Creation | Invocation) -> int:
    """Give a bound of the gas that a step burns, without asking a node."""
    return len(step.data) * _GAS_PER_BYTE + _GAS_BESIDE if isinstance(step, Creation) else _GAS_OF_CALL


def _successor(ledger: bytes, before: Deployment, *, retire: bool) -> FoundingPlan:
    manager, registry = before.access_manager, before.registry
    steps = [Planned(what="CertificateLedger", step=_ledger(manager, registry, before.ledger))]
    if retire:
        data = artifact("CertificateLedger").functions["retire"].encode(to_hex(ledger))
        steps.append(Planned(what="the predecessor retires", step=Invocation(to=before.ledger, data=data)))
    return FoundingPlan(access_manager=manager, registry=registry, ledger=ledger, steps=tuple(steps))


def _ledger(manager: bytes, registry: bytes, predecessor: bytes) -> Creation:
    return Creation(data=artifact("CertificateLedger").creation(to_hex(manager), to_hex(registry), to_hex(predecessor)))
