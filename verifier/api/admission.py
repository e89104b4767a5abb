"""Letting in only callers who may: who they are is the gate's word, what they may do their scopes'."""

from __future__ import annotations

from starlette.requests import Request

from verifier.access.gate import require
from verifier.callers import Gate, Scope


async def admitted(gate: Gate, request: Request, scope: Scope) -> str:
    """Give the name of a caller who has a scope.

    Raises:
        RequestRefused: nobody is named (401), or this one may not (403); or what the gate says.
    """
    caller = await gate.caller(request)
    require(caller, scope)
    return caller.name or ""
