"""Routes that FastAPI describes and stays out of: the endpoint takes the request itself and gives the response."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import request_response


class DirectRoute(APIRoute):
    """A route without what FastAPI does for parameters, bodies and dependencies, of which its endpoint has none.

    That costs as much as judging a signature, on the one route that is called all the time.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **described: Any) -> None:  # noqa: ANN401 - FastAPI's
        super().__init__(path, endpoint, **described)
        self.app = request_response(endpoint)


def add_routes(app: FastAPI, router: APIRouter) -> None:
    """Add the routes of a router as the application's own, which are found at once (`include_router` looks twice)."""
    app.router.routes.extend(router.routes)
