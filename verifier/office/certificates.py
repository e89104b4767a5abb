"""`GET /v1/certificates...`: an agency looks through what it issued, and fetches what is settled."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from ecert.facts import Status
from ecert.strict_json import MAX_INTEGER
from ecert.types import TypeCatalogue
from store.listing import Filter
from verifier.access.idempotency import Attempt
from verifier.api import documented
from verifier.api.bodies import read_nothing
from verifier.api.documented import OF_A_BODY
from verifier.api.flaws import TIME_DUE
from verifier.api.queries import described, read_query
from verifier.callers import Scope
from verifier.office.inside import Inside
from verifier.office.issuers import assure_own, issuer, no_such_certificate
from verifier.office.issuing_wire import CertificatesAnswer, CertificatesQuery, CodeAnswer, StandingAnswer
from verifier.office.once import once
from verifier.problems import Code, RequestRefused, not_as_described
from verifier.services.issuance import CERTIFICATES_PATH, Told
from verifier.services.searching import Page, Search, Sought, blind_filter
from verifier.services.standing import ON_ITS_WAY, Fetched, Standing
from verifier.times import read_time

_COMMON = (Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.TOO_MANY, Code.NOT_READY, Code.DATABASE_AWAY, Code.INTERNAL)
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The content of the `*.ecert.json` file.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    202: {"description": "It is on its way; ask again.", "model": StandingAnswer},
}


def certificate_routes(inside: Inside) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix=CERTIFICATES_PATH, tags=["issuing"])

    @router.get(
        "",
        summary="Look through the agency's certificates",
        response_model=CertificatesAnswer,
        responses=documented.problem_answers(Code.NOT_UNDERSTOOD, *_COMMON),
        openapi_extra=described(CertificatesQuery),
    )
    async def look_through(request: Request) -> JSONResponse:
        """Give a page of the agency's certificates in the order of their serials, without any value of theirs."""
        caller = await issuer(inside.gate, request, Scope.ISSUE)
        query = read_query(request, CertificatesQuery)
        agency = caller.agency or ""
        copies = inside.office.view.copies
        wanted = await asyncio.to_thread(_filter, inside, agency, query)
        word = None if query.status is None else Status[query.status.upper()]
        after, limit = -1 if query.after is None else query.after, query.limit
        search = Search(copies=copies, agency=agency, wanted=wanted, status=word)
        page = await asyncio.to_thread(search.page, inside.office.database, after=after, limit=limit)
        return JSONResponse(_page_to_json(page, agency, inside.types))

    @router.get(
        "/{agency}/{serial}",
        summary="Fetch a certificate's file",
        response_class=Response,
        responses=_FILE | documented.problem_answers(Code.NOT_FOUND, Code.CONFLICT, *_COMMON),
    )
    async def fetch(request: Request, agency: str, serial: str) -> Response:
        """Give the file of a certificate that is settled and that our own verifier finds good.

        202 as long as it is on its way. 409 where it never will be, or is not in force any more.
        """
        caller = await issuer(inside.gate, request, Scope.ISSUE)
        own = assure_own(caller, agency)
        found = await asyncio.to_thread(inside.shelf.fetch, inside.office.view.copies, own, serial_of(serial))
        if found is None:
            raise no_such_certificate()
        return _fetched(found, own, inside.types)

    @router.post(
        "/{agency}/{serial}/code",
        status_code=HTTPStatus.CREATED,
        summary="Make a code that opens a certificate",
        response_model=CodeAnswer,
        responses=documented.problem_answers(Code.NOT_FOUND, Code.CONFLICT, Code.KEY_REUSED, *OF_A_BODY, *_COMMON),
        openapi_extra=documented.ONCE,
    )
    async def make_code(request: Request, agency: str, serial: str) -> Response:
        """Make a code in place of the one before, if there is one, which then opens nothing.

        It is shown this once. With `Idempotency-Key` the same request again gives the same code and makes no other, for
        a day; without, where the answer is lost, ask for another.
        """
        caller = await issuer(inside.gate, request, Scope.ISSUE)
        number = serial_of(serial)
        await read_nothing(request)

        async def work(attempt: Attempt | None) -> Told:
            own = assure_own(caller, agency)
            found = await asyncio.to_thread(inside.shelf.fetch, inside.office.view.copies, own, number)
            if found is None:
                raise no_such_certificate()
            return await asyncio.to_thread(_coded, inside, own, found, attempt)

        async def shown(kept: Told) -> Told:
            return await asyncio.to_thread(inside.codes.shown, kept)

        return await once(inside.idempotency, request, caller, work, shown)

    return router


def _coded(inside: Inside, agency: str, found: Fetched, attempt: Attempt | None) -> Told:
    if found.file is None:
        raise RequestRefused(Code.CONFLICT, f"It has no code before it is settled; it is {found.standing.state}.")
    return inside.codes.replace_once(agency, found.serial, attempt, now=inside.office.clock())


def serial_of(text: str) -> int:
    """Read a serial in a path.

    Raises:
        RequestRefused: 404, since nothing has such a serial.
    """
    if not is_serial(text):
        raise no_such_certificate()
    return int(text)


def is_serial(text: str) -> bool:
    """Tell whether text in a path is a whole number that something stored may have."""
    return text.isascii() and text.isdigit() and len(text) <= len(str(MAX_INTEGER)) and int(text) <= MAX_INTEGER


def _fetched(found: Fetched, agency: str, types: TypeCatalogue) -> Response:
    if found.file is not None:
        name = f'attachment; filename="{found.serial}.ecert.json"'
        return Response(found.file, media_type="application/json", headers={"content-disposition": name})
    standing = found.standing
    if standing.state in ON_ITS_WAY:
        said = {"agency": agency, "serial": found.serial, **_placed(found.certificate_type, standing, types)}
        return JSONResponse(said | {"waiting": standing.waiting}, 202, headers={"retry-after": "2"})
    why = f": {standing.waiting}" if standing.waiting else ""
    raise RequestRefused(Code.CONFLICT, f"It cannot be handed out, it is {standing.state}{why}.")


def _filter(inside: Inside, agency: str, query: CertificatesQuery) -> Filter:
    """Give what is looked for; to be run in a thread, since keys are opened."""
    wanted = None if query.type is None else inside.drafting.type_of(query.type)
    sought = Sought(number=query.number, holder=query.holder)
    found = blind_filter(inside.office, agency, wanted, sought)
    return replace(found, since=_seconds(query.since, "from"), until=_seconds(query.until, "to"))


def _seconds(text: str | None, place: str) -> int | None:
    try:
        return None if text is None else read_time(text)
    except ValueError as error:
        raise not_as_described(place, TIME_DUE) from error


def _placed(certificate_type: bytes, standing: Standing, types: TypeCatalogue) -> dict[str, object]:
    known = types.by_hash(certificate_type)
    return {
        "type": None if known is None else known.slug,
        "state": standing.state,
        "status": None if standing.status is None else standing.status.name.lower(),
    }


def _page_to_json(page: Page, agency: str, types: TypeCatalogue) -> dict[str, object]:
    found = [
        {
            "agency": agency,
            "serial": one.serial,
            **_placed(one.certificate_type, one.standing, types),
            "stored": one.stored,
            "certificate": f"{CERTIFICATES_PATH}/{agency}/{one.serial}",
        }
        for one in page.found
    ]
    return {"certificates": found, "after": page.after}
