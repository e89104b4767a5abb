"""What can be wrong with a request, as RFC 9457 problems: one table, from which answers and OpenAPI are made.

Whatever is not in the table is `internal`: answered with an id and nothing else, and found in the log by that id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType

from store.errors import CommitUncertain, DatabaseAway, Overtaken
from verifier.errors import NotReady, VerifierError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "5"
"""Seconds after which what is not ready, or whose database is away, may be asked again."""


class Code(StrEnum):
    """The kinds of problem; `type` of the answer is `urn:ecert:problem:` and the code."""

    NOT_HTTP = "not_http"
    NOT_JSON = "not_json"
    BAD_FORM = "bad_form"
    NOT_UNDERSTOOD = "not_understood"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    WRONG_MEDIA_TYPE = "wrong_media_type"
    COMPRESSED = "compressed"
    NOT_FOUND = "not_found"
    NOT_KEPT = "not_kept"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    TOO_MANY = "too_many"
    CONFLICT = "conflict"
    KEY_REUSED = "key_reused"
    NOT_READY = "not_ready"
    DATABASE_AWAY = "database_away"
    NOT_RECORDED = "not_recorded"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of problem: its HTTP status and its title."""

    status: HTTPStatus
    title: str


KINDS: Mapping[Code, Kind] = MappingProxyType(
    {
        Code.NOT_HTTP: Kind(status=HTTPStatus.BAD_REQUEST, title="The request is not HTTP as we read it"),
        Code.NOT_JSON: Kind(status=HTTPStatus.BAD_REQUEST, title="The body is not JSON as we read it"),
        Code.BAD_FORM: Kind(status=HTTPStatus.BAD_REQUEST, title="The body is not a good multipart form"),
        Code.NOT_UNDERSTOOD: Kind(status=HTTPStatus.UNPROCESSABLE_ENTITY, title="The request is not as described"),
        Code.TOO_LARGE: Kind(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, title="The body is too large"),
        Code.TOO_SLOW: Kind(status=HTTPStatus.REQUEST_TIMEOUT, title="The body did not arrive in time"),
        Code.WRONG_MEDIA_TYPE: Kind(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, title="The body is of another kind"),
        Code.COMPRESSED: Kind(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, title="Compressed bodies are not read"),
        Code.NOT_FOUND: Kind(status=HTTPStatus.NOT_FOUND, title="There is nothing at this address"),
        Code.NOT_KEPT: Kind(status=HTTPStatus.GONE, title="What was asked for is not kept any more"),
        Code.METHOD_NOT_ALLOWED: Kind(status=HTTPStatus.METHOD_NOT_ALLOWED, title="Not with this method"),
        Code.UNAUTHENTICATED: Kind(status=HTTPStatus.UNAUTHORIZED, title="Who asks is not known"),
        Code.FORBIDDEN: Kind(status=HTTPStatus.FORBIDDEN, title="This caller may not do this"),
        Code.TOO_MANY: Kind(status=HTTPStatus.TOO_MANY_REQUESTS, title="Too many calls"),
        Code.CONFLICT: Kind(status=HTTPStatus.CONFLICT, title="Something else was done already"),
        Code.KEY_REUSED: Kind(
            status=HTTPStatus.UNPROCESSABLE_ENTITY, title="The idempotency key was used for another request"
        ),
        Code.NOT_READY: Kind(status=HTTPStatus.SERVICE_UNAVAILABLE, title="The ledger has not been read yet"),
        Code.DATABASE_AWAY: Kind(status=HTTPStatus.SERVICE_UNAVAILABLE, title="The database does not answer"),
        Code.NOT_RECORDED: Kind(
            status=HTTPStatus.SERVICE_UNAVAILABLE, title="The verification could not be recorded, so it is not answered"
        ),
        Code.INTERNAL: Kind(status=HTTPStatus.INTERNAL_SERVER_ERROR, title="Something went wrong here"),
    }
)


_ENDING = frozenset({Code.NOT_HTTP, Code.TOO_LARGE, Code.TOO_SLOW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One thing wrong with a request: where, and why. Never the value itself."""

    place: str
    why: str


def headers(code: Code) -> dict[str, str]:
    """Give the headers that an answer of this kind carries: when to come again, how to say who asks, what ends."""
    if code is Code.UNAUTHENTICATED:
        return {"www-authenticate": "Bearer"}  # which RFC 9110 section 11.6.1 wants of every 401
    found = {"retry-after": RETRY_AFTER} if KINDS[code].status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return {"connection": "close"} if code in _ENDING else found


class RequestRefused(VerifierError):
    """A request cannot be served as it is; `flaws` say where and why, `headers` and further `members` go along."""

    def __init__(
        self,
        code: Code,
        detail: str,
        flaws: Sequence[Flaw] = (),
        *,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.flaws = tuple(flaws)
        self.headers = MappingProxyType(dict(headers or {}))
        self.members = MappingProxyType(dict(members or {}))


def not_as_described(place: str, why: str) -> RequestRefused:
    """Refuse a request for one thing in it."""
    return RequestRefused(Code.NOT_UNDERSTOOD, "The request is not as described.", [Flaw(place=place, why=why)])


def suggestion(name: str, known: Sequence[str]) -> str:
    """Give `; did you mean x?`, or nothing where none is near."""
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


_BY_STATUS: Mapping[int, Code] = {
    HTTPStatus.NOT_FOUND: Code.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: Code.METHOD_NOT_ALLOWED,
    HTTPStatus.BAD_REQUEST: Code.BAD_FORM,
}


def refused_by(status: int) -> RequestRefused:
    """Say in our words what the framework refused with a status."""
    code = _BY_STATUS.get(status, Code.NOT_UNDERSTOOD)
    return RequestRefused(code, KINDS[code].title + ".")


def known(error: Exception) -> RequestRefused | None:
    """Say as a problem what an error means; None where that is nobody's business but ours."""
    if isinstance(error, RequestRefused):
        return error
    if isinstance(error, NotReady):
        return RequestRefused(Code.NOT_READY, f"Nothing can be judged yet: {error.why}")
    if isinstance(error, Overtaken):
        return RequestRefused(Code.CONFLICT, "Somebody else was quicker, and nothing was done: ask again.")
    if isinstance(error, CommitUncertain):
        return RequestRefused(Code.DATABASE_AWAY, "It is not known whether it was done: send the same in a while.")
    if isinstance(error, DatabaseAway):
        return RequestRefused(Code.DATABASE_AWAY, "The database does not answer; try again in a while.")
    return None


def body(code: Code, detail: str, flaws: Sequence[Flaw] = (), instance: str | None = None) -> dict[str, object]:
    """Give the members of the RFC 9457 object."""
    kind = KINDS[code]
    said: dict[str, object] = {
        "type": f"urn:ecert:problem:{code}",
        "title": kind.title,
        "status": int(kind.status),
        "detail": detail,
    }
    if flaws:
        said["errors"] = [{"place": flaw.place, "why": flaw.why} for flaw in flaws]
    if instance is not None:
        said["instance"] = f"urn:uuid:{instance}"
    return said
