"""`POST /v1/verifications`: one certificate, one verdict."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from verifier.api import documented
from verifier.api.bodies import read_presented
from verifier.api.statements import refuse_incomparable
from verifier.api.wire import VerificationAnswer
from verifier.services.verifying import Verifying


def verification_routes(verifying: Verifying, max_age: int) -> APIRouter:
    """Make the route; `max_age` holds where the caller does not say how old the facts may be."""
    router = APIRouter(prefix="/v1", tags=["verification"])

    @router.post(
        "/verifications",
        summary="Verify one certificate",
        response_model=VerificationAnswer,
        responses=documented.PROBLEMS_OF_VERIFICATION,
        openapi_extra=documented.VERIFICATION_BODY,
    )
    async def verify(request: Request) -> JSONResponse:
        """Judge a certificate as of the newest block that is known here.

        The answer is 200 whatever the verdict: what is no certificate at all is INVALID, `malformed`. Facts that are
        too old, a batch that is not settled, a field that was not shown give UNKNOWN, never VALID.
        """
        presented = await read_presented(request, max_age)
        verification = await verifying.verify_soon(presented.certificate, presented.asked)
        refuse_incomparable(verification.certificate_type, presented.asked.demands.expect, verifying.types)
        return JSONResponse(verification.to_json())

    return router
