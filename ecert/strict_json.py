"""JSON read strictly and written canonically.

What two readers could read in two ways is refused: a name twice, a number that is not a whole one within 2^53-1
(RFC 7493), NaN, a lone surrogate, text that is not NFC, nesting beyond 16. The standard library reads, since it tells a
name that is there twice; orjson writes, as RFC 8785 has it: the names that this package writes are ASCII, for which
orjson's order is RFC 8785's.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import NoReturn, TypeGuard
from unicodedata import is_normalized, normalize

import orjson

from ecert.certificate import Value
from ecert.errors import MalformedError

MAX_NESTING = 16
MAX_INTEGER = 2**53 - 1
_MAX_DIGITS = 17
_SAFE_DIGITS = 15
_SHOWN = 40
_TEXT = {str}
_QUOTED = re.compile(rb'"[^"]*+"?')
_NEITHER = bytes(set(range(256)) - set(b'"[]{}'))
"""Bytes that are neither a quotation mark nor a bracket."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Refused(ValueError):
    """JSON that is well-formed but not ours."""


def _integer(digits: str) -> int:
    if len(digits) <= _SAFE_DIGITS:
        return int(digits)
    if len(digits) > _MAX_DIGITS or abs(number := int(digits)) > MAX_INTEGER:
        raise _Refused("an integer beyond 2^53-1")
    return number


def _number(_digits: str) -> NoReturn:
    raise _Refused("a number is not a whole one")  # which one is not said: a verdict carries no value


def _object(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    found = dict(pairs)
    if len(found) != len(pairs):
        count = Counter(name for name, _ in pairs)
        twice = next(name for name, _ in pairs if count[name] > 1)
        # In NFC, as all text that is signed: a verdict says this, and a receipt the verdict.
        raise _Refused(f"the name {normalize('NFC', twice[:_SHOWN])!r} appears twice")
    return found


def _shown_object(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    found = _object(pairs)
    if "_sd" in found or "..." in found:
        raise _Refused("`_sd` and `...` have no place inside a value")
    return found


_PLAIN = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_number)
_DISCLOSED = json.JSONDecoder(
    object_pairs_hook=_shown_object, parse_int=_integer, parse_float=_number, parse_constant=_number
)


def loads(text: str, place: str, error: type[MalformedError] = MalformedError, *, shown: bool = False) -> Value:
    """Read `text` (which came of well-formed UTF-8) whole; raise `error` with the place otherwise.

    `shown`: it is the content of a disclosure, where the names `_sd` and `...` are refused too.
    """
    if _may_nest_deep(text) and nesting(text) > MAX_NESTING:
        raise error(place, f"nested deeper than {MAX_NESTING}")
    try:
        value = _decode(_DISCLOSED if shown else _PLAIN, text)
    except json.JSONDecodeError as refused:
        raise error(place, f"not JSON: {refused.msg} at character {refused.pos}") from None
    except _Refused as refused:
        raise error(place, str(refused)) from None
    if "\\" in text or not (text.isascii() or is_normalized("NFC", text)):
        _check_text(value, place, error)
    return value


def _decode(decoder: json.JSONDecoder, text: str) -> Value:
    """Read a JSON text whole. The decoder's own `decode` looks for white space around it, which costs most."""
    if text[:1].isspace():
        value: Value = decoder.decode(text)
        return value
    value, end = decoder.raw_decode(text)
    return value if end == len(text) else decoder.decode(text)


def _may_nest_deep(text: str) -> bool:
    """Tell whether a text has brackets enough; `find` passes over long text between them sooner than `count` does."""
    brackets = 0
    for bracket in "[{":
        at = text.find(bracket)
        while at >= 0:
            brackets += 1
            if brackets > MAX_NESTING:
                return True
            at = text.find(bracket, at + 1)
    return False


def is_all_text(values: Sequence[Value]) -> TypeGuard[Sequence[str]]:
    """Tell whether all the values of a list that was read are text; what JSON is read to has no subclasses."""
    return set(map(type, values)) <= _TEXT


def nesting(text: str) -> int:
    """Count how many brackets are open at once, in time linear in the text.

    Only what could be read is counted rightly: a backslash outside a quotation stops every reader.
    """
    marks = text.encode(errors="surrogatepass")
    if b"\\" in marks:
        marks = marks.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = marks.translate(None, _NEITHER).replace(b'""', b"")
    depth = deepest = 0
    for bracket in _QUOTED.sub(b"", marks).decode():
        if bracket in "]}":
            depth -= 1
        else:
            depth += 1
            deepest = max(deepest, depth)
    return deepest


def canonical(value: Value) -> str:
    """Write `value` as RFC 8785 does."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _check_text(value: Value, place: str, error: type[MalformedError]) -> None:
    """Refuse text that is not NFC or holds a surrogate without its partner, naming its place."""
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise error(place, "a lone surrogate")
        if not is_normalized("NFC", value):
            raise error(place, "text that is not in Unicode's form NFC")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_text(item, f"{place}[{index}]", error)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_text(name, f"{place} (a name)", error)
            _check_text(item, f"{place}.{name[:_SHOWN]}", error)
