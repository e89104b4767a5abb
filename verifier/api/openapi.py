"""The OpenAPI 3.1 description of an application, made from its routes: what FastAPI finds, put right and completed.

Every schema that has a name stands once, among the components; every operation has a name that a generated client can
use, what it needs of its caller, and the problems that any operation can have.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from verifier.access.sessions import CSRF_HEADER
from verifier.api.bodies import JSON
from verifier.api.documented import problem_answers
from verifier.api.examples import ANSWERS, REQUESTS
from verifier.api.operations import OPERATIONS, Operation
from verifier.api.token import PATH as TOKEN_PATH
from verifier.callers import Scope
from verifier.observing.request_names import HEADER
from verifier.problems import Code

Json = dict[str, Any]
OAUTH = "oauth"
SESSION = "session"
_COMPONENT = "#/components/schemas/"
_REQUEST_NAME = "RequestName"
_NAMED = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "The caller's name for the request, a UUID or 32 hex digits: it stands in our log, and in the header"
    " of this name of the answer. Any other is replaced by one of ours.",
    "schema": {"type": "string"},
}
_FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")
_OF_A_BODY = (Code.NOT_JSON, Code.TOO_LARGE, Code.TOO_SLOW, Code.COMPRESSED, Code.WRONG_MEDIA_TYPE)
_OF_A_CALLER = (Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.TOO_MANY, Code.DATABASE_AWAY)
_SAID = {
    Scope.VERIFY: "Verify, and see one's own verifications",
    Scope.ISSUE: "Issue for one's agency, and see what it issued",
    Scope.STATUS: "Suspend, reinstate and revoke what one's agency issued",
    Scope.AUDIT: "See everybody's verifications",
}


def described(app: FastAPI) -> Json:
    """Describe an application; the same for every process and every start."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        for path, operations in found["paths"].items():
            for method, operation in operations.items():
                _complete(operation, OPERATIONS.get((method, path), Operation(name=operation["operationId"])))
        components = found.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        for name in _FRAMEWORKS_OWN:
            schemas.pop(name, None)
        found["paths"] = _named(found["paths"], schemas)
        components["schemas"] = dict(sorted(schemas.items()))
        components["securitySchemes"] = _schemes()
        components["parameters"] = {_REQUEST_NAME: _NAMED}
        app.openapi_schema = found
    return app.openapi_schema


def _complete(operation: Json, known: Operation) -> None:
    operation["operationId"] = known.name
    operation["security"] = _security(known)
    operation.setdefault("parameters", []).append({"$ref": f"#/components/parameters/{_REQUEST_NAME}"})
    answers = operation["responses"]
    if _COMPONENT + _FRAMEWORKS_OWN[0] in str(answers.get("422")):
        del answers["422"]  # parameters in a path are text, and any text is one
    codes = [Code.INTERNAL, *(_OF_A_BODY if "requestBody" in operation else ())]
    codes += _OF_A_CALLER if known.known or known.scopes else ()
    for status, answer in problem_answers(*codes).items():
        answers.setdefault(str(status), _without_nulls(answer))
    operation["responses"] = dict(sorted(answers.items()))
    _exemplify(operation, known.name)


def _without_nulls(node: Any) -> Any:  # noqa: ANN401 # any JSON
    """Leave out what is null, as FastAPI does with what it describes: two of one schema must be equal."""
    if isinstance(node, dict):
        return {name: _without_nulls(value) for name, value in node.items() if value is not None}
    return [_without_nulls(item) for item in node] if isinstance(node, list) else node


def _exemplify(operation: Json, name: str) -> None:
    """Put in the examples that the route itself does not give."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if name in REQUESTS and not {"example", "examples"} & content.keys():
            content["example"] = REQUESTS[name]
            break
    for status, answer in operation["responses"].items():
        content = answer.get("content", {}).get(JSON)
        if content is not None and (name, status) in ANSWERS:
            content["example"] = ANSWERS[name, status]


def _security(known: Operation) -> list[dict[str, list[str]]]:
    if not known.known and not known.scopes:
        return []
    of_systems = [{OAUTH: [str(scope)]} for scope in known.scopes] or [{OAUTH: []}]
    return [*of_systems, {SESSION: []}, *([] if known.known else [{}])]


def _schemes() -> Json:
    scopes = {str(scope): said for scope, said in _SAID.items()}
    return {
        OAUTH: {
            "type": "oauth2",
            "description": "OAuth 2.0 client credentials (RFC 6749 section 4.4), for systems.",
            "flows": {"clientCredentials": {"tokenUrl": TOKEN_PATH, "scopes": scopes}},
        },
        SESSION: {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-ecert",
            "description": f"The session of a person (`ecert` where the service is not behind https). Unsafe requests"
            f" repeat the session's CSRF token in the header `{CSRF_HEADER}`; a person may do what its roles say.",
        },
    }


def _named(node: Any, schemas: Json) -> Any:  # noqa: ANN401 # any JSON
    """Put every schema of an object that has a name among the components, once, and refer to it."""
    if isinstance(node, list):
        return [_named(item, schemas) for item in node]
    if not isinstance(node, dict):
        return node
    found = {name: value if name in {"example", "examples"} else _named(value, schemas) for name, value in node.items()}
    title = found.get("title")
    if not isinstance(title, str) or found.get("type") != "object" or "properties" not in found:
        return found
    if schemas.setdefault(title, found) != found:
        return found
    return {"$ref": _COMPONENT + title}
