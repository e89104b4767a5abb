"""`POST /v1/certificates/.../status`: an agency suspends, reinstates, revokes; `GET /v1/calls/{id}`: what came of it.

One certificate by serial or number, or many by a table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from ecert.errors import UnreadableValue
from verifier.access.idempotency import Attempt
from verifier.api import documented
from verifier.api.bodies import media_type, read_json_body
from verifier.api.queries import described, read_query
from verifier.callers import Caller, Scope
from verifier.faults import RowFault, RowsRefused
from verifier.office.certificates import is_serial, serial_of
from verifier.office.inside import Inside
from verifier.office.issuers import assure_own, issuer, no_such_certificate
from verifier.office.issuing_wire import CallAnswer, StatusAnswer, StatusRequest, TypeQuery
from verifier.office.once import once
from verifier.problems import Code, Flaw, RequestRefused, not_as_described
from verifier.services.issuance import Told
from verifier.services.numbered import Numbered
from verifier.services.status_asking import CannotChange, call_to_json
from verifier.services.status_order import Action, StatusOrder
from verifier.tables.status_rows import StatusRow, read_status_rows

CSV = "text/csv"
MOST_FLAWS = 100
_ASKED = {"parameters": [*described(TypeQuery)["parameters"], *documented.ONCE["parameters"]]}
_COMMON = (Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.TOO_MANY, Code.DATABASE_AWAY, Code.INTERNAL)
_CHANGING: dict[int | str, dict[str, Any]] = {
    202: {"description": "It is written down and will be done.", "model": StatusAnswer},
    **documented.problem_answers(
        Code.NOT_FOUND,
        Code.CONFLICT,
        Code.KEY_REUSED,
        *documented.OF_A_BODY,
        Code.NOT_READY,
        *_COMMON,
    ),
}


def status_routes(inside: Inside) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1", tags=["issuing"])

    @router.post(
        "/certificates/{agency}/{name}/status",
        summary="Change the status of a certificate",
        response_model=StatusAnswer,
        responses=_CHANGING,
        openapi_extra=documented.json_body(StatusRequest) | _ASKED,
    )
    async def change(request: Request, agency: str, name: str) -> Response:
        """Suspend, reinstate or revoke. `name` is a serial, or with `type` the number on the certificate.

        200 where it is so already, 202 with the calls that will make it so. Asking twice does no harm.
        """
        caller = await issuer(inside.gate, request, Scope.STATUS)
        kind = read_query(request, TypeQuery).type
        stated = await read_json_body(request, StatusRequest)
        serial = await asyncio.to_thread(_named, inside, assure_own(caller, agency), name, kind)
        order = StatusOrder(
            action=Action(stated.action), agency=agency, serials=(serial,), reason=stated.reason, wait=False
        )

        try:
            return await _asked(inside, request, caller, [order])
        except CannotChange as error:
            raise _refused(error, serial) from error

    @router.post(
        "/certificates/{agency}/status",
        summary="Change many statuses",
        response_model=StatusAnswer,
        responses=_CHANGING,
        openapi_extra=documented.STATUS_TABLE | _ASKED,
    )
    async def change_many(request: Request, agency: str) -> Response:
        """Take a table (CSV) with the columns serial or number, action, reason: all of it, or nothing."""
        caller = await issuer(inside.gate, request, Scope.STATUS)
        if media_type(request) != CSV:
            raise RequestRefused(Code.WRONG_MEDIA_TYPE, f"Send {CSV}.")
        kind = read_query(request, TypeQuery).type
        content = await request.body()
        rows = await asyncio.to_thread(_rows, inside, assure_own(caller, agency), content, kind)

        try:
            return await _asked(inside, request, caller, list(_orders(agency, rows)))
        except CannotChange as error:
            raise _refused_rows(error, rows) from error

    @router.get(
        "/calls/{number}",
        summary="What came of a write to the ledger",
        response_model=CallAnswer,
        responses=documented.problem_answers(Code.NOT_FOUND, *_COMMON),
    )
    async def call(request: Request, number: str) -> JSONResponse:
        """Say how far a call of the caller's agency is."""
        caller = await issuer(inside.gate, request, Scope.STATUS)
        known = is_serial(number)
        found = await asyncio.to_thread(inside.statuses.call, caller.agency or "", int(number)) if known else None
        if found is None:
            raise RequestRefused(Code.NOT_FOUND, "There is no such call.")
        return JSONResponse(call_to_json(found))

    return router


async def _asked(inside: Inside, request: Request, caller: Caller, orders: Sequence[StatusOrder]) -> Response:
    async def work(attempt: Attempt | None) -> Told:
        return await asyncio.to_thread(inside.statuses.ask, caller.agency or "", orders, attempt)

    return await once(inside.idempotency, request, caller, work)


def _refused(error: CannotChange, serial: int) -> RequestRefused:
    if error.unknown:
        return no_such_certificate()
    return RequestRefused(Code.CONFLICT, f"Nothing was changed: it {error.why[serial]}.")


def _refused_rows(error: CannotChange, rows: Iterable[StatusRow]) -> RequestRefused:
    lines = {row.serial: row.line for row in rows}
    why = sorted((lines[serial], reason) for serial, reason in error.why.items())
    flaws = [Flaw(place=f"line {line}", why=f"this certificate {reason}") for line, reason in why[:MOST_FLAWS]]
    return RequestRefused(Code.CONFLICT, "Nothing was changed.", flaws)


def _named(inside: Inside, agency: str, name: str, kind: str | None) -> int:
    if kind is None:
        return serial_of(name)
    found = _found(Numbered.of(inside.office, agency, inside.drafting.type_of(kind)), name)
    if found is None:
        raise no_such_certificate()
    return found


def _found(numbered: Numbered, number: str) -> int | None:
    try:
        return numbered.find(number)
    except UnreadableValue:
        return None


def _rows(inside: Inside, agency: str, content: bytes, kind: str | None) -> list[StatusRow]:
    numbered = None if kind is None else Numbered.of(inside.office, agency, inside.drafting.type_of(kind))

    def of_number(number: str) -> int | None:
        if numbered is None:
            raise not_as_described("type", "this is missing: a number is one of a type")
        return _found(numbered, number)

    try:
        return read_status_rows(content, of_number)
    except RowsRefused as error:
        flaws = [_flaw(fault) for fault in error.faults[:MOST_FLAWS]]
        raise RequestRefused(Code.NOT_UNDERSTOOD, "Nothing was changed: the table has faults.", flaws) from error


def _flaw(fault: RowFault) -> Flaw:
    places = [f"line {fault.line}" if fault.line is not None else "body", fault.field]
    return Flaw(place=", ".join(filter(None, places)), why=fault.en)


def _orders(agency: str, rows: Iterable[StatusRow]) -> Iterable[StatusOrder]:
    """Put rows with one action and one reason into one order."""

    def kind(row: StatusRow) -> tuple[str, str]:
        return row.action, row.reason

    for (action, reason), group in groupby(sorted(rows, key=kind), key=kind):
        serials = tuple(row.serial for row in group)
        yield StatusOrder(action=Action(action), agency=agency, serials=serials, reason=reason, wait=False)
