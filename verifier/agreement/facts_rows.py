"""The facts in the database against the chain: pins, cursor, events and headers."""

from __future__ import annotations

from collections.abc import Sequence

from chain.deployment import Deployment
from chain.headers import BlockHeader
from chain.node import Node
from chain.reading import Counts, Stretch, counts_at
from chain.writing import seen_in
from store import cursors, events, inventory
from store.database import Connection
from store.events import EventRow
from store.pieces import pieces
from store.records import Block, Cursor, Pins
from verifier.agreement.chronicle import Chronicle
from verifier.agreement.findings import Findings

GROUP = 500


def compare_pins(kept: Pins | None, found: Pins, findings: Findings) -> None:
    """Compare what was pinned with what is there now."""
    if kept is None:
        findings.add("pins", "pins", f"nothing is pinned for {found.ledger}")
        return
    for name in Pins.__slots__:
        findings.expect("pins", f"pins {found.ledger}", name, here=getattr(kept, name), chain=getattr(found, name))


class FactsRows:
    """The rows of one ledger, in one snapshot of the database, walked along the chain as the chronicle reads it."""

    def __init__(
        self, connection: Connection, node: Node, deployment: Deployment, cursor: Cursor, findings: Findings
    ) -> None:
        self._connection = connection
        self._node = node
        self._deployment = deployment
        self._cursor = cursor
        self._findings = findings
        self._reached = max(deployment.block - 1, 0)
        self._headers: dict[int, Block] = {}

    async def compare(self, chronicle: Chronicle) -> None:
        """Read the chain up to the cursor's block, and compare all rows with it.

        Raises:
            NodeError: the node cannot be used for this.
        """
        self._findings.progress.begin("events", self._cursor.block)
        self._misplaced(after=-1, until=self._reached)
        async for stretch in chronicle.until(self._cursor.block):
            self._compare_events(stretch)
            for one in stretch.blocks:
                self._headers[one.number] = _header(one)
            self._findings.progress.reach(stretch.last.number)
        self._misplaced(after=self._cursor.block, until=None)
        _compare_counts(self._cursor, chronicle.counts, self._findings)
        await _compare_cursor(self._connection, self._node, self._deployment, self._cursor, self._findings)
        await self._compare_headers()

    def _misplaced(self, *, after: int, until: int | None) -> None:
        for row in inventory.event_rows(self._connection, self._cursor.ledger, after=after, until=until):
            self._findings.add("event_invented", _place(row), "lies in a block that has not been read")

    def _compare_events(self, stretch: Stretch) -> None:
        until = stretch.last.number
        here = {
            (row.contract, row.sequence): row
            for row in inventory.event_rows(self._connection, self._cursor.ledger, after=self._reached, until=until)
        }
        for seen in seen_in(stretch):
            self._findings.checked["events"] += 1
            due = events.row_of(seen)
            found = here.pop((due.contract, due.sequence), None)
            if found is None:
                self._findings.add("event_missing", _place(due), f"{due.name} is on the chain and not here")
            else:
                self._compare_event(found, due)
        for row in here.values():
            self._findings.add("event_invented", _place(row), f"{row.name} is here and not on the chain")
        self._reached = until

    def _compare_event(self, found: EventRow, due: EventRow) -> None:
        for name in EventRow.__slots__:
            here, chain = getattr(found, name), getattr(due, name)
            self._findings.expect("event_altered", _place(due), f"{name} of {due.name}", here=here, chain=chain)

    async def _compare_headers(self) -> None:
        self._findings.progress.begin("blocks", None)
        for group in pieces(inventory.block_rows(self._connection, self._cursor.ledger), GROUP):
            chain = await self._headers_of([row.number for row in group])
            for row in group:
                self._findings.checked["blocks"] += 1
                for name in ("hash", "parent", "time"):
                    here, there = getattr(row, name), getattr(chain[row.number], name)
                    self._findings.expect("block", f"block {row.number}", name, here=here, chain=there)
            self._findings.progress.reach(self._findings.checked["blocks"])

    async def _headers_of(self, numbers: Sequence[int]) -> dict[int, Block]:
        missing = [number for number in numbers if number not in self._headers]
        read = {one.number: _header(one) for one in await self._node.blocks(missing)}
        return {number: self._headers.get(number) or read[number] for number in numbers}


async def _compare_cursor(
    connection: Connection, node: Node, deployment: Deployment, cursor: Cursor, findings: Findings
) -> None:
    place = f"cursor of {cursor.ledger}"
    block = await node.block(cursor.block)
    findings.expect("cursor", place, f"the hash of block {cursor.block}", here=cursor.hash, chain=block.hash)
    findings.expect("cursor", place, f"the time of block {cursor.block}", here=cursor.time, chain=block.time)
    if cursor.settled_block > cursor.block:
        said = f"block {cursor.settled_block} is settled, and block {cursor.block} the last that was read"
        findings.add("cursor", place, said)
    start = cursors.origin(connection, cursor.ledger)
    for name, here, due in (
        ("first block", start.block, max(deployment.block - 1, 0)),
        ("registry's first head", start.registry_head, deployment.registry_instance),
        ("ledger's first head", start.ledger_head, deployment.ledger_instance),
    ):
        findings.expect("cursor", place, f"the {name}", here=here, chain=due)


def _compare_counts(cursor: Cursor, counts: Counts, findings: Findings) -> None:
    here = counts_at(cursor)
    for contract, chain in counts.items():
        place = f"cursor of {cursor.ledger}"
        findings.expect(
            "cursor", place, f"the {contract}'s sequence", here=here[contract].sequence, chain=chain.sequence
        )
        findings.expect("cursor", place, f"the {contract}'s head", here=here[contract].head, chain=chain.head)


def _header(one: BlockHeader) -> Block:
    return Block(number=one.number, hash=one.hash, parent=one.parent, time=one.time)


def _place(row: EventRow) -> str:
    return f"event {row.sequence} of the {row.contract} (block {row.block}, log {row.log})"
