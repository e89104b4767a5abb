"""A database that is lost is made again from the chain and the files; what cannot come back is named."""

from __future__ import annotations

import fcntl
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.sight import APART
from ecert.facts import Status
from ecert.presenting import present
from tests.databases import Cluster
from tests.local_chain import LocalChain
from tests.verifier.town import AGENCY, Town, found_town, lose, rebuild, undone
from verifier.faults import IssuingStopped, RowsRefused
from verifier.services.status_order import Action


@pytest.fixture(scope="module", name="founded")
def founded_(chain: LocalChain, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Three batches, of five, five and two; serial 1 is revoked, 2 suspended."""
    town = found_town(chain, tmp_path_factory.mktemp("town"))
    assert town.issue(*range(12)).complete
    town.change(Action.REVOKE, 1)
    town.change(Action.SUSPEND, 2)
    return town


@pytest.fixture(name="town")
def town_(founded: Town, tmp_path: Path) -> Iterator[Town]:
    with undone(founded, tmp_path / "town") as town:
        yield town


def test_a_lost_database_comes_back_and_issuing_goes_on(town: Town) -> None:
    lose(town)
    answer = rebuild(town)
    assert (answer["batches"], answer["certificates"], answer["differences"]) == (3, 12, [])
    assert town.fsck() == []
    with pytest.raises(RowsRefused, match="is on the certificate with serial 5 already"):
        town.issue(5)
    assert town.issue(1).batches[0].first_serial == 12  # the number of the revoked one is free again
    outcome = town.issue(*range(40, 43))
    assert (outcome.complete, [one.first_serial for one in outcome.batches]) == (True, [13])
    town.chain.rpc("evm_setNextBlockTimestamp", town.now() + APART + 1)  # what suspended it was not asked for just now
    town.chain.mine()
    town.step()
    assert town.change(Action.REINSTATE, 2).complete
    assert town.fsck() == []


def test_the_command_line_verifies_after_a_rebuild(town: Town) -> None:
    lose(town)
    assert "restored 12 certificates in 3 batches" in town.command("rebuild").stdout
    assert not list(town.folder.glob("*.rebuilding*"))
    results = {n: town.command("verify", str(town.certificates()[n])) for n in (0, 1)}
    assert {n: result.exit_code for n, result in results.items()} == {0: 0, 1: 1}, results[0].output


def test_a_batch_with_a_lost_file_is_named_and_the_rest_comes_back(town: Town) -> None:
    lose(town)
    town.certificates()[7].unlink()
    answer = rebuild(town, code=1)
    (gap,) = answer["gaps"]
    assert gap == {"agency": AGENCY, "first_serial": 5, "count": 5, "kept": 4, "missing": ["7"], "ended": []}
    assert [one["kind"] for one in answer["differences"]] == ["batch_missing"]
    assert [one["kind"] for one in town.fsck()] == ["batch_missing"]
    assert town.issue(*range(50, 52)).batches[0].first_serial == 12


def test_a_revoked_certificate_without_a_file_is_not_to_be_issued_again(town: Town) -> None:
    lose(town)
    town.certificates()[1].unlink()
    result = town.command("rebuild")
    assert "nothing but the file is missing: 1" in result.stdout
    assert "issue again" not in result.stdout
    town.certificates()[3].unlink()
    lose(town)
    (gap,) = rebuild(town, code=1)["gaps"]
    assert (gap["missing"], gap["ended"]) == (["1", "3"], ["1"])
    lose(town)
    said = town.command("rebuild").stdout
    assert "find 3, or issue again and revoke 3; revoked or replaced, or about to be, nothing but the file" in said


def test_without_any_file_the_facts_come_back(town: Town) -> None:
    lose(town)
    (town.folder / "empty").mkdir()
    answer = rebuild(town, "--certificates", str(town.folder / "empty"), code=1)
    assert [(gap["kept"], gap["missing"]) for gap in answer["gaps"]] == [(0, ["0-4"]), (0, ["5-9"]), (0, ["10-11"])]
    assert answer["events"] > 10
    assert town.issue(60).batches[0].first_serial == 12


def test_a_mistyped_folder_of_files_is_refused_before_anything_is_moved(town: Town) -> None:
    result = town.command("rebuild", "--replace", "--certificates", str(town.folder / "nowhere"))
    assert result.exit_code == 2
    assert "is no folder: name that of the certificate files" in result.stderr
    assert not list(town.folder.glob("*.old-*"))
    assert town.fsck() == []


def test_files_that_are_not_what_was_anchored_are_passed_over(town: Town) -> None:
    lose(town)
    files = town.certificates()
    folder = files[0].parent
    (folder / "100.ecert.json").write_text("{}")
    (folder / "101.ecert.json").write_bytes(files[3].read_bytes().replace(b'"path":["', b'"path":["A', 1))
    said = json.loads(files[4].read_bytes())
    said["header"]["ecert"]["path"] = said["header"]["ecert"]["path"][::-1]
    (folder / "102.ecert.json").write_text(json.dumps(said, separators=(",", ":")))
    answer = rebuild(town)
    assert {Path(name).name for name in answer["useless"]} >= {"100.ecert.json", "101.ecert.json"}
    assert answer["certificates"] == 12


def test_of_two_copies_the_one_that_shows_more_is_taken(town: Town) -> None:
    lose(town)
    file = town.certificates()[0]
    (file.parent / "a.ecert.json").write_bytes(present(file.read_bytes(), ["holder_name"]))
    answer = rebuild(town)
    assert (answer["incomplete"], answer["differences"]) == ([], [])


def test_a_copy_that_withholds_its_number_is_named(town: Town) -> None:
    lose(town)
    file = town.certificates()[0]
    file.write_bytes(present(file.read_bytes(), ["holder_name"]))
    answer = rebuild(town)
    assert answer["incomplete"] == [{"agency": AGENCY, "serial": 0}]


def test_a_lost_index_key_is_made_anew(town: Town) -> None:
    lose(town)
    (town.folder / "keys" / "service" / "index-1.key").unlink()
    assert rebuild(town)["differences"] == []
    with pytest.raises(RowsRefused):
        town.issue(5)


def test_a_database_that_holds_something_is_not_replaced_unasked(town: Town) -> None:
    result = town.command("rebuild")
    assert result.exit_code == 2
    assert "--replace" in result.stderr
    assert town.fsck() == []


def test_a_replaced_database_is_moved_aside_and_its_open_calls_are_named(town: Town) -> None:
    town.issue(*range(70, 73), wait=False)
    answer = rebuild(town, "--replace", code=1)
    assert [(one["kind"], one["args"]["first_serial"]) for one in answer["lost_calls"]] == [("anchor", 12)]
    assert (town.folder / "ecert.sqlite.old-1").exists()
    outcome = town.issue(*range(70, 73))
    assert (outcome.complete, outcome.batches[0].first_serial) == (True, 12)
    assert town.fsck() == []


def test_numbers_that_were_given_out_twice_after_an_old_copy_are_named(town: Town) -> None:
    with sqlite3.connect(town.folder / "ecert.sqlite") as real, sqlite3.connect(town.folder / "old") as copy:
        real.backup(copy)
    assert town.issue(60).batches[0].first_serial == 12
    lose(town)
    (town.folder / "old").rename(town.folder / "ecert.sqlite")
    with pytest.raises(IssuingStopped, match="SerialsTaken"):
        town.issue(60)
    assert town.issue(60).complete
    lose(town)
    answer = rebuild(town, code=1)
    assert (answer["certificates"], answer["twice"]) == (14, [{"agency": AGENCY, "serial": 13, "first": 12}])
    assert [one["kind"] for one in town.fsck()] == ["certificate_live"]
    assert town.change(Action.REVOKE, 13).complete
    assert town.fsck() == []


def test_a_call_that_was_mined_meanwhile_is_not_lost(town: Town) -> None:
    """A suspension may be undone and wanted anew, so that its own transaction tells, not the status."""
    town.change(Action.SUSPEND, 3, wait=False)
    town.change(Action.REVOKE, 4, wait=False)
    town.step(index=False)
    town.change(Action.SUSPEND, 6, wait=False)
    town.change(Action.REINSTATE, 2, wait=False)
    lost = rebuild(town, "--replace", code=1)["lost_calls"]
    assert [(one["kind"], one["args"]["serials"]) for one in lost] == [("suspend", [6]), ("reinstate", [2])]
    assert [town.status(serial) for serial in (3, 4)] == [Status.SUSPENDED, Status.REVOKED]


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100], ids=["empty", "other"])
def test_a_broken_file_is_moved_aside_when_asked(town: Town, content: bytes) -> None:
    lose(town)
    (town.folder / "ecert.sqlite").write_bytes(content)
    assert rebuild(town, "--replace")["certificates"] == 12
    assert (town.folder / "ecert.sqlite.old-1").read_bytes().startswith(content)


def test_what_an_interrupted_rebuild_left_is_begun_anew(town: Town) -> None:
    lose(town)
    (town.folder / "ecert.sqlite.rebuilding").write_bytes(b"half of it")
    assert rebuild(town)["certificates"] == 12


def test_a_node_that_is_away_changes_nothing(town: Town) -> None:
    lose(town)
    (town.folder / "ecert.toml").write_text('node_urls = ["http://127.0.0.1:9"]\n')
    assert town.command("rebuild").exit_code == 2
    assert not (town.folder / "ecert.sqlite").exists()


def test_beside_a_running_service_nothing_is_rebuilt(town: Town) -> None:
    with (town.folder / "serve.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = town.command("rebuild", "--replace")
    assert result.exit_code == 2
    assert "stop it first" in result.stderr


def test_a_new_postgresql_database_is_filled_and_then_left_alone(town: Town, request: pytest.FixtureRequest) -> None:
    cluster: Cluster = request.getfixturevalue("postgresql")
    with (town.folder / "ecert.toml").open("a") as settings:
        settings.write(f'database_url = "{cluster.new_database()}"\n')
    answer = rebuild(town)
    assert (answer["certificates"], answer["differences"]) == (12, [])
    assert town.fsck() == []
    assert "--replace" in town.command("rebuild").stderr
    assert "only an SQLite file can be replaced" in town.command("rebuild", "--replace").stderr
