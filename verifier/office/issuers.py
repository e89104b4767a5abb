"""As which agency a caller issues; what is another agency's does not exist for it."""

from __future__ import annotations

from starlette.requests import Request

from verifier.access.gate import require
from verifier.callers import Caller, Gate, Scope
from verifier.problems import Code, RequestRefused


async def issuer(gate: Gate, request: Request, scope: Scope) -> Caller:
    """Give a caller that may do something for its agency.

    Raises:
        RequestRefused: 401 where nobody is known, 403 without the scope or without an agency.
    """
    caller = await gate.caller(request)
    require(caller, scope)
    if caller.agency is None:
        raise RequestRefused(Code.FORBIDDEN, "This caller is of no agency that issues.")
    return caller


def assure_own(caller: Caller, agency: str) -> str:
    """Give the agency that is asked about, which is the caller's own.

    Raises:
        RequestRefused: 404, as for what does not exist.
    """
    if caller.agency != agency:
        raise no_such_certificate()
    return agency


def no_such_certificate() -> RequestRefused:
    """Say that there is no such certificate, or none of this caller's."""
    return RequestRefused(Code.NOT_FOUND, "There is no such certificate.")
