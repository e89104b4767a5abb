from collections.abc import Callable

import pytest

from tests.contracts.world import AGENCY, FOR_EVER, OTHER_AGENCY, TYPE, World, refused, root

VALID, REVOKED, SUSPENDED, SUPERSEDED = range(4)


@pytest.fixture
def anchored(world: World) -> World:
    world.act("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(1), 0, 1000)
    return world


def change(world: World, function: str, *serials: int) -> list[tuple[object, ...]]:
    return [e.fields for e in world.act("status_keeper", f"ledger.{function}", AGENCY, list(serials))]


def status(world: World, serial: int) -> int:
    answer: int = world.read("ledger.statusOf", AGENCY, serial)
    return answer


BECOMES: dict[int, Callable[[World, int], object]] = {
    VALID: lambda _, __: None,
    REVOKED: lambda world, serial: change(world, "revoke", serial),
    SUSPENDED: lambda world, serial: change(world, "suspend", serial),
    SUPERSEDED: lambda world, serial: world.act("status_keeper", "ledger.supersede", AGENCY, serial, [999]),
}


@pytest.mark.parametrize(
    ("function", "wanted", "possible_from"),
    [
        ("suspend", SUSPENDED, {VALID}),
        ("reinstate", VALID, {SUSPENDED}),
        ("revoke", REVOKED, {VALID, SUSPENDED}),
    ],
)
@pytest.mark.parametrize("current", [VALID, REVOKED, SUSPENDED, SUPERSEDED])
def test_each_change_from_each_status(
    anchored: World, function: str, wanted: int, possible_from: set[int], current: int
) -> None:
    BECOMES[current](anchored, 5)
    if current == wanted:
        assert change(anchored, function, 5) == []
    elif current in possible_from:
        assert change(anchored, function, 5) == [(AGENCY, wanted, (5,))]
    else:
        refusal = anchored.refusal("status_keeper", f"ledger.{function}", AGENCY, [5])
        assert refusal == refused("StatusConflict", AGENCY, 5, current, wanted)
        return
    assert status(anchored, 5) == wanted
    assert {status(anchored, serial) for serial in (4, 6, 0, 127, 128, 998)} == {VALID}


def test_the_event_names_only_what_changed_in_the_order_of_the_call(anchored: World) -> None:
    change(anchored, "revoke", 7, 300)
    assert change(anchored, "revoke", 300, 301, 5, 7, 5, 128, 127) == [(AGENCY, REVOKED, (301, 5, 128, 127))]
    assert change(anchored, "revoke", 300, 301, 5, 7, 128, 127) == []
    assert change(anchored, "revoke") == []


def test_one_final_status_refuses_the_whole_call(anchored: World) -> None:
    change(anchored, "revoke", 500)
    refusal = anchored.refusal("status_keeper", "ledger.suspend", AGENCY, [1, 2, 500, 3])
    assert refusal == refused("StatusConflict", AGENCY, 500, REVOKED, SUSPENDED)
    assert status(anchored, 1) == VALID


@pytest.mark.parametrize("function", ["suspend", "reinstate", "revoke"])
@pytest.mark.parametrize("serial", [1000, 1001, 2**53, 2**64 - 1])
def test_only_used_serials_have_a_status(anchored: World, function: str, serial: int) -> None:
    unknown = refused("UnknownSerial", AGENCY, serial, 0, 1000)
    assert anchored.refusal("status_keeper", f"ledger.{function}", AGENCY, [999, serial]) == unknown
    assert anchored.refusal("status_keeper", "ledger.supersede", AGENCY, serial, [1]) == unknown
    assert anchored.refusal("stranger", "ledger.statusOf", AGENCY, serial) == unknown


def test_statuses_of_agencies_are_apart(anchored: World) -> None:
    anchored.act("foreign_operator", "ledger.anchor", OTHER_AGENCY, TYPE, 1, root(2), 0, 10)
    anchored.act("foreign_operator", "ledger.revoke", OTHER_AGENCY, [5])
    assert status(anchored, 5) == VALID


def test_words_are_pieces_of_a_token_status_list(anchored: World) -> None:
    change(anchored, "revoke", 128, 131)
    change(anchored, "suspend", 129, 255)
    assert anchored.read("ledger.statusWord", AGENCY, 0) == 0
    piece = anchored.read("ledger.statusWord", AGENCY, 1).to_bytes(32, "little")
    assert piece == bytes([0b01_00_10_01]) + bytes(30) + bytes([0b10_00_00_00])


def test_withdrawing_needs_no_accreditation_and_no_good_standing(anchored: World) -> None:
    change(anchored, "suspend", 1)
    anchored.act("guardian", "registry.doubtAgency", AGENCY, 1)
    anchored.act("registrar", "registry.endAccreditation", AGENCY, TYPE)
    change(anchored, "suspend", 2)
    change(anchored, "revoke", 3)
    anchored.act("status_keeper", "ledger.supersede", AGENCY, 4, [5])
    assert [status(anchored, serial) for serial in (1, 2, 3, 4)] == [SUSPENDED, SUSPENDED, REVOKED, SUPERSEDED]


def test_a_suspended_agency_makes_nothing_valid_again(anchored: World) -> None:
    change(anchored, "suspend", 1)
    anchored.act("registrar", "registry.suspendAgency", AGENCY)
    refusal = anchored.refusal("status_keeper", "ledger.reinstate", AGENCY, [1])
    assert refusal == refused("AgencyIsSuspended", AGENCY)
    anchored.act("registrar", "registry.reinstateAgency", AGENCY)
    assert change(anchored, "reinstate", 1) == [(AGENCY, VALID, (1,))]


def test_an_operator_whose_time_is_over_changes_nothing(anchored: World) -> None:
    until = anchored.now() + 100
    stranger = anchored.actor["stranger"]
    anchored.act("agency_admin", "registry.setOperator", AGENCY, stranger, 2, until)
    assert anchored.refusal("stranger", "ledger.revoke", AGENCY, [1]) is None
    anchored.chain.pass_time(101)
    refusal = anchored.refusal("stranger", "ledger.revoke", AGENCY, [1])
    assert refusal == refused("NotAnOperator", AGENCY, stranger.lower(), 2)
    anchored.act("agency_admin", "registry.setOperator", AGENCY, stranger, 2, FOR_EVER)
    assert anchored.refusal("stranger", "ledger.revoke", AGENCY, [1]) is None
