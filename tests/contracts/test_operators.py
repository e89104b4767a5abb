import pytest

from tests.contracts.world import AGENCY, FOR_EVER, OTHER_AGENCY, OTHER_TYPE, TYPE, World, refused

NOBODY = "0x" + "00" * 20
NOTHING = {"purposes": 0, "validUntil": 0, "nextPurposes": 0, "nextFrom": 0, "nextValidUntil": 0}


def _slow_agency(world: World) -> None:
    world.act("registrar", "registry.registerAgency", AGENCY, "n", world.actor["agency_admin"])
    world.act("registrar", "registry.accredit", AGENCY, TYPE, 0, FOR_EVER)


@pytest.mark.parametrize(
    ("operator", "anchors", "changes"),
    [
        ("anchorer", True, False),
        ("status_keeper", False, True),
        ("all_rounder", True, True),
        ("foreign_operator", False, False),
        ("agency_admin", False, False),
    ],
)
def test_purposes_are_separate(world: World, operator: str, anchors: bool, changes: bool) -> None:  # noqa: FBT001
    address = world.actor[operator]
    assert world.read("registry.canAnchor", address, AGENCY, TYPE) is anchors
    assert world.read("registry.canChangeStatus", address, AGENCY) is changes
    no_anchor = None if anchors else refused("NotAnOperator", AGENCY, address.lower(), 1)
    no_change = None if changes else refused("NotAnOperator", AGENCY, address.lower(), 2)
    assert world.refusal("stranger", "registry.checkAnchor", address, AGENCY, TYPE) == no_anchor
    assert world.refusal("stranger", "registry.checkStatusChange", address, AGENCY) == no_change
    assert world.refusal("stranger", "registry.checkReinstatement", address, AGENCY) == no_change


def test_an_operator_becomes_active_after_the_delay_and_ends_in_time(slow_world: World) -> None:
    world = slow_world
    _slow_agency(world)
    address = world.actor["anchorer"]
    until = world.now() + 10_000
    (event,) = world.act("agency_admin", "registry.setOperator", AGENCY, address, 1, until)
    assert (event.name, event.fields) == ("OperatorSet", (AGENCY, address.lower(), 1, event.time + 3600, until))
    assert world.read("registry.canAnchor", address, AGENCY, TYPE) is False
    world.chain.pass_time(3601)
    assert world.read("registry.canAnchor", address, AGENCY, TYPE) is True
    assert world.read("registry.operatorOf", AGENCY, address) == NOTHING | {"purposes": 1, "validUntil": until}
    world.chain.pass_time(10_000 - 3601)
    assert world.read("registry.canAnchor", address, AGENCY, TYPE) is False


def test_a_renewed_right_is_not_interrupted(slow_world: World) -> None:
    world = slow_world
    _slow_agency(world)
    address = world.actor["anchorer"]
    first_end = world.now() + 10_000
    world.act("agency_admin", "registry.setOperator", AGENCY, address, 1, first_end)
    world.chain.pass_time(3601)
    (event,) = world.act("agency_admin", "registry.setOperator", AGENCY, address, 3, first_end + 50_000)
    assert world.read("registry.operatorOf", AGENCY, address) == {
        "purposes": 1,
        "validUntil": first_end,
        "nextPurposes": 3,
        "nextFrom": event.time + 3600,
        "nextValidUntil": first_end + 50_000,
    }
    assert world.read("registry.canAnchor", address, AGENCY, TYPE) is True
    assert world.read("registry.canChangeStatus", address, AGENCY) is False
    world.chain.pass_time(3601)
    assert world.read("registry.canChangeStatus", address, AGENCY) is True


def test_removal_is_at_once_for_what_is_active_and_for_what_waits(slow_world: World) -> None:
    world = slow_world
    _slow_agency(world)
    address = world.actor["anchorer"]
    for seconds in (0, 4000):
        world.act("agency_admin", "registry.setOperator", AGENCY, address, 1, FOR_EVER)
        world.chain.pass_time(seconds)
        (event,) = world.act("agency_admin", "registry.removeOperator", AGENCY, address)
        assert (event.name, event.fields) == ("OperatorRemoved", (AGENCY, address.lower()))
        world.chain.pass_time(4000)
        assert world.read("registry.canAnchor", address, AGENCY, TYPE) is False
        assert world.read("registry.operatorOf", AGENCY, address) == NOTHING
        assert world.act("agency_admin", "registry.removeOperator", AGENCY, address) == []


@pytest.mark.parametrize("purposes", [0, 4, 5, 255])
def test_purposes_are_1_2_or_3(world: World, purposes: int) -> None:
    operator = world.actor["stranger"]
    refusal = world.refusal("agency_admin", "registry.setOperator", AGENCY, operator, purposes, FOR_EVER)
    assert refusal == refused("InvalidPurposes", purposes)


def test_an_operator_that_nobody_is_or_whose_time_is_over_is_refused(world: World) -> None:
    refusal = world.refusal("agency_admin", "registry.setOperator", AGENCY, NOBODY, 1, FOR_EVER)
    assert refusal == refused("InvalidAccount", NOBODY)
    refusal = world.refusal("agency_admin", "registry.setOperator", AGENCY, world.actor["stranger"], 1, 5)
    assert refusal is not None
    assert (refusal.name, refusal.arguments[1]) == ("InvalidPeriod", 5)


def test_a_suspended_agency_does_not_anchor_or_reinstate_but_withdraws(world: World) -> None:
    world.act("registrar", "registry.suspendAgency", AGENCY)
    address = world.actor["all_rounder"]
    suspended = refused("AgencyIsSuspended", AGENCY)
    assert world.refusal("stranger", "registry.checkAnchor", address, AGENCY, TYPE) == suspended
    assert world.refusal("stranger", "registry.checkReinstatement", address, AGENCY) == suspended
    assert world.refusal("stranger", "registry.checkStatusChange", address, AGENCY) is None
    assert world.read("registry.canAnchor", address, AGENCY, TYPE) is False
    assert world.read("registry.canChangeStatus", address, AGENCY) is True


def test_the_reasons_against_anchoring_come_in_their_order(world: World) -> None:
    stranger = world.actor["stranger"]
    unknown = b"NOBODY".ljust(32, b"\0")

    def refusal(agency: bytes, certificate_type: bytes) -> object:
        return world.refusal("stranger", "registry.checkAnchor", stranger, agency, certificate_type)

    assert refusal(unknown, OTHER_TYPE) == refused("UnknownAgency", unknown)
    assert refusal(AGENCY, OTHER_TYPE) == refused("NotAccredited", AGENCY, OTHER_TYPE)
    assert refusal(AGENCY, TYPE) == refused("NotAnOperator", AGENCY, stranger.lower(), 1)
    world.act("registrar", "registry.suspendAgency", AGENCY)
    assert refusal(AGENCY, OTHER_TYPE) == refused("AgencyIsSuspended", AGENCY)
    assert refusal(OTHER_AGENCY, TYPE) == refused("NotAnOperator", OTHER_AGENCY, stranger.lower(), 1)
    assert world.read("registry.canAnchor", stranger, unknown, TYPE) is False
