"""A refused certificate that replaces others replaces them when it is issued again, and not where it no longer can."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecert.facts import Status
from ecert.parsing import parse
from ecert.verdict import Reason
from store.database import Database
from tests.local_chain import LocalChain
from tests.verifier.test_reissue import end_own_accreditation, take_serials
from tests.verifier.town import AGENCY, Town, found_town, undone
from verifier.services.reissuance import ReissueOrder
from verifier.services.reissuing import reissue
from verifier.services.serial_ranges import range_words, ranges
from verifier.services.status import change_status
from verifier.services.status_order import Action, StatusOrder


@pytest.fixture(scope="module", name="founded")
def founded_(chain: LocalChain, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A town where the certificate 2, which replaces 0 and 1 and has the number of 0, was refused by the ledger."""
    town = found_town(chain, tmp_path_factory.mktemp("town"))
    assert town.issue(0, 1).complete
    assert town.issue_one(0, supersedes=(0, 1)) == 2
    take_serials(town, 2, 1)
    settle(town)
    return town


@pytest.fixture(name="town")
def town_(founded: Town, tmp_path: Path) -> Iterator[Town]:
    with undone(founded, tmp_path / "town") as town:
        yield town


def settle(town: Town) -> None:
    """Let time pass until nothing waits: what the ledger did not take is looked at again after a while."""
    for _ in range(5):
        town.chain.pass_time(5)
        town.step()


def again(town: Town, *options: str, code: int = 0) -> dict[str, Any]:
    result = town.command("reissue", "--json", *options)
    assert result.exit_code == code, result.output
    (job,) = json.loads(result.stdout)["jobs"]
    return dict(job)


def test_what_a_refused_certificate_replaces_is_superseded_once_it_is_issued_again(town: Town) -> None:
    assert again(town, "--no-wait")["serials"] == [3]
    settle(town)
    assert [town.status(serial) for serial in (0, 1, 3)] == [Status.SUPERSEDED, Status.SUPERSEDED, Status.VALID]
    assert {one["kind"] for one in town.fsck()} == {"batch_missing"}  # the stranger's


def test_it_is_handed_out_when_the_ledger_says_what_it_replaces(town: Town) -> None:
    with Database.open(town.url) as database:
        order = ReissueOrder(folder=town.folder / "certificates", timeout=600.0)
        (done,) = reissue(town.office(database), order)
    assert (done.serials, done.complete) == ((3,), True)
    assert parse(town.certificates()[3].read_bytes()).supersedes == (0, 1)
    assert town.status(0) is Status.SUPERSEDED


def test_it_is_handed_out_to_an_agency_that_may_not_issue_any_more(town: Town) -> None:
    assert again(town, "--no-wait")["serials"] == [3]
    settle(town)
    end_own_accreditation(town)
    with Database.open(town.url) as database:
        order = ReissueOrder(folder=town.folder / "certificates", timeout=600.0)
        (done,) = reissue(town.office(database), order)
    assert (done.serials, done.complete) == ((), True)
    assert 3 in town.certificates()


def test_it_is_withheld_and_waited_for_no_more_where_the_ledger_does_not_take_the_replacement(town: Town) -> None:
    """The old one is revoked while the new one is on its way."""
    asked: list[object] = []
    with Database.open(town.url) as database:

        def revoke_then_work(_: float) -> None:
            order = StatusOrder(action=Action.REVOKE, agency=AGENCY, serials=(1,), wait=False)
            if not asked:
                asked.append(change_status(office, order))
            town.chain.pass_time(3)
            town.work(database)

        office = replace(town.office(database), pause=revoke_then_work)
        (done,) = reissue(office, ReissueOrder(folder=town.folder / "certificates", timeout=60.0))
    assert (done.serials, done.complete) == ((3,), False)
    assert done.anchored.withheld == {3: (Reason.SUPERSESSION_PENDING,)}


def test_what_it_cannot_replace_any_more_is_named_and_not_issued(town: Town) -> None:
    town.change(Action.REVOKE, 1)
    said = again(town, "--no-wait", code=2)
    assert (said["serials"], list(said["passed_over"])) == ([], ["2"])
    assert "it replaces serial 1: this certificate is revoked" in said["passed_over"]["2"]


def test_it_is_named_where_it_is_withheld_also_if_nobody_waits(town: Town) -> None:
    assert again(town, "--no-wait")["serials"] == [3]
    town.change(Action.REVOKE, 1, wait=False)
    settle(town)
    result = town.command("reissue", "--no-wait")
    assert result.exit_code == 2
    assert "0 handed out (1 supersession_pending: not handed out)" in result.stdout
    assert "withheld: serial 3: supersession_pending" in result.stderr


def test_it_is_counted_where_it_is_withdrawn_before_it_is_out(town: Town) -> None:
    assert again(town, "--no-wait")["serials"] == [3]
    settle(town)
    town.change(Action.REVOKE, 3)
    result = town.command("reissue")
    assert result.exit_code == 0, result.output
    assert "0 handed out (1 revoked: not handed out)" in result.stdout


def test_what_is_due_for_ever_keeps_back_neither_its_batch_nor_other_jobs(town: Town) -> None:
    """The batch of 3 and 4, of which 3 can replace nothing, and a table: nobody waited, and the accreditation ended."""
    assert town.issue_one(20, supersedes=(1,), close=False) == 3
    assert town.issue_one(21) == 4
    town.issue(30, 31, wait=False)
    take_serials(town, 3, 3)
    settle(town)
    town.change(Action.REVOKE, 1)
    result = town.command("reissue", "--no-wait", "--json")
    assert [job["serials"] for job in json.loads(result.stdout)["jobs"]] == [[], [7], [8, 9]], result.output
    settle(town)
    end_own_accreditation(town)
    with Database.open(town.url) as database:
        done = reissue(town.office(database), ReissueOrder(folder=town.folder / "certificates", timeout=600.0))
    assert [(one.anchored.files, one.stopped is None) for one in done] == [(0, False), (1, False), (2, True)]
    assert "is not accredited" in str(done[0].stopped)
    assert set(town.certificates()) >= {7, 8, 9}


def test_serials_are_named_in_ranges() -> None:
    assert range_words(ranges([8, 30, 31, 32])) == ["8", "30-32"]
