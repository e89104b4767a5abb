"""What the ledger contract itself keeps, read in one pinned block: batches, words of statuses, serials, successors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_hash.auto import keccak

from chain.answers import as_bytes, to_hex
from chain.artifact import artifact
from chain.deployment import Deployment
from chain.errors import NodeRefused
from chain.ledger import refusal
from chain.node import Node, in_block
from chain.rpc import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBatch:
    """A batch as the contract keeps it, in the order of its struct."""

    certificate_type: bytes
    suite: int
    root: bytes
    first_serial: int
    count: int
    time: int
    sequence: int


class ContractState:
    """The ledger's state in the block with hash `at`; a node answers this for about 128 blocks."""

    def __init__(self, node: Node, deployment: Deployment, at: bytes) -> None:
        self._node = node
        self._ledger = deployment.ledger
        self._at = at
        self._functions = artifact("CertificateLedger").functions

    async def batches(self, wanted: Sequence[tuple[str, int]]) -> list[KeptBatch | None]:
        """Give the batches by agency and first serial, None where the contract has none."""
        function = self._functions["batchAt"]
        asked = [function.encode(_word(agency), first) for agency, first in wanted]
        found: list[KeptBatch | None] = []
        for answer in await self._ask(asked):
            if answer is None:
                found.append(None)
                continue
            (values,) = function.decode_output(answer)
            found.append(KeptBatch(**dict(zip(KeptBatch.__slots__, values, strict=True))))
        return found

    async def words(self, agency: str, numbers: Sequence[int]) -> list[int]:
        """Give words of statuses by their numbers (serial // 128)."""
        function, code = self._functions["statusWord"], _word(agency)
        asked = [(self._ledger, function.encode(code, number)) for number in numbers]
        return [function.decode_output(one)[0] for one in await self._node.calls(asked, at=self._at)]

    async def next_serials(self, agencies: Sequence[str]) -> list[int]:
        """Give the serial that each agency's next batch may begin with."""
        function = self._functions["nextSerial"]
        asked = [(self._ledger, function.encode(_word(agency))) for agency in agencies]
        return [function.decode_output(one)[0] for one in await self._node.calls(asked, at=self._at)]

    async def successor_hashes(self, agency: str, serials: Sequence[int]) -> list[bytes]:
        """Give what is kept of the successors of superseded certificates."""
        function, code = self._functions["successorsHash"], _word(agency)
        asked = [(self._ledger, function.encode(code, serial)) for serial in serials]
        return [function.decode_output(one)[0] for one in await self._node.calls(asked, at=self._at)]

    async def _ask(self, asked: Sequence[bytes]) -> list[bytes | None]:
        """Ask what may be refused by the contract, which is None."""
        place = in_block(self._at)
        requests: list[Request] = [
            ("eth_call", [{"to": to_hex(self._ledger), "data": to_hex(data)}, place]) for data in asked
        ]
        answers: list[bytes | None] = []
        for answer in await self._node.batch(requests):
            if isinstance(answer, NodeRefused):
                if refusal(answer) is None:
                    raise answer
                answers.append(None)
            else:
                answers.append(as_bytes(answer, "eth_call"))
        return answers


def _word(agency: str) -> bytes:
    """Write an agency's code as the registry has it; whether its check characters are right is not its business."""
    return agency.encode("ascii").ljust(32, b"\0")


def successors_hash(successors: Sequence[int]) -> bytes:
    """Give what the contract keeps of successors."""
    return keccak(encode(["uint64[]"], [list(successors)]))
