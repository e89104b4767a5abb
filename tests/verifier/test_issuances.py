"""`POST /v1/issuances`: one certificate, stored when it is answered, anchored, verified, handed out, and replaced."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from ecert.events import AgencySuspended
from ecert.facts import Status
from ecert.parsing import parse
from ecert.suite import SigningKey
from store import batches, calls, certificates, listing, online_batches, supersessions
from store.database import Database
from store.errors import AttemptLost, BatchClosedOtherwise, CommitUncertain, DatabaseAway, WriteRefused
from store.records import BatchRecord
from store.states import BatchState
from tests.verifier.inside import SYSTEM, Town, found_town, town_of, without_status_base
from tests.verifier.office import AGENCY, LEDGER, NOW, City
from tests.verifier.test_issuing import HEALTH, row, run, table
from verifier.callers import ANYBODY, Act, Scope
from verifier.keys.keyring import Keyring, LedgerKey
from verifier.ledger_view import LedgerView
from verifier.problems import Code
from verifier.services import single_issuing
from verifier.services.abandoned import void_abandoned
from verifier.services.online_batches import OnlineBatches
from verifier.services.status import ask_for_changes, change_status
from verifier.services.status_order import Action, StatusOrder


@pytest.fixture(name="town")
def town_(tmp_path: Path, database_url: str) -> Iterator[Town]:
    with found_town(tmp_path / "city", database_url) as town:
        yield town


def problem(answer: httpx.Response, code: Code) -> dict[str, Any]:
    said: dict[str, Any] = answer.json()
    assert said["type"] == f"urn:ecert:problem:{code}", said
    assert answer.status_code == said["status"]
    return said


def places(answer: httpx.Response) -> list[str]:
    return [flaw["place"] for flaw in answer.json()["errors"]]


async def file_of(town: Town, serial: int) -> httpx.Response:
    return await town.client.get(f"/v1/certificates/{AGENCY}/{serial}")


def records(town: Town) -> list[BatchRecord]:
    with town.database.read() as connection:
        listed = listing.page(connection, LEDGER, AGENCY, listing.Filter(), after=-1, limit=10_000)
    return list({one.batch.id: one.batch for one in listed}.values())


async def test_what_is_issued_is_stored_then_anchored_then_handed_out(town: Town) -> None:
    answer = await town.issue(1)
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/certificates/{AGENCY}/0"
    assert answer.json() == {
        "agency": AGENCY,
        "serial": 0,
        "type": "health-certificate",
        "state": "gathering",
        "certificate": f"/v1/certificates/{AGENCY}/0",
    }
    assert town.gate.spent == [Act.ISSUANCE]
    waiting = await file_of(town, 0)
    assert (waiting.status_code, waiting.json()["state"]) == (202, "gathering")
    town.close()
    town.city.office.view.refresh()
    assert (await file_of(town, 0)).json()["state"] == "anchoring"
    town.settle()
    file = await file_of(town, 0)
    assert file.status_code == 200
    assert file.headers["content-disposition"] == 'attachment; filename="0.ecert.json"'
    assert parse(file.content).serial == 0
    town.gate.known = ANYBODY
    verdict = await town.client.post("/v1/verifications", json={"certificate": file.json()})
    assert (verdict.json()["result"], verdict.json()["reasons"]) == ("VALID", [])


async def test_what_comes_at_once_is_written_together_and_each_gets_its_own_serial(town: Town) -> None:
    answers = await asyncio.gather(*(town.issue(number) for number in range(40)))
    assert sorted(answer.json()["serial"] for answer in answers) == list(range(40))
    assert [batch.count for batch in records(town)] == [40]


async def test_a_full_batch_is_closed_and_the_next_one_begun(tmp_path: Path) -> None:
    with found_town(tmp_path / "city", batch_size=3) as town:
        await asyncio.gather(*(town.issue(number) for number in range(8)))
        states = {batch.first_serial: (batch.count, batch.state) for batch in records(town)}
        assert states == {
            0: (3, BatchState.CLOSED),
            3: (3, BatchState.CLOSED),
            6: (2, BatchState.FILLING),
        }
        town.settle()
        for serial in range(8):
            assert (await file_of(town, serial)).status_code == 200


async def test_every_faulty_field_is_named_and_nothing_is_stored(town: Town) -> None:
    answer = await town.issue(
        1,
        fields={"holder_id": "110101199003074515", "examined_by": "", "colour": "red"},
        valid_from="2026-13-01",
        document={"sha256": "A" * 43, "media_type": "no type", "size": 1},
    )
    said = problem(answer, Code.NOT_UNDERSTOOD)
    assert set(places(answer)) == {"fields.holder_id", "fields.examined_by", "fields.colour", "valid_from", "document"}
    assert "110101199003074515" not in json.dumps(said)
    assert records(town) == []


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"type": "health-certificat"}, "type"),
        ({"fields": [1]}, "fields"),
        ({"supersedes": [7, 7]}, "supersedes[1]"),
        ({"version": 2}, "version"),
        ({"valid_until": "2020-01-01"}, "valid_until"),
        ({"supersedes": [-1]}, "supersedes.0"),
        ({"colour": 1}, "colour"),
        ({"fields": {"holder_name": {"no": "text"}}}, "fields.holder_name"),
        ({"fields": {"identifier": 5}}, "fields.identifier"),
    ],
)
async def test_what_is_wrong_with_a_request_is_named(more: dict[str, Any], place: str, town: Town) -> None:
    asked = {"type": "health-certificate", "valid_from": "2026-11-20"} | more
    fields = more.get("fields")
    if not isinstance(fields, list):
        answer = await town.issue(1, **more)
    else:
        answer = await town.client.post("/v1/issuances", json=asked)
    problem(answer, Code.NOT_UNDERSTOOD)
    assert place in places(answer)


async def test_a_number_that_is_taken_is_a_conflict_with_its_place(town: Town) -> None:
    assert (await town.issue(1)).status_code == 201
    again = await town.issue(1)
    said = problem(again, Code.CONFLICT)
    assert said["errors"][0]["place"] == "fields.certificate_number"
    assert "certificate 0" in said["errors"][0]["why"]
    both = await asyncio.gather(town.issue(2), town.issue(2))
    assert sorted(answer.status_code for answer in both) == [201, 409]
    assert sum(batch.count for batch in records(town)) == 2


async def test_an_agency_that_may_not_issue_is_refused_with_the_reason(town: Town) -> None:
    town.city.end_accreditation(HEALTH.vct_hash)
    town.city.office.view.refresh()
    assert "not accredited" in problem(await town.issue(1), Code.CONFLICT)["detail"]
    town.city.ledger.emit(lambda place: AgencySuspended(place=place, agency=AGENCY, doubt_since=None))
    town.city.office.view.refresh()
    assert "suspended" in problem(await town.issue(1), Code.CONFLICT)["detail"]
    assert records(town) == []


async def test_an_office_without_the_keys_or_the_status_base_says_so_and_names_no_file(town: Town) -> None:
    assert "status_base" in problem(await without_status_base(town).issue(1), Code.CONFLICT)["detail"]
    (town.city.folder / "keys" / AGENCY / "certificate.pem").unlink()
    detail = problem(await town.issue(1), Code.CONFLICT)["detail"]
    assert detail == f"This office does not have the keys of {AGENCY}."


async def test_only_a_caller_who_may_issue_for_an_agency_is_served(town: Town) -> None:
    for caller, code in (
        (ANYBODY, Code.UNAUTHENTICATED),
        (replace(SYSTEM, scopes=frozenset({Scope.STATUS})), Code.FORBIDDEN),
        (replace(SYSTEM, agency=None), Code.FORBIDDEN),
    ):
        town.gate.known = caller
        problem(await town.issue(1), code)
    assert records(town) == []


async def test_another_agency_s_certificate_is_not_there(town: Town) -> None:
    await town.issue(1)
    town.gate.known = replace(SYSTEM, agency="OTHER-1")
    nothing = [await file_of(town, serial) for serial in (0, 99)] + [await town.client.get("/v1/certificates/X/x")]
    assert [answer.status_code for answer in nothing] == [404, 404, 404]
    assert len({answer.text for answer in nothing}) == 1


async def test_the_same_request_under_one_key_is_done_once(town: Town) -> None:
    first = await town.issue(1, headers={"idempotency-key": "a"})
    again = await town.issue(1, headers={"idempotency-key": "a"})
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotent-replayed"] == "true"
    problem(await town.issue(2, headers={"idempotency-key": "a"}), Code.KEY_REUSED)
    problem(await town.issue(2, headers={"idempotency-key": "x" * 256}), Code.NOT_UNDERSTOOD)
    assert sum(batch.count for batch in records(town)) == 1


async def test_what_was_refused_frees_its_key(town: Town) -> None:
    await town.issue(1)
    problem(await town.issue(1, headers={"idempotency-key": "a"}), Code.CONFLICT)
    assert (await town.issue(2, headers={"idempotency-key": "a"})).status_code == 201


async def test_an_attempt_that_was_taken_over_issues_nothing_and_harms_nobody_beside_it(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise AttemptLost

    monkeypatch.setattr("verifier.services.issuance.finish", lost)
    answers = await asyncio.gather(town.issue(3, headers={"idempotency-key": "b"}), town.issue(4))
    assert [answer.status_code for answer in answers] == [409, 201]
    assert sum(batch.count for batch in records(town)) == 1


async def test_a_replacement_counts_once_the_ledger_has_recorded_it(town: Town) -> None:
    await town.issue(1)
    town.settle()
    new = await town.issue(1, supersedes=[0], version=2)
    assert (new.status_code, new.json()["serial"]) == (201, 1)
    said = problem(await town.issue(1, supersedes=[0]), Code.CONFLICT)
    assert "replaces it already" in said["errors"][0]["why"]
    town.close()
    town.city.clock.pause(1)
    town.city.office.view.refresh()
    pending = await file_of(town, 1)
    assert (pending.status_code, pending.json()["state"]) == (202, "supersession_pending")
    town.settle()
    file = await file_of(town, 1)
    assert file.status_code == 200
    assert parse(file.content).supersedes == (0,)
    old = await file_of(town, 0)
    assert "withdrawn" in problem(old, Code.CONFLICT)["detail"]
    assert town.city.office.view.copy.status(AGENCY, 0) is Status.SUPERSEDED


async def test_one_is_not_split_into_several_one_by_one_and_the_first_is_good(town: Town) -> None:
    await town.issue(1)
    town.settle()
    assert (await town.issue(2, supersedes=[0])).status_code == 201
    for why in ("the certificate 1 replaces it already", "this certificate is superseded"):
        said = problem(await town.issue(3, supersedes=[0]), Code.CONFLICT)
        assert (said["errors"][0]["place"], why in said["errors"][0]["why"]) == ("supersedes[0]", True)
        town.settle()
    assert (await file_of(town, 1)).status_code == 200


async def test_what_cannot_be_replaced_is_named(town: Town) -> None:
    await town.issue(1)
    answer = await town.issue(2, supersedes=[0, 99])
    assert places(answer) == ["supersedes[0]", "supersedes[1]"]
    town.settle()
    revoked = {"action": "revoke", "reason": "surrendered"}
    await town.client.post(f"/v1/certificates/{AGENCY}/0/status", json=revoked)
    said = problem(await town.issue(2, supersedes=[0]), Code.CONFLICT)
    assert "revoked" in said["errors"][0]["why"]
    both = await asyncio.gather(town.issue(3), town.issue(4))
    town.settle()
    first = both[0].json()["serial"]
    both = await asyncio.gather(town.issue(5, supersedes=[first]), town.issue(6, supersedes=[first]))
    assert sorted(answer.status_code for answer in both) == [201, 409]


async def test_a_refused_replacement_gives_the_old_one_its_number_back(town: Town) -> None:
    await town.issue(1)
    town.settle()
    await town.issue(1, supersedes=[0])
    town.city.ledger.refuses = "NotTheNextSerial"
    town.settle()
    refused = problem(await file_of(town, 1), Code.CONFLICT)
    assert "refused" in refused["detail"]
    with town.database.read() as connection:
        old = certificates.read(connection, LEDGER, AGENCY, 0)
        assert old is not None
        assert old.live
        assert supersessions.of_olds(connection, LEDGER, AGENCY, [0]) == {}
    assert (await file_of(town, 0)).status_code == 200


async def test_with_the_ledger_away_issuing_goes_on_and_batches_wait(town: Town) -> None:
    town.city.ledger.stands_still = True
    for number in range(3):
        assert (await town.issue(number)).status_code == 201
        town.close()
    assert [batch.state for batch in records(town)] == [BatchState.CLOSED] * 3
    town.city.ledger.stands_still = False
    town.settle()
    assert (await file_of(town, 2)).status_code == 200


async def test_a_database_that_is_away_is_503_and_nothing_is_stored(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseAway("gone")

    with monkeypatch.context() as broken:
        broken.setattr("verifier.services.order_group.batches.fill", away)
        answer = await town.issue(1)
    problem(answer, Code.DATABASE_AWAY)
    assert answer.headers["retry-after"]
    assert records(town) == []
    assert (await town.issue(1)).status_code == 201


async def test_what_others_were_quicker_with_each_time_is_a_conflict_and_its_key_is_free_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: object, **__: object) -> None:
        raise BatchClosedOtherwise(1, "closed")

    with monkeypatch.context() as broken:
        broken.setattr("verifier.services.order_group.batches.fill", closed)
        problem(await town.issue(1, headers={"idempotency-key": "a"}), Code.CONFLICT)
    assert (await town.issue(1, headers={"idempotency-key": "a"})).status_code == 201


async def test_what_the_store_refuses_for_no_reason_that_we_know_is_ours_and_not_a_database_that_is_away(
    town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise WriteRefused("a constraint")

    with monkeypatch.context() as broken:
        broken.setattr("verifier.services.order_group.batches.fill", refused)
        answer = await town.issue(1)
    said = problem(answer, Code.INTERNAL)
    assert str(said["instance"]).removeprefix("urn:uuid:") in caplog.text


async def test_a_commit_whose_answer_was_lost_is_found_again_by_its_key(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = single_issuing.SingleIssuing._write

    def lost(self: Any, *arguments: Any) -> Any:
        write(self, *arguments)
        raise CommitUncertain("the connection broke")

    with monkeypatch.context() as broken:
        broken.setattr(single_issuing.SingleIssuing, "_write", lost)
        problem(await town.issue(1, headers={"idempotency-key": "a"}), Code.DATABASE_AWAY)
    again = await town.issue(1, headers={"idempotency-key": "a"})
    assert (again.status_code, again.json()["serial"]) == (201, 0)
    assert sum(batch.count for batch in records(town)) == 1


async def test_what_a_dead_office_left_open_is_closed_by_the_next_and_never_voided(town: Town) -> None:
    await town.issue(1)
    town.city.clock.now += 1000
    assert void_abandoned(town.city.office) == 0
    other = town.other()
    assert (other.close(seconds=2), other.close(seconds=2), town.close(seconds=2)) == (1, 0, 0)
    town.settle()
    assert (await file_of(other, 0)).status_code == 200


async def test_what_a_dead_office_left_open_does_not_hold_up_the_anchors_of_a_table(town: Town) -> None:
    await town.issue(1)
    file = table(town.city, [row(5), row(6)])
    outcome = await asyncio.to_thread(run, town.city, file, timeout=30.0)
    assert (outcome.complete, [batch.first_serial for batch in outcome.batches]) == (True, [1000])
    town.city.office.view.refresh()
    assert (await file_of(town, 0)).status_code == 200


async def test_what_another_agency_has_open_is_left_to_its_office(town: Town) -> None:
    await town.issue(1)
    closing = OnlineBatches(office=town.city.office, seconds=0)
    assert (closing.close_due(agency="OTHER-1"), closing.close_due(agency=AGENCY)) == (0, 1)


async def test_a_young_batch_stays_open_unless_the_clock_was_set_back(town: Town) -> None:
    await town.issue(1)
    assert town.close(seconds=2) == 0
    town.city.clock.now -= 3600
    assert town.close(seconds=2) == 1


async def test_two_offices_by_accident_do_no_harm(town: Town) -> None:
    other = town.other()
    answers = await asyncio.gather(*((town, other)[number % 2].issue(number) for number in range(20)))
    assert [answer.status_code for answer in answers] == [201] * 20, [answer.text for answer in answers]
    serials = {answer.json()["serial"] for answer in answers}
    assert len(serials) == 20
    town.settle()
    other.settle()
    for serial in serials:
        assert (await file_of(town, serial)).status_code == 200


async def test_an_empty_batch_is_voided_and_holds_up_nothing(town: Town) -> None:
    with town.database.begin() as connection:
        begun = batches.begin(
            connection, ledger=LEDGER, agency=AGENCY, certificate_type=HEALTH.vct_hash, job=None, capacity=5, now=1
        )
    assert town.close() == 1
    with town.database.read() as connection:
        assert batches.read(connection, begun.id).state is BatchState.VOID


async def test_the_same_request_gets_its_answer_also_on_the_next_day(town: Town) -> None:
    midnight = (NOW // 86_400 + 1) * 86_400 - 8 * 3600
    today = {"valid_from": None, "valid_until": datetime.fromtimestamp(midnight, UTC).date().isoformat()}
    town.city.clock.now = midnight - 1
    first = await town.issue(1, headers={"idempotency-key": "a"}, **today)
    town.city.clock.now = midnight
    again = await town.issue(1, headers={"idempotency-key": "a"}, **today)
    assert (again.status_code, again.json()) == (201, first.json())
    problem(await town.issue(2, headers={"idempotency-key": "b"}, **today), Code.NOT_UNDERSTOOD)
    problem(await town.issue(2, headers={"idempotency-key": "b"}, **today), Code.NOT_UNDERSTOOD)


class Meanwhile(Keyring):
    """Keys that are found just when the ledger takes what waits."""

    def __init__(self, city: City) -> None:
        super().__init__(city.office.keyring.folder, city.folder / "keys" / "passwords")
        self._city = city

    def certificate_key(self, agency: str) -> SigningKey:
        self._city.ledger.step(self._city.clock.now)
        return super().certificate_key(agency)


SUSPENDING = StatusOrder(action=Action.SUSPEND, agency=AGENCY, serials=(0,), wait=False)


async def test_what_is_suspended_just_before_it_is_replaced_is_not_replaced(town: Town) -> None:
    await town.issue(1)
    town.settle()
    town.city.ledger.stands_still = True
    change_status(town.city.office, SUSPENDING)
    town.city.ledger.stands_still = False
    meanwhile = replace(town.city, office=replace(town.city.office, keyring=Meanwhile(town.city)))
    refused = problem(await town_of(meanwhile).issue(1, supersedes=[0]), Code.CONFLICT)
    assert "suspended" in refused["errors"][0]["why"]


async def test_what_is_being_suspended_this_moment_is_not_replaced(town: Town) -> None:
    await town.issue(1)
    town.settle()
    office = town.city.office
    with town.database.begin() as connection:
        ask_for_changes(connection, office, [SUSPENDING], sender=office.keyring.address(AGENCY, LedgerKey.STATUS))
        asked = asyncio.create_task(town.issue(1, supersedes=[0]))
        await asyncio.wait([asked], timeout=0.5)
    refused = problem(await asked, Code.CONFLICT)
    assert "suspended" in refused["errors"][0]["why"]


class Overtaken(LedgerView):
    """A copy of the ledger that is looked at just when another office begins to do something."""

    def __init__(self, database: Database, threads: ThreadPoolExecutor) -> None:
        super().__init__(database, [LEDGER])
        self._threads = threads
        self.meanwhile: Callable[[], None] | None = None
        self.done: Future[None] | None = None

    def refresh(self) -> bool:
        if self.meanwhile is not None and self.done is None:
            self.done = self._threads.submit(self.meanwhile)
            time.sleep(0.5)
        return super().refresh()


async def test_offices_that_replace_at_the_same_moment_wait_for_each_other_in_turn(town: Town) -> None:
    await town.issue(1)
    town.settle()

    def replace_elsewhere() -> None:
        with town.database.begin() as connection:
            online_batches.locked_open(connection, LEDGER, AGENCY, HEALTH.vct_hash)
            calls.hold(connection, LEDGER, AGENCY)

    with ThreadPoolExecutor(1) as threads:
        view = Overtaken(town.database, threads)
        office = town_of(replace(town.city, office=replace(town.city.office, view=view)))
        with town.database.begin() as connection:
            calls.hold(connection, LEDGER, AGENCY)
            asked = asyncio.create_task(office.issue(2, supersedes=[0]))
            await asyncio.wait([asked], timeout=0.5)
            batches.begin(
                connection,
                ledger=LEDGER,
                agency=AGENCY,
                certificate_type=HEALTH.vct_hash,
                job=None,
                capacity=9,
                now=NOW,
            )
            view.meanwhile = replace_elsewhere
        assert (await asked).status_code == 201
        assert view.done is not None
        view.done.result()
