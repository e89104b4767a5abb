"""`POST /oauth/token`: an access token for a client (RFC 6749 section 4.4)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from verifier.access.addresses import Addresses
from verifier.access.grants import Grants
from verifier.access.paces import Of, Paces
from verifier.api.bodies import FORM, JSON, read_short_form
from verifier.api.documented import problem_answers
from verifier.problems import Code

PATH = "/oauth/token"
_NEVER_KEPT = {"cache-control": "no-store", "pragma": "no-cache"}

_FIELDS = {"grant_type": "client_credentials", "scope": "verify", "client_id": "tax-city", "client_secret": "ecs_..."}
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        FORM: {
            "schema": {
                "title": "TokenRequest",
                "type": "object",
                "properties": {name: {"type": "string", "examples": [example]} for name, example in _FIELDS.items()},
                "required": ["grant_type"],
            }
        }
    },
}
_TOKEN: dict[str, Any] = {
    "title": "TokenAnswer",
    "type": "object",
    "properties": {
        "access_token": {"type": "string"},
        "token_type": {"const": "Bearer"},
        "expires_in": {"type": "integer", "description": "Seconds."},
        "scope": {"type": "string", "examples": ["verify"]},
    },
    "required": ["access_token", "token_type", "expires_in", "scope"],
}
_ERROR: dict[str, Any] = {
    "title": "TokenRefused",
    "type": "object",
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
    "required": ["error"],
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    **problem_answers(Code.TOO_LARGE, Code.TOO_SLOW, Code.WRONG_MEDIA_TYPE, Code.TOO_MANY, Code.INTERNAL),
    200: {"description": "A token", "content": {JSON: {"schema": _TOKEN}}},
    400: {"description": "As RFC 6749 section 5.2", "content": {JSON: {"schema": _ERROR}}},
    401: {"description": "invalid_client", "content": {JSON: {"schema": _ERROR}}},
}


def token_routes(grants: Grants, paces: Paces, addresses: Addresses) -> APIRouter:
    """Make the route."""
    router = APIRouter(tags=["access"])

    @router.post(
        PATH, summary="Get an access token", responses=_ANSWERS, openapi_extra={"requestBody": _BODY, "security": []}
    )
    async def token(request: Request) -> JSONResponse:
        """Give a client a token for ten minutes, for all its scopes or those that it names.

        The client says who it is by HTTP Basic or in the form, not both.
        """
        address = addresses.of(request)
        paces.hit(Of.ADDRESS, address)
        paces.refuse_after_tries(address)
        form = (await read_short_form(request)).decode("utf-8", "replace")
        header = request.headers.get("authorization")
        granted = await grants.answer_newest(str(request.url), form, header)
        if granted.refused_client:
            paces.count_wrong_try(address)
        return JSONResponse(dict(granted.members), granted.status, {**granted.headers, **_NEVER_KEPT})

    return router
