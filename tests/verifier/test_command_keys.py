"""The commands for what lies in the database: rotate, retire, reindex, codes, completeness."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from ecert.parsing import parse
from store import completeness, watches
from store.database import Database
from store.key_uses import Use
from tests.local_chain import LocalChain
from tests.verifier.test_issuing import HEALTH
from tests.verifier.town import AGENCY, Town, found_town
from verifier.commands.keys import Rotated
from verifier.keys.service_keys import ServiceKey
from verifier.keys.watch_key import WatchKeys
from verifier.services.codes import Codes


@pytest.fixture(scope="module", name="issued")
def issued_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with LocalChain() as chain:
        town = found_town(chain, tmp_path_factory.mktemp("town"))
        assert town.issue(*range(4)).complete
        yield town


@pytest.fixture(name="town")
def town_(issued: Town, tmp_path: Path) -> Town:
    return issued.copy(tmp_path / "town")


def told(town: Town, *command: str, code: int = 0) -> dict[str, Any]:
    result = town.command(*command, "--json")
    assert result.exit_code == code, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_every_key_can_be_rotated() -> None:
    assert {each.value for each in Rotated} == {each.value for each in (*ServiceKey, *Use)}


@pytest.mark.parametrize("use", ["field", "index"])
def test_a_key_is_rotated_and_the_former_thrown_away(town: Town, use: str) -> None:
    assert told(town, "keys", "rotate", use) == {
        "state": "done",
        "use": use,
        "key": 2,
        "certificates": 4,
        "passed_over": [],
    }
    assert town.fsck() == []
    assert told(town, "keys", "retire", use) == {"state": "done", "use": use, "gone": [1], "needed": []}
    assert town.fsck() == []
    assert town.issue(50, wait=False).issued == 1
    said = town.command("keys", "rotate", use)
    assert said.stdout == f"5 certificates taken over; {use} key 3 is the present one\n"


def test_the_key_of_watches_is_rotated_and_the_former_thrown_away(town: Town) -> None:
    with Database.open(town.url) as database, database.begin() as connection:
        watches.add(connection, watch="lost", caller="tax", url="https://a.example/", secret=b"\1?", now=1)
    done = {"state": "done", "use": "watch", "key": 2, "watches": 0, "passed_over": ["lost"]}
    assert told(town, "keys", "rotate", "watch", code=1) == done
    assert told(town, "keys", "retire", "watch", code=1)["needed"] == [1]
    with Database.open(town.url) as database, database.begin() as connection:
        keys = WatchKeys.under(town.folder / "keys")
        watches.reseal(connection, {"lost": keys.seal("whsec_QQ==", "lost", number=2)})
    said = town.command("keys", "rotate", "watch")
    assert said.stdout == "1 watches taken over; watch key 3 is the present one\n"
    assert told(town, "keys", "retire", "watch") == {"state": "done", "use": "watch", "gone": [1, 2], "needed": []}
    assert town.issue(70, wait=False).issued == 1


def test_a_key_that_signs_is_rotated_as_ever(town: Town) -> None:
    told(town, "keys", "init")
    assert told(town, "keys", "rotate", "status")["kind"] == "status"


def test_indexes_are_made_again(town: Town) -> None:
    town.damage("DELETE FROM lookups")
    assert {one["kind"] for one in town.fsck()} == {"certificate_lookup"}
    assert told(town, "reindex")["certificates"] == 4
    assert town.fsck() == []


def test_what_does_not_open_is_named_and_its_key_kept(town: Town) -> None:
    town.damage("UPDATE certificates SET disclosures = CAST(x'0100' AS BLOB) WHERE serial = 2")
    assert told(town, "keys", "rotate", "field", code=1)["passed_over"] == [{"agency": AGENCY, "serial": 2}]
    assert "passed over, it does not open: certificate HEALTH-7 2" in town.command("reindex").stdout
    assert told(town, "keys", "retire", "field", code=1)["needed"] == [1]
    assert "field key 1 is needed still" in town.command("keys", "retire", "field").stdout
    assert [(one["kind"], one["place"]) for one in town.fsck()] == [("certificate_sealed", "certificate HEALTH-7 2")]


def test_a_lost_field_key_is_said_and_rebuilt_from_the_files(town: Town) -> None:
    (town.folder / "keys" / "service" / "field-1.key").unlink()
    assert {one["kind"] for one in town.fsck()} == {"certificate_sealed"}
    refused = town.command("issue", str(town.table(60)), "--type", HEALTH.slug, "--agency", AGENCY)
    assert refused.exit_code == 2
    assert "the field key 1 is not here" in refused.stderr
    assert told(town, "rebuild", "--replace")["certificates"] == 4
    assert town.fsck() == []


def opened(town: Town, code: str) -> int | None:
    with Database.open(town.url) as database:
        found = Codes(database).open(code)
    return None if found is None else parse(found).serial


def test_a_code_is_made_shown_once_and_replaced(town: Town) -> None:
    made = told(town, "code", "make", AGENCY, "3")
    assert made["printed"].replace(" ", "") == made["code"]
    assert opened(town, made["printed"]) == 3
    again = town.command("code", "make", AGENCY, "3")
    assert (again.exit_code, "replace it where it is lost" in again.stderr) == (2, True)
    new = town.command("code", "replace", AGENCY, "3").stdout
    assert (opened(town, made["code"]), opened(town, new.strip())) == (None, 3)


def test_what_was_not_issued_has_no_code(town: Town) -> None:
    result = town.command("code", "make", AGENCY, "99")
    assert (result.exit_code, result.stderr) == (2, "ecert: HEALTH-7 has issued no certificate 99\n")


def test_an_agency_declares_since_when_it_is_complete(town: Town) -> None:
    answer = told(town, "agency", "complete-since", AGENCY, HEALTH.slug, "2024-05-01")
    assert answer == {"state": "done", "agency": AGENCY, "type": HEALTH.slug, "complete_since": 1_714_492_800}
    with Database.open(town.url) as database, database.read() as connection:
        assert completeness.of_type(connection, town.deployment.names, HEALTH.vct_hash) == {AGENCY: 1_714_492_800}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("NOBODY-1", "health-certificate", "2024-05-01"), "NOBODY-1 is not registered on the ledger"),
        ((AGENCY, "health", "2024-05-01"), "there is no certificate type 'health'"),
        ((AGENCY, "health-certificate", "May"), "is no time"),
    ],
)
def test_what_cannot_be_declared_is_said(town: Town, arguments: tuple[str, ...], said: str) -> None:
    result: Result = town.command("agency", "complete-since", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
