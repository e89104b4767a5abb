"""What OpenAPI says: complete, with examples that are as described, and what is committed is what the program says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from verifier.api.operations import OPERATIONS

ROOT = Path(__file__).resolve().parent.parent.parent
Json = dict[str, Any]


@pytest.fixture(scope="module", params=["public", "office"])
def description(request: pytest.FixtureRequest) -> Json:
    return read(request.param)


def read(name: str) -> Json:
    found: Json = json.loads((ROOT / "docs" / "openapi" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def operations(description: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def contents(operation: Json) -> Iterator[tuple[str, Json]]:
    """The bodies of an operation's request and answers, by media type."""
    yield from operation.get("requestBody", {}).get("content", {}).items()
    for answer in operation["responses"].values():
        yield from answer.get("content", {}).items()


def examples(content: Json) -> list[Any]:
    several = [each["value"] for each in content.get("examples", {}).values()]
    return [content["example"], *several] if "example" in content else several


def test_what_is_committed_is_what_the_program_says() -> None:
    ran = subprocess.run(
        [sys.executable, ROOT / "scripts" / "write_openapi", "--check"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_every_operation_says_what_it_does_and_who_may(description: Json) -> None:
    schemes = description["components"]["securitySchemes"]
    for method, path, operation in operations(description):
        assert operation["operationId"] == OPERATIONS[method, path].name
        assert operation["summary"], path
        assert operation["description"], path
        assert {name for each in operation["security"] for name in each} <= set(schemes)
        assert "500" in operation["responses"]
        assert "422" not in operation["responses"] or "problem+json" in str(operation["responses"]["422"]), path


def test_every_body_has_a_schema_and_json_an_example(description: Json) -> None:
    for _, path, operation in operations(description):
        for kind, content in contents(operation):
            assert "schema" in content, (path, kind)
            if kind in {"application/json", "application/problem+json"}:
                assert examples(content), (path, kind)


def test_every_example_is_as_described(description: Json) -> None:
    count = 0
    for _, path, operation in operations(description):
        for kind, content in contents(operation):
            schema = {**content["schema"], "components": description["components"]}
            for example in examples(content):
                if kind in {"application/json", "application/problem+json"}:
                    found = [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(example)]
                    assert found == [], (path, kind)
                    count += 1
    assert count > 50


def test_the_office_says_all_that_the_public_service_says() -> None:
    public, office = read("public"), read("office")
    assert public["paths"].items() <= office["paths"].items()
