"""`POST /oauth/token`: an access token for a client (RFC 6749 section 4.4)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from verifier.access.addresses import Addresses
from verifier.access.grants import Grants
from verifier.access.paces import Of, Paces
from verifier.api.bodies import media_type
from verifier.api.documented import problem_answers
from verifier.problems import Code, Flaw, RequestRefused

FORM = "application/x-www-form-urlencoded"
PATH = "/oauth/token"
MAX_FORM = 8 * 1024
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
    200: {"description": "A token", "content": {"application/json": {"schema": _TOKEN}}},
    400: {"description": "As RFC 6749 section 5.2", "content": {"application/json": {"schema": _ERROR}}},
    401: {"description": "invalid_client", "content": {"application/json": {"schema": _ERROR}}},
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
        form, header = await _form(request), request.headers.get("authorization")
        granted = await grants.answer_newest(str(request.url), form, header)
        if granted.refused_client:
            paces.count_wrong_try(address)
        return JSONResponse(dict(granted.members), granted.status, {**granted.headers, **_NEVER_KEPT})

    return router


async def _form(request: Request) -> str:
    if media_type(request) != FORM:
        raise RequestRefused(Code.WRONG_MEDIA_TYPE, f"Send {FORM}.")
    body = await request.body()
    if len(body) > MAX_FORM:
        raise RequestRefused(
            Code.TOO_LARGE, f"At most {MAX_FORM} bytes are read.", [Flaw(place="body", why="too long")]
        )
    return body.decode("utf-8", "replace")
