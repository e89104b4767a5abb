import pytest
from web3 import Web3

from tests.contracts.world import AGENCY, FOR_EVER, OTHER_AGENCY, OTHER_TYPE, TYPE, World, refused


def test_an_agency_is_accredited_for_one_type_and_not_for_another(world: World) -> None:
    assert world.read("registry.isAccredited", AGENCY, TYPE) is True
    assert world.read("registry.isAccredited", AGENCY, OTHER_TYPE) is False
    assert world.read("registry.accreditationOf", AGENCY, TYPE) == {"from": 0, "until": FOR_EVER}
    assert world.read("registry.accreditationOf", AGENCY, OTHER_TYPE) == {"from": 0, "until": 0}


def test_an_accreditation_counts_from_its_first_second_and_before_its_last(world: World) -> None:
    begin = world.now() + 1000
    (event,) = world.act("registrar", "registry.accredit", AGENCY, OTHER_TYPE, begin, begin + 500)
    assert (event.name, event.fields) == ("AgencyAccredited", (AGENCY, OTHER_TYPE, begin, begin + 500))
    for time, accredited in ((begin - 1, False), (begin, True), (begin + 499, True), (begin + 500, False)):
        world.chain.rpc("evm_setNextBlockTimestamp", hex(time))
        world.chain.mine()
        block = {"to": world.address("registry"), "data": _is_accredited(world)}
        answer = world.chain.rpc("eth_call", block, hex(int(world.chain.rpc("eth_blockNumber"), 16)))
        assert (int(answer, 16) == 1) is accredited, time - begin


def _is_accredited(world: World) -> str:
    made = world.at("AgencyRegistry", world.address("registry"))
    return str(made.encode_abi("isAccredited", args=[AGENCY, OTHER_TYPE]))


def test_a_new_accreditation_replaces_the_one_before(world: World) -> None:
    until = world.now() + 1000
    world.act("registrar", "registry.accredit", AGENCY, TYPE, 5, until)
    assert world.read("registry.accreditationOf", AGENCY, TYPE) == {"from": 5, "until": until}


@pytest.mark.parametrize(("begin", "until"), [(5, 5), (6, 5), (0, 0), (0, 1), (FOR_EVER, FOR_EVER)])
def test_an_empty_period_or_one_that_is_over_is_refused(world: World, begin: int, until: int) -> None:
    refusal = world.refusal("registrar", "registry.accredit", AGENCY, TYPE, begin, until)
    assert refusal == refused("InvalidPeriod", begin, until)


def test_zero_is_no_certificate_type(world: World) -> None:
    refusal = world.refusal("registrar", "registry.accredit", AGENCY, bytes(32), 0, FOR_EVER)
    assert refusal == refused("InvalidCertificateType", bytes(32))


def test_an_accreditation_ends_at_once_and_twice_is_harmless(world: World) -> None:
    (event,) = world.act("registrar", "registry.endAccreditation", AGENCY, TYPE)
    assert (event.name, event.fields) == ("AccreditationEnded", (AGENCY, TYPE))
    assert world.read("registry.isAccredited", AGENCY, TYPE) is False
    assert world.read("registry.accreditationOf", AGENCY, TYPE) == {"from": 0, "until": event.time}
    assert world.read("registry.isAccredited", OTHER_AGENCY, TYPE) is True
    assert world.act("registrar", "registry.endAccreditation", AGENCY, TYPE) == []
    assert world.act("registrar", "registry.endAccreditation", AGENCY, OTHER_TYPE) == []


def test_the_registry_finds_the_type_of_a_tag(world: World) -> None:
    tag = bytes(Web3.keccak(TYPE))[:16]
    assert world.read("registry.certificateTypeOf", tag) == TYPE
    assert world.refusal("stranger", "registry.certificateTypeOf", bytes(16)) == refused("UnknownTypeTag", bytes(16))
