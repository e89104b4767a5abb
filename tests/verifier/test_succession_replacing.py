"""A ledger was retired: what stands on it is replaced on the next one, and what it did not take is issued there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ecert.facts import Status
from ecert.judging import judge
from ecert.parsing import parse
from ecert.types import TypeCatalogue
from ecert.verdict import Result, Verdict
from store import certificates
from store.database import Database
from tests.local_chain import LocalChain
from tests.verifier.test_issuing import HEALTH
from tests.verifier.test_rebuild_replacing import key_away, settle
from tests.verifier.test_reissue import again, take_serials
from tests.verifier.town import AGENCY, Quiet, Town, found_town, lose, rebuild, undone
from verifier.keys.field_key import FieldKeys
from verifier.problems import RequestRefused
from verifier.services.abandoned import void_abandoned
from verifier.services.issuing import issue
from verifier.services.paths import Paths
from verifier.services.progress import Stage
from verifier.services.standing import Fetched, Shelf, State
from verifier.services.status_order import Action, Unchangeable


@pytest.fixture(scope="module", name="founded")
def founded_(chain: LocalChain, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A town with 0 to 2 on its retired ledger, which did not take a table of two (serials 3 and 4) any more."""
    town = found_town(chain, tmp_path_factory.mktemp("town"))
    assert town.issue(0, 1, 2).complete
    town.issue(10, 11, wait=False)
    town = town.succeeded()
    settle(town)
    return town


@pytest.fixture(name="town")
def town_(founded: Town, tmp_path: Path) -> Iterator[Town]:
    with undone(founded, tmp_path / "town") as town:
        yield town


def fetched(town: Town, serial: int) -> Fetched:
    with Database.open(town.url) as database:
        shelf = Shelf(
            database=database,
            types=TypeCatalogue.bundled(),
            paths=Paths(database),
            fields=FieldKeys.under(town.keyring.folder),
            clock=town.now,
        )
        copies = town.office(database).copies()
        assert copies is not None
        found = shelf.fetch(copies, AGENCY, serial)
    assert found is not None
    return found


def judged(town: Town, file: bytes) -> Verdict:
    with Database.open(town.url) as database:
        copies = town.office(database).copies()
    assert copies is not None
    certificate = parse(file)
    return judge(certificate, copies.facts(certificate), now=town.now(), certificate_type=HEALTH)


def live(town: Town) -> set[int]:
    with Database.open(town.url) as database, database.read() as connection:
        found = (certificates.read(connection, name, AGENCY, n) for name in town.deployment.names for n in range(12))
        return {one.serial for one in found if one is not None and one.live}


def test_a_certificate_of_the_retired_ledger_is_replaced_by_one_on_the_next(town: Town) -> None:
    old = town.certificates()[0].read_bytes()
    assert judged(town, old).result is Result.VALID
    new = town.issue_one(0, supersedes=(0,))  # with the number of the old one
    assert fetched(town, new).standing.state is State.ANCHORING
    settle(town)
    assert [town.status(serial) for serial in (0, new)] == [Status.SUPERSEDED, Status.VALID]
    said = judged(town, old)
    assert (said.result, [str(reason) for reason in said.reasons]) == (Result.INVALID, ["superseded"])
    file = fetched(town, new).file
    assert file is not None
    certificate = parse(file)
    assert (certificate.iss.ledger, certificate.supersedes) == (town.deployment.name, (0,))
    assert judged(town, file).result is Result.VALID
    assert town.fsck() == []


def test_one_may_replace_certificates_of_both_ledgers(town: Town) -> None:
    first = town.issue_one(20)
    settle(town)
    new = town.issue_one(21, supersedes=(1, first))
    settle(town)
    assert [town.status(serial) for serial in (1, first, new)] == [Status.SUPERSEDED] * 2 + [Status.VALID]
    assert fetched(town, new).file is not None
    assert town.fsck() == []


def test_it_is_replaced_once_also_where_somebody_asks_twice(town: Town) -> None:
    town.issue_one(20, supersedes=(2,))
    with pytest.raises(RequestRefused, match="cannot be"):
        town.issue_one(21, supersedes=(2,))
    with pytest.raises(Unchangeable, match="is being replaced by serial"):
        town.change(Action.SUSPEND, 2, wait=False)


def test_where_the_next_ledger_refuses_the_new_one_the_old_one_stands_until_it_is_issued_again(town: Town) -> None:
    before = live(town)
    new = town.issue_one(1, supersedes=(1,))
    assert live(town) == (before - {1}) | {new}
    take_serials(town, new, 1)
    settle(town)
    assert (live(town), town.status(1)) == (before, Status.VALID)
    (*_, done) = again(town)
    (after,) = done.serials
    settle(town)
    assert [town.status(serial) for serial in (1, after)] == [Status.SUPERSEDED, Status.VALID]
    assert {one["kind"] for one in town.fsck()} == {"batch_missing"}  # the stranger's


def test_a_replacement_that_was_under_way_goes_on_with_a_database_made_again(town: Town) -> None:
    with key_away(town):
        new = town.issue_one(0, supersedes=(0,))
        settle(town)
    with Database.open(town.url) as database, database.read() as connection:
        record = certificates.read(connection, town.deployment.name, AGENCY, new)
        assert record is not None
        file = FieldKeys.under(town.keyring.folder).signed(record).file(())
    (town.certificates()[0].parent / f"{new}.ecert.json").write_bytes(file)
    answer = rebuild(town, "--replace")
    assert answer["replacing"] == [{"agency": AGENCY, "old": 0, "serial": new}]
    assert (answer["lost_calls"], answer["lost_successors"], answer["differences"]) == ([], [], [])
    settle(town)
    assert [town.status(serial) for serial in (0, new)] == [Status.SUPERSEDED, Status.VALID]
    assert town.fsck() == []
    lose(town)
    answer = rebuild(town)
    assert (answer["replacing"], answer["lost_successors"], answer["differences"]) == ([], [], [])


def test_a_lost_successor_on_the_next_ledger_is_named_once(town: Town) -> None:
    new = town.issue_one(0, supersedes=(0,))
    settle(town)
    lose(town)
    answer = rebuild(town, code=1)
    assert answer["lost_successors"] == [{"agency": AGENCY, "old": 0, "serial": new}]


def test_what_the_retired_ledger_did_not_take_is_issued_again_on_the_next_one_once(town: Town) -> None:
    (done,) = again(town)
    assert (done.serials, done.complete, done.anchored.files) == ((5, 6), True, 2)
    named = {parse(town.certificates()[serial].read_bytes()).iss.ledger for serial in done.serials}
    assert named == {town.deployment.name}
    assert again(town) == []
    outcome = town.issue(10, 11)
    assert (outcome.complete, [one["serial"] for one in town.results(outcome)]) == (True, ["5", "6"])
    assert town.fsck() == []


def test_the_same_table_again_issues_it_on_the_next_one_once(town: Town) -> None:
    outcome = town.issue(10, 11)
    assert (outcome.issued, outcome.complete) == (2, True)
    assert {parse(town.certificates()[serial].read_bytes()).iss.ledger for serial in (5, 6)} == {town.deployment.name}
    assert again(town) == []
    assert town.fsck() == []


def test_what_has_no_table_is_issued_again_on_the_next_one_once(town: Town) -> None:
    town.damage("UPDATE certificates SET line = NULL WHERE serial > 2")
    town.damage("UPDATE batches SET job_id = NULL WHERE first_serial > 2")
    assert [one.serials for one in again(town)] == [(5, 6)]
    assert again(town) == []


class _Stopped(Quiet):
    """Somebody presses Ctrl+C when five rows of a table are stored."""

    stage: Stage | None = None

    def begin(self, stage: Stage, total: int | None) -> None:
        del total
        self.stage = stage

    def reach(self, done: int) -> None:
        if (self.stage, done) == (Stage.SIGN, 5):
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def in_midst(chain: LocalChain, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A town where of a table of eight two batches were anchored, none handed out, and a third was filling."""
    town = found_town(chain, tmp_path_factory.mktemp("midst"))
    with pytest.MonkeyPatch.context() as patched, Database.open(town.url) as database:
        patched.setattr("verifier.services.open_batch.GROUP", 1)
        office = replace(town.office(database), progress=_Stopped())
        with pytest.raises(KeyboardInterrupt):
            issue(office, town.order(*range(8), batch_size=2))
    town.step()
    town = town.succeeded()
    settle(town)
    return town


@pytest.mark.parametrize("way", ["table", "reissue"])
def test_a_table_that_was_stopped_in_its_midst_goes_on_on_the_next_ledger(
    in_midst: Town, tmp_path: Path, way: str
) -> None:
    with undone(in_midst, tmp_path / "town") as town:
        if way == "reissue":
            with Database.open(town.url) as database:
                assert void_abandoned(town.office(database)) == 1
        outcome = town.issue(*range(8), batch_size=2)
        assert (outcome.issued, outcome.handed_out, outcome.complete) == (8, 8, True)
        serials = [int(one["serial"]) for one in town.results(outcome)]
        ledgers = [parse(town.certificates()[serial].read_bytes()).iss.ledger for serial in serials]
        assert ledgers == [town.deployment.names[1]] * 4 + [town.deployment.name] * 4
        again_ = town.issue(*range(8), batch_size=2)
        assert [int(one["serial"]) for one in town.results(again_)] == serials
        assert json.loads(town.command("reissue", "--json", "--no-wait").stdout)["jobs"] == []
        assert town.fsck() == []
