"""What a call costs. Gas is deterministic, so that the bars are asserted; the figures are printed with `-rP`."""

import pytest

from tests.contracts.world import FOR_EVER, TYPE, World, root

LONGEST = b"Z" * 32
"""An agency code without zero bytes costs the most."""


@pytest.fixture
def office(world: World) -> World:
    """An agency with the longest code, and one batch."""
    world.act("registrar", "registry.registerAgency", LONGEST, "n", world.actor["agency_admin"])
    world.act("registrar", "registry.accredit", LONGEST, TYPE, 0, FOR_EVER)
    world.act("agency_admin", "registry.setOperator", LONGEST, world.actor["all_rounder"], 3, FOR_EVER)
    world.act("all_rounder", "ledger.anchor", LONGEST, TYPE, 1, root(0), 0, 2**20)
    return world


def anchoring(world: World, first: int, count: int) -> int:
    return world.gas("all_rounder", "ledger.anchor", LONGEST, TYPE, 1, root(first), first, count)


def changing(world: World, function: str, serials: list[int]) -> int:
    return world.gas("all_rounder", f"ledger.{function}", LONGEST, serials)


def within(what: str, gas: float, bar: int) -> None:
    print(f"{what}: {gas:,.0f} gas of {bar:,}")  # noqa: T201 - information
    assert gas <= bar


@pytest.mark.parametrize("count", [1, 1000, 65_536, 2**20])
def test_anchoring_costs_the_same_whatever_the_count(office: World, count: int) -> None:
    within(f"anchor {count}", anchoring(office, 2**20, count), 110_000)


def test_the_first_anchor_of_an_agency(office: World) -> None:
    gas = office.gas("anchorer", "ledger.anchor", b"91310000MA1FL0QQ1X".ljust(32, b"\0"), TYPE, 1, root(1), 0, 1000)
    within("first anchor of an agency", gas, 130_000)


def test_the_first_anchor_of_an_agency_on_a_successor(office: World) -> None:
    office.follow()
    office.act("administrator", "ledger.retire", office.address("successor"))
    gas = office.gas("all_rounder", "successor.anchor", LONGEST, TYPE, 1, root(1), 2**20, 1000)
    within("first anchor of an agency on a successor ledger", gas, 130_000)


def test_an_anchor_that_leaves_serials_out_also_pays_for_remembering_them(office: World) -> None:
    within("anchor after a gap", anchoring(office, 2**20 + 7, 1000), 110_000 + 22_800)


def test_the_same_anchor_again(office: World) -> None:
    within("the same anchor again", anchoring(office, 0, 2**20), 30_000)


def test_one_status_change(office: World) -> None:
    within("suspend one", changing(office, "suspend", [987_654]), 66_000)
    within("reinstate one", changing(office, "reinstate", [987_654]), 66_000)
    within("revoke one", changing(office, "revoke", [555_555]), 66_000)


def test_a_hundred_scattered_changes(office: World) -> None:
    gas = changing(office, "revoke", [128 * 70 * number + 77 for number in range(1, 101)])
    within("each of 100 scattered", gas / 100, 27_000)


def test_a_hundred_neighbouring_changes(office: World) -> None:
    within("each of 100 in a row", changing(office, "revoke", list(range(70_000, 70_100))) / 100, 5_000)
    within("each of 100 in a row, backwards", changing(office, "revoke", list(range(9_099, 8_999, -1))) / 100, 5_000)


def test_superseding_also_remembers_the_successors(office: World) -> None:
    gas = office.gas("all_rounder", "ledger.supersede", LONGEST, 1, [900_001])
    within("supersede one by one", gas, 66_000 + 22_000)
