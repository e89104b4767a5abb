"""What OpenAPI says about bodies and problems, made from the wire's models and the table of problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verifier.api.bodies import FILE_PART
from verifier.api.wire import Demanded, ProblemAnswer, VerificationRequest
from verifier.problems import KINDS, MEDIA_TYPE, Code, body

_EXAMPLE_FILE = {
    "protected": "eyJhbGciOiJFUzI1NiIs...",
    "payload": "eyJlY2VydCI6MSwi...",
    "signature": "3q2-7w...",
    "header": {"disclosures": ["WyJ4...", "WyJ5..."], "ecert": {"path": ["q83v..."]}},
}

_REQUEST_EXAMPLES: Mapping[str, Any] = {
    "file": {"summary": "The content of a certificate file", "value": {"certificate": _EXAMPLE_FILE}},
    "compared": {
        "summary": "Compared with what the applicant's form says",
        "value": {
            "certificate": _EXAMPLE_FILE,
            "expect": {"area": "98.44"},
            "holder": {"id": "110101199003074514", "name": "王小明"},
            "max_age": 600,
        },
    },
    "compact": {
        "summary": "The compact form, about a day in the past",
        "value": {"certificate": "eyJhbGciOi...~WyJ4...~", "at": "2026-05-03T09:00:00+08:00"},
    },
}

_DETAILS: Mapping[Code, str] = {
    Code.NOT_JSON: "body: the name 'certificate' appears twice",
    Code.BAD_FORM: "The part 'at' is there twice.",
    Code.TOO_LARGE: "At most 393216 bytes are read.",
    Code.TOO_SLOW: "The body did not arrive within 15 seconds.",
    Code.WRONG_MEDIA_TYPE: "Send application/json or multipart/form-data.",
    Code.COMPRESSED: "Send the body without Content-Encoding.",
    Code.NOT_UNDERSTOOD: "The request is not as described.",
    Code.NOT_READY: "Nothing can be judged yet: this process is starting and reads its copy of the ledger",
}


def problem_answers(*codes: Code) -> dict[int | str, dict[str, Any]]:
    """Describe answers for some kinds of problem, by status."""
    answers: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        kind = KINDS[code]
        answer = answers.setdefault(
            int(kind.status),
            {
                "description": kind.title,
                "content": {MEDIA_TYPE: {"schema": ProblemAnswer.model_json_schema(), "examples": {}}},
            },
        )
        example = {"summary": kind.title, "value": body(code, _DETAILS.get(code, kind.title))}
        answer["content"][MEDIA_TYPE]["examples"][str(code)] = example
    return answers


def _json_schema() -> dict[str, Any]:
    return _inlined(VerificationRequest.model_json_schema())


def _form_schema() -> dict[str, Any]:
    schema = _inlined(Demanded.model_json_schema())
    file = {"type": "string", "format": "binary", "description": "An `*.ecert.json` file or the compact form."}
    return {**schema, "properties": {FILE_PART: file, **schema["properties"]}, "required": [FILE_PART]}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Put definitions where they are referred to: a schema inside a path must stand alone."""
    definitions = schema.pop("$defs", {})

    def resolved(node: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(node, dict):
            if "$ref" in node:
                return resolved(definitions[node["$ref"].rpartition("/")[2]])
            return {name: resolved(value) for name, value in node.items()}
        return [resolved(item) for item in node] if isinstance(node, list) else node

    found: dict[str, Any] = resolved(schema)
    return found


VERIFICATION_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _json_schema(), "examples": _REQUEST_EXAMPLES},
            "multipart/form-data": {"schema": _form_schema()},
        },
    }
}

PROBLEMS_OF_VERIFICATION = problem_answers(
    Code.NOT_JSON,
    Code.BAD_FORM,
    Code.TOO_LARGE,
    Code.TOO_SLOW,
    Code.WRONG_MEDIA_TYPE,
    Code.COMPRESSED,
    Code.NOT_UNDERSTOOD,
    Code.NOT_READY,
    Code.DATABASE_AWAY,
    Code.INTERNAL,
)
