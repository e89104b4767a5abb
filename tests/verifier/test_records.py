"""The record over HTTP: one's own verifications, an auditor's all, a night's stream, and the keys of receipts."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from starlette.requests import Request

from ecert.jwks import KeySet
from ecert.receipt import check_receipt
from ecert.types import TypeCatalogue
from store.database import Connection, Database
from store.errors import DatabaseAway
from tests.ecert.cases import NOW
from tests.verifier.recorder import ISS, OCCASION, SECRETS, TAX, begin, made_keys, malformed, verification
from tests.verifier.shelf import answering_with
from verifier.callers import ANYBODY, Caller, OpenGate, Scope
from verifier.keys.receipt_key import published_receipt_keys
from verifier.keys.service_keys import ServiceKey, ServiceKeys
from verifier.ledger_view import LedgerView
from verifier.record.recording import Kept, Recording
from verifier.record.shipping import Shipping
from verifier.services import records as service
from verifier.services.records import Records
from verifier.services.verifying import Verifying
from verifier.web import Served, public_app

MANY = "/v1/verifications"
BANK = Caller(name="bank", scopes=frozenset({Scope.VERIFY}))
AUDITOR = Caller(name="auditor", scopes=frozenset({Scope.AUDIT}))
CALLERS = {"tax": TAX, "bank": BANK, "auditor": AUDITOR, "issuer": Caller(name="i", scopes=frozenset({Scope.ISSUE}))}


class Named(OpenGate):
    """Believes a header."""

    async def caller(self, request: Request) -> Caller:
        return CALLERS.get(request.headers.get("who", ""), ANYBODY)


class Away:
    """A database that can be taken away."""

    def __init__(self, real: Database) -> None:
        self._real = real
        self.away = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        if self.away:
            raise DatabaseAway("gone")
        with self._real.read() as connection:
            yield connection


class Desk:
    """A service with a record, and who asks it."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.keys: ServiceKeys = made_keys(folder)
        self.clock = [NOW]
        self.recording: Recording = begin(folder, self.keys, clock=lambda: self.clock[0])
        self.shipping = Shipping(self.recording, database)
        self.database = Away(database)
        view = LedgerView(database)
        served = Served(
            view=view,
            answering=answering_with(Verifying(view=view, types=TypeCatalogue.bundled())),
            gate=Named(),
            records=Records(self.database, self.recording),  # type: ignore[arg-type]
            receipt_keys=partial(published_receipt_keys, self.keys),
            status_keys=partial(self.keys.published_here, ServiceKey.STATUS),
        )
        transport = httpx.ASGITransport(app=public_app(served))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://service.example")

    async def keep(self, caller: Caller = TAX, *, at: int = NOW, ship: bool = True, case: str = "case-1") -> Kept:
        self.clock[0] = at
        kept = self.recording.keep(caller, replace(OCCASION, case=case), [verification()])
        await self.recording.durable(kept)
        if ship:
            assert self.shipping.look()
        return kept

    async def get(self, path: str, who: str = "tax", accept: str = "application/json") -> httpx.Response:
        return await self.client.get(path, headers={"who": who, "accept": accept})


@pytest.fixture
async def desk(tmp_path: Path, database: Database) -> AsyncIterator[Desk]:
    found = Desk(tmp_path, database)
    async with found.client:
        yield found
    found.recording.close()


async def test_another_method_is_answered_with_all_that_there_are(desk: Desk) -> None:
    answer = await desk.client.delete(MANY)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("ship", [True, False])
async def test_who_made_a_verification_gets_its_line_and_receipt_again(desk: Desk, ship: bool) -> None:  # noqa: FBT001
    kept = await desk.keep(ship=ship)
    answer = await desk.get(f"{MANY}/{kept.id}")
    assert answer.status_code == 200
    said = answer.json()
    assert said["receipt"] == kept.receipt
    assert said["audit"] == kept.place.to_json()
    assert (said["record"]["case"], said["record"]["caller"], said["id"]) == ("case-1", "tax-system", kept.id)
    assert not [secret for secret in SECRETS if secret in answer.text]


@pytest.mark.parametrize("ship", [True, False])
async def test_anothers_and_none_are_answered_alike_and_an_auditor_sees_all(desk: Desk, ship: bool) -> None:  # noqa: FBT001
    kept = await desk.keep(ship=ship)
    anothers, none = [await desk.get(f"{MANY}/{id_}", who="bank") for id_ in (kept.id, "no-such")]
    assert (anothers.status_code, anothers.json()) == (404, none.json())
    assert (await desk.get(f"{MANY}/{kept.id}", who="auditor")).status_code == 200


@pytest.mark.parametrize("path", [MANY, f"{MANY}/x"])
@pytest.mark.parametrize(("who", "status"), [("", 401), ("issuer", 403)])
async def test_nobody_and_who_may_not_verify_see_nothing(desk: Desk, path: str, who: str, status: int) -> None:
    assert (await desk.get(path, who=who)).status_code == status


async def test_with_the_database_away_what_was_just_recorded_is_found_and_the_rest_is_503(desk: Desk) -> None:
    kept = await desk.keep(ship=False)
    desk.database.away = True
    assert (await desk.get(f"{MANY}/{kept.id}")).status_code == 200
    assert (await desk.get(f"{MANY}/another")).json()["type"] == "urn:ecert:problem:database_away"
    for accept in ("application/json", "application/x-ndjson", "text/csv"):
        assert (await desk.get(MANY, accept=accept)).status_code == 503


async def test_a_list_is_of_ones_own_and_goes_page_by_page(desk: Desk) -> None:
    kept = [await desk.keep(at=NOW + number) for number in range(5)]
    await desk.keep(BANK)
    found: list[str] = []
    path = f"{MANY}?limit=2"
    while True:
        said = (await desk.get(path)).json()
        found += [each["id"] for each in said["verifications"]]
        if said["next"] is None:
            break
        path = f"{MANY}?limit=2&after={said['next']}"
    assert found == [each.id for each in kept]
    assert len((await desk.get(MANY, who="auditor")).json()["verifications"]) == 6


async def test_a_list_is_of_a_time_and_a_case(desk: Desk) -> None:
    kept = [await desk.keep(at=NOW + number, case=f"案{number % 2}") for number in range(4)]

    async def ids(query: str) -> list[str]:
        return [each["id"] for each in (await desk.get(f"{MANY}?{query}")).json()["verifications"]]

    assert await ids(f"from={NOW + 1}&to={NOW + 3}") == [kept[1].id, kept[2].id]
    assert await ids("case=案1") == [kept[1].id, kept[3].id]
    assert await ids("from=2100-01-01") == []


@pytest.mark.parametrize("case", ["Åbo 7", "a\0b", "\0"])
async def test_a_case_is_found_by_what_it_was_called_however_that_is_written(desk: Desk, case: str) -> None:
    kept = await desk.keep(case=unicodedata.normalize("NFC", case))
    await desk.keep(case="another")
    for form in ("NFC", "NFD"):
        answer = await desk.get(f"{MANY}?case={quote(unicodedata.normalize(form, case))}")
        assert [each["id"] for each in answer.json()["verifications"]] == [kept.id]


async def test_an_id_that_none_can_have_is_answered_like_any_other(desk: Desk) -> None:
    assert (await desk.get(f"{MANY}/%00")).json() == (await desk.get(f"{MANY}/no-such")).json()


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("from=yesterday", "from"),
        ("to=2026-05-03T09:00:00", "to"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("limit=1_0", "limit"),
        ("from=20260503", "from"),
        ("to=20260503090000", "to"),
        ("after=x", "after"),
        ("after=1." + "x" * 40, "after"),
        ("after=1.%00", "after"),
        ("after=", "after"),
        ("after=NOW", "after"),
        ("after=api-3f2a9c1b-1.1", "after"),
        ("after=0&from=2026-05-03", "from"),
        ("after=now&to=2026-05-03", "to"),
        ("after=api-3f2a9c1b-000001.1&case=x", "case"),
        ("case=" + "x" * 129, "case"),
        ("form=1", "form"),
        ("from=1&from=2", "from"),
        ("from=9999999999999999999999", "from"),
    ],
)
async def test_a_query_that_is_not_right_names_the_place_and_no_value(desk: Desk, query: str, place: str) -> None:
    answer = await desk.get(f"{MANY}?{query}")
    assert answer.status_code == 422
    assert [error["place"] for error in answer.json()["errors"]] == [place]
    assert "yesterday" not in answer.text


async def test_what_comes_in_behind_is_followed_and_given_once(desk: Desk) -> None:
    kept = [(await desk.keep(at=NOW + 5 - number)).id for number in range(3)]
    await desk.keep(BANK)
    found: list[str] = []
    after = "0"
    for _ in range(3):
        said = (await desk.get(f"{MANY}?limit=2&after={after}")).json()
        found += [each["id"] for each in said["verifications"]]
        after = said["next"]
        kept.append((await desk.keep(at=NOW)).id)
    said = (await desk.get(f"{MANY}?after={after}")).json()
    assert found + [each["id"] for each in said["verifications"]] == kept
    after = said["next"]
    assert (await desk.get(f"{MANY}?after={after}", who="auditor")).json() == {"verifications": [], "next": after}


@pytest.mark.parametrize("accept", ["application/x-ndjson", "text/csv"])
async def test_a_stream_that_is_followed_goes_on_behind_each_of_its_lines(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    monkeypatch.setattr(service, "PAGE", 2)
    kept = [(await desk.keep()).id for _ in range(5)]

    async def rows(after: str) -> list[dict[str, str]]:
        text = (await desk.get(f"{MANY}?after={after}", accept=accept)).text
        if accept == "text/csv":
            return list(csv.DictReader(io.StringIO(text)))
        return [json.loads(line) for line in text.splitlines()]

    whole = await rows("0")
    assert [each["id"] for each in whole] == kept
    for number, each in enumerate(whole, 1):
        assert [one["id"] for one in await rows(each["after"])] == kept[number:]
    now = (await desk.get(f"{MANY}?after=now")).json()["next"]
    assert await rows(now) == []


async def test_a_night_is_streamed_whole_as_ndjson(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PAGE", 2)
    kept = [await desk.keep(at=NOW + number) for number in range(5)]
    answer = await desk.get(MANY, accept="application/x-ndjson")
    assert answer.headers["content-type"] == "application/x-ndjson; charset=utf-8"
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert [each["id"] for each in found] == [each.id for each in kept]
    published = KeySet.from_json((await desk.get("/.well-known/jwks.json")).json())
    for each in found:
        assert check_receipt(each["receipt"], published, iss=ISS).jti == each["id"]
    some = await desk.get(f"{MANY}?limit=3", accept="application/x-ndjson")
    assert len(some.text.splitlines()) == 3


@pytest.mark.parametrize("accept", ["text/csv;q=0, application/json", "text/csv; q=0.000", "application/x-ndjson;Q=0"])
async def test_a_form_that_a_caller_does_not_accept_is_not_sent(desk: Desk, accept: str) -> None:
    assert (await desk.get(MANY, accept=accept)).headers["content-type"] == "application/json"


async def test_a_table_has_a_row_for_each_and_no_formula(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PAGE", 2)
    await desk.keep(case="=1+1")
    desk.recording.keep(TAX, OCCASION, [verification(), malformed()], batch=True)
    await desk.keep(at=NOW + 1)
    answer = await desk.get(MANY, accept="text/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["result"] for row in rows].count("INVALID") == 1
    assert "'=1+1" in [row["case"] for row in rows]
    assert [row["reasons"] for row in rows].count("malformed") == 1
    assert all("eip155" in row["certificates"] for row in rows)
    assert len(rows) == 3


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "＝", "\t", "\r"])
async def test_no_cell_is_a_formula_and_none_that_was_recorded_earlier_hides_another(desk: Desk, first: str) -> None:
    await desk.keep(case=f"{first}1\u202e\x1b")
    (row,) = csv.DictReader(io.StringIO((await desk.get(MANY, accept="text/csv")).text, newline=""))
    assert not row["case"].startswith(first)
    assert row["case"].endswith("1\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}")


async def test_an_empty_table_still_has_its_header(desk: Desk) -> None:
    answer = await desk.get(MANY, accept="text/csv")
    assert answer.text.startswith("id,time,caller,")
    assert (await desk.get(MANY, accept="application/x-ndjson")).text == ""


async def test_the_keys_are_those_of_all_receipts_and_no_others(desk: Desk) -> None:
    answer = await desk.get("/.well-known/jwks.json", who="")
    found = KeySet.from_json(answer.json())
    kinds = (ServiceKey.RECEIPT_API, ServiceKey.RECEIPT_OFFICE)
    assert found.keys == tuple(key for kind in kinds for key in desk.keys.published(kind).keys)
    assert answer.headers["cache-control"] == "public, max-age=300"
    again = await desk.client.get("/.well-known/jwks.json", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    desk.keys.rotate(ServiceKey.RECEIPT_OFFICE, NOW)
    assert len(KeySet.from_json((await desk.get("/.well-known/jwks.json")).json()).keys) == 3


async def test_the_keys_of_status_lists_are_published_apart_from_those_of_receipts(desk: Desk) -> None:
    desk.keys.rotate(ServiceKey.STATUS, NOW)
    found = KeySet.from_json((await desk.get("/.well-known/status-jwks.json", who="")).json())
    assert (len(found.keys), found.keys) == (2, desk.keys.published(ServiceKey.STATUS).keys)
    receipts = KeySet.from_json((await desk.get("/.well-known/jwks.json", who="")).json())
    assert not {key.kid for key in found.keys} & {key.kid for key in receipts.keys}
