"""Every function that changes something, tried by everybody."""

import pytest

from tests.contracts.world import ACTORS, AGENCY, FOR_EVER, KID, OTHER_TYPE, TYPE, Refusal, World, refused, root
from tests.local_chain import artifact

NEW = b"NEW".ljust(32, b"\0")
SOMEBODY = "0x" + "11" * 20

REGISTRY = {
    "registerAgency": ({"registrar"}, (NEW, "n", SOMEBODY)),
    "setAgencyAdmin": ({"registrar"}, (AGENCY, SOMEBODY)),
    "suspendAgency": ({"registrar"}, (AGENCY,)),
    "reinstateAgency": ({"registrar"}, (AGENCY,)),
    "liftDoubt": ({"registrar"}, (AGENCY,)),
    "accredit": ({"registrar"}, (AGENCY, OTHER_TYPE, 0, FOR_EVER)),
    "endAccreditation": ({"registrar"}, (AGENCY, TYPE)),
    "doubtAgency": ({"guardian"}, (AGENCY, 1)),
    "addKey": ({"agency_admin"}, (AGENCY, NEW, 1, b"key")),
    "retireKey": ({"agency_admin"}, (AGENCY, KID)),
    "revokeKey": ({"agency_admin"}, (AGENCY, KID, 1)),
    "setOperator": ({"agency_admin"}, (AGENCY, SOMEBODY, 1, FOR_EVER)),
    "removeOperator": ({"agency_admin"}, (AGENCY, SOMEBODY)),
    "setAuthority": (set[str](), (SOMEBODY,)),
}
LEDGER = {
    "anchor": ({"anchorer", "all_rounder"}, (AGENCY, TYPE, 1, root(2), 10, 10)),
    "suspend": ({"status_keeper", "all_rounder"}, (AGENCY, [1])),
    "reinstate": ({"status_keeper", "all_rounder"}, (AGENCY, [1])),
    "revoke": ({"status_keeper", "all_rounder"}, (AGENCY, [1])),
    "supersede": ({"status_keeper", "all_rounder"}, (AGENCY, 1, [2])),
    "retire": ({"administrator"}, ()),
    "setAuthority": (set[str](), (SOMEBODY,)),
}
BY_ROLE = {"retire", "setAuthority"} | {name for name, (who, _) in REGISTRY.items() if who & {"registrar", "guardian"}}
BY_ADMIN = {name for name, (who, _) in REGISTRY.items() if who == {"agency_admin"}}


def _expected(name: str, address: str) -> Refusal:
    if name in BY_ROLE:
        return refused("AccessManagedUnauthorized", address)
    if name in BY_ADMIN:
        return refused("NotAgencyAdmin", AGENCY, address)
    return refused("NotAnOperator", AGENCY, address, 1 if name == "anchor" else 2)


@pytest.mark.parametrize("name", REGISTRY)
def test_the_registry_obeys_only_whom_it_should(world: World, name: str) -> None:
    allowed, arguments = REGISTRY[name]
    for who in ACTORS:
        expected = None if who in allowed else _expected(name, world.actor[who].lower())
        assert world.refusal(who, f"registry.{name}", *arguments) == expected, who


@pytest.mark.parametrize("name", LEDGER)
def test_the_ledger_obeys_only_whom_it_should(world: World, name: str) -> None:
    world.act("anchorer", "ledger.anchor", AGENCY, TYPE, 1, root(1), 0, 10)
    world.follow()
    allowed, arguments = LEDGER[name]
    if name == "retire":
        arguments = (world.address("successor"),)
    for who in ACTORS:
        expected = None if who in allowed else _expected(name, world.actor[who].lower())
        assert world.refusal(who, f"ledger.{name}", *arguments) == expected, who


@pytest.mark.parametrize(("contract", "table"), [("AgencyRegistry", REGISTRY), ("CertificateLedger", LEDGER)])
def test_no_function_is_missing_from_these_tables(contract: str, table: dict[str, object]) -> None:
    changing = {
        entry["name"]
        for entry in artifact(contract)["abi"]
        if entry["type"] == "function" and entry["stateMutability"] not in {"view", "pure"}
    }
    assert changing == set(table)


def test_no_contract_takes_money() -> None:
    for contract in ("AgencyRegistry", "CertificateLedger"):
        assert not [entry for entry in artifact(contract)["abi"] if entry.get("stateMutability") == "payable"]


def test_the_administrator_can_name_another_authority_and_the_chain_of_events_says_so(world: World) -> None:
    other = world.address("registry")
    events = world.act("administrator", "access_manager.updateAuthority", world.address("ledger"), other)
    assert [(event.name, event.fields) for event in events] == [("AuthorityChanged", (other.lower(),))]
