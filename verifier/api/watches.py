"""`/v1/watches`: the same changes, pushed by signed webhooks."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from store.states import DeliveryState
from verifier.api.admission import admitted
from verifier.api.bodies import read_json_body, read_nothing
from verifier.api.changes import PROBLEMS
from verifier.api.changes_wire import (
    DeliveriesPage,
    DeliveriesQuery,
    NewWatchAnswer,
    NewWatchRequest,
    WatchesAnswer,
    delivery_to_json,
    watch_to_json,
)
from verifier.api.documented import OF_A_BODY, json_body, problem_answers
from verifier.api.queries import described, read_query
from verifier.callers import Gate, Scope
from verifier.changes.watching import Watching
from verifier.problems import Code, RequestRefused

_OF_BODIES = problem_answers(*OF_A_BODY, Code.CONFLICT)


def watch_routes(watching: Watching, gate: Gate) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/watches", tags=["changes"])
    of_named = {**PROBLEMS, **problem_answers(Code.NOT_FOUND)}

    @router.post(
        "",
        summary="Be told of changes by webhook",
        status_code=HTTPStatus.CREATED,
        response_model=NewWatchAnswer,
        responses={**PROBLEMS, **_OF_BODIES},
        openapi_extra=json_body(NewWatchRequest),
    )
    async def add(request: Request) -> JSONResponse:
        """Have the changes from now on sent to an https address, signed as Standard Webhooks says.

        The secret is in this answer and never again.
        """
        caller = await admitted(gate, request, Scope.VERIFY)
        asked = await read_json_body(request, NewWatchRequest)
        made = await watching.add(caller, asked.url)
        return JSONResponse({**watch_to_json(made.watch), "secret": made.secret}, HTTPStatus.CREATED)

    @router.get("", summary="Your watches", response_model=WatchesAnswer, responses=PROBLEMS)
    async def of_caller(request: Request) -> JSONResponse:
        """Give the caller's watches, ended ones too."""
        caller = await admitted(gate, request, Scope.VERIFY)
        found = await asyncio.to_thread(watching.of_caller, caller)
        return JSONResponse({"watches": [watch_to_json(watch) for watch in found]})

    @router.delete(
        "/{watch}",
        summary="End a watch",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
        responses=of_named,
    )
    async def remove(request: Request, watch: str) -> Response:
        """End a watch and what waits for it; what is under way may still arrive."""
        caller = await admitted(gate, request, Scope.VERIFY)
        if await asyncio.to_thread(watching.remove, caller, watch) is None:
            raise _nothing()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @router.get(
        "/{watch}/deliveries",
        summary="What became of each change",
        response_model=DeliveriesPage,
        responses=of_named,
        openapi_extra=described(DeliveriesQuery),
    )
    async def deliveries(request: Request, watch: str) -> JSONResponse:
        """Give the deliveries of a watch in the order of their changes."""
        caller = await admitted(gate, request, Scope.VERIFY)
        query = read_query(request, DeliveriesQuery)
        state = None if query.state is None else DeliveryState(query.state)
        found = await asyncio.to_thread(
            watching.deliveries, caller, watch, after=query.after, limit=query.limit, state=state
        )
        if found is None:
            raise _nothing()
        following = found[-1].change.id if found else query.after
        return JSONResponse({"deliveries": [delivery_to_json(each) for each in found], "next": following})

    @router.post(
        "/{watch}/deliveries/{delivery}/retry",
        summary="Try a delivery again",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
        responses={**of_named, **_OF_BODIES},
    )
    async def retry(request: Request, watch: str, delivery: str) -> Response:
        """Have a delivery that failed or waits sent at once, with all its attempts before it."""
        caller = await admitted(gate, request, Scope.VERIFY)
        await read_nothing(request)
        moved = await asyncio.to_thread(watching.retry, caller, watch, delivery)
        if moved is None:
            raise _nothing()
        if not moved.moved:
            raise RequestRefused(Code.CONFLICT, "This delivery is done, or its watch has ended.")
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router


def _nothing() -> RequestRefused:
    return RequestRefused(Code.NOT_FOUND, "There is no such watch or delivery.")
