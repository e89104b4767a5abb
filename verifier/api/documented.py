"""What OpenAPI says about bodies and problems, made from the wire's models and the table of problems."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from verifier.api.answers_wire import ProblemAnswer
from verifier.api.bodies import JSON, MULTIPART, NDJSON
from verifier.api.submissions import CODE_PART, DOCUMENT_PART, FILE_PART
from verifier.api.wire import BatchRequest, FormRequest, Occasioned, Question, VerificationRequest
from verifier.problems import KINDS, MEDIA_TYPE, Code, body

_EXAMPLE_FILE = {
    "protected": "eyJhbGciOiJFUzI1NiIs...",
    "payload": "eyJlY2VydCI6MSwi...",
    "signature": "3q2-7w...",
    "header": {"disclosures": ["WyJ4...", "WyJ5..."], "ecert": {"path": ["q83v..."]}},
}

_OCCASION = {"matter": "title-transfer", "case": "2026-4711", "ground": "duty", "operator": "window-3"}

_REQUEST_EXAMPLES: Mapping[str, Any] = {
    "file": {"summary": "The content of a certificate file", "value": {"certificate": _EXAMPLE_FILE}},
    "compared": {
        "summary": "Compared with what the applicant's form says",
        "value": {
            "certificate": _EXAMPLE_FILE,
            "expect": {"area_m2": "98.44"},
            "holder": {"id": "110101199003074514", "name": "王小明"},
            "max_age": 600,
        },
    },
    "looked_up": {
        "summary": "Looked up by the unit number, for a matter",
        "value": {
            "lookup": {"type": "real-estate-title", "by": "unit_number", "value": "420102001001GB00001F00010001"},
            "holder": {"id": "110101199003074514", "name": "王小明"},
            **_OCCASION,
        },
    },
    "document": {
        "summary": "A document alone, of whose certificates one was chosen",
        "value": {
            "document": "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg",
            "agency": "DEMO-REGISTRY",
            "serial": 7,
            **_OCCASION,
        },
    },
    "code": {"summary": "The code of a slip of paper", "value": {"code": "1234 5678 ...", **_OCCASION}},
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


def problem_answers(
    *codes: Code, model: type[ProblemAnswer] = ProblemAnswer, members: Mapping[str, object] = MappingProxyType({})
) -> dict[int | str, dict[str, Any]]:
    """Describe answers for some kinds of problem, by status; `members`: examples of what else `model` has."""
    answers: dict[int | str, dict[str, Any]] = {}
    schema = model.model_json_schema()
    for code in codes:
        kind = KINDS[code]
        answer = answers.setdefault(
            int(kind.status),
            {
                "description": kind.title,
                "content": {MEDIA_TYPE: {"schema": schema, "examples": {}}},
            },
        )
        example = {"summary": kind.title, "value": {**body(code, _DETAILS.get(code, kind.title)), **members}}
        answer["content"][MEDIA_TYPE]["examples"][str(code)] = example
    return answers


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """Describe a JSON body by its model."""
    return {"requestBody": {"required": True, "content": {JSON: {"schema": _schema(model)}}}}


def _form_schema() -> dict[str, Any]:
    schema = _schema(FormRequest)
    parts = {
        FILE_PART: _file("An `*.ecert.json` file or the compact form."),
        DOCUMENT_PART: _file("A PDF, OFD or image: judged with the certificate, or what to find it by."),
        CODE_PART: {"type": "string", "description": "The 32 digits of a code, instead of the file."},
    }
    return {**schema, "properties": {**parts, **schema["properties"]}}


def _file(description: str) -> dict[str, str]:
    return {"type": "string", "format": "binary", "description": description}


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return _inlined(model.model_json_schema())


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
            JSON: {"schema": _schema(VerificationRequest), "examples": _REQUEST_EXAMPLES},
            MULTIPART: {"schema": _form_schema()},
        },
    }
}

BATCH_BODY: dict[str, Any] = {
    "parameters": [
        {"name": name, "in": "query", "required": False, "schema": schema, "description": "With lines of JSON."}
        for name, schema in _schema(Occasioned)["properties"].items()
    ],
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": _schema(BatchRequest)},
            NDJSON: {"schema": {**_schema(Question), "description": "One such object a line."}},
        },
    },
}

OF_A_BODY = (
    Code.NOT_JSON,
    Code.TOO_LARGE,
    Code.TOO_SLOW,
    Code.WRONG_MEDIA_TYPE,
    Code.COMPRESSED,
    Code.NOT_UNDERSTOOD,
)
"""What a body of JSON may be refused with."""
PROBLEMS_OF_VERIFICATION = problem_answers(
    *OF_A_BODY,
    Code.BAD_FORM,
    Code.UNAUTHENTICATED,
    Code.FORBIDDEN,
    Code.TOO_MANY,
    Code.NOT_READY,
    Code.DATABASE_AWAY,
    Code.NOT_RECORDED,
    Code.INTERNAL,
)

ANSWERS_OF_BATCH: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            NDJSON: {
                "schema": {
                    "type": "object",
                    "description": (
                        "With its `line`, a verdict or the `problem` for which it was refused; the `lines`, first and"
                        " last, that a receipt is for, less those refused, with `id` and `stated_salt`, or with none"
                        " of them where all were; or, without `line`, the `problem` that ends the answer, the number"
                        " of the last line that was `answered`, and where it is known in how many seconds to come"
                        " again, `retry_after`."
                    ),
                }
            }
        }
    },
    **PROBLEMS_OF_VERIFICATION,
}

ONCE: dict[str, Any] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The same request again under the same key is answered as before, and not done again.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        }
    ]
}

_STATUS_TABLE_EXAMPLE = "serial,action,reason\n7,suspend,a court order\n9,revoke,surrendered\n"
STATUS_TABLE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string"}, "example": _STATUS_TABLE_EXAMPLE}},
    }
}
