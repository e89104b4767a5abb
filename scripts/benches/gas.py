"""What each call burns, on a Hardhat node, for an agency code of 32 characters, which costs the most.

Gas does not depend on the machine. The bars are those of tests/contracts/test_gas.py, which asserts them; calls are
written as the service writes them.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chain.administration import ANCHOR, STATUS, Administration, accredit, register_agency, set_operator
from chain.deploying import deploy
from chain.deployment import Deployment
from chain.ledger import encode_call
from chain.node import Node
from chain.signer import LocalSigner
from chain.transacting import Invocation, transact
from tests.local_chain import LocalChain

if TYPE_CHECKING:
    from bench import Report

TYPE = bytes.fromhex("11" * 32)
AGENCY, ANOTHER = "Z" * 32, "ANOTHER-OFFICE"
LARGEST = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """An agency's operator on a chain."""

    node: Node
    deployment: Deployment
    operator: LocalSigner

    async def burn(self, kind: str, **arguments: object) -> int:
        """Make a call; the gas it burnt."""
        data = encode_call(kind, {"agency": AGENCY} | arguments)
        receipts = await transact(self.node, self.operator, [Invocation(to=self.deployment.ledger, data=data)])
        return receipts[0].gas_used

    async def anchor(self, first: int, count: int, agency: str = AGENCY, root: bytes | None = None) -> int:
        """Anchor a batch; the gas it burnt."""
        return await self.burn(
            "anchor",
            agency=agency,
            certificate_type="0x" + TYPE.hex(),
            suite=1,
            root="0x" + (root or secrets.token_bytes(32)).hex(),
            first_serial=first,
            count=count,
        )


def run(report: Report) -> None:
    """Measure every call that an agency makes."""
    with LocalChain() as chain:
        asyncio.run(_run(report, chain))


async def _run(report: Report, chain: LocalChain) -> None:
    bureau, operator = (LocalSigner(bytes.fromhex(key[2:])) for key in chain.keys[:2])
    node = Node(chain.url)
    try:
        deployment = await deploy(node, bureau)
        administration = Administration(node, deployment)
        for agency in (AGENCY, ANOTHER):
            steps = [register_agency(agency, agency, bureau.address), accredit(agency, TYPE, since=1)]
            steps.append(set_operator(agency, operator.address, ANCHOR | STATUS))
            await administration.carry_out(bureau, steps)
        office = Office(node=node, deployment=deployment, operator=operator)
        await anchoring(report, office)
        await changing(report, office)
    finally:
        await node.close()


async def anchoring(report: Report, office: Office) -> None:
    """First anchors, later ones of every size, and one that is there."""
    root = secrets.token_bytes(32)
    report.add("first anchor of an agency", await office.anchor(0, 1000, ANOTHER), "gas", at_most=130_000)
    await office.anchor(0, LARGEST, root=root)
    first = LARGEST
    for count in (1, 1000, 65_536, LARGEST):
        report.add(f"anchor {count:,}", await office.anchor(first, count), "gas", at_most=110_000)
        first += count
    report.add("anchor after a gap", await office.anchor(first + 7, 1000), "gas", note="the gap is remembered")
    report.add("the same anchor again", await office.anchor(0, LARGEST, root=root), "gas", at_most=30_000)


async def changing(report: Report, office: Office) -> None:
    """One change, a hundred far apart, a hundred in a row."""
    for kind, serial in (("suspend", 987_654), ("reinstate", 987_654), ("revoke", 555_555)):
        report.add(f"{kind} one", await office.burn(kind, serials=[serial]), "gas", at_most=66_000)
    scattered = await office.burn("revoke", serials=[128 * 70 * number + 77 for number in range(1, 101)])
    report.add("each of 100 scattered changes", scattered / 100, "gas", at_most=27_000)
    neighbouring = await office.burn("revoke", serials=list(range(70_000, 70_100)))
    report.add("each of 100 neighbouring changes", neighbouring / 100, "gas", at_most=5_000)
    report.add("supersede one by one", await office.burn("supersede", old=1, successors=[900_001]), "gas")
