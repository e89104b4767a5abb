import pytest
from eth_abi.abi import encode
from web3 import Web3

from tests.contracts.world import AGENCY, FOR_EVER, OTHER_AGENCY, OTHER_TYPE, TYPE, World, refused, root
from tests.local_chain import artifact

MAX_COUNT = 2**20
MAX_GAP = 2**20


def anchor(world: World, first: int, count: int, number: int = 1) -> None:
    world.act("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(number), first, count)


def test_a_batch_is_recorded_whole(world: World) -> None:
    (event,) = world.act("anchorer", "ledger.anchor", AGENCY, TYPE, 7, root(1), 0, 1000)
    assert (event.name, event.fields) == ("BatchAnchored", (AGENCY, TYPE, 7, root(1), 0, 1000))
    assert world.read("ledger.batchAt", AGENCY, 0) == {
        "certificateType": TYPE,
        "suite": 7,
        "root": root(1),
        "firstSerial": 0,
        "count": 1000,
        "time": event.time,
        "sequence": event.sequence,
    }
    assert world.read("ledger.nextSerial", AGENCY) == 1000
    assert world.read("ledger.nextSerial", OTHER_AGENCY) == 0


def test_agencies_count_apart(world: World) -> None:
    anchor(world, 0, 10)
    world.act("foreign_operator", "ledger.anchor", OTHER_AGENCY, TYPE, 1, root(2), 0, 5)
    assert world.read("ledger.nextSerial", OTHER_AGENCY) == 5


@pytest.mark.parametrize("count", [1, 2, MAX_COUNT])
def test_a_batch_has_1_to_2_to_the_20_certificates(world: World, count: int) -> None:
    anchor(world, 0, count)
    assert world.read("ledger.nextSerial", AGENCY) == count


@pytest.mark.parametrize("count", [0, MAX_COUNT + 1, 2**32 - 1])
def test_any_other_count_is_refused(world: World, count: int) -> None:
    refusal = world.refusal("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(1), 0, count)
    assert refusal == refused("InvalidCount", count)


def test_a_batch_needs_a_suite_and_a_root(world: World) -> None:
    no_suite = world.refusal("anchorer", "ledger.anchor", AGENCY, TYPE, 0, root(1), 0, 1)
    assert no_suite == refused("InvalidSuite", 0)
    no_root = world.refusal("anchorer", "ledger.anchor", AGENCY, TYPE, 1, bytes(32), 0, 1)
    assert no_root == refused("InvalidRoot", bytes(32))


@pytest.mark.parametrize("who", ["anchorer", "all_rounder", "stranger", "foreign_operator", "status_keeper"])
def test_the_same_call_again_answers_the_same_batch_to_anyone(world: World, who: str) -> None:
    batch = (AGENCY, TYPE, 1, root(1), 0, 10)
    (event,) = world.act("anchorer", "ledger.anchor", *batch)
    world.act("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(2), 10, 10)
    world.act("registrar", "registry.suspendAgency", AGENCY)
    world.act("registrar", "registry.endAccreditation", AGENCY, TYPE)
    world.act("agency_admin", "registry.removeOperator", AGENCY, world.actor["anchorer"])
    before = world.read("ledger.head")
    assert world.read("ledger.anchor", *batch, who=who) == event.sequence
    assert world.act(who, "ledger.anchor", *batch) == []
    assert world.read("ledger.head") == before


@pytest.mark.parametrize(
    "change",
    [
        {"type": OTHER_TYPE},
        {"type": TYPE[:-1] + bytes([TYPE[-1] ^ 1])},
        {"type": bytes([TYPE[0] ^ 128]) + TYPE[1:]},
        {"suite": 2},
        {"root": root(2)},
        {"count": 9},
        {"count": 11},
        {"first": 1},
        {"first": 9},
    ],
    ids=str,
)
def test_the_same_serials_with_anything_different_are_refused(world: World, change: dict[str, object]) -> None:
    anchor(world, 0, 10)
    world.act("registrar", "registry.accredit", AGENCY, OTHER_TYPE, 0, FOR_EVER)
    call = {"type": TYPE, "suite": 1, "root": root(1), "first": 0, "count": 10} | change
    if call["type"] not in {TYPE, OTHER_TYPE}:
        world.act("registrar", "registry.accredit", AGENCY, call["type"], 0, FOR_EVER)
    refusal = world.refusal("anchorer", "ledger.anchor", AGENCY, *call.values())
    assert refusal == refused("SerialsTaken", AGENCY, call["first"], 10)


def test_a_batch_over_used_serials_is_refused_even_if_it_reaches_beyond(world: World) -> None:
    anchor(world, 0, 10)
    refusal = world.refusal("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(2), 5, 100)
    assert refusal == refused("SerialsTaken", AGENCY, 5, 10)


def test_small_gaps_are_allowed_and_never_filled(world: World) -> None:
    anchor(world, 5, 10)
    anchor(world, 15 + MAX_GAP, 10, number=2)
    assert world.read("ledger.nextSerial", AGENCY) == 25 + MAX_GAP
    assert world.refusal("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(3), 0, 5) == refused(
        "SerialsTaken", AGENCY, 0, 25 + MAX_GAP
    )
    answers = {
        0: False, 4: False, 5: True, 14: True, 15: False, 14 + MAX_GAP: False, 15 + MAX_GAP: True,
        24 + MAX_GAP: True, 25 + MAX_GAP: False, 2**63: False,
    }  # fmt: skip
    assert {serial: world.read("ledger.isAnchored", AGENCY, serial) for serial in answers} == answers


def test_a_larger_gap_is_refused(world: World) -> None:
    anchor(world, 0, 10)
    for first in (11 + MAX_GAP, 2**53 - 1, 2**64 - 1):
        refusal = world.refusal("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(2), first, 1)
        assert refusal == refused("GapTooLarge", AGENCY, first, 10)


def test_serials_stay_below_2_to_the_53(world: World) -> None:
    slot = _slot_of_used_serials()
    almost = 2**53 - 10
    stored = (1 << 160) | (almost << 64)
    world.chain.rpc("hardhat_setStorageAt", world.address("ledger"), slot, f"0x{stored:064x}")
    assert world.read("ledger.nextSerial", AGENCY) == almost
    refusal = world.refusal("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(1), almost, 11)
    assert refusal == refused("SerialOutOfRange", almost, 11)
    anchor(world, almost, 10)
    refusal = world.refusal("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(1), 2**53, 1)
    assert refusal == refused("SerialOutOfRange", 2**53, 1)


def _slot_of_used_serials() -> str:
    """Where the ledger keeps AGENCY's `Used`, which a test cannot reach by anchoring 2^53 certificates."""

    layout = artifact("CertificateLedger")["storage_layout"]["storage"]
    (slot,) = [int(variable["slot"]) for variable in layout if variable["label"] == "_used"]
    return str(Web3.keccak(encode(["bytes32", "uint256"], [AGENCY, slot])).to_0x_hex())


def test_only_accredited_agencies_that_are_not_suspended_anchor(world: World) -> None:
    call = ("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(1), 0, 1)
    other_type = world.refusal("anchorer", "ledger.anchor", AGENCY, OTHER_TYPE, 1, root(1), 0, 1)
    assert other_type == refused("NotAccredited", AGENCY, OTHER_TYPE)
    world.act("guardian", "registry.doubtAgency", AGENCY, 1)
    assert world.refusal(*call) == refused("AgencyIsSuspended", AGENCY)
    world.act("registrar", "registry.liftDoubt", AGENCY)
    world.act("registrar", "registry.reinstateAgency", AGENCY)
    assert world.refusal(*call) is None
    world.act("registrar", "registry.endAccreditation", AGENCY, TYPE)
    assert world.refusal(*call) == refused("NotAccredited", AGENCY, TYPE)


def test_a_batch_that_is_not_there_is_not_answered_with_zeros(world: World) -> None:
    anchor(world, 0, 10)
    for serial in (1, 10):
        assert world.refusal("stranger", "ledger.batchAt", AGENCY, serial) == refused("UnknownBatch", AGENCY, serial)
