"""Administering the registry: steps are signed by a key file, sent, and waited for until nothing can undo them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chain.administration import ANCHOR, STATUS, Administration, Step, accredit, add_key, register_agency, set_operator
from chain.answers import TransactionReceipt, to_hex
from chain.deployment import Deployment
from chain.errors import CallReverted, NodeAway
from chain.network import find_network
from chain.node import Node
from chain.rereading import Rereading
from chain.signer import Signer
from ecert.certificate_type import CertificateType
from ecert.events import Event
from ecert.suite import SUITE, thumbprint
from store import cursors, events
from store.database import Database
from store.errors import SchemaMismatch
from verifier.errors import Refused
from verifier.keys.keyring import Keyring, LedgerKey
from verifier.keys.ledger_keys import create_ledger_key
from verifier.refusals import say

PATIENCE = 120.0
PURPOSES = {LedgerKey.ANCHOR: ANCHOR, LedgerKey.STATUS: STATUS}
_POLL = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was sent (nothing, where it was so already), up to which block, and whether that is settled.

    `counts_from`: when what was added begins to count; None where it does already.
    """

    transactions: tuple[str, ...]
    block: int | None
    settled: bool
    counts_from: int | None = None

    def to_json(self) -> dict[str, object]:
        """Give it as JSON."""
        return {
            "transactions": list(self.transactions),
            "block": self.block,
            "settled": self.settled,
            "counts_from": self.counts_from,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where the registry is administered from. `settled_depth` None: as the kind of network needs it."""

    node: Node
    deployment: Deployment
    settled_depth: int | None = None

    async def now(self) -> int:
        """Give the chain's time."""
        return (await self.node.latest()).time

    async def carry_out(self, signer: Signer, steps: Sequence[Step], *, wait: bool = True) -> Done:
        """Send steps and wait until they are mined; with `wait`, until they are settled.

        Raises:
            Refused: the contract refuses a step; what came before it stays.
            NodeError: the node did not do its part; the same again is harmless.
        """
        administration = Administration(self.node, self.deployment)
        try:
            receipts = await administration.carry_out(signer, steps)
        except CallReverted as error:
            raise Refused(say(error)) from error
        if wait and receipts:
            await self._settle(receipts)
        return Done(
            transactions=tuple(to_hex(one.transaction) for one in receipts),
            block=max((one.block for one in receipts), default=None),
            settled=wait,
            counts_from=await administration.counts_from(steps),
        )

    async def _settle(self, receipts: Sequence[TransactionReceipt]) -> None:
        depth = self.settled_depth
        if depth is None:
            depth = (await find_network(self.node)).settled_depth
        until = time.monotonic() + PATIENCE
        while True:
            found = await self.node.receipts([one.transaction for one in receipts])
            blocks = [one.block for one in found if one is not None]
            if len(blocks) == len(receipts) and (await self.node.latest()).number >= max(blocks) + depth:
                return
            if time.monotonic() > until:
                raise NodeAway(self.node.url, "eth_blockNumber", f"mined, but not settled within {PATIENCE:.0f} s")
            await asyncio.sleep(_POLL)


def admission(
    code: str, name: str, admin: bytes, types: Sequence[CertificateType], *, since: int, until: int | None
) -> list[Step]:
    """Write the steps that admit an agency and accredit it. Registrar."""
    return [register_agency(code, name, admin), *accreditation(code, types, since=since, until=until)]


def accreditation(code: str, types: Sequence[CertificateType], *, since: int, until: int | None) -> list[Step]:
    """Write the steps that accredit an agency for types. Registrar."""
    return [accredit(code, each.vct_hash, since=since, until=until) for each in types]


def own_key(keyring: Keyring, code: str) -> Step:
    """Write the step that adds the certificate key that lies in the keyring. Agency's admin."""
    key = keyring.certificate_key(code)
    return add_key(code, key.kid, SUITE, key.public_key)


def public_key(code: str, key: bytes) -> Step:
    """Write the step that adds a certificate key of which only the public half is here. Agency's admin."""
    return add_key(code, thumbprint(key), SUITE, key)


def own_operators(keyring: Keyring, code: str, *, until: int | None = None) -> list[Step]:
    """Write the steps that let the keyring's ledger keys write for the agency. Agency's admin."""
    return [set_operator(code, keyring.address(code, purpose), bit, until=until) for purpose, bit in PURPOSES.items()]


def make_keys(keyring: Keyring, code: str, *, work: int | None = None) -> tuple[Path, ...]:
    """Make the keys of an agency that are not there yet, all but its admin's; answer the new files.

    A ledger key of which only the address is here is kept elsewhere.
    """
    passwords = keyring.add_passwords(code)
    made = []
    certificate = keyring.folder / code / "certificate.pem"
    if not certificate.exists():
        keyring.create_certificate_key(code, passwords.certificate or "")
        made.append(certificate)
    for purpose in PURPOSES:
        if not (keyring.ledger_file(code, purpose).exists() or keyring.address_file(code, purpose).exists()):
            create_ledger_key(keyring, code, purpose, work=work)
            made.append(keyring.ledger_file(code, purpose))
    return tuple(made)


async def registry_events(node: Node, deployment: Deployment, database_url: str) -> list[Event]:
    """Give all that the registry said: from our copy where there is one, else from the chain."""
    try:
        with Database.open(database_url) as database, database.read() as connection:
            if cursors.read(connection, deployment.name) is not None:
                return list(events.stream(connection, deployment.name))
    except SchemaMismatch as error:
        if error.found is not None:
            raise  # else there is no database here: the bureau's own machine needs none
    until = (await node.latest()).number
    return [one.event async for stretch in Rereading(node, deployment).until(until) for one in stretch.events]
