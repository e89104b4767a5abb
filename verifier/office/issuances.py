"""`POST /v1/issuances`: an agency's system has one certificate issued."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from verifier.access.idempotency import Attempt
from verifier.api import documented
from verifier.api.bodies import read_json_body
from verifier.api.queries import refuse_query
from verifier.callers import Act, Scope
from verifier.office.inside import Inside
from verifier.office.issuers import issuer
from verifier.office.issuing_wire import IssuanceAnswer, IssuanceRequest
from verifier.office.once import once
from verifier.problems import Code
from verifier.services.drafting_orders import Wanted
from verifier.services.issuance import Told

_PROBLEMS = documented.problem_answers(
    Code.UNAUTHENTICATED,
    Code.FORBIDDEN,
    Code.CONFLICT,
    Code.KEY_REUSED,
    *documented.OF_A_BODY,
    Code.TOO_MANY,
    Code.NOT_READY,
    Code.DATABASE_AWAY,
    Code.INTERNAL,
)


def issuance_routes(inside: Inside) -> APIRouter:
    """Make the route."""
    router = APIRouter(prefix="/v1", tags=["issuing"])

    @router.post(
        "/issuances",
        status_code=201,
        summary="Issue one certificate",
        response_model=IssuanceAnswer,
        responses=_PROBLEMS,
        openapi_extra=documented.json_body(IssuanceRequest) | documented.ONCE,
    )
    async def issue(request: Request) -> Response:
        """Check, sign and store one certificate of the caller's agency.

        What was answered with 201 is never lost. It is anchored within seconds where the ledger is there, and can be
        fetched once it is settled. With `Idempotency-Key` the same request again gives the same answer and issues
        nothing more.
        """
        caller = await issuer(inside.gate, request, Scope.ISSUE)
        refuse_query(request)
        stated = await read_json_body(request, IssuanceRequest)

        async def work(attempt: Attempt | None) -> Told:
            order = inside.drafting.order(wanted(stated), agency=caller.agency or "", now=inside.office.clock())
            inside.gate.spend(caller, Act.ISSUANCE)
            return await inside.issuing.issue(replace(order, attempt=attempt))

        return await once(inside.idempotency, request, caller, work)

    return router


def wanted(stated: IssuanceRequest) -> Wanted:
    """Give a request as the service takes it."""
    document = stated.document
    return Wanted(
        type=stated.type,
        fields=stated.fields,
        valid_from=stated.valid_from,
        valid_until=stated.valid_until,
        document=None if document is None else (document.sha256, document.media_type, document.size),
        legacy=stated.legacy,
        supersedes=tuple(stated.supersedes),
        version=stated.version,
    )
