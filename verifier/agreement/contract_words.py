"""The ledger contract's own state against its events: batches, statuses, successors, next serials.

The running head proves that no event is missing; this proves that the contract also acts as its events say. The state
is read in pieces, each in a block of its own, since a node keeps states for 128 blocks only.
"""

from __future__ import annotations

from collections.abc import Iterator

from chain.contract_state import ContractState, KeptBatch, successors_hash
from chain.deployment import Deployment
from chain.ledger import SERIALS_IN_WORD
from chain.node import Node
from ecert.facts import Status
from store.pieces import pieces
from verifier.agreement.chronicle import Anchor, Chronicle
from verifier.agreement.findings import Findings

PIECE = 1000
HISTORY_PAGE = 2048
"""Serials that a history of statuses is asked about at once."""


class ContractWords:
    """The state of one ledger, compared piece by piece; the chronicle goes on with the chain meanwhile."""

    def __init__(self, node: Node, deployment: Deployment, chronicle: Chronicle, findings: Findings) -> None:
        self._node = node
        self._deployment = deployment
        self._chronicle = chronicle
        self._findings = findings

    async def compare(self) -> None:
        """Compare all of it.

        Raises:
            NodeError: the node cannot be used for this.
        """
        await self._compare_next_serials()
        await self._compare_batches()
        await self._compare_words()

    async def _state(self) -> ContractState:
        """Give the state in the newest block, and let the chronicle read up to there."""
        head = await self._node.latest()
        await self._chronicle.go_on(head.number)
        return ContractState(self._node, self._deployment, head.hash)

    async def _compare_next_serials(self) -> None:
        state = await self._state()
        ends: dict[str, int] = {}
        for anchor in self._chronicle.anchors():
            ends[anchor.agency] = anchor.facts.first_serial + anchor.facts.count
        codes = sorted(ends)
        for code, found in zip(codes, await state.next_serials(codes), strict=True):
            if found != ends[code]:
                said = f"the contract goes on with serial {found}, its events end before {ends[code]}"
                self._findings.add("contract_serial", f"agency {code}", said)

    async def _compare_batches(self) -> None:
        self._findings.progress.begin("batches of the contract", None)
        for piece in pieces(list(self._chronicle.anchors()), PIECE):
            state = await self._state()
            kept = await state.batches([(one.agency, one.facts.first_serial) for one in piece])
            for anchor, found in zip(piece, kept, strict=True):
                self._findings.checked["anchored batches"] += 1
                if found != _kept(anchor):
                    place = f"batch of {anchor.agency} at serial {anchor.facts.first_serial}"
                    self._findings.add("contract_batch", place, "the contract keeps another batch than it announced")
            self._findings.progress.reach(self._findings.checked["anchored batches"])

    async def _compare_words(self) -> None:
        self._findings.progress.begin("statuses of the contract", None)
        for piece in pieces(list(self._words()), PIECE):
            state = await self._state()
            for agency in sorted({code for code, _ in piece}):
                words = [number for code, number in piece if code == agency]
                for number, word in zip(words, await state.words(agency, words), strict=True):
                    await self._compare_word(state, agency, number, word)
                    self._findings.checked["status words"] += 1
            self._findings.progress.reach(self._findings.checked["status words"])

    async def _compare_word(self, state: ContractState, agency: str, number: int, word: int) -> None:
        first, replaced = number * SERIALS_IN_WORD, []
        for offset in range(SERIALS_IN_WORD):
            kept = Status(word >> 2 * offset & 3)
            said = self._chronicle.copy.status(agency, first + offset) if word or self._changed(agency, first) else kept
            if kept is not said:
                place = f"status of {agency} {first + offset}"
                words = f"the contract keeps {kept.name.lower()}, its events say {said.name.lower()}"
                self._findings.add("contract_status", place, words)
            elif kept is Status.SUPERSEDED:
                replaced.append(first + offset)
        for serial, found in zip(replaced, await state.successor_hashes(agency, replaced), strict=True):
            if found != successors_hash(self._chronicle.copy.changes(agency, serial)[-1].successors):
                place = f"successors of {agency} {serial}"
                self._findings.add("contract_successors", place, "the contract keeps others than it announced")

    def _changed(self, agency: str, first: int) -> bool:
        page = first // HISTORY_PAGE * HISTORY_PAGE
        changed = self._chronicle.copy.agencies[agency].history.changed(page, page + HISTORY_PAGE)
        return any(first <= serial < first + SERIALS_IN_WORD for serial in changed)

    def _words(self) -> Iterator[tuple[str, int]]:
        """Name every word that has an anchored serial in it, once."""
        last: tuple[str, int] | None = None
        for anchor in self._chronicle.anchors():
            end = anchor.facts.first_serial + anchor.facts.count
            for number in range(anchor.facts.first_serial // SERIALS_IN_WORD, (end - 1) // SERIALS_IN_WORD + 1):
                if (anchor.agency, number) != last:
                    last = anchor.agency, number
                    yield last


def _kept(anchor: Anchor) -> KeptBatch:
    facts = anchor.facts
    return KeptBatch(
        certificate_type=facts.certificate_type,
        suite=facts.suite,
        root=facts.root,
        first_serial=facts.first_serial,
        count=facts.count,
        time=facts.anchored,
        sequence=anchor.sequence,
    )
