"""An older copy of the database is put back: what waits in it may have been carried out, and undone, since.

What the lost copy knew is played by somebody who has the same keys.
"""

from __future__ import annotations

import pytest

from chain.ledger import encode_call
from chain.lifecycle import OVERTAKEN, UNREAD
from chain.signer import LocalSigner
from chain.transacting import Invocation, transact
from ecert.events import StatusChanged
from ecert.facts import Status
from store.records import Call
from store.states import CallState
from tests.chain.world import AGENCY, World


async def done_since(world: World, *changes: tuple[str, int]) -> None:
    """Change statuses with the usual key, of which the database knows nothing."""
    orders = [encode_call(kind, {"agency": AGENCY, "serials": [serial]}) for kind, serial in changes]
    key = LocalSigner(world.clerk._account.key)
    await transact(world.node, key, [Invocation(to=world.deployment.ledger, data=order) for order in orders])


def last_change(world: World, serial: int) -> int:
    return [one.status for one in world.events() if isinstance(one, StatusChanged) and serial in one.serials][-1]


async def looked_at_unread(world: World, call: Call) -> None:
    """Let the sender look before our copy has read on: it waits, and says for what."""
    await world.usual_sender.step()
    assert (world.state(call), world.read(call).waiting_reason) == (CallState.QUEUED, UNREAD)


@pytest.mark.parametrize("before", ["known", "unknown"])
async def test_a_reinstatement_that_was_done_does_not_lift_a_later_suspension(world: World, before: str) -> None:
    await world.finish(world.anchor(0, 3))
    if before == "known":
        await world.finish(world.add("suspend", serials=[0]))
    else:
        await done_since(world, ("suspend", 0))
        await world.catch_up()
    call = world.add("reinstate", serials=[0])
    await done_since(world, ("reinstate", 0), ("suspend", 0))
    await looked_at_unread(world, call)
    await world.finish(call)
    assert (world.state(call), world.read(call).error) == (CallState.FAILED, OVERTAKEN)
    assert last_change(world, 0) == Status.SUSPENDED


async def test_a_suspension_that_was_done_and_lifted_is_not_done_again_nor_are_those_behind_it(world: World) -> None:
    await world.finish(world.anchor(0, 3))
    first, second = world.add("suspend", serials=[0]), world.add("suspend", serials=[1, 2])
    await done_since(world, ("suspend", 0), ("suspend", 1), ("reinstate", 0), ("reinstate", 1))
    await world.finish(first, second)
    assert [world.read(call).error for call in (first, second)] == [OVERTAKEN] * 2
    assert (last_change(world, 0), last_change(world, 1)) == (Status.VALID, Status.VALID)


async def test_what_was_done_and_stands_settles(world: World) -> None:
    await world.finish(world.anchor(0, 3))
    call = world.add("suspend", serials=[0])
    await done_since(world, ("suspend", 0))
    await world.finish(call)
    assert world.state(call) is CallState.SETTLED


async def test_what_was_not_done_is_done_once_our_copy_has_read_on(world: World) -> None:
    await world.finish(world.anchor(0, 3))
    call = world.add("suspend", serials=[0])
    await done_since(world, ("suspend", 1), ("reinstate", 1))
    await looked_at_unread(world, call)
    await world.finish(call)
    assert world.state(call) is CallState.SETTLED


async def test_what_is_final_is_done_whatever_happened_meanwhile(world: World) -> None:
    await world.finish(world.anchor(0, 3))
    call = world.add("revoke", serials=[0])
    await done_since(world, ("suspend", 0))
    await world.finish(call)
    assert (world.state(call), last_change(world, 0)) == (CallState.SETTLED, Status.REVOKED)
