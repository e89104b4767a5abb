"""The public keys of what the service signs, present and retired: of receipts, and apart from them of status lists.

They are apart, since whoever holds the one kind must not be able to sign what the other is for.
"""

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

RECEIPTS = "/.well-known/jwks.json"
STATUS_LISTS = "/.well-known/status-jwks.json"
_KEEP = "public, max-age=300"


def published_key_routes(receipts: Callable[[], KeySet], status_lists: Callable[[], KeySet]) -> APIRouter:
    """Make the routes; each argument gives the keys of all processes that sign the kind."""
    router = APIRouter(tags=["published"])

    @router.get(RECEIPTS, summary="Keys of receipts", response_class=Response, responses=_ANSWERS)
    async def receipt_keys(request: Request) -> Response:
        """Give the public keys of receipts as a JWK Set; retired ones stay, with their times (`nbf`, `exp`).

        Whoever meets a `kid` that is not in a copy of this should ask again: keys change without notice.
        """
        return _answer(request, receipts())

    @router.get(STATUS_LISTS, summary="Keys of status lists", response_class=Response, responses=_ANSWERS)
    async def status_keys(request: Request) -> Response:
        """Give the public keys of status lists as a JWK Set, as `/.well-known/jwks.json` gives those of receipts."""
        return _answer(request, status_lists())

    return router


def _answer(request: Request, keys: KeySet) -> Response:
    content = json.dumps(keys.to_json(), separators=(",", ":")).encode()
    return caching.kept(request, content, media_type=JSON, keep=_KEEP)


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "A JWK Set.", "content": {JSON: {"schema": {"type": "object"}}}},
    **caching.NOT_MODIFIED,
    **problem_answers(Code.INTERNAL),
}
