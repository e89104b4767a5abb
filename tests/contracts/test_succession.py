import pytest

from tests.contracts.world import AGENCY, OTHER_AGENCY, TYPE, World, refused, root

NOBODY = "0x" + "00" * 20


@pytest.fixture
def followed(world: World) -> World:
    """A ledger with serials 0 to 99, and its successor; not retired yet."""
    world.act("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(1), 0, 100)
    world.follow()
    return world


def retire(world: World) -> None:
    world.act("administrator", "ledger.retire", world.address("successor"))


def test_a_retired_ledger_says_by_whom_it_is_followed(followed: World) -> None:
    assert followed.read("ledger.successor") == NOBODY
    (event,) = followed.act("administrator", "ledger.retire", followed.address("successor"))
    assert (event.name, event.fields) == ("LedgerRetired", (followed.address("successor").lower(),))
    assert followed.read("ledger.successor") == followed.address("successor").lower()
    assert followed.read("successor.predecessor") == followed.address("ledger").lower()
    assert followed.read("ledger.predecessor") == NOBODY
    assert followed.read("successor.registry") == followed.address("registry").lower()


def test_nothing_is_anchored_on_a_retired_ledger_but_the_same_call_still_answers(followed: World) -> None:
    retire(followed)
    refusal = followed.refusal("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(2), 100, 1)
    assert refusal == refused("RetiredInFavourOf", followed.address("successor").lower())
    assert followed.act("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(1), 0, 100) == []


def test_statuses_of_a_retired_ledger_stay_open(followed: World) -> None:
    retire(followed)
    for number, function in enumerate(("suspend", "reinstate", "revoke"), start=1):
        followed.act("status_keeper", "ledger.suspend", AGENCY, [number])
        followed.act("status_keeper", f"ledger.{function}", AGENCY, [number])
    followed.act("status_keeper", "ledger.supersede", AGENCY, 4, [5])
    assert [followed.read("ledger.statusOf", AGENCY, serial) for serial in (1, 2, 3, 4)] == [2, 0, 1, 3]


def test_the_successor_goes_on_with_each_agencys_serials(followed: World) -> None:
    retire(followed)
    assert followed.read("successor.nextSerial", AGENCY) == 100
    taken = followed.refusal("anchorer", "successor.anchor", AGENCY, TYPE, 1, root(2), 99, 1)
    assert taken == refused("SerialsTaken", AGENCY, 99, 100)
    followed.act("anchorer", "successor.anchor", AGENCY, TYPE, 1, root(2), 100, 50)
    followed.act("foreign_operator", "successor.anchor", OTHER_AGENCY, TYPE, 1, root(2), 0, 5)
    assert followed.read("successor.nextSerial", AGENCY) == 150
    assert followed.read("successor.nextSerial", OTHER_AGENCY) == 5
    assert followed.read("ledger.nextSerial", AGENCY) == 100


def test_the_successor_knows_no_status_of_the_serials_before_it(followed: World) -> None:
    retire(followed)
    unknown = refused("UnknownSerial", AGENCY, 5, 0, 0)
    assert followed.refusal("status_keeper", "successor.revoke", AGENCY, [5]) == unknown
    followed.act("anchorer", "successor.anchor", AGENCY, TYPE, 1, root(2), 102, 50)
    for serial in (0, 99, 152):
        unknown = refused("UnknownSerial", AGENCY, serial, 100, 152)
        assert followed.refusal("status_keeper", "successor.revoke", AGENCY, [serial]) == unknown
        assert followed.refusal("stranger", "successor.statusOf", AGENCY, serial) == unknown
        assert followed.read("successor.isAnchored", AGENCY, serial) is False
    followed.act("status_keeper", "successor.revoke", AGENCY, [103])
    assert followed.read("successor.statusOf", AGENCY, 103) == 1


def test_the_successor_anchors_nothing_before_the_ledger_is_retired(followed: World) -> None:
    refusal = followed.refusal("anchorer", "successor.anchor", AGENCY, TYPE, 1, root(2), 100, 1)
    assert refusal == refused("PredecessorNotRetired", followed.address("ledger").lower())


def test_a_certificate_of_the_retired_ledger_is_superseded_by_one_of_its_successor(followed: World) -> None:
    retire(followed)
    call = ("status_keeper", "ledger.supersede", AGENCY, 7, [120])
    assert followed.refusal(*call) == refused("SuccessorNotAnchored", AGENCY, 120)
    followed.act("anchorer", "successor.anchor", AGENCY, TYPE, 1, root(2), 110, 50)
    followed.act(*call)
    assert followed.read("ledger.statusOf", AGENCY, 7) == 3
    for serial in (100, 109, 160):
        refusal = followed.refusal("status_keeper", "ledger.supersede", AGENCY, 8, [serial])
        assert refusal == refused("SuccessorNotAnchored", AGENCY, serial)


def test_the_same_successor_again_is_harmless_and_another_is_refused(followed: World) -> None:
    first = followed.address("successor")
    retire(followed)
    assert followed.act("administrator", "ledger.retire", first) == []
    followed.follow()
    refusal = followed.refusal("administrator", "ledger.retire", followed.address("successor"))
    assert refusal == refused("RetiredInFavourOf", first.lower())


def test_a_second_ledger_that_names_the_same_predecessor_never_anchors(followed: World) -> None:
    retire(followed)
    followed.follow()
    refusal = followed.refusal("anchorer", "successor.anchor", AGENCY, TYPE, 1, root(2), 100, 1)
    assert refusal == refused("PredecessorNotRetired", followed.address("ledger").lower())


@pytest.mark.parametrize("what", ["nobody", "account", "registry", "ledger"])
def test_what_does_not_name_the_ledger_as_its_predecessor_is_no_successor(followed: World, what: str) -> None:
    address = {"nobody": NOBODY, "account": followed.actor["stranger"]}.get(what) or followed.address(what)
    refusal = followed.refusal("administrator", "ledger.retire", address)
    assert refusal == refused("NotASuccessor", address.lower())


@pytest.mark.parametrize("wrong", ["registry", "predecessor"])
def test_a_ledger_is_not_deployed_beside_nothing(followed: World, wrong: str) -> None:
    account = followed.actor["stranger"]
    given = {"registry": followed.address("registry"), "predecessor": followed.address("ledger")} | {wrong: account}
    refusal = followed.refusal_of_creation(
        "CertificateLedger", followed.address("access_manager"), given["registry"], given["predecessor"]
    )
    assert refusal == refused("InvalidContract", account.lower())


def test_an_agency_that_missed_a_ledger_goes_on_with_its_serials_on_the_next(followed: World) -> None:
    retire(followed)
    followed.follow("successor", "third")
    followed.act("administrator", "successor.retire", followed.address("third"))
    assert followed.read("third.nextSerial", AGENCY) == 100
    followed.act("anchorer", "third.anchor", AGENCY, TYPE, 1, root(9), 100, 1)
    followed.act("status_keeper", "ledger.supersede", AGENCY, 7, [100])
    assert followed.read("ledger.isAnchored", AGENCY, 100) is True
