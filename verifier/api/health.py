"""`/healthz`: this process is alive. `/readyz`: it can answer truthfully now, and if not, why not, part by part."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from verifier.ledger_view import LedgerView
from verifier.observing.readiness import Inspection, PartState, Readiness
from verifier.problems import RETRY_AFTER


class AliveAnswer(BaseModel):
    """This process runs."""

    status: Literal["alive"]


class LedgerAnswer(BaseModel):
    """The copy of the ledger that this process judges from; times in seconds."""

    name: str = Field(examples=["eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"])
    block: int
    settled_block: int
    time: int
    age: int


class ReadyAnswer(BaseModel):
    """Whether this process is ready, and how each part stands; `unknown` is what cannot be told from here."""

    status: Literal["ready", "not_ready"]
    parts: dict[Literal["database", "ledger", "indexer", "node", "chain", "record"], PartState]
    reasons: list[str] = Field(
        description="Of each part that is not well; where not ready, the first is why.",
        examples=[["indexer: it has not looked at the chain for 20 s: is `ecert indexer` running?"]],
    )
    ledger: LedgerAnswer | None


def health_routes(inspection: Inspection) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["health"])
    not_ready: dict[int | str, dict[str, Any]] = {
        503: {"model": ReadyAnswer, "description": "Not ready; says why, part by part"}
    }

    @router.get("/healthz", summary="Alive", response_model=AliveAnswer, openapi_extra={"security": []})
    async def alive() -> dict[str, str]:
        """Answer as long as the process runs."""
        return {"status": "alive"}

    @router.get(
        "/readyz",
        summary="Ready to answer",
        response_model=ReadyAnswer,
        responses=not_ready,
        openapi_extra={"security": []},
    )
    async def ready() -> JSONResponse:
        """Say how database, ledger copy, indexer, node, chain and record stand."""
        found = inspection.look()
        said = _told(found, inspection)
        if found.ready:
            return JSONResponse(said)
        return JSONResponse(said, status_code=503, headers={"retry-after": RETRY_AFTER})

    return router


def _told(found: Readiness, inspection: Inspection) -> dict[str, object]:
    return {
        "status": "ready" if found.ready else "not_ready",
        "parts": {name: str(part.state) for name, part in found.parts.items()},
        "reasons": found.reasons,
        "ledger": _ledger(inspection.view, inspection.clock()),
    }


def _ledger(view: LedgerView, now: int) -> dict[str, object] | None:
    if not view.ready:
        return None
    copy = view.copy
    return {
        "name": copy.ledger,
        "block": copy.as_of.block,
        "settled_block": copy.settled_block,
        "time": copy.as_of.time,
        "age": now - copy.as_of.time,
    }
