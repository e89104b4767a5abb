"""A real reorganisation under our transactions, and nodes that stop under load: every call settles once."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest

from chain.node import Node
from clique.network import Network
from store.records import Call
from store.states import CallState
from tests.faults.office import AGENCIES, Office

pytestmark = pytest.mark.xdist_group("network")


@contextlib.asynccontextmanager
async def under_load(office: Office, every: float = 0.2) -> AsyncIterator[list[Call]]:
    """One agency after the other anchors a batch, until the end of the block."""
    written: list[Call] = []

    async def anchor() -> None:
        while True:
            written.append(office.anchor(len(written) % AGENCIES))
            await asyncio.sleep(every)

    anchoring = asyncio.create_task(anchor())
    try:
        yield written
    finally:
        anchoring.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await anchoring


def any_settled(office: Office, written: Sequence[Call]) -> bool:
    return any(office.read(call).state is CallState.SETTLED for call in written)


async def test_a_reorganisation_under_our_transactions_undoes_blocks_and_no_call(
    office: Office, network: Network
) -> None:
    """We speak to one of two nodes that are cut off from three: what they have mined is undone when the cut heals."""
    generation = 0
    async with office.at_work(1), under_load(office) as written:
        await office.wait("the first calls settle", lambda: any_settled(office, written))
        for _ in range(6):
            before = await office.node.latest()
            # The two whose turn comes next may each sign a block of their own.
            turn = before.number % 5
            partner = next(one for one in (turn + 1, turn + 2) if one % 5 + 1 != 1) % 5 + 1
            minority = [1, partner]
            await asyncio.to_thread(network.cut, [minority, [one for one in range(1, 6) if one not in minority]])
            await asyncio.sleep(6)
            await asyncio.to_thread(network.heal)
            await asyncio.to_thread(network.agree)
            await office.wait("we catch up", lambda high=before.number + 4: office.cursor.block >= high)
            generation = office.cursor.generation
            if generation:
                break
    assert generation >= 1, "the network never took back a block that we had read"
    async with office.at_work(1):
        await office.settled(written)
    await office.check(written)


async def test_with_two_nodes_stopped_issuing_goes_on_and_with_three_it_waits(office: Office, network: Network) -> None:
    async with office.at_work(1, 2, 3):
        async with under_load(office, every=0.5) as written:
            await asyncio.to_thread(network.stop, 4, 5)
            await office.wait("a call settles without two", lambda: any_settled(office, written[1:]))
            await office.wait("many were written", lambda: len(written) > 15)
        await office.settled(written)
        await asyncio.to_thread(network.stop, 2)
        halted = office.anchor(0)
        await asyncio.sleep(4)
        assert office.read(halted).state in {CallState.QUEUED, CallState.SIGNED, CallState.SENT, CallState.MINED}
        await asyncio.to_thread(network.start, 2, 4, 5)
        await office.settled([*written, halted])
    await office.check([*written, halted])


async def test_the_node_that_we_ask_is_killed_and_another_is_asked(office: Office, network: Network) -> None:
    async with office.at_work(3, 4):
        async with under_load(office, every=0.5) as written:
            await office.wait(
                "a call settles", lambda: any(office.read(one).state is CallState.SETTLED for one in written)
            )
            await asyncio.to_thread(network.kill, 3)
            await office.wait("many were written", lambda: len(written) > 25)
        await office.settled(written)
        await asyncio.to_thread(network.start, 3)
    await office.check(written)


async def test_twenty_agencies_at_ten_anchors_a_second_settle_within_some_blocks(office: Office) -> None:
    """Blocks of the network from the head when a call was written to the one when it was seen settled.

    A block that is being made when the call comes takes no more of them, the next one does, and three must follow that:
    five blocks, six for a call that comes when the next one is about to be made. How many do is for `scripts/bench
    ledger`, on a machine that does nothing else.
    """
    seconds, node = 10, Node(office.url(2))
    written: dict[int, int] = {}
    settled: dict[int, int] = {}
    loop = asyncio.get_running_loop()
    async with office.at_work(1, 2, 3, 4, 5):
        await office.wait("the indexer has caught up", lambda: _has_begun(office))
        start = loop.time()
        while len(settled) < seconds * 10:
            head = (await node.latest()).number
            while len(written) < min(seconds * 10, (loop.time() - start) * 10):
                written[office.anchor(len(written) % AGENCIES).id] = head
            still_open = {call.id for call in office.open_calls()}
            settled |= dict.fromkeys(written.keys() - still_open - settled.keys(), office.cursor.block)
            assert loop.time() - start < seconds + 60
            await asyncio.sleep(0.05)
    await node.close()
    took = sorted(settled[call] - written[call] for call in written)
    found = ((office.by_id(call).block, head) for call, head in written.items())
    mined = [block - head for block, head in found if block is not None]
    print(f"blocks from call to mined: {Counter(mined)}; to settled: {Counter(took)}")  # noqa: T201  # shown with -s
    assert took[0] >= 4
    assert took[-1] <= 20


def _has_begun(office: Office) -> bool:
    with contextlib.suppress(AssertionError):
        return office.cursor.block > office.deployment.block
    return False
