"""schemathesis asks both applications what their descriptions allow, and what they do not: no 5xx but documented ones,
no undocumented status, content type or schema, whether as a client with every scope or as nobody.

`SCHEMATHESIS_EXAMPLES` (usually 6) says how many requests are made of each operation; the seed is fixed.
"""

from __future__ import annotations

import json
import os
from http import HTTPStatus
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, SerializationContext
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.openapi.desk import Desk

pytestmark = pytest.mark.xdist_group("desk")

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "openapi"
PUBLIC = schemathesis.openapi.from_path(FOLDER / "public.json")
OFFICE = schemathesis.openapi.from_path(FOLDER / "office.json")
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "6"))
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
LONG_WAIT = "wait"
MAY_FAIL = HTTPStatus.SERVICE_UNAVAILABLE
"""The only 5xx that a caller may ever see, and only where it is documented."""


@schemathesis.serializer("application/x-ndjson")
def lines(context: SerializationContext, value: object) -> bytes:
    """Send a body as one line."""
    del context
    return json.dumps(value).encode() + b"\n"


asked = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def known(desk: Desk) -> dict[str, str]:
    return desk.headers()


@PUBLIC.parametrize()
@asked
def test_the_public_service_asked_by_a_client(case: Case, desk: Desk, known: dict[str, str]) -> None:
    ask(case, desk.api, known)


@PUBLIC.parametrize()
@asked
def test_the_public_service_asked_by_nobody(case: Case, desk: Desk) -> None:
    ask(case, desk.api, {})


@OFFICE.parametrize()
@asked
def test_the_office_asked_by_a_client(case: Case, desk: Desk, known: dict[str, str]) -> None:
    ask(case, desk.office, known)


@OFFICE.parametrize()
@asked
def test_the_office_asked_by_nobody(case: Case, desk: Desk) -> None:
    ask(case, desk.office, {})


def ask(case: Case, address: str, headers: dict[str, str]) -> None:
    if isinstance(case.query, dict):
        case.query.pop(LONG_WAIT, None)  # it would only be slow
    checks = [*CHECKS, ignored_auth] if headers else CHECKS
    answer = case.call_and_validate(base_url=address, headers=headers, checks=checks, timeout=60)
    assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR or answer.status_code == MAY_FAIL, answer.text
    assert "x-request-id" in answer.headers
