"""Names, id numbers, codes, case numbers, secrets and tokens are sent in every way to every route of both applications;
nothing of it is in anything that any process logs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.openapi.desk import CLIENT, FIELDS, TITLE, Desk, open_desk
from verifier.api.operations import OPERATIONS

pytestmark = pytest.mark.xdist_group("logged")

NAME = "慕容雪见"
HOLDER = "420102199003074514"
CODE = "1" + "7" * 29 + "42"
CASE = "2026-税字-九九八十一"
SECRET = "hunter2-geheim"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtdXJvbmcifQ.c2VjcmV0"
PERSONAL = (NAME, HOLDER, CODE, CASE, SECRET, TOKEN)
ALL = " ".join(PERSONAL)
METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "BREW")
KINDS = ("application/json", "text/csv", "application/x-ndjson", "application/x-www-form-urlencoded", "x/y")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    settings = 'log_level = "DEBUG"\nlog_format = "json"\n'
    with open_desk(tmp_path_factory.mktemp("desk"), settings) as desk:
        yield desk


def paths() -> Iterator[str]:
    """Every route, with something about a person wherever a path takes something; and some that are none."""
    for _, path in OPERATIONS:
        parts = [quote(NAME) if part.startswith("{") else part for part in path.split("/")]
        yield "/".join(parts)
    yield from ("/check", "/login", "/logout", f"/{quote(NAME)}", f"/static/{HOLDER}", f"/v1/{CODE}")


def bodies() -> Iterator[tuple[str, bytes]]:
    for kind in KINDS:
        yield kind, ALL.encode()
    asked = {"matter": "title-transfer", "case": CASE, "ground": "duty", "operator": NAME}
    lookup = {"type": TITLE, "by": "holder", "value": HOLDER}
    for body in (
        {"lookup": lookup, "holder": {"id": HOLDER, "name": NAME}, **asked},
        {"lookup": {**lookup, "by": NAME}, **asked},
        {"code": CODE, **asked},
        {"certificate": ALL, "expect": {NAME: HOLDER}, NAME: CASE},
        {"verifications": [{"code": CODE}, {"certificate": NAME}], **asked},
        {"type": TITLE, "fields": FIELDS | {"holder_name": NAME, "holder_id": HOLDER, NAME: CODE}},
        {"action": "revoke", "reason": ALL},
        {"url": f"https://{SECRET}:{TOKEN}@example.org/{HOLDER}"},
    ):
        yield "application/json", json.dumps(body, ensure_ascii=False).encode()
    form = f"grant_type=client_credentials&client_id={HOLDER}&client_secret={SECRET}&name={NAME}&password={SECRET}"
    yield "application/x-www-form-urlencoded", form.encode()
    part = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{NAME}.json"\r\n\r\n{ALL}\r\n--x--\r\n'
    yield "multipart/form-data; boundary=x", part.encode()


def headers(kind: str, authorization: str | None) -> dict[str, str]:
    found = {
        "content-type": kind,
        "x-request-id": CODE,
        "traceparent": f"00-{CODE}-00f067aa0ba902b7-01",
        "idempotency-key": f"{HOLDER}-{SECRET}",
        "user-agent": HOLDER,
        "x-csrf-token": TOKEN,
        "cookie": f"ecert={TOKEN}",
        "x-forwarded-for": HOLDER,
    }
    return found | ({} if authorization is None else {"authorization": authorization})


def test_nothing_about_a_person_is_logged(desk: Desk) -> None:
    known = desk.headers()["authorization"]
    query = f"?case={quote(CASE)}&holder={HOLDER}&number={CODE}&after={quote(NAME)}&{quote(NAME)}=1"
    statuses = set()
    with httpx.Client(timeout=60) as http:
        for address in (desk.api, desk.office):
            for path in dict.fromkeys(paths()):
                for method in METHODS:
                    answer = http.request(method, address + path + query, headers=headers("x/y", known))
                    statuses.add(answer.status_code)
                for kind, body in bodies():
                    for said in (known, None, f"Bearer {TOKEN}"):
                        answer = http.post(address + path, content=body, headers=headers(kind, said))
                        statuses.add(answer.status_code)
                        assert CODE not in answer.headers["x-request-id"]
            wrong = httpx.BasicAuth(CLIENT, SECRET)
            answer = http.post(f"{address}/oauth/token", data={"grant_type": "client_credentials"}, auth=wrong)
            assert answer.status_code == 401
    assert {200, 400, 401, 403, 404, 405, 415, 422} <= statuses
    assert not {status for status in statuses if status >= 500}
    logged = desk.said()
    token = known.removeprefix("Bearer ")
    for personal in (*PERSONAL, *FIELDS.values(), desk.secret, token, quote(NAME), "慕容", HOLDER[6:14]):
        if personal != FIELDS["work_category"]:
            assert personal not in logged
    assert "unforeseen" not in logged


def test_what_the_log_itself_writes_is_one_object_a_line(desk: Desk) -> None:
    asked = {"matter": "title-transfer", "case": CASE, "ground": "consent"}
    lookup = {"type": TITLE, "by": "holder", "value": HOLDER}
    refused = httpx.post(f"{desk.office}/v1/verifications", json={"lookup": lookup, **asked}, headers=desk.headers())
    assert refused.status_code == 403
    written = [line for program in desk.programs for line in program.said().splitlines() if line.startswith("{")]
    assert written
    for line in written:
        said = json.loads(line)
        assert said["process"] in {"api", "office"}
        assert {"time", "level", "message"} <= said.keys()


def test_the_folder_of_the_record_is_for_its_owner_alone(desk: Desk) -> None:
    """The record does hold case numbers, and is no log."""
    assert Path(desk.folder / "record").stat().st_mode & 0o077 == 0
