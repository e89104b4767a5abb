"""Rows of a batch that the ledger refused are issued again by one command, each once, under new serials."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from chain.administration import Administration, end_accreditation
from chain.ledger import encode_call
from chain.node import Node
from chain.transacting import Invocation, transact
from ecert.parsing import parse
from store import batches, calls, jobs
from store.database import Database
from store.records import CertificateRecord, Lease
from store.states import JobState
from tests.local_chain import LocalChain
from tests.verifier.test_issuing import HEALTH
from tests.verifier.town import AGENCY, Town, found_town, undone
from verifier.drafting import draft_again
from verifier.keys.keyring import LedgerKey
from verifier.keys.ledger_keys import open_ledger_key
from verifier.services.reissuance import Reissued, ReissueOrder
from verifier.services.reissuing import _Reissuing, reissue


@pytest.fixture(scope="module", name="founded")
def founded_(chain: LocalChain, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A town where a stranger with the agency's key took the serials 0 to 2 of the first of two batches."""
    town = found_town(chain, tmp_path_factory.mktemp("town"))
    town.issue(*range(8), wait=False)
    take_serials(town, 0, 3)
    for _ in range(4):
        town.step()
    return town


@pytest.fixture(name="town")
def town_(founded: Town, tmp_path: Path) -> Iterator[Town]:
    with undone(founded, tmp_path / "town") as town:
        yield town


def take_serials(town: Town, first: int, count: int) -> None:
    signer = open_ledger_key(town.keyring, AGENCY, LedgerKey.ANCHOR)
    args = {
        "agency": AGENCY,
        "certificate_type": "0x" + HEALTH.vct_hash.hex(),
        "suite": 1,
        "root": "0x" + "ab" * 32,
        "first_serial": first,
        "count": count,
    }

    async def anchor() -> None:
        node = Node(town.chain.url)
        await transact(node, signer, [Invocation(to=town.deployment.ledger, data=encode_call("anchor", args))])
        await node.close()

    asyncio.run(anchor())


def again(town: Town, **options: Any) -> list[Reissued]:
    with Database.open(town.url) as database:
        standard = {"folder": town.folder / "certificates", "batch_size": 5, "timeout": 600.0}
        order = ReissueOrder(**{**standard, **options})
        return reissue(town.office(database), order)


def test_refused_rows_get_new_serials_and_say_the_same(town: Town) -> None:
    (done,) = again(town)
    assert (done.serials, done.complete) == (tuple(range(8, 13)), True)
    assert sorted(town.certificates()) == list(range(5, 13))
    found = parse(town.certificates()[8].read_bytes())
    assert {one.name: one.value for one in found.disclosures}["certificate_number"] == "420111201700000000"
    assert {one["kind"] for one in town.fsck()} == {"batch_missing"}  # the stranger's
    assert again(town) == []


def test_the_table_again_issues_nothing_more(town: Town) -> None:
    again(town)
    outcome = town.issue(*range(8))
    assert (outcome.issued, outcome.complete) == (8, True)
    assert [one["serial"] for one in town.results(outcome)] == ["8", "9", "10", "11", "12", "5", "6", "7"]


def test_the_job_is_over_when_all_its_rows_are_out(town: Town) -> None:
    (done,) = again(town)
    with Database.open(town.url) as database, database.read() as connection:
        assert jobs.read(connection, done.job.id).state is JobState.DONE


def test_what_was_issued_again_from_the_table_is_not_issued_a_third_time(town: Town) -> None:
    assert town.issue(*range(8)).complete
    assert again(town) == []


def test_a_second_refusal_is_issued_a_third_time(town: Town) -> None:
    assert again(town, wait=False)[0].serials == tuple(range(8, 13))
    take_serials(town, 8, 1)
    for _ in range(4):
        town.step()
    (done,) = again(town)
    assert (done.serials, done.complete) == (tuple(range(13, 18)), True)
    assert again(town) == []


def test_what_nobody_waited_for_is_handed_out_by_the_same_order_again(town: Town) -> None:
    assert again(town, wait=False)[0].serials == tuple(range(8, 13))
    (done,) = again(town)
    assert (done.serials, done.complete) == ((), True)
    assert sorted(town.certificates()) == list(range(5, 13))
    assert again(town) == []


def test_what_nobody_waited_for_is_handed_out_by_its_table_again(town: Town) -> None:
    again(town, wait=False)
    assert town.issue(*range(8)).complete
    assert sorted(town.certificates()) == list(range(5, 13))
    assert again(town) == []


def test_what_has_no_table_is_handed_out_by_the_same_order_again(town: Town) -> None:
    town.damage("UPDATE certificates SET line = NULL")
    town.damage("UPDATE batches SET job_id = NULL")
    again(town, wait=False)
    (done,) = again(town)
    assert (done.serials, done.complete) == ((), True)
    assert sorted(town.certificates()) == list(range(8, 13))


def test_a_batch_without_a_job_is_issued_again_once(town: Town) -> None:
    town.damage("UPDATE certificates SET line = NULL")
    town.damage("UPDATE batches SET job_id = NULL")
    assert [one.serials for one in again(town)] == [tuple(range(8, 13))]
    assert again(town) == []


def test_an_interrupted_run_is_gone_on_with(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("verifier.services.reissuing.batches.close", killed)
        with pytest.raises(KeyboardInterrupt):
            again(town)
    (done,) = again(town)
    assert done.complete
    assert len(done.serials) == 5
    assert again(town) == []


def test_where_the_ledger_refuses_one_batch_while_the_next_is_signed_it_goes_on(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue, refused = _Reissuing._issue, list[int]()

    def issue_and_refuse(self: _Reissuing, lease: Lease, due: Sequence[tuple[int, CertificateRecord]]) -> None:
        issue(self, lease, due)
        with self.office.database.begin() as connection:
            *_, newest = batches.of_job(connection, self.job.id)
            if not refused and newest.call is not None:
                calls.fail(connection, newest.call, error="refused", now=self.office.clock())
                refused.append(newest.call)

    monkeypatch.setattr(_Reissuing, "_issue", issue_and_refuse)
    (first,) = again(town, batch_size=2)
    assert (len(refused), len(first.serials)) == (1, 3)
    (second,) = again(town, batch_size=2)
    assert (len(second.serials), second.complete) == (2, True)
    assert len(town.certificates()) == 8
    assert again(town) == []


def test_another_agency_has_nothing_to_issue_again(town: Town) -> None:
    assert again(town, agency="OTHER-1") == []


def test_an_agency_that_may_not_issue_any_more_is_told_so(town: Town) -> None:
    end_own_accreditation(town)
    (done,) = again(town)
    assert (done.serials, done.complete) == ((), False)
    assert "is not accredited" in str(done.stopped)


def test_without_its_certificate_key_what_is_out_on_the_ledger_is_handed_out(town: Town) -> None:
    for path in town.keyring.folder.rglob("certificate.*"):
        path.unlink()
    result = town.command("reissue")
    assert result.exit_code == 2
    assert f"{AGENCY}: health-0.csv: 0 issued again, serials none; 3 handed out" in result.stdout
    assert f"ecert: {AGENCY}: health-0.csv: {AGENCY} has no certificate key here" in result.stderr
    assert sorted(town.certificates()) == [5, 6, 7]
    said = json.loads(town.command("reissue", "--json").stdout)
    assert (said["state"], [job["handed_out"] for job in said["jobs"]]) == ("stopped", [3])
    assert said["message"] == f"{AGENCY}: health-0.csv: {said['jobs'][0]['stopped']}"


def end_own_accreditation(town: Town) -> None:
    async def end() -> None:
        node = Node(town.chain.url)
        administration = Administration(node, town.deployment)
        await administration.carry_out(town.bureau, [end_accreditation(AGENCY, HEALTH.vct_hash)])
        await node.close()

    asyncio.run(end())
    town.chain.mine()
    town.step()


def test_the_command_says_what_was_issued_again(town: Town) -> None:
    result = town.command("reissue", "--no-wait")
    assert result.exit_code == 0, result.output
    assert f"{AGENCY}: health-0.csv: 5 issued again, serials 8-12; 3 handed out, the rest" in result.stdout
    for _ in range(4):
        town.step()
    (job,) = json.loads(town.command("reissue", "--json").stdout)["jobs"]
    assert (job["serials"], job["handed_out"], job["complete"]) == ([], 8, True)
    assert "nothing of a refused batch is left" in town.command("reissue").stdout
    assert json.loads(town.command("reissue", "--json").stdout) == {"state": "done", "jobs": []}


def test_a_draft_is_made_again_in_any_zone(town: Town) -> None:
    again(town)
    certificate = parse(town.certificates()[8].read_bytes())
    draft = draft_again(certificate, HEALTH)
    assert (draft.nbf, draft.exp, draft.legacy) == (certificate.nbf, certificate.exp, certificate.legacy)
