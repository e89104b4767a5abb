import pytest

from tests.contracts.world import AGENCY, KID, OTHER_AGENCY, TYPE, World, refused

NEW = b"HEALTH-7".ljust(32, b"\0")
NOBODY = "0x" + "00" * 20


def test_a_registered_agency_is_known_with_its_admin(world: World) -> None:
    (event,) = world.act("registrar", "registry.registerAgency", NEW, "卫生健康委员会", world.actor["other_admin"])
    assert (event.name, event.fields) == (
        "AgencyRegistered",
        (NEW, "卫生健康委员会", world.actor["other_admin"].lower()),
    )
    assert world.read("registry.agencyOf", NEW) == {
        "name": "卫生健康委员会",
        "admin": world.actor["other_admin"].lower(),
        "nextAdmin": NOBODY,
        "nextAdminFrom": 0,
        "registeredAt": event.time,
        "suspended": False,
        "doubtSince": 0,
    }


@pytest.mark.parametrize("code", [b"A", b"0", b"-", b"91420100MA4KXYZ12Q", b"Z" * 32])
def test_an_agency_code_is_1_to_32_capitals_digits_and_hyphens(world: World, code: bytes) -> None:
    padded = code.ljust(32, b"\0")
    (event,) = world.act("registrar", "registry.registerAgency", padded, "n", world.actor["stranger"])
    assert event.fields[0] == padded


@pytest.mark.parametrize("code", [b"", b"\0A", b"A\0B", b"a", b"A B", b"A_", b"A@", b"A[", b"A/", b"A:", b"\xc3\x84"])
def test_anything_else_is_no_agency_code(world: World, code: bytes) -> None:
    padded = code.ljust(32, b"\0")
    refusal = world.refusal("registrar", "registry.registerAgency", padded, "n", world.actor["stranger"])
    assert refusal == refused("InvalidAgencyCode", padded)


def test_a_registration_without_name_or_admin_or_for_the_second_time_is_refused(world: World) -> None:
    admin = world.actor["stranger"]
    register = "registry.registerAgency"
    assert world.refusal("registrar", register, NEW, "", admin) == refused("InvalidNameLength", 0)
    assert world.refusal("registrar", register, NEW, "n" * 257, admin) == refused("InvalidNameLength", 257)
    assert world.refusal("registrar", register, NEW, "n" * 256, admin) is None
    assert world.refusal("registrar", register, NEW, "n", NOBODY) == refused("InvalidAccount", NOBODY)
    assert world.refusal("registrar", register, AGENCY, "n", admin) == refused("AgencyAlreadyRegistered", AGENCY)


@pytest.mark.parametrize(
    ("who", "function", "arguments"),
    [
        ("registrar", "setAgencyAdmin", ["0x" + "11" * 20]),
        ("registrar", "suspendAgency", []),
        ("registrar", "reinstateAgency", []),
        ("registrar", "liftDoubt", []),
        ("guardian", "doubtAgency", [1]),
        ("registrar", "accredit", [TYPE, 0, 2**63]),
        ("registrar", "endAccreditation", [TYPE]),
        ("agency_admin", "addKey", [KID, 1, b"k"]),
        ("agency_admin", "retireKey", [KID]),
        ("agency_admin", "revokeKey", [KID, 1]),
        ("agency_admin", "setOperator", ["0x" + "11" * 20, 1, 2**63]),
        ("agency_admin", "removeOperator", ["0x" + "11" * 20]),
        ("stranger", "agencyOf", []),
    ],
)
def test_nothing_is_done_for_an_unknown_agency(world: World, who: str, function: str, arguments: list[object]) -> None:
    assert world.refusal(who, f"registry.{function}", NEW, *arguments) == refused("UnknownAgency", NEW)


def test_another_admin_takes_over_only_after_the_delay(slow_world: World) -> None:
    world = slow_world
    world.act("registrar", "registry.registerAgency", AGENCY, "n", world.actor["agency_admin"])
    (event,) = world.act("registrar", "registry.setAgencyAdmin", AGENCY, world.actor["other_admin"])
    assert (event.name, event.fields) == (
        "AgencyAdminSet",
        (AGENCY, world.actor["other_admin"].lower(), event.time + 3600),
    )
    record = world.read("registry.agencyOf", AGENCY)
    assert (record["admin"], record["nextAdmin"], record["nextAdminFrom"]) == (
        world.actor["agency_admin"].lower(),
        world.actor["other_admin"].lower(),
        event.time + 3600,
    )
    retire = ("registry.retireKey", AGENCY, KID)
    assert world.refusal("agency_admin", *retire) == refused("UnknownKey", AGENCY, KID)
    assert world.refusal("other_admin", *retire) == refused(
        "NotAgencyAdmin", AGENCY, world.actor["other_admin"].lower()
    )

    world.chain.pass_time(3601)
    assert world.refusal("other_admin", *retire) == refused("UnknownKey", AGENCY, KID)
    assert world.refusal("agency_admin", *retire) == refused(
        "NotAgencyAdmin", AGENCY, world.actor["agency_admin"].lower()
    )
    record = world.read("registry.agencyOf", AGENCY)
    assert (record["admin"], record["nextAdmin"], record["nextAdminFrom"]) == (
        world.actor["other_admin"].lower(),
        NOBODY,
        0,
    )


def test_a_third_admin_replaces_a_waiting_one_and_waits_the_whole_delay(slow_world: World) -> None:
    world = slow_world
    world.act("registrar", "registry.registerAgency", AGENCY, "n", world.actor["agency_admin"])
    world.act("registrar", "registry.setAgencyAdmin", AGENCY, world.actor["stranger"])
    world.chain.pass_time(3000)
    world.act("registrar", "registry.setAgencyAdmin", AGENCY, world.actor["other_admin"])
    world.chain.pass_time(1000)
    assert world.read("registry.agencyOf", AGENCY)["admin"] == world.actor["agency_admin"].lower()
    world.chain.pass_time(2601)
    assert world.read("registry.agencyOf", AGENCY)["admin"] == world.actor["other_admin"].lower()


def test_an_admin_that_nobody_is_is_refused(world: World) -> None:
    refusal = world.refusal("registrar", "registry.setAgencyAdmin", AGENCY, NOBODY)
    assert refusal == refused("InvalidAccount", NOBODY)


def test_suspending_and_reinstating_twice_is_harmless(world: World) -> None:
    assert [e.name for e in world.act("registrar", "registry.suspendAgency", AGENCY)] == ["AgencySuspended"]
    assert world.act("registrar", "registry.suspendAgency", AGENCY) == []
    assert world.read("registry.agencyOf", AGENCY)["suspended"] is True
    assert world.read("registry.agencyOf", OTHER_AGENCY)["suspended"] is False
    assert [e.name for e in world.act("registrar", "registry.reinstateAgency", AGENCY)] == ["AgencyReinstated"]
    assert world.act("registrar", "registry.reinstateAgency", AGENCY) == []
    assert world.read("registry.agencyOf", AGENCY)["suspended"] is False


def test_the_guardian_suspends_at_once_and_puts_batches_in_doubt(world: World) -> None:
    events = world.act("guardian", "registry.doubtAgency", AGENCY, 1000)
    assert [(e.name, e.fields) for e in events] == [
        ("AgencySuspended", (AGENCY,)),
        ("AgencyDoubted", (AGENCY, 1000)),
    ]
    record = world.read("registry.agencyOf", AGENCY)
    assert (record["suspended"], record["doubtSince"]) == (True, 1000)


def test_doubt_moves_only_earlier(world: World) -> None:
    world.act("registrar", "registry.suspendAgency", AGENCY)
    assert [e.name for e in world.act("guardian", "registry.doubtAgency", AGENCY, 1000)] == ["AgencyDoubted"]
    assert world.act("guardian", "registry.doubtAgency", AGENCY, 1000) == []
    refusal = world.refusal("guardian", "registry.doubtAgency", AGENCY, 1001)
    assert refusal == refused("DoubtMovedLater", AGENCY, 1000, 1001)
    (event,) = world.act("guardian", "registry.doubtAgency", AGENCY, 999)
    assert event.fields == (AGENCY, 999)


def test_doubt_begins_neither_at_zero_nor_in_the_future(world: World) -> None:
    later = world.now() + 1000
    none = world.refusal("guardian", "registry.doubtAgency", AGENCY, 0)
    assert none is not None
    assert (none.name, none.arguments[0]) == ("InvalidTime", 0)
    future = world.refusal("guardian", "registry.doubtAgency", AGENCY, later)
    assert future is not None
    assert (future.name, future.arguments[0]) == ("InvalidTime", later)


def test_an_agency_in_doubt_is_reinstated_only_after_the_doubt_is_lifted(world: World) -> None:
    world.act("guardian", "registry.doubtAgency", AGENCY, 1000)
    refusal = world.refusal("registrar", "registry.reinstateAgency", AGENCY)
    assert refusal == refused("AgencyInDoubt", AGENCY, 1000)
    assert [e.name for e in world.act("registrar", "registry.liftDoubt", AGENCY)] == ["DoubtLifted"]
    assert world.act("registrar", "registry.liftDoubt", AGENCY) == []
    assert world.read("registry.agencyOf", AGENCY)["suspended"] is True
    assert [e.name for e in world.act("registrar", "registry.reinstateAgency", AGENCY)] == ["AgencyReinstated"]
