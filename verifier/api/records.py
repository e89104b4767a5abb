"""The record as callers see it: one verification again, and lists of them for the night's reconciliation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from verifier.access.gate import require
from verifier.api.documented import problem_answers
from verifier.api.records_wire import (
    LONGEST_CASE,
    MOST,
    USUAL,
    Form,
    NotKeptAnswer,
    Query,
    RecordAnswer,
    RecordPage,
    followed_to_json,
    form_of,
    page_to_json,
    read_query,
    to_csv,
    to_ndjson,
)
from verifier.callers import Caller, Gate, Scope
from verifier.problems import Code, RequestRefused
from verifier.services.following import BEGINNING, NOW
from verifier.services.records import Records, recorded_to_json, wanted_by

ONE = "/v1/verifications/{id}"
MANY = "/v1/verifications"


def record_routes(records: Records, gate: Gate) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["record"])

    @router.get(ONE, summary="A verification again", response_model=RecordAnswer, responses=_OF_ONE)
    async def one(request: Request, id: str) -> JSONResponse:  # noqa: A002 # its name
        """Give what was recorded of one verification, and its receipt, to whoever made it (scope `audit`: to all).

        What is not there and what is another caller's are answered alike.
        """
        caller = await _caller(request, gate)
        found = await asyncio.to_thread(records.find, id, caller)
        if found is None:
            raise RequestRefused(Code.NOT_FOUND, "There is no such verification of this caller.")
        return JSONResponse(recorded_to_json(found))

    @router.get(MANY, summary="Verifications made", responses=_OF_MANY, openapi_extra={"parameters": _PARAMETERS})
    async def many(request: Request) -> Response:
        """List the caller's own verifications (scope `audit`: all), oldest first, as JSON, NDJSON or CSV by `Accept`.

        NDJSON and CSV give all there are unless a `limit` says otherwise, as a stream. A verification is listed within
        a second or so, where the database was away once that is back, and stands at its own time: so this lists what is
        over, with a `to` some minutes ago.

        To follow what comes in, begin with `after=0` (all that is kept) or `after=now`, and go on with each `next`:
        nothing is given twice, and nothing is passed over. A page shorter than `limit` was all there was.
        """
        caller = await _caller(request, gate)
        query = read_query(request.query_params)
        form = form_of(request.headers.get("accept", ""))
        if form is Form.JSON:
            return JSONResponse(await asyncio.to_thread(_page, records, caller, query))
        pages = _pages(records, caller, query)
        first = await asyncio.to_thread(next, pages)  # what stands in the way is found before the answer begins
        written = _written(first, pages, form, followed=query.following is not None)
        return StreamingResponse(written, media_type=f"{form}; charset=utf-8")

    return router


async def _caller(request: Request, gate: Gate) -> Caller:
    caller = await gate.caller(request)
    if Scope.AUDIT not in caller.scopes:
        require(caller, Scope.VERIFY)
    return caller


def _page(records: Records, caller: Caller, query: Query) -> dict[str, object]:
    limit = query.limit or USUAL
    if query.following is not None:
        return followed_to_json(records.follow(caller, query.following, limit))
    return page_to_json(records.page(wanted_by(caller, query.wanted), limit), limit)


def _pages(records: Records, caller: Caller, query: Query) -> Iterator[Sequence[dict[str, object]]]:
    if query.following is not None:
        for followed in records.follow_on(caller, query.following, query.limit):
            yield [recorded_to_json(each, after) for each, after in followed.found]
        return
    for page in records.pages(wanted_by(caller, query.wanted), query.limit):
        yield [recorded_to_json(each) for each in page]


def _written(
    first: Sequence[dict[str, object]], others: Iterator[Sequence[dict[str, object]]], form: Form, *, followed: bool
) -> Iterator[str]:
    if form is Form.NDJSON:
        yield from map(to_ndjson, chain([first], others))
        return
    yield to_csv(first, header=True, followed=followed)
    for page in others:
        yield to_csv(page, header=False, followed=followed)


def _parameter(name: str, what: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": what, "schema": schema}


_TIME = {"type": "string", "maxLength": 40, "examples": ["2026-05-03", "2026-05-03T09:00:00+08:00", "1777770000"]}
_PARAMETERS = [
    _parameter(
        "from", "Verifications of this moment or later, by our clock: seconds, a day at +08:00, or RFC 3339.", _TIME
    ),
    _parameter("to", "Verifications before this moment; some minutes ago, to miss none.", _TIME),
    _parameter("case", "The caller's own file number.", {"type": "string", "maxLength": LONGEST_CASE}),
    _parameter(
        "after",
        "The `next` of the page before, or `<time>.<id>` of the last one read. To follow, without `from`, `to` and"
        f" `case`: `{BEGINNING}` or `{NOW}` at first, then `next` of the page before, or `after` of the last one read.",
        {"type": "string"},
    ),
    _parameter("limit", "How many at most.", {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}),
]
_REFUSALS = (Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.TOO_MANY, Code.DATABASE_AWAY, Code.INTERNAL)
_OF_ONE = problem_answers(Code.NOT_FOUND, *_REFUSALS)
_OF_MANY: dict[int | str, dict[str, Any]] = {
    200: {
        "model": RecordPage,
        "description": "The verifications.",
        "content": {str(Form.NDJSON): {"schema": {"type": "string"}}, str(Form.CSV): {"schema": {"type": "string"}}},
    },
    **problem_answers(Code.NOT_UNDERSTOOD, *_REFUSALS),
    **problem_answers(Code.NOT_KEPT, model=NotKeptAnswer, members={"next": "api-3f2a9c1b-000012.0"}),
}
