"""`GET /v1/me`: who the service takes the caller for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from store.sessions import Session
from verifier.api.documented import problem_answers
from verifier.callers import Gate
from verifier.problems import Code, RequestRefused


class MeAnswer(BaseModel):
    """The caller."""

    name: Annotated[str, Field(examples=["tax-city"])]
    person: Annotated[bool, Field(description="A person with a session, not a system with a token.")]
    organisation: str | None
    office: str | None
    agency: Annotated[str | None, Field(description="As which the caller may issue.")]
    scopes: list[str]
    defaults: Annotated[dict[str, str], Field(description="What calls need not say.")]
    csrf: Annotated[str | None, Field(description="What every unsafe request of this session must repeat.")]


def me_routes(gate: Gate) -> APIRouter:
    """Make the route."""
    router = APIRouter(prefix="/v1", tags=["access"])

    @router.get(
        "/me",
        summary="Who am I",
        response_model=MeAnswer,
        responses=problem_answers(Code.UNAUTHENTICATED, Code.TOO_MANY, Code.DATABASE_AWAY, Code.INTERNAL),
    )
    async def me(request: Request) -> JSONResponse:
        """Say who the caller is and what it may do."""
        caller = await gate.caller(request)
        if caller.name is None:
            raise RequestRefused(Code.UNAUTHENTICATED, "You did not say who you are.")
        session: Session | None = getattr(request.state, "session", None)
        answer = MeAnswer(
            name=caller.name,
            person=caller.operator is not None,
            organisation=caller.relying_party,
            office=caller.office,
            agency=caller.agency,
            scopes=sorted(caller.scopes),
            defaults=dict(caller.defaults),
            csrf=None if session is None else session.csrf,
        )
        return JSONResponse(answer.model_dump())

    return router
