"""`/metrics`: the figures of this service, for Prometheus, and for nobody outside."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from verifier.api.documented import problem_answers
from verifier.observing.figures import Figures
from verifier.observing.readers import Readers
from verifier.problems import Code, RequestRefused

PATH = "/metrics"


def metrics_routes(figures: Figures, collectors: Sequence[Collector], readers: Readers) -> APIRouter:
    """Make the route; `collectors` are asked each time."""
    router = APIRouter(tags=["health"])
    answers = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **problem_answers(Code.NOT_FOUND)}

    @router.get(PATH, summary="Figures for Prometheus", response_class=Response, responses=answers)
    async def metrics(request: Request) -> Response:
        """Give the figures, where the setting `metrics_open` or the caller's address allows it; else 404."""
        if not readers.admit(request):
            raise RequestRefused(Code.NOT_FOUND, "There is nothing at this address.")
        told = await asyncio.to_thread(figures.exposed, collectors)
        return Response(told, headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4})

    return router
