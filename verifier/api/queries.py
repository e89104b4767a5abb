"""Reading the query of an address, as strictly as a body: each name once, none that is not described."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from starlette.requests import Request

from verifier.api.flaws import flaws
from verifier.problems import Code, Flaw, RequestRefused

_DIGITS = 16
_Model = TypeVar("_Model", bound="Query")


def _whole(value: object) -> object:
    """Read digits; anything else is left to be refused."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS:
        return int(value)
    return value


WholeNumber = Annotated[int, BeforeValidator(_whole)]
"""A whole number, written in digits."""


class Query(BaseModel):
    """The members of a query; text but for what says otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def read_query(request: Request, model: type[_Model]) -> _Model:
    """Read a query.

    Raises:
        RequestRefused: with the place and the reason.
    """
    items = request.query_params.multi_items()
    names = [name for name, _ in items]
    members = [field.alias or name for name, field in model.model_fields.items()]
    twice = [name for name in members if names.count(name) > 1]
    if twice:
        found = [Flaw(place=name, why="it is there twice") for name in twice]
        raise RequestRefused(Code.NOT_UNDERSTOOD, "The query is not as described.", found)
    values = dict(items)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = flaws(error, values, members)
        raise RequestRefused(Code.NOT_UNDERSTOOD, "The query is not as described.", found) from None


def refuse_query(request: Request) -> None:
    """Refuse a query where all is said in the body: it would be asked for and not answered."""
    if request.scope["query_string"]:
        read_query(request, Query)


def described(model: type[Query]) -> dict[str, Any]:
    """Describe a query for OpenAPI."""
    members = model.model_json_schema()["properties"]
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": member.get("description", ""),
                "schema": {key: value for key, value in member.items() if key not in {"description", "title"}},
            }
            for name, member in members.items()
        ]
    }
