"""`GET /v1/changes`: what happened to the certificates that the caller relied on."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from verifier.api.admission import admitted
from verifier.api.changes_wire import ChangesPage, ChangesQuery, NotKeptAnswer
from verifier.api.documented import problem_answers
from verifier.api.queries import described, read_query
from verifier.callers import Gate, Scope
from verifier.changes.feed import ChangeFeed
from verifier.changes.message import change_to_json
from verifier.problems import Code

PROBLEMS = problem_answers(
    Code.UNAUTHENTICATED,
    Code.FORBIDDEN,
    Code.NOT_UNDERSTOOD,
    Code.TOO_MANY,
    Code.DATABASE_AWAY,
    Code.INTERNAL,
)
"""Of changes and watches alike."""
_NOT_KEPT = problem_answers(Code.NOT_KEPT, model=NotKeptAnswer, members={"next": 4711})


def change_routes(feed: ChangeFeed, gate: Gate) -> APIRouter:
    """Make the route."""
    router = APIRouter(prefix="/v1", tags=["changes"])

    @router.get(
        "/changes",
        summary="Changes of certificates that you relied on",
        response_model=ChangesPage,
        responses={**PROBLEMS, **_NOT_KEPT},
        openapi_extra=described(ChangesQuery),
    )
    async def changes(request: Request) -> JSONResponse:
        """Give the caller's changes after a number, in their order; whoever asks on with `next` misses none.

        A change is a settled status event of the ledger on a certificate that the caller verified before.
        Where some after `after` are too old to be kept, the answer is 410: ask anew for the status of what you rely on,
        then go on with its `next`.
        """
        caller = await admitted(gate, request, Scope.VERIFY)
        query = read_query(request, ChangesQuery)
        found = await feed.wait_for(caller, query.after, query.limit, query.wait)
        following = found[-1].id if found else query.after
        return JSONResponse({"changes": [change_to_json(change) for change in found], "next": following})

    return router
