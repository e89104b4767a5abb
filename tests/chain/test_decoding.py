"""Logs are believed only when number, time and running head are right: change one byte, and it is noticed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chain.administration import doubt_agency, lift_doubt, remove_operator
from chain.answers import Log
from chain.decoding import Chained, follow, is_chained
from chain.errors import NodeInconsistent
from ecert.events import AgencySuspended, OperatorSet, Reading
from store.states import Contract
from tests.chain.world import AGENCY, World


async def logs_of(world: World, contract: Contract) -> list[tuple[Log, int]]:
    """The contract's logs with the times of their blocks."""
    address = world.deployment.registry if contract is Contract.REGISTRY else world.deployment.ledger
    head = await world.node.latest()
    logs = await world.node.logs([address], world.deployment.block, head.number)
    times = {log.block: (await world.node.block(log.block)).time for log in logs}
    return [(log, times[log.block]) for log in logs if is_chained(contract, log)]


def read(world: World, contract: Contract, logs: list[tuple[Log, int]]) -> list[Chained]:
    instance = world.deployment.registry_instance if contract is Contract.REGISTRY else world.deployment.ledger_instance
    reading, chained = Reading(sequence=0, head=instance), []
    for log, time in logs:
        one = follow(contract, reading, log, instance=instance, time=time)
        reading = one.reading
        chained.append(one)
    return chained


async def test_a_contract_s_own_head_is_the_one_that_we_recompute(world: World) -> None:
    written = [
        world.anchor(0, 10),
        world.add("suspend", serials=[1, 2, 3]),
        world.add("supersede", old=4, successors=[5, 6]),
    ]
    await world.finish(*written)
    chained = read(world, Contract.LEDGER, await logs_of(world, Contract.LEDGER))
    assert [type(one.event).__name__ for one in chained] == [
        "AuthorityChanged",
        "BatchAnchored",
        "StatusChanged",
        "CertificateSuperseded",
    ]
    assert chained[-1].reading == Reading(sequence=world.cursor.ledger_sequence, head=world.cursor.ledger_head)


async def test_any_changed_byte_of_any_event_is_noticed(world: World) -> None:
    await world.finish(world.anchor(0, 10), world.add("suspend", serials=[1, 2, 3]))
    for contract in Contract:
        logs = await logs_of(world, contract)
        for place, (log, time) in enumerate(logs):
            for changed in changed_by_a_byte(log):
                with pytest.raises(NodeInconsistent):
                    read(world, contract, [*logs[:place], (changed, time)])


def changed_by_a_byte(log: Log) -> list[Log]:
    def flipped(data: bytes, at: int) -> bytes:
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    by_data = [replace(log, data=flipped(log.data, at)) for at in range(len(log.data))]
    by_topic = [
        replace(log, topics=(*log.topics[:number], flipped(topic, 31), *log.topics[number + 1 :]))
        for number, topic in enumerate(log.topics)
    ]
    return by_data + by_topic


async def test_an_event_that_was_left_out_moved_or_repeated_is_noticed(world: World) -> None:
    logs = await logs_of(world, Contract.REGISTRY)
    for wrong in (logs[:2] + logs[3:], [logs[1], logs[0]], [logs[0], logs[0]]):
        with pytest.raises(NodeInconsistent, match="is missing"):
            read(world, Contract.REGISTRY, wrong)
    log, time = logs[0]
    with pytest.raises(NodeInconsistent, match="another time than its block"):
        read(world, Contract.REGISTRY, [(log, time + 1)])


async def test_an_event_that_the_contract_does_not_have_is_refused(world: World) -> None:
    (log, time), *_ = await logs_of(world, Contract.LEDGER)
    for topics in ((b"\x99" * 32,), ()):
        with pytest.raises(NodeInconsistent, match="does not have"):
            read(world, Contract.LEDGER, [(replace(log, topics=topics), time)])


async def test_a_doubt_and_its_end_are_told_by_the_suspension(world: World) -> None:
    steps = [doubt_agency(AGENCY, 1_700_000_000), lift_doubt(AGENCY)]
    await world.administration.carry_out(world.bureau, steps)
    chained = read(world, Contract.REGISTRY, await logs_of(world, Contract.REGISTRY))
    suspended = [one.event.doubt_since for one in chained if isinstance(one.event, AgencySuspended)]
    assert suspended == [None, 1_700_000_000, None]


async def test_an_operator_that_is_removed_has_no_purpose_left(world: World) -> None:
    await world.administration.carry_out(world.admin, [remove_operator(AGENCY, world.clerk.address)])
    last = read(world, Contract.REGISTRY, await logs_of(world, Contract.REGISTRY))[-1].event
    assert isinstance(last, OperatorSet)
    assert (last.operator, last.purposes, last.active_from) == (world.clerk.address, 0, last.place.time)
