"""The HTTP API: verdicts for certificates, problems for requests, and nothing about a person in any log."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from ecert.facts import Status
from ecert.types import TypeCatalogue
from store.database import Database
from store.errors import DatabaseAway
from tests.verifier.shelf import BAD_FILES, Shelf, answering_with, stock
from verifier.api.bodies import MOST_MEMBERS
from verifier.api.flaws import MOST
from verifier.guards import MAX_BODY, Allowance, BodyLimit
from verifier.ledger_view import LedgerView
from verifier.problems import KINDS, Code
from verifier.services.verification import Verification
from verifier.services.verifying import Verifying
from verifier.web import Served, public_app

PATH = "/v1/verifications"
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return stock(tmp_path_factory.mktemp("shelf"))


@pytest.fixture(scope="module")
def database(shelf: Shelf) -> Iterator[Database]:
    with shelf.open() as database:
        yield database


@pytest.fixture
def view(database: Database) -> LedgerView:
    view = LedgerView(database)
    view.refresh()
    return view


@pytest.fixture
async def client(view: LedgerView) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(view, Verifying(view=view, types=TypeCatalogue.bundled())) as client:
        yield client


def client_of(view: LedgerView, verifying: Verifying) -> httpx.AsyncClient:
    app = public_app(Served(view=view, answering=answering_with(verifying)))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service.example")


def problem(answer: httpx.Response, code: Code) -> dict[str, object]:
    assert answer.headers["content-type"] == PROBLEM
    said: dict[str, object] = answer.json()
    assert said["type"] == f"urn:ecert:problem:{code}"
    assert answer.status_code == said["status"] == KINDS[code].status
    assert said["title"]
    assert said["detail"]
    return said


async def test_the_object_form_is_judged(client: httpx.AsyncClient, shelf: Shelf) -> None:
    answer = await client.post(PATH, json={"certificate": json.loads(shelf.files[0])})
    assert answer.status_code == 200
    said = answer.json()
    assert said["result"] == "VALID"
    assert said["id"]
    assert said["as_of"]["hash"].startswith("0x")


async def test_text_is_taken_as_compact_form_or_as_a_file(client: httpx.AsyncClient, shelf: Shelf) -> None:
    compact = await client.post(PATH, json={"certificate": shelf.certificates[0].compact()})
    assert (compact.json()["result"], compact.json()["reasons"]) == ("UNKNOWN", ["proof_missing"])
    text = await client.post(PATH, json={"certificate": shelf.files[0].decode()})
    assert text.json()["result"] == "VALID"


async def test_a_file_can_be_uploaded_with_what_is_asked(client: httpx.AsyncClient, shelf: Shelf) -> None:
    parts = {"expect": '{"legal_representative": "李四"}', "max_age": "900"}
    answer = await client.post(PATH, files={"file": ("c.ecert.json", shelf.files[0])}, data=parts)
    assert answer.json()["reasons"] == ["field_mismatch"]
    answer = await client.post(PATH, files={"file": ("c.ecert.json", shelf.files[0])})
    assert answer.json()["result"] == "VALID"


async def test_statements_are_compared_and_the_differing_field_is_named(
    client: httpx.AsyncClient, shelf: Shelf
) -> None:
    certificate = json.loads(shelf.files[0])
    asked = {"expect": {"company_type": "有限责任公司", "legal_representative": "李四"}, "holder": {"id": "X"}}
    said = (await client.post(PATH, json={"certificate": certificate, **asked})).json()
    fields = said["checks"][10]["detail"]["fields"]
    assert fields == {"company_type": "equal", "legal_representative": "differs", "holder": "differs"}


async def test_a_time_in_the_past_can_be_asked_about(client: httpx.AsyncClient, shelf: Shelf) -> None:
    certificate = json.loads(shelf.files[0])
    for at in (1_500_000_000, "2017-07-14T10:40:00+08:00"):
        said = (await client.post(PATH, json={"certificate": certificate, "at": at})).json()
        assert said["at"] == 1_500_000_000
        assert "not_yet_valid" in said["reasons"]


@pytest.mark.parametrize("kind", BAD_FILES)
async def test_an_uploaded_file_that_is_no_certificate_gets_a_verdict(
    kind: str, client: httpx.AsyncClient, shelf: Shelf
) -> None:
    bad = BAD_FILES[kind](shelf.files[0])
    answer = await client.post(PATH, files={"file": ("c.ecert.json", bad)})
    assert answer.status_code == 200
    assert (answer.json()["result"], answer.json()["reasons"]) == ("INVALID", ["malformed"])


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        (b"", Code.NOT_JSON, "body"),
        (b"certificate", Code.NOT_JSON, "body"),
        (b'{"certificate": "x"', Code.NOT_JSON, "body"),
        (b'{"certificate": "x", "certificate": "y"}', Code.NOT_JSON, "body"),
        ('{"certificate": "é"}'.encode("latin-1"), Code.NOT_JSON, "body"),
        ('{"certificate": "x"}'.encode("utf-16"), Code.NOT_JSON, "body"),
        (b'{"certificate": "\\ud800"}', Code.NOT_JSON, "certificate"),
        (b'{"certificate": "x", "at": 1.5}', Code.NOT_JSON, "at"),
        (b'{"certificate": "x", "at": 123456789012345678901234567890}', Code.NOT_JSON, "at"),
        (b"[" * 3000 + b"]" * 3000, Code.NOT_JSON, "body"),
        (b'["x"]', Code.NOT_UNDERSTOOD, "body"),
        (b"{}", Code.NOT_UNDERSTOOD, "certificate"),
        (b'{"certificate": 5}', Code.NOT_UNDERSTOOD, "certificate"),
        (b'{"certificate": ""}', Code.NOT_UNDERSTOOD, "certificate"),
        (b'{"certificate": "x", "expected": {}}', Code.NOT_UNDERSTOOD, "expected"),
        (b'{"certificate": "x", "expect": []}', Code.NOT_UNDERSTOOD, "expect"),
        (b'{"certificate": "x", "holder": {"name": "y"}}', Code.NOT_UNDERSTOOD, "holder.id"),
        (b'{"certificate": "x", "holder": {"id": 5}}', Code.NOT_UNDERSTOOD, "holder.id"),
        (b'{"certificate": "x", "max_age": 0}', Code.NOT_UNDERSTOOD, "max_age"),
        (b'{"certificate": "x", "max_age": true}', Code.NOT_UNDERSTOOD, "max_age"),
        (b'{"certificate": "x", "at": "yesterday"}', Code.NOT_UNDERSTOOD, "at"),
        (b'{"certificate": "x", "at": "2026-05-03T09:00:00"}', Code.NOT_UNDERSTOOD, "at"),
        (b'{"certificate": "x", "at": -1}', Code.NOT_UNDERSTOOD, "at"),
        (b'{"certificate": "x", "at": 9223372036854775808}', Code.NOT_JSON, "at"),
        (b'{"certificate": "x", "at": "9223372036854775808"}', Code.NOT_UNDERSTOOD, "at"),
        (b'{"certificate": "x", "at": "9999-12-31T23:59:59-23:59x"}', Code.NOT_UNDERSTOOD, "at"),
        (b'{"certificate": "x", "at": "2026-02-30"}', Code.NOT_UNDERSTOOD, "at"),
        (b'{"certificate": "x", "at": "20260503"}', Code.NOT_UNDERSTOOD, "at"),
        (b'{"certificate": "x", "at": 20260503}', Code.NOT_UNDERSTOOD, "at"),
        (b'{"certificate": "x", "at": {"int": 5}}', Code.NOT_UNDERSTOOD, "at"),
        (b'{"certificate": "x", "max_age": 1e9}', Code.NOT_JSON, "max_age"),
        (b'{"certificate": "x", "max_age": 1000000}', Code.NOT_UNDERSTOOD, "max_age"),
        (b'{"certificate": ["x"]}', Code.NOT_UNDERSTOOD, "certificate"),
        (b'{"certificate": {"a": [1, 0.5]}}', Code.NOT_JSON, "certificate.a[1]"),
        (b'{"certificate": "x", "holder": "y"}', Code.NOT_UNDERSTOOD, "holder"),
        (b'{"certificate": "x", "holder": {"id": "y", "nick": "z"}}', Code.NOT_UNDERSTOOD, "holder.nick"),
        (b'{"certificate": "x", "documents": ["AAAA"]}', Code.NOT_UNDERSTOOD, "documents.0"),
        (b'{"case": "e' + "\u0301".encode() * 90_000 + "\u0323".encode() * 90_000 + b'"}', Code.NOT_JSON, "body"),
        (b'{"certificate": "x", "documents": ["' + b"A" * 42 + b'B"]}', Code.NOT_UNDERSTOOD, "documents.0"),
    ],
)
async def test_a_bad_body_is_refused_with_the_place(
    body: bytes, code: Code, place: str, client: httpx.AsyncClient
) -> None:
    answer = await client.post(PATH, content=body, headers={"content-type": "application/json"})
    errors = problem(answer, code)["errors"]
    assert isinstance(errors, list)
    assert [error["place"] for error in errors] == [place]
    assert not re.search(r"StatedHolder|constrained|dict\[|Input should", str(errors))


@pytest.mark.parametrize(("count", "named"), [(99, 99), (200, MOST)])
async def test_of_more_flaws_than_anybody_reads_some_are_named(
    client: httpx.AsyncClient, count: int, named: int
) -> None:
    answer = await client.post(PATH, json={f"{name:x}": 0 for name in range(count)})
    problem(answer, Code.NOT_UNDERSTOOD)
    assert len(answer.json()["errors"]) == named


@pytest.mark.parametrize(
    "text",
    [
        '{"expect":{"a":[' + "1," * MOST_MEMBERS + "1]}}",
        '{"expect":{"a":' + "[" * MOST_MEMBERS,
        '{"expect":{"a":[' + "{},1.5" * MOST_MEMBERS + "]}}",
    ],
)
async def test_what_has_more_members_than_any_question_is_not_read(client: httpx.AsyncClient, text: str) -> None:
    answer = await client.post(PATH, content=text, headers={"content-type": "application/json"})
    assert problem(answer, Code.TOO_LARGE)["errors"] == [{"place": "body", "why": "it has too many members"}]
    expect = text.removeprefix('{"expect":').removesuffix("}")
    answer = await client.post(PATH, files={"file": b"{}"}, data={"expect": expect})
    assert problem(answer, Code.TOO_LARGE)["errors"] == [{"place": "expect", "why": "it has too many members"}]


@pytest.mark.parametrize("depth", [17, 300, 480, 700, 959, 960, 5_000])
@pytest.mark.parametrize("brackets", ["[]", '{"x":1}'])
async def test_deeply_nested_json_is_refused_whatever_its_depth(
    client: httpx.AsyncClient, depth: int, brackets: str
) -> None:
    begun, ended = brackets[:-1].removesuffix("1"), brackets[-1]
    text = '{"expect":' + begun * depth + "1" + ended * depth + "}"
    answer = await client.post(PATH, content=text, headers={"content-type": "application/json"})
    assert "nested deeper than 16" in str(problem(answer, Code.NOT_JSON)["detail"])


async def test_where_a_path_is_wrong_nobody_is_sent_to_a_host_of_the_callers(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/types/", headers={"host": "evil.example"})
    assert answer.status_code == 404


async def test_bodies_of_another_kind_are_refused(client: httpx.AsyncClient) -> None:
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded", ""):
        headers = {"content-type": kind} if kind else {}
        problem(await client.post(PATH, content=b"x=1", headers=headers), Code.WRONG_MEDIA_TYPE)


async def test_compressed_bodies_are_refused_unread(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    problem(await client.post(PATH, content=b"\x1f\x8b", headers=headers), Code.COMPRESSED)


async def test_a_body_over_the_limit_is_refused_told_or_not(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    problem(await client.post(PATH, content=b" " * (MAX_BODY + 1), headers=headers), Code.TOO_LARGE)

    async def without_length() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY // 1024 + 1):
            yield b" " * 1024

    problem(await client.post(PATH, content=without_length(), headers=headers), Code.TOO_LARGE)


async def test_a_body_that_does_not_arrive_is_given_up(view: LedgerView, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifier.web.BodyLimit", functools.partial(BodyLimit, ordinary=Allowance(seconds=0.01)))
    stuck = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await stuck.wait()

    async with client_of(view, Verifying(view=view, types=TypeCatalogue.bundled())) as client:
        answer = await client.post(PATH, content=slow(), headers={"content-type": "application/json"})
    problem(answer, Code.TOO_SLOW)
    assert answer.headers["connection"] == "close"


def form(*parts: tuple[str, str]) -> bytes:
    pieces = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in parts]
    return "".join([*pieces, "--x--\r\n"]).encode()


@pytest.mark.parametrize(
    ("content", "parameters", "code", "place"),
    [
        (b"--x\r\n", "", Code.BAD_FORM, "content-type"),
        (b"junk", "; boundary=x", Code.BAD_FORM, "body"),
        (b"", "; boundary=x", Code.BAD_FORM, "body"),
        (form(("at", "5")), "; boundary=x", Code.NOT_UNDERSTOOD, "file"),
        (form(("file", "a"), ("file", "b")), "; boundary=x", Code.BAD_FORM, "file"),
        (form(("file", "a"), ("at", "1"), ("at", "2")), "; boundary=x", Code.BAD_FORM, "at"),
        (form(("file", "a"), ("x", "1"), ("x", "2")), "; boundary=x", Code.BAD_FORM, "body"),
        (form(("file", "a"), ("expect", '{"a":1,"a":2}')), "; boundary=x", Code.NOT_JSON, "expect"),
        (form(("file", "a"), ("expect", '{"a":{"b":1.5}}')), "; boundary=x", Code.NOT_JSON, "expect.a.b"),
        (form(("file", "a"), ("expect", "1.5")), "; boundary=x", Code.NOT_JSON, "expect"),
        (form(("file", "a"), ("colour", "red")), "; boundary=x", Code.NOT_UNDERSTOOD, "colour"),
        (form(("file", "a"), ("at", "soon")), "; boundary=x", Code.NOT_UNDERSTOOD, "at"),
        (form(("f\u00ff", "a")), "; boundary=x; charset=nonsense", Code.NOT_UNDERSTOOD, "file"),
    ],
)
async def test_a_bad_form_is_refused_with_the_place(
    content: bytes, parameters: str, code: Code, place: str, client: httpx.AsyncClient
) -> None:
    headers = {"content-type": f"multipart/form-data{parameters}"}
    errors = problem(await client.post(PATH, content=content, headers=headers), code)["errors"]
    assert isinstance(errors, list)
    assert [error["place"] for error in errors] == [place]


@pytest.mark.parametrize("kept", [-4, -10, -25, -70, 40, 10])
async def test_a_form_that_was_cut_off_is_refused_and_not_judged_by_what_is_left(
    kept: int, client: httpx.AsyncClient
) -> None:
    whole = form(("file", "a"), ("expect", '{"address":"somewhere"}'))
    headers = {"content-type": "multipart/form-data; boundary=x"}
    said = problem(await client.post(PATH, content=whole[:kept], headers=headers), Code.BAD_FORM)
    assert said["detail"] == "The form was cut off: some of what was asked may be missing."
    assert (await client.post(PATH, content=whole[:-2], headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("expect", "place", "why"),
    [
        ({"x": {"a": 1}}, "expect.x", "no certificate has such a field"),
        ({"adress": "somewhere"}, "expect.adress", "did you mean address?"),
        ({"address": {"a": 1}}, "expect.address", "text is due"),
        ({"address": ["a"]}, "expect.address", "text is due"),
        ({"address": True}, "expect.address", "text is due"),
        ({"address": None}, "expect.address", "a value is due"),
        ({"document": 5}, "expect.document", "a SHA-256 digest"),
    ],
)
async def test_what_cannot_be_compared_is_the_callers_mistake(
    expect: dict[str, object], place: str, why: str, client: httpx.AsyncClient, shelf: Shelf
) -> None:
    answer = await client.post(PATH, json={"certificate": json.loads(shelf.files[0]), "expect": expect})
    errors = problem(answer, Code.NOT_UNDERSTOOD)["errors"]
    assert isinstance(errors, list)
    assert [error["place"] for error in errors] == [place]
    assert why in errors[0]["why"]


async def test_a_field_of_another_type_is_not_compared_since_the_holder_chose_the_certificate(
    client: httpx.AsyncClient, shelf: Shelf
) -> None:
    asked = {"expect": {"area_m2": "98.44", "identifier": None}}
    said = (await client.post(PATH, json={"certificate": json.loads(shelf.files[0]), **asked})).json()
    assert said["checks"][10]["detail"]["fields"] == {"area_m2": "not_compared", "identifier": "equal"}


async def test_a_day_stands_for_its_first_second_at_the_agencies_zone(client: httpx.AsyncClient, shelf: Shelf) -> None:
    for at in ("2017-07-14", "2017-07-14T00:00:00+08:00", "2017-07-13T16:00Z"):
        said = (await client.post(PATH, json={"certificate": json.loads(shelf.files[0]), "at": at})).json()
        assert said["at"] == 1_499_961_600
    part = {"at": "2017-07-14"}
    said = (await client.post(PATH, files={"file": ("c", shelf.files[0])}, data=part)).json()
    assert said["at"] == 1_499_961_600


async def test_a_day_in_bare_digits_is_refused_and_both_right_spellings_are_named(client: httpx.AsyncClient) -> None:
    spelt = ("2026-05-03", "2026-05-03T09:00:00+08:00", "seconds")
    one = {"certificate": "x", "at": 20260503}
    asked = [
        await client.post(PATH, json=one),
        await client.post(PATH, files={"file": ("c", b"x")}, data={"at": "20260503"}),
    ]
    assert [each for answer in asked for each in spelt if each not in answer.text] == []


async def test_there_is_nothing_elsewhere_and_no_other_method(client: httpx.AsyncClient) -> None:
    problem(await client.get("/v2/nothing"), Code.NOT_FOUND)
    answer = await client.get(PATH)
    problem(answer, Code.METHOD_NOT_ALLOWED)
    assert answer.headers["allow"] == "POST"


async def test_no_problem_repeats_what_was_sent(client: httpx.AsyncClient) -> None:
    secret = "张三丰420102199003074514"
    for body in ({"certificate": 5, "holder": {"id": secret, "nick": secret}}, {"certificate": "x", "at": secret}):
        answer = await client.post(PATH, json=body)
        assert answer.status_code == 422
        assert secret not in answer.text


class Broken(Verifying):
    """Fails in a way that nobody foresaw, with somebody's name in the text."""

    async def verify_soon(self, *_: object, **__: object) -> Verification:
        raise KeyError("张三")


async def test_what_nobody_foresaw_is_answered_with_an_id_and_logged_without_its_text(
    view: LedgerView, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    async with client_of(view, Broken(view=view, types=TypeCatalogue.bundled())) as client:
        with caplog.at_level(logging.DEBUG, "verifier"):
            answer = await client.post(PATH, json={"certificate": json.loads(shelf.files[0])})
    said = problem(answer, Code.INTERNAL)
    assert "张三" not in answer.text
    assert str(said["instance"]).removeprefix("urn:uuid:") in caplog.text
    assert "KeyError" in caplog.text
    assert "张三" not in caplog.text


async def test_nothing_is_logged_about_a_certificate(
    client: httpx.AsyncClient, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await client.post(PATH, json={"certificate": json.loads(shelf.files[0]), "expect": {"address": "秘密路"}})
    logged = "".join(record.getMessage() for record in caplog.records if record.name.startswith("verifier"))
    assert logged == ""


async def test_answers_must_not_be_kept_or_framed(client: httpx.AsyncClient, shelf: Shelf) -> None:
    answer = await client.post(PATH, json={"certificate": json.loads(shelf.files[0])})
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "unsafe-inline" not in answer.headers["content-security-policy"]


async def test_alive_and_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "alive"}
    said = (await client.get("/readyz")).json()
    assert said["status"] == "ready"
    assert said["parts"]["database"] == "ok"
    assert said["parts"]["indexer"] == "unknown"
    assert said["ledger"]["age"] < 600


async def test_not_ready_says_why(database: Database, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    view = LedgerView(database)
    async with client_of(view, Verifying(view=view, types=TypeCatalogue.bundled())) as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["ledger"]) == (503, None)
        assert "not been read" in answer.json()["reasons"][0]
        not_yet = await client.post(PATH, json={"certificate": json.loads(shelf.files[0])})
        assert "starting" in str(problem(not_yet, Code.NOT_READY)["detail"])
        assert not_yet.headers["retry-after"] == answer.headers["retry-after"] == "5"
        view.refresh()

        def away() -> None:
            raise DatabaseAway("pulled out")

        monkeypatch.setattr(database, "read", away)
        with pytest.raises(DatabaseAway):
            view.refresh()
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["parts"]["database"]) == (503, "away")
        assert "does not answer" in answer.json()["reasons"][0]
        judged = await client.post(PATH, json={"certificate": json.loads(shelf.files[0])})
        assert judged.json()["result"] == "VALID"


async def test_an_old_copy_is_not_ready(tmp_path: Path) -> None:
    shelf = stock(tmp_path, now=1_700_000_000)
    with shelf.open() as database:
        view = LedgerView(database)
        view.refresh()
        async with client_of(view, Verifying(view=view, types=TypeCatalogue.bundled())) as client:
            answer = await client.get("/readyz")
            assert answer.status_code == 503
            assert "old" in answer.json()["reasons"][0]
            judged = await client.post(PATH, json={"certificate": json.loads(shelf.files[0])})
            assert "stale_ledger" in judged.json()["reasons"]


async def test_the_newest_status_is_told(tmp_path: Path) -> None:
    shelf = stock(tmp_path)
    with shelf.open() as database:
        view = LedgerView(database)
        view.refresh()
        async with client_of(view, Verifying(view=view, types=TypeCatalogue.bundled())) as client:
            shelf.change(0, Status.SUSPENDED)
            view.refresh()
            said = (await client.post(PATH, json={"certificate": json.loads(shelf.files[0])})).json()
            assert (said["result"], said["reasons"], said["status_now"]) == ("INVALID", ["suspended"], "suspended")


async def test_the_api_describes_itself(client: httpx.AsyncClient) -> None:
    described = (await client.get("/v1/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    operation = described["paths"][PATH]["post"]
    content = operation["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}
    assert content["application/json"]["examples"]
    schemas = described["components"]["schemas"]
    assert set(re.findall(r"#/components/schemas/(\w+)", json.dumps(described))) <= set(schemas)
    assert {"200", "400", "408", "413", "415", "422", "500", "503"} <= set(operation["responses"])
    for status in ("400", "408", "413", "415", "422", "500", "503"):
        assert PROBLEM in operation["responses"][status]["content"]
    assert "a day" in str(schemas["VerificationRequest"]["properties"]["at"])
    assert "/readyz" in described["paths"]
    assert "/check" not in described["paths"]
