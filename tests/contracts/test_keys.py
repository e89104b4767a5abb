from tests.contracts.world import AGENCY, KID, OTHER_AGENCY, PUBLIC_KEY, World, refused

NEW = b"n" * 32


def test_a_key_is_kept_as_it_was_added(world: World) -> None:
    (event,) = world.act("agency_admin", "registry.addKey", AGENCY, NEW, 2, b"another kind of key")
    assert (event.name, event.fields) == ("KeyAdded", (AGENCY, NEW, 2, b"another kind of key", event.time))
    assert world.read("registry.keyOf", AGENCY, NEW) == {
        "suite": 2,
        "activeFrom": event.time,
        "retiredAt": 0,
        "compromisedSince": 0,
        "publicKey": b"another kind of key",
    }


def test_a_key_becomes_active_after_the_delay(slow_world: World) -> None:
    world = slow_world
    world.act("registrar", "registry.registerAgency", AGENCY, "n", world.actor["agency_admin"])
    (event,) = world.act("agency_admin", "registry.addKey", AGENCY, KID, 1, PUBLIC_KEY)
    assert event.fields[-1] == event.time + world.read("registry.adminDelay") == event.time + 3600
    assert world.read("registry.keyOf", AGENCY, KID)["activeFrom"] == event.time + 3600


def test_a_key_that_waits_is_retired_at_once(slow_world: World) -> None:
    world = slow_world
    world.act("registrar", "registry.registerAgency", AGENCY, "n", world.actor["agency_admin"])
    world.act("agency_admin", "registry.addKey", AGENCY, KID, 1, PUBLIC_KEY)
    (event,) = world.act("agency_admin", "registry.retireKey", AGENCY, KID)
    assert world.read("registry.keyOf", AGENCY, KID)["retiredAt"] == event.time


def test_the_same_key_again_is_harmless_and_another_of_its_id_is_refused(world: World) -> None:
    assert world.act("agency_admin", "registry.addKey", AGENCY, KID, 1, PUBLIC_KEY) == []
    taken = refused("KeyAlreadyAdded", AGENCY, KID)
    assert world.refusal("agency_admin", "registry.addKey", AGENCY, KID, 2, PUBLIC_KEY) == taken
    assert world.refusal("agency_admin", "registry.addKey", AGENCY, KID, 1, PUBLIC_KEY[:-1]) == taken


def test_a_retired_or_revoked_key_does_not_come_back(world: World) -> None:
    world.act("agency_admin", "registry.addKey", AGENCY, NEW, 1, PUBLIC_KEY)
    world.act("agency_admin", "registry.retireKey", AGENCY, KID)
    world.act("agency_admin", "registry.revokeKey", AGENCY, NEW, 1)
    for kid in (KID, NEW):
        refusal = world.refusal("agency_admin", "registry.addKey", AGENCY, kid, 1, PUBLIC_KEY)
        assert refusal == refused("KeyAlreadyAdded", AGENCY, kid)


def test_a_key_without_id_suite_or_sense_is_refused(world: World) -> None:
    def refusal(kid: bytes, suite: int, public_key: bytes) -> object:
        return world.refusal("agency_admin", "registry.addKey", AGENCY, kid, suite, public_key)

    assert refusal(bytes(32), 1, PUBLIC_KEY) == refused("InvalidKid", bytes(32))
    assert refusal(NEW, 0, PUBLIC_KEY) == refused("InvalidSuite", 0)
    assert refusal(NEW, 1, b"") == refused("InvalidPublicKeyLength", 0)
    assert refusal(NEW, 1, bytes(4097)) == refused("InvalidPublicKeyLength", 4097)
    assert refusal(NEW, 2, bytes(4096)) is None


def test_retiring_twice_keeps_the_first_time(world: World) -> None:
    (event,) = world.act("agency_admin", "registry.retireKey", AGENCY, KID)
    assert (event.name, event.fields) == ("KeyRetired", (AGENCY, KID))
    world.chain.pass_time(100)
    assert world.act("agency_admin", "registry.retireKey", AGENCY, KID) == []
    assert world.read("registry.keyOf", AGENCY, KID)["retiredAt"] == event.time


def test_compromise_moves_only_earlier(world: World) -> None:
    (event,) = world.act("agency_admin", "registry.revokeKey", AGENCY, KID, 1000)
    assert (event.name, event.fields) == ("KeyRevoked", (AGENCY, KID, 1000))
    assert world.act("agency_admin", "registry.revokeKey", AGENCY, KID, 1000) == []
    refusal = world.refusal("agency_admin", "registry.revokeKey", AGENCY, KID, 1001)
    assert refusal == refused("CompromiseMovedLater", AGENCY, KID, 1000, 1001)
    (event,) = world.act("agency_admin", "registry.revokeKey", AGENCY, KID, 999)
    assert world.read("registry.keyOf", AGENCY, KID)["compromisedSince"] == 999


def test_a_retired_key_can_still_be_revoked(world: World) -> None:
    world.act("agency_admin", "registry.retireKey", AGENCY, KID)
    world.act("agency_admin", "registry.revokeKey", AGENCY, KID, 1000)
    assert world.read("registry.keyOf", AGENCY, KID)["compromisedSince"] == 1000


def test_compromise_begins_neither_at_zero_nor_in_the_future(world: World) -> None:
    for time in (0, world.now() + 1000):
        refusal = world.refusal("agency_admin", "registry.revokeKey", AGENCY, KID, time)
        assert refusal is not None
        assert (refusal.name, refusal.arguments[0]) == ("InvalidTime", time)


def test_an_unknown_key_is_refused(world: World) -> None:
    unknown = refused("UnknownKey", AGENCY, NEW)
    assert world.refusal("agency_admin", "registry.retireKey", AGENCY, NEW) == unknown
    assert world.refusal("agency_admin", "registry.revokeKey", AGENCY, NEW, 1) == unknown
    assert world.refusal("stranger", "registry.keyOf", AGENCY, NEW) == unknown
    assert world.refusal("stranger", "registry.keyOf", OTHER_AGENCY, KID) == refused("UnknownKey", OTHER_AGENCY, KID)
