"""Saying what is wrong with a request: places as the caller wrote them, reasons in our own words, never a value."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from ecert.strict_json import MAX_INTEGER, MAX_NESTING, nesting
from verifier.problems import Flaw, suggestion

MOST = 100
"""Flaws that one answer names."""
MANY = 10_000
"""Flaws beyond which none is named: to make them out would hold everybody else up for seconds."""
TIME_DUE = (
    "a time is due: a day such as 2026-05-03 (with its hyphens), a moment with its offset such as"
    " 2026-05-03T09:00:00+08:00, or whole seconds since 1970"
)
NOT_PLAIN = "not_plain"
"""The kind of fault of `verifier.api.wire.Line`."""
_OF_MEMBERS: Mapping[str, str] = {
    "at": TIME_DUE,
    "certificate": "the content of a certificate file as an object, or its compact form as text, is due",
}
_OF_TYPES: Mapping[str, str] = {
    "missing": "this is missing",
    "extra_forbidden": "there is no such member",
    "dict_type": "an object is due",
    "model_type": "an object is due",
    "model_attributes_type": "an object is due",
    "list_type": "a list is due",
    "string_type": "text is due",
    "int_type": "a whole number is due",
    "int_parsing": "a whole number is due",
    "literal_error": "one of {expected} is due",
    "enum": "one of {expected} is due",
    "greater_than_equal": "a number of at least {ge} is due",
    "less_than_equal": "a number of at most {le} is due",
    "string_too_short": "text of at least {min_length} characters is due",
    "string_too_long": "text of at most {max_length} characters is due",
    NOT_PLAIN: "one line of text is due, without control characters and marks that turn or hide what is written",
    "string_pattern_mismatch": "text of the form {pattern} is due",
    "too_long": "at most {max_length} are taken",
    "too_short": "at least {min_length} is due",
}
_OTHERWISE = "this is not as described"
_NOT_WHOLE = f'a whole number within 2^53-1 ({MAX_INTEGER}) is due; a decimal is sent as text, such as "98.44"'


def flaws(error: ValidationError, values: Mapping[str, Any], members: Sequence[str]) -> list[Flaw]:
    """Say every fault of a validation once, up to so many as anybody reads.

    Args:
        error: what the model found.
        values: what the caller sent.
        members: the names that are known.
    """
    if error.error_count() > MANY:
        return [Flaw(place="body", why=f"{error.error_count()} members are not as described")]
    faults = error.errors(include_input=False, include_url=False)[:MOST]
    found = [_flaw(fault, values, members) for fault in faults]
    return list({flaw.place: flaw for flaw in reversed(found)}.values())[::-1]


def parameter_flaws(errors: Sequence[Mapping[str, Any]]) -> list[Flaw]:
    """Say every fault of the parameters of an address, as the framework found them."""
    found: dict[str, Flaw] = {}
    for error in errors:
        place = str(error["loc"][-1])
        why = _OF_TYPES.get(error["type"], _OTHERWISE).format_map(_Limits(error.get("ctx", {})))
        found.setdefault(place, Flaw(place=place, why=why))
    return list(found.values())


def number_place(text: str, root: str) -> Flaw | None:
    """Find the member of `root` whose number is no whole one within 2^53-1, in JSON that was refused, if any."""
    if nesting(text) > MAX_NESTING:
        return None
    try:
        value = json.loads(text, parse_int=_whole, parse_float=_NotWhole, parse_constant=_NotWhole)
    except ValueError:
        return None
    way = _first_not_whole(value)
    return None if way is None else Flaw(place=f"{root}{way}".removeprefix("body."), why=_NOT_WHOLE)


class _NotWhole:
    """Stands where a number stood that is not read."""

    def __init__(self, digits: str) -> None:
        del digits  # a value is never told


def _whole(digits: str) -> int | _NotWhole:
    return _NotWhole(digits) if len(digits.lstrip("-")) > len(str(MAX_INTEGER)) or abs(int(digits)) > MAX_INTEGER else 0


def _first_not_whole(value: object) -> str | None:
    """Find the first number that is not whole, and give the way to it; none is put together on the way there."""
    if isinstance(value, _NotWhole):
        return ""
    if isinstance(value, dict):
        return next(
            (f".{name}{way}" for name, each in value.items() if (way := _first_not_whole(each)) is not None), None
        )
    if isinstance(value, list):
        return next(
            (f"[{at}]{way}" for at, each in enumerate(value) if (way := _first_not_whole(each)) is not None), None
        )
    return None


def _flaw(fault: Any, values: Mapping[str, Any], members: Sequence[str]) -> Flaw:  # noqa: ANN401 - a dict of pydantic's
    kind: str = fault["type"]
    path = list(_as_written(fault["loc"], values, missing=kind == "missing"))
    top = str(path[0]) if path else "body"
    why = _OF_TYPES.get(kind, _OTHERWISE).format_map(_Limits(fault.get("ctx", {})))
    if kind not in {"missing", "extra_forbidden"} and path:
        why = _OF_MEMBERS.get(str(path[-1]), why)
    if top == "documents" and len(path) > 1:
        why = "a SHA-256 digest is due: 43 characters of canonical base64url"
    if kind == "extra_forbidden" and len(path) == 1:
        why += suggestion(top, members)
    return Flaw(place=".".join(map(str, path)) or "body", why=why)


class _Limits(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "?"


def _as_written(path: Sequence[str | int], values: object, *, missing: bool) -> list[str | int]:
    """Drop what names a branch of the model and not what the caller wrote."""
    written: list[str | int] = []
    node = values
    for step in path:
        inside = _inside(node, step)
        if inside is None and not (missing and isinstance(node, dict)):
            break
        written.append(step)
        node = None if inside is None else inside[0]
    return written


def _inside(node: object, step: str | int) -> tuple[object] | None:
    if isinstance(node, dict):
        return (node[step],) if step in node else None
    return (node[step],) if isinstance(node, list) and isinstance(step, int) else None
