"""Every event of either contract, numbered, chained and recomputed from its fields."""

import pytest
from web3 import Web3

from tests.contracts import running_head
from tests.contracts.world import AGENCY, EVENTS, FOR_EVER, KID, OTHER_TYPE, TYPE, Event, World, root

HEALTH = b"HEALTH".ljust(32, b"\0")
SOMEBODY = "0x" + "11" * 20


def everything_happens(world: World) -> None:
    """Make both contracts emit each of their events."""
    anchor = ("anchorer", "ledger.anchor", AGENCY, TYPE, 1)
    world.act("registrar", "registry.registerAgency", HEALTH, "卫生健康委员会", SOMEBODY)
    world.act("registrar", "registry.setAgencyAdmin", HEALTH, world.actor["stranger"])
    world.act("registrar", "registry.accredit", AGENCY, OTHER_TYPE, 1, FOR_EVER - 1)
    world.act("registrar", "registry.endAccreditation", AGENCY, OTHER_TYPE)
    world.act(*anchor, root(1), 3, 2**20)
    world.act("agency_admin", "registry.addKey", AGENCY, b"k" * 32, 2, b"x" * 33)
    world.act("agency_admin", "registry.retireKey", AGENCY, KID)
    world.act("agency_admin", "registry.revokeKey", AGENCY, KID, 12345)
    world.act("agency_admin", "registry.setOperator", AGENCY, SOMEBODY, 3, FOR_EVER)
    world.act("agency_admin", "registry.removeOperator", AGENCY, SOMEBODY)
    world.act("status_keeper", "ledger.suspend", AGENCY, [9, 8, 1000, 7])
    world.act("status_keeper", "ledger.reinstate", AGENCY, [9])
    world.act("status_keeper", "ledger.revoke", AGENCY, [7, 8])
    world.act("status_keeper", "ledger.supersede", AGENCY, 10, [11, 12, 13])
    world.act("guardian", "registry.doubtAgency", AGENCY, 1)
    world.act("registrar", "registry.liftDoubt", AGENCY)
    world.act("registrar", "registry.reinstateAgency", AGENCY)
    world.follow()
    world.act("administrator", "ledger.retire", world.address("successor"))


@pytest.mark.parametrize("contract", ["registry", "ledger", "successor"])
def test_the_head_is_recomputed_from_the_events(world: World, contract: str) -> None:
    everything_happens(world)
    events = world.all_events(contract)
    head = running_head.check(world.read(f"{contract}.instance"), events)
    assert world.read(f"{contract}.head") == head
    assert world.read(f"{contract}.sequence") == len(events) == int.from_bytes(head[27:], "big")


def test_every_event_happened_in_the_test_above(world: World) -> None:
    everything_happens(world)
    happened = {event.name for contract in ("registry", "ledger") for event in world.all_events(contract)}
    chained = {entry["name"] for entry in EVENTS.values() if entry["inputs"][-1]["name"] == "head"}
    assert happened == chained


def test_the_instance_is_computed_from_chain_address_and_the_block_before(world: World) -> None:
    for contract in ("registry", "ledger"):
        address = world.address(contract)
        query = {"address": address, "fromBlock": "0x0", "toBlock": "latest"}
        first = world.chain.rpc("eth_getLogs", query)[0]
        before = world.chain.rpc("eth_getBlockByNumber", hex(int(first["blockNumber"], 16) - 1), False)
        instance = running_head.first_head(31337, address, bytes.fromhex(before["hash"][2:]))
        assert world.read(f"{contract}.instance") == instance


def test_the_first_event_of_a_contract_names_its_authority(world: World) -> None:
    for contract in ("registry", "ledger"):
        first = world.all_events(contract)[0]
        assert (first.name, first.fields, first.sequence) == (
            "AuthorityChanged",
            (world.address("access_manager").lower(),),
            1,
        )


def test_the_time_of_an_event_is_that_of_its_block(world: World) -> None:
    world.chain.pass_time(1000)
    receipt = world.receipt("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(1), 0, 1)
    (event,) = world.events(receipt["logs"])
    block = world.chain.rpc("eth_getBlockByNumber", receipt["blockNumber"], False)
    assert event.time == int(block["timestamp"], 16)


@pytest.mark.parametrize(
    "lie", [{"fields": (AGENCY, 2, (7, 8))}, {"fields": (AGENCY, 1, (7,))}, {"time": 1}, {"topic": bytes(32)}]
)
def test_a_changed_event_is_noticed(world: World, lie: dict[str, object]) -> None:
    everything_happens(world)
    events = world.all_events("ledger")
    place = next(n for n, e in enumerate(events) if e.fields == (AGENCY, 1, (7, 8)))
    told = {name: getattr(events[place], name) for name in Event.__dataclass_fields__} | lie
    events[place] = Event(**told)
    with pytest.raises(AssertionError):
        running_head.check(world.read("ledger.instance"), events)


def test_a_dropped_or_moved_event_is_noticed(world: World) -> None:
    everything_happens(world)
    for contract in ("registry", "ledger"):
        instance = world.read(f"{contract}.instance")
        events = world.all_events(contract)
        for place in range(len(events) - 1):
            with pytest.raises(AssertionError):
                running_head.check(instance, events[:place] + events[place + 1 :])
            swapped = [*events[:place], events[place + 1], events[place], *events[place + 2 :]]
            with pytest.raises(AssertionError):
                running_head.check(instance, swapped)


def test_what_openzeppelin_emits_beside_the_chain_is_only_the_authority(world: World) -> None:
    everything_happens(world)
    topics = set()
    for contract in ("registry", "ledger"):
        query = {"address": world.address(contract), "fromBlock": "0x0", "toBlock": "latest"}
        topics |= {bytes.fromhex(log["topics"][0][2:]) for log in world.chain.rpc("eth_getLogs", query)}
    unchained = {topic for topic in topics if EVENTS[topic]["inputs"][-1]["name"] != "head"}
    assert unchained == {bytes(Web3.keccak(text="AuthorityUpdated(address)"))}
