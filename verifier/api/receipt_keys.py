"""`/.well-known/jwks.json`: the keys that receipts are checked with, present and retired."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ecert.jwks import KeySet
from verifier.api import caching
from verifier.api.bodies import JSON
from verifier.api.documented import problem_answers
from verifier.problems import Code

PATH = "/.well-known/jwks.json"
_KEEP = "public, max-age=300"


def receipt_key_routes(published: Callable[[], KeySet]) -> APIRouter:
    """Make the route; `published` gives the keys of all processes that sign receipts."""
    router = APIRouter(tags=["published"])

    @router.get(PATH, summary="Keys of receipts", response_class=Response, responses=_ANSWERS)
    async def keys(request: Request) -> Response:
        """Give the public keys of receipts as a JWK Set; retired ones stay, with their times (`nbf`, `exp`).

        Whoever meets a `kid` that is not in a copy of this should ask again: keys change without notice.
        """
        content = json.dumps(published().to_json(), separators=(",", ":")).encode()
        return caching.kept(request, content, media_type=JSON, keep=_KEEP)

    return router


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "A JWK Set.", "content": {JSON: {"schema": {"type": "object"}}}},
    **caching.NOT_MODIFIED,
    **problem_answers(Code.INTERNAL),
}
