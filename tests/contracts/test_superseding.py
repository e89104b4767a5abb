import pytest
from eth_abi.abi import encode
from web3 import Web3

from tests.contracts.world import AGENCY, OTHER_AGENCY, TYPE, World, refused, root


@pytest.fixture
def anchored(world: World) -> World:
    """Serials 0 to 99 and 110 to 119; a gap between."""
    world.act("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(1), 0, 100)
    world.act("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(2), 110, 10)
    return world


def hashed(*serials: int) -> bytes:
    return bytes(Web3.keccak(encode(["uint64[]"], [serials])))


def test_a_certificate_is_superseded_by_those_that_replace_it(anchored: World) -> None:
    (event,) = anchored.act("status_keeper", "ledger.supersede", AGENCY, 3, [7, 110, 119])
    assert (event.name, event.fields) == ("CertificateSuperseded", (AGENCY, 3, (7, 110, 119)))
    assert anchored.read("ledger.statusOf", AGENCY, 3) == 3
    assert anchored.read("ledger.successorsHash", AGENCY, 3) == hashed(7, 110, 119)
    assert anchored.read("ledger.successorsHash", AGENCY, 7) == bytes(32)
    assert anchored.read("ledger.statusOf", AGENCY, 7) == 0


def test_the_same_successors_again_are_harmless_and_others_are_refused(anchored: World) -> None:
    anchored.act("status_keeper", "ledger.supersede", AGENCY, 3, [7, 8])
    assert anchored.act("all_rounder", "ledger.supersede", AGENCY, 3, [7, 8]) == []
    for others in ([7], [7, 9], [8, 7], [7, 8, 9], []):
        refusal = anchored.refusal("status_keeper", "ledger.supersede", AGENCY, 3, others)
        assert refusal == refused("SupersededByOthers", AGENCY, 3, hashed(7, 8))


def test_several_certificates_may_name_one_successor(anchored: World) -> None:
    for old in (3, 4, 5):
        anchored.act("status_keeper", "ledger.supersede", AGENCY, old, [7])
    assert {anchored.read("ledger.statusOf", AGENCY, old) for old in (3, 4, 5)} == {3}


@pytest.mark.parametrize(("function", "current"), [("revoke", 1), ("suspend", 2)])
def test_only_a_valid_certificate_is_superseded(anchored: World, function: str, current: int) -> None:
    anchored.act("status_keeper", f"ledger.{function}", AGENCY, [3])
    refusal = anchored.refusal("status_keeper", "ledger.supersede", AGENCY, 3, [7])
    assert refusal == refused("StatusConflict", AGENCY, 3, current, 3)


@pytest.mark.parametrize("successor", [100, 109, 120, 2**53, 2**64 - 1])
def test_a_successor_that_no_batch_has_is_refused(anchored: World, successor: int) -> None:
    refusal = anchored.refusal("status_keeper", "ledger.supersede", AGENCY, 3, [7, successor])
    assert refusal == refused("SuccessorNotAnchored", AGENCY, successor)


def test_another_agencys_certificate_is_no_successor(anchored: World) -> None:
    anchored.act("foreign_operator", "ledger.anchor", OTHER_AGENCY, TYPE, 1, root(3), 200, 10)
    refusal = anchored.refusal("status_keeper", "ledger.supersede", AGENCY, 3, [205])
    assert refusal == refused("SuccessorNotAnchored", AGENCY, 205)


@pytest.mark.parametrize(("successors", "wrong"), [([8, 7], 7), ([7, 7], 7), ([3], 3), ([2, 3], 3), ([7, 9, 8], 8)])
def test_successors_ascend_and_none_is_the_certificate_itself(
    anchored: World, successors: list[int], wrong: int
) -> None:
    refusal = anchored.refusal("status_keeper", "ledger.supersede", AGENCY, 3, successors)
    assert refusal == refused("InvalidSuccessor", AGENCY, 3, wrong)


def test_there_are_1_to_256_successors(world: World) -> None:
    world.act("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(1), 0, 1000)
    supersede = ("status_keeper", "ledger.supersede", AGENCY, 3)
    assert world.refusal(*supersede, []) == refused("InvalidSuccessorCount", 0)
    assert world.refusal(*supersede, list(range(100, 357))) == refused("InvalidSuccessorCount", 257)
    assert world.refusal(*supersede, list(range(100, 356))) is None


def test_every_serial_between_many_gaps_is_told_from_them(world: World) -> None:
    first = 3
    expected = {0: False, 1: False, 2: False}
    for number in range(17):
        world.act("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(number), first, 2)
        gap = number % 3
        expected |= {first: True, first + 1: True} | {first + 2 + left: False for left in range(gap)}
        first += 2 + gap
    expected |= {first: False}
    assert {serial: world.read("ledger.isAnchored", AGENCY, serial) for serial in expected} == expected
