"""A replacement that the ledger did not know of when the database was lost goes on with the one made anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ecert.facts import Status
from ecert.merkle import Tree
from store import batches, certificates
from store.database import Database
from tests.local_chain import LocalChain
from tests.verifier.town import AGENCY, Town, found_town, lose, rebuild, undone
from verifier.keys.field_key import FieldKeys
from verifier.keys.keyring import LedgerKey
from verifier.services.status_order import Action


@pytest.fixture(scope="module", name="founded")
def founded_(chain: LocalChain, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A town where 2, which replaces 0 and has its number, is anchored, and the key that would say so is away."""
    town = found_town(chain, tmp_path_factory.mktemp("town"))
    assert town.issue(0, 1).complete
    assert town.issue_one(0, supersedes=(0,)) == 2
    with key_away(town):
        settle(town)
    keep(town, 2)
    assert town.status(0) is Status.VALID
    return town


@contextmanager
def key_away(town: Town) -> Iterator[None]:
    """Let nobody say for a while what replaces what."""
    key = town.keyring.ledger_file(AGENCY, LedgerKey.STATUS)
    away = key.rename(key.with_suffix(".away"))
    yield
    away.rename(key)


@pytest.fixture(name="town")
def town_(founded: Town, tmp_path: Path) -> Iterator[Town]:
    with undone(founded, tmp_path / "town") as town:
        yield town


def settle(town: Town) -> None:
    for _ in range(4):
        town.chain.pass_time(3)
        town.step()


def keep(town: Town, serial: int) -> None:
    """Write a certificate's file beside the others, as somebody who has the database can."""
    with Database.open(town.url) as database, database.read() as connection:
        record = certificates.read(connection, town.deployment.name, AGENCY, serial)
        assert record is not None
        path = Tree(batches.leaves(connection, record.batch)).path(record.position)
    file = FieldKeys.under(town.keyring.folder).signed(record).file(path)
    (town.certificates()[0].parent / f"{serial}.ecert.json").write_bytes(file)


def test_a_replacement_that_was_under_way_goes_on(town: Town) -> None:
    lose(town)
    answer = rebuild(town)
    assert (answer["certificates"], answer["differences"]) == (3, [])
    assert answer["replacing"] == [{"agency": AGENCY, "old": 0, "serial": 2}]
    settle(town)
    assert [town.status(serial) for serial in range(3)] == [Status.SUPERSEDED, Status.VALID, Status.VALID]
    assert town.fsck() == []


def test_its_call_in_the_old_database_is_not_lost(town: Town) -> None:
    answer = rebuild(town, "--replace")
    assert (len(answer["replacing"]), answer["lost_calls"]) == (1, [])


def test_what_the_ledger_knows_already_is_not_said_again(town: Town) -> None:
    settle(town)
    assert town.status(0) is Status.SUPERSEDED
    lose(town)
    answer = rebuild(town)
    assert (answer["replacing"], answer["not_replacing"], answer["differences"]) == ([], [], [])


def test_what_cannot_be_replaced_any_more_is_named(town: Town) -> None:
    lose(town)
    (town.folder / "empty").mkdir()
    rebuild(town, "--certificates", str(town.folder / "empty"), code=1)
    town.change(Action.REVOKE, 0)
    lose(town)
    answer = rebuild(town, code=1)
    assert answer["not_replacing"] == [{"agency": AGENCY, "old": 0, "serial": 2, "why": "that is revoked"}]
    assert answer["differences"] == []


def test_a_replacement_without_its_key_is_named(town: Town) -> None:
    folder = town.keyring.ledger_file(AGENCY, LedgerKey.STATUS).parent
    for path in folder.glob("status.*"):
        path.unlink()
    lose(town)
    (named,) = rebuild(town, code=1)["not_replacing"]
    assert (named["serial"], named["old"]) == (2, 0)
    assert "no ledger key" in named["why"]


def test_a_successor_that_nobody_kept_is_named_and_issued_again_in_its_place(town: Town) -> None:
    town.certificates()[2].unlink()
    lose(town)
    answer = rebuild(town, code=1)
    assert [(gap["first_serial"], gap["kept"], gap["missing"]) for gap in answer["gaps"]] == [(2, 0, ["2"])]
    assert (answer["replacing"], answer["lost_successors"]) == ([], [])
    town.change(Action.REVOKE, 2)
    assert town.issue_one(0, supersedes=(0,)) == 3
    settle(town)
    assert [town.status(serial) for serial in (0, 2, 3)] == [Status.SUPERSEDED, Status.REVOKED, Status.VALID]


def test_what_a_kept_successor_is_about_to_replace_is_not_to_be_issued_again(town: Town) -> None:
    town.certificates()[0].unlink()
    lose(town)
    answer = rebuild(town, code=1)
    assert [(gap["missing"], gap["ended"]) for gap in answer["gaps"]] == [(["0"], ["0"])]
    assert answer["replacing"] == [{"agency": AGENCY, "old": 0, "serial": 2}]
    lose(town)
    said = town.command("rebuild").stdout
    assert "replaced, or about to be, nothing but the file is missing: 0" in said
    assert "issue" not in said
    settle(town)
    assert [town.status(serial) for serial in range(3)] == [Status.SUPERSEDED, Status.VALID, Status.VALID]


def test_a_lost_successor_that_a_kept_one_is_about_to_replace_is_not_to_be_issued_again(town: Town) -> None:
    settle(town)
    assert town.issue_one(0, supersedes=(2,)) == 3
    with key_away(town):
        settle(town)
    keep(town, 3)
    town.certificates()[2].unlink()
    lose(town)
    answer = rebuild(town, code=1)
    assert ([gap["ended"] for gap in answer["gaps"]], answer["lost_successors"]) == ([["2"]], [])
    assert answer["replacing"] == [{"agency": AGENCY, "old": 2, "serial": 3}]


def test_a_lost_successor_of_which_the_ledger_knows_what_it_replaces_is_named_with_that(town: Town) -> None:
    settle(town)
    town.certificates()[2].unlink()
    lose(town)
    answer = rebuild(town, code=1)
    assert answer["lost_successors"] == [{"agency": AGENCY, "old": 0, "serial": 2}]
    town.change(Action.REVOKE, 2)
    assert town.issue_one(0) == 3
    settle(town)
    assert [town.status(serial) for serial in (0, 2, 3)] == [Status.SUPERSEDED, Status.REVOKED, Status.VALID]


def test_the_command_says_what_to_do_about_a_lost_successor(town: Town) -> None:
    settle(town)
    town.certificates()[2].unlink()
    lose(town)
    said = town.command("rebuild").stdout
    assert f"not restored: {AGENCY} 2 to 2: 0 of 1 certificates were kept; find 2, or issue again and revoke 2" in said
    assert f"has no file any more, issue it again: {AGENCY} 2, which replaces 0" in said


def test_a_replacement_that_the_old_database_had_not_said_is_to_be_issued_again(town: Town) -> None:
    town.certificates()[2].unlink()
    said = town.command("rebuild", "--replace").stdout
    assert "was not settled, issue those certificates again: supersede of HEALTH-7" in said


def test_a_replacement_that_was_said_meanwhile_is_not_to_be_issued_again(town: Town) -> None:
    before = (town.folder / "ecert.sqlite").read_bytes()
    settle(town)
    assert town.status(0) is Status.SUPERSEDED
    lose(town)
    (town.folder / "ecert.sqlite").write_bytes(before)
    answer = rebuild(town, "--replace")
    assert (answer["lost_calls"], answer["differences"]) == ([], [])


def test_a_lost_successor_that_is_replaced_itself_is_not_to_be_issued_again(town: Town) -> None:
    replace_again(town)
    town.certificates()[2].unlink()
    lose(town)
    answer = rebuild(town, code=1)
    assert ([gap["ended"] for gap in answer["gaps"]], answer["lost_successors"]) == ([["2"]], [])
    lose(town)
    assert "issue" not in town.command("rebuild").stdout


def test_of_two_lost_successors_in_a_row_the_last_is_named(town: Town) -> None:
    replace_again(town)
    town.certificates()[2].unlink()
    town.certificates()[3].unlink()
    lose(town)
    assert rebuild(town, code=1)["lost_successors"] == [{"agency": AGENCY, "old": 0, "serial": 3}]


def replace_again(town: Town) -> None:
    """Replace 2, which replaces 0, by 3."""
    settle(town)
    assert town.issue_one(0, supersedes=(2,)) == 3
    settle(town)
    keep(town, 3)
    assert [town.status(serial) for serial in (0, 2, 3)] == [Status.SUPERSEDED, Status.SUPERSEDED, Status.VALID]
