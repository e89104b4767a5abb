"""`/healthz`: this process is alive. `/readyz`: it can answer truthfully now, and if not, why not."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from verifier.ledger_view import LedgerView
from verifier.problems import RETRY_AFTER
from verifier.services.verifying import seconds_now


def health_routes(view: LedgerView, max_age: int) -> APIRouter:
    """Make the routes; a ledger copy older than `max_age` seconds is not ready."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="Alive")
    async def alive() -> dict[str, str]:
        """Answer as long as the process runs."""
        return {"status": "alive"}

    @router.get("/readyz", summary="Ready to answer", responses={503: {"description": "Not ready; says why"}})
    async def ready() -> JSONResponse:
        """Say whether the database answers and how old the ledger copy is, in seconds."""
        why_not = _why_not(view, max_age)
        answer: dict[str, object] = {
            "status": "ready" if why_not is None else "not_ready",
            "database": "ok" if view.trouble is None else "away",
            "ledger": _ledger(view),
        }
        if why_not is not None:
            answer["reason"] = why_not
        if why_not is None:
            return JSONResponse(answer)
        return JSONResponse(answer, status_code=503, headers={"retry-after": RETRY_AFTER})

    return router


def _why_not(view: LedgerView, max_age: int) -> str | None:
    if view.trouble is not None:
        return view.trouble
    if not view.ready:
        return "the ledger has not been read yet: this process is starting"
    if view.copy.as_of.contested:
        return "the chain's validators have sealed two histories; every verification answers UNKNOWN (docs/sender.md)"
    age = view.age(seconds_now())
    if age >= max_age:
        return f"the ledger copy is {age} s old, more than {max_age} s: is the node there, and `ecert indexer`?"
    return None


def _ledger(view: LedgerView) -> dict[str, object] | None:
    if not view.ready:
        return None
    copy = view.copy
    return {
        "name": copy.ledger,
        "block": copy.as_of.block,
        "settled_block": copy.settled_block,
        "time": copy.as_of.time,
        "age": seconds_now() - copy.as_of.time,
    }
