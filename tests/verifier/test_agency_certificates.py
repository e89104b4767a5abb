"""What an agency asks about its certificates, and changes: the list, statuses one by one and by table, calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from ecert.facts import Status
from store.calls import open_calls
from store.errors import DatabaseAway
from store.records import Call
from tests.verifier.inside import SYSTEM, Town, found_town
from tests.verifier.office import AGENCY
from tests.verifier.test_issuances import places, problem
from verifier.callers import ANYBODY, Scope
from verifier.problems import Code
from verifier.services.codes import Codes

OURS = f"/v1/certificates/{AGENCY}"
SUSPEND = {"action": "suspend", "reason": "a court order"}
REVOKE = {"action": "revoke", "reason": "surrendered"}


@pytest.fixture(name="town")
def town_(tmp_path: Path, database_url: str) -> Iterator[Town]:
    with found_town(tmp_path / "city", database_url) as town:
        yield town


async def issued(town: Town, *numbers: int) -> None:
    for number in numbers:
        assert (await town.issue(number)).status_code == 201
    town.settle()


async def listed(town: Town, **query: Any) -> dict[str, Any]:
    answer = await town.client.get("/v1/certificates", params=query)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def serials(town: Town, **query: Any) -> list[int]:
    return [one["serial"] for one in (await listed(town, **query))["certificates"]]


def status_of(town: Town, serial: int) -> Status:
    return town.city.office.view.copy.status(AGENCY, serial)


async def test_a_page_says_where_each_certificate_is_and_nothing_of_its_face(town: Town) -> None:
    await issued(town, 1, 2)
    await town.issue(3)
    said = await listed(town)
    assert said["after"] is None
    assert said["certificates"][0] == {
        "agency": AGENCY,
        "serial": 0,
        "type": "health-certificate",
        "state": "settled",
        "status": "valid",
        "stored": said["certificates"][0]["stored"],
        "certificate": f"{OURS}/0",
    }
    assert [one["state"] for one in said["certificates"]] == ["settled", "settled", "gathering"]


async def test_pages_follow_each_other_and_end(town: Town) -> None:
    await issued(town, *range(5))
    first = await listed(town, limit=2)
    assert [one["serial"] for one in first["certificates"]] == [0, 1]
    assert await serials(town, limit=2, after=first["after"]) == [2, 3]
    last = await listed(town, limit=2, after=3)
    assert (len(last["certificates"]), last["after"]) == (1, None)


async def test_certificates_are_found_by_type_number_status_and_time(town: Town) -> None:
    await issued(town, 1, 2, 3)
    await town.client.post(f"{OURS}/1/status", json=SUSPEND)
    town.settle()
    assert await serials(town, type="health-certificate", number="JK-3") == [2]
    assert await serials(town, type="health-certificate", number="jk-３") == [2]
    assert await serials(town, type="health-certificate", number="JK-4") == []
    assert await serials(town, type="deed-tax-payment") == []
    assert await serials(town, type="health-certificate", holder="110101199003074514") == [0, 1, 2]
    assert await serials(town, type="health-certificate", holder="42010619900101001X") == []
    assert await serials(town, status="suspended") == [1]
    assert await serials(town, status="valid") == [0, 2]
    assert await serials(town, status="suspended", number="JK-3", type="health-certificate") == []
    assert await serials(town, status="suspended", after=1) == []
    assert await serials(town, status="revoked") == []
    assert await serials(town, **{"from": "2026-01-01", "to": "2050-01-01"}) == [0, 1, 2]
    assert await serials(town, to="2026-01-01") == []


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"number": "JK-1"}, "type"),
        ({"holder": "110101199003074514"}, "type"),
        ({"type": "health-certificat"}, "type"),
        ({"status": "lost"}, "status"),
        ({"from": "yesterday"}, "from"),
        ({"after": "x"}, "after"),
        ({"after": "-1"}, "after"),
        ({"from": "20260503"}, "from"),
        ({"to": "20260503090000"}, "to"),
        ({"limit": 0}, "limit"),
        ({"limit": "1_0"}, "limit"),
        ({"limit": " 10"}, "limit"),
        ({"limit": "+10"}, "limit"),
        ({"limit": "１０"}, "limit"),
        ({"limit": "10.0"}, "limit"),
        ({"limit": ["10", "10"]}, "limit"),
        ({"from": ["2026-01-01", "2026-01-02"]}, "from"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_is_wrong_with_a_search_is_named(query: dict[str, Any], place: str, town: Town) -> None:
    answer = await town.client.get("/v1/certificates", params=query)
    problem(answer, Code.NOT_UNDERSTOOD)
    assert place in places(answer)
    assert "yesterday" not in answer.text


async def test_a_status_is_changed_and_asking_again_does_no_harm(town: Town) -> None:
    await issued(town, 1)
    asked = await town.client.post(f"{OURS}/0/status", json=SUSPEND)
    assert asked.status_code == 202
    said = asked.json()
    assert (said["changed"], said["already"], said["calls"][0]["state"]) == ([0], [], "queued")
    again = await town.client.post(f"{OURS}/0/status", json=SUSPEND)
    assert [call["id"] for call in again.json()["calls"]] == [said["calls"][0]["id"]]
    town.settle()
    assert status_of(town, 0) is Status.SUSPENDED
    done = await town.client.post(f"{OURS}/0/status", json=SUSPEND)
    assert (done.status_code, done.json()["already"], done.json()["calls"]) == (200, [0], [])
    call = await town.client.get(f"/v1/calls/{said['calls'][0]['id']}")
    assert (call.json()["kind"], call.json()["state"]) == ("suspend", "settled")
    assert "court" not in call.text


async def test_a_certificate_is_named_by_its_number_too(town: Town) -> None:
    await issued(town, 1, 2)
    query = {"type": "health-certificate"}
    asked = await town.client.post(f"{OURS}/JK-2/status", json=REVOKE, params=query)
    assert asked.json()["changed"] == [1]
    for name in ("JK-9", "...", "%20"):
        problem(await town.client.post(f"{OURS}/{name}/status", json=REVOKE, params=query), Code.NOT_FOUND)


@pytest.mark.parametrize("query", ["typ=health-certificate", "type=health-certificate&type=deed-tax-payment", "type="])
async def test_what_is_misspelt_beside_a_number_does_not_make_it_a_serial(query: str, town: Town) -> None:
    await issued(town, 1)
    row = {"content": b"serial,action,reason\n0,suspend,x\n", "headers": {"content-type": "text/csv"}}
    one: dict[str, Any] = {"json": SUSPEND}
    for path, body in ((f"{OURS}/0/status", one), (f"{OURS}/status", row)):
        problem(await town.client.post(f"{path}?{query}", **body), Code.NOT_UNDERSTOOD)
    town.settle()
    assert status_of(town, 0) is Status.VALID


async def test_what_cannot_be_changed_is_said(town: Town) -> None:
    await issued(town, 1)
    await town.issue(2)
    await town.client.post(f"{OURS}/0/status", json=REVOKE)
    town.city.clock.pause(1)
    town.city.office.view.refresh()
    final = await town.client.post(f"{OURS}/0/status", json=SUSPEND)
    assert "revoked" in problem(final, Code.CONFLICT)["detail"]
    early = await town.client.post(f"{OURS}/1/status", json=SUSPEND)
    assert "not on the ledger yet" in problem(early, Code.CONFLICT)["detail"]
    answer = await town.client.post(f"{OURS}/0/status", json={"action": "destroy", "reason": ""})
    assert sorted(places(answer)) == ["action", "reason"]
    answer = await town.client.post(f"{OURS}/0/status", json={**REVOKE, "reason": "lost\u202e"})
    assert places(answer) == ["reason"]


async def test_what_is_being_replaced_can_be_revoked_and_not_suspended(town: Town) -> None:
    await issued(town, 1)
    await town.issue(1, supersedes=[0])
    refused = await town.client.post(f"{OURS}/0/status", json=SUSPEND)
    assert "being replaced by serial 1" in problem(refused, Code.CONFLICT)["detail"]
    assert (await town.client.post(f"{OURS}/0/status", json=REVOKE)).status_code == 202


async def test_another_agency_s_certificates_and_calls_are_not_there(town: Town) -> None:
    await issued(town, 1)
    call = (await town.client.post(f"{OURS}/0/status", json=SUSPEND)).json()["calls"][0]["id"]
    town.gate.known = replace(SYSTEM, agency="OTHER-1")
    for answer in (
        await town.client.post(f"{OURS}/0/status", json=REVOKE),
        await town.client.post("/v1/certificates/OTHER-1/0/status", json=REVOKE),
        await town.client.get(f"/v1/calls/{call}"),
        await town.client.get("/v1/calls/999"),
        await town.client.get("/v1/calls/x"),
        await town.client.get("/v1/certificates/%00/0"),
    ):
        assert answer.status_code in {404, 409}
    assert await serials(town) == []
    for number in ("999", "x"):
        said = problem(await town.client.get(f"/v1/calls/{number}"), Code.NOT_FOUND)
        assert said["detail"] == "There is no such call."


async def test_another_agency_s_certificate_is_not_even_opened(town: Town) -> None:
    await issued(town, 1)
    (town.city.office.keyring.folder / "service" / "field-1.key").unlink()
    other = town.other()
    other.gate.known = replace(SYSTEM, agency="OTHER-1")
    for serial in (0, 1):
        problem(await other.client.get(f"{OURS}/{serial}"), Code.NOT_FOUND)
        problem(await other.client.post(f"{OURS}/{serial}/code"), Code.NOT_FOUND)


async def test_only_who_has_the_scope_is_served(town: Town) -> None:
    await issued(town, 1)
    for caller, code in (
        (ANYBODY, Code.UNAUTHENTICATED),
        (replace(SYSTEM, scopes=frozenset({Scope.ISSUE})), Code.FORBIDDEN),
    ):
        town.gate.known = caller
        problem(await town.client.post(f"{OURS}/0/status", json=REVOKE), code)
        problem(await town.client.post(f"{OURS}/status", content=b"x"), code)
        problem(await town.client.get("/v1/calls/1"), code)
    town.gate.known = replace(SYSTEM, scopes=frozenset({Scope.STATUS}))
    problem(await town.client.get("/v1/certificates"), Code.FORBIDDEN)


async def table(town: Town, text: str, **more: Any) -> httpx.Response:
    headers = {"content-type": "text/csv"}
    return await town.client.post(f"{OURS}/status", content=text.encode(), headers=headers, **more)


async def test_many_are_changed_by_a_table_in_one_go(town: Town) -> None:
    await issued(town, 1, 2, 3)
    text = "serial,action,reason\n0,suspend,a court order\n1,suspend,a court order\n2,revoke,surrendered\n"
    asked = await table(town, text)
    assert asked.status_code == 202
    assert (asked.json()["changed"], len(asked.json()["calls"])) == ([0, 1, 2], 2)
    town.settle()
    assert [status_of(town, serial) for serial in range(3)] == [Status.SUSPENDED, Status.SUSPENDED, Status.REVOKED]
    assert (await table(town, text)).status_code == 200
    by_number = "number;action;reason\nJK-1;reinstate;settled in court\n"
    assert (await table(town, by_number, params={"type": "health-certificate"})).json()["changed"] == [0]


async def test_a_table_in_which_each_row_has_its_own_reason_reads_what_is_on_its_way_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await issued(town, *range(9))
    looks: list[object] = []

    def counted(*asked: Any) -> tuple[Call, ...]:
        looks.append(asked)
        return open_calls(*asked)

    monkeypatch.setattr("verifier.services.status.calls.open_calls", counted)
    text = "serial,action,reason\n" + "".join(f"{serial},suspend,order {serial}\n" for serial in range(9))
    asked = await table(town, text)
    assert (len(asked.json()["calls"]), len(looks)) == (9, 1)
    assert len((await table(town, text)).json()["calls"]) == 9


async def test_a_table_with_faults_changes_nothing_and_names_each_line_and_column(town: Town) -> None:
    await issued(town, 1, 2)
    text = "serial,action,reason\n0,suspend,x\n0,suspend,y\nseven,lose,\n99,revoke,z\n"
    answer = await table(town, text)
    problem(answer, Code.NOT_UNDERSTOOD)
    assert places(answer) == ["line 3, serial", "line 4, action", "line 4, reason", "line 4, serial"]
    assert places(await table(town, 'serial,action,reason\n0,suspend,"x\ny"\n1,revoke,z\u202e\n')) == [
        "line 2, reason",
        "line 4, reason",
    ]
    answer = await table(town, "serial,action,reason\n0,suspend,x\n99,revoke,z\n1,reinstate,y\n")
    problem(answer, Code.CONFLICT)
    assert places(answer) == ["line 3"]
    assert (await listed(town, status="suspended"))["certificates"] == []
    with town.database.read() as connection:
        from store import calls  # noqa: PLC0415

        assert [one for one in calls.open_calls(connection, town.city.office.ledger) if one.kind != "anchor"] == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "body"),
        ("serial,action,reason\n", "body"),
        ("action,reason\nrevoke,x\n", "line 1"),
        ("serial,number,action,reason\n0,JK-1,revoke,x\n", "line 1"),
        ("number,action,reason\nJK-1,revoke,x\n", "type"),
        ("serial,action,reason\n0,revoke\n", "line 2"),
        ('serial,action,reason\n0,revoke,"x\n', "line 2"),
    ],
)
async def test_a_table_that_is_none_is_refused(text: str, place: str, town: Town) -> None:
    await issued(town, 1)
    answer = await table(town, text)
    problem(answer, Code.NOT_UNDERSTOOD)
    assert place in places(answer)[0]


async def test_another_kind_of_body_is_refused(town: Town) -> None:
    problem(await town.client.post(f"{OURS}/status", json={}), Code.WRONG_MEDIA_TYPE)
    problem(await town.client.post(f"{OURS}/0/status", content=b"x"), Code.WRONG_MEDIA_TYPE)


async def test_a_change_under_one_key_is_asked_for_once(town: Town) -> None:
    await issued(town, 1)
    headers = {"idempotency-key": "k"}
    first = await town.client.post(f"{OURS}/0/status", json=SUSPEND, headers=headers)
    town.settle()
    again = await town.client.post(f"{OURS}/0/status", json=SUSPEND, headers=headers)
    assert (again.status_code, again.json()) == (202, first.json())


async def test_with_the_database_away_it_is_503_and_nothing_is_written(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await issued(town, 1)

    def away(*_: object, **__: object) -> None:
        raise DatabaseAway("gone")

    with monkeypatch.context() as broken:
        broken.setattr("verifier.services.status.calls.add", away)
        problem(await town.client.post(f"{OURS}/0/status", json=SUSPEND), Code.DATABASE_AWAY)
    town.settle()
    assert status_of(town, 0) is Status.VALID


async def test_a_code_opens_a_settled_certificate_and_the_one_before_opens_nothing(town: Town) -> None:
    await town.issue(1)
    problem(await town.client.post(f"{OURS}/0/code"), Code.CONFLICT)
    town.settle()
    first, second = [(await town.client.post(f"{OURS}/0/code")).json()["code"] for _ in range(2)]
    opening = Codes(town.database)
    assert opening.open(first) is None
    assert (opening.open(second) or b"").startswith(b"ey")
    town.gate.known = replace(SYSTEM, agency="OTHER-1")
    problem(await town.client.post(f"{OURS}/0/code"), Code.NOT_FOUND)
