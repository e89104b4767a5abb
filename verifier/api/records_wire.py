"""What crosses the wire of the record: its answers, its query, and its three forms."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field
from starlette.datastructures import QueryParams

from store.verifications import Recorded, Wanted
from verifier.api.answers_wire import ProblemAnswer
from verifier.api.flaws import TIME_DUE
from verifier.plain_text import plain
from verifier.problems import Code, Flaw, RequestRefused, suggestion
from verifier.services.following import BEGINNING, NOW, Cursor, Followed
from verifier.services.records import recorded_to_json
from verifier.tables.cells import harmless
from verifier.times import read_time

MOST = 1000
"""Verifications on one page of JSON."""
USUAL = 100
LONGEST_CASE = 128
_NONE = re.compile(r"q=0(\.0*)?", re.ASCII)
"""What stands in Accept behind what is not accepted (RFC 9110 section 12.4.2)."""
_ID = re.compile(r"[!-~]{1,36}", re.ASCII)
_NOT_BESIDE = "to follow has no place beside this: leave it out, or take the list by time, without `after`"
_NAMES = ("from", "to", "case", "after", "limit")
_COLUMNS = (
    "id",
    "time",
    "caller",
    "relying_party",
    "office",
    "operator",
    "matter",
    "case",
    "ground",
    "result",
    "reasons",
    "certificates",
    "segment",
    "position",
    "hash",
)


class Form(StrEnum):
    """The forms of a list of verifications, by media type."""

    JSON = "application/json"
    NDJSON = "application/x-ndjson"
    CSV = "text/csv"


class PlaceAnswer(BaseModel):
    """Where a line stands in the record."""

    segment: str = Field(examples=["api-3f2a9c1b-000001"])
    position: int
    hash: str = Field(description="SHA-256 chain up to the line, base64url.")


class RecordAnswer(BaseModel):
    """One verification as it was recorded, and its receipt."""

    id: str
    record: dict[str, Any] = Field(description="The line of the record. No value of any field.")
    receipt: str = Field(description="A JWS, `typ` ecert-receipt+jwt.")
    audit: PlaceAnswer


class ListedAnswer(RecordAnswer):
    """One verification of a list; where that is followed, `after` goes on behind it."""

    after: str | None = None


class RecordPage(BaseModel):
    """Verifications, oldest first; `next` is the `after` of the next page, null on the last one.

    Of a list that is followed they are in the order of the record, and `next` is never null.
    """

    verifications: list[ListedAnswer]
    next: str | None


class NotKeptAnswer(ProblemAnswer):
    """Some verifications after `after` are not kept any more, and none after `next` is missing."""

    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked for, of any caller yet; `limit` None: all there is. `following`: after what, None where by time."""

    wanted: Wanted
    following: Cursor | str | None
    limit: int | None


def read_query(params: QueryParams) -> Query:
    """Read the query of a list.

    Raises:
        RequestRefused: with every flaw.
    """
    flaws = [
        Flaw(place=name, why=f"there is no such parameter{suggestion(name, _NAMES)}")
        for name in params
        if name not in _NAMES
    ]
    flaws += [Flaw(place=name, why="this is there twice") for name in _NAMES if len(params.getlist(name)) > 1]
    read: dict[str, Any] = {}
    for name, reader, due in _READERS:
        if name in params:
            try:
                read[name] = reader(params[name])
            except ValueError:
                flaws.append(Flaw(place=name, why=due))
    after = read.pop("after", None)
    following = None if isinstance(after, tuple) else after
    if following is not None:
        flaws += [Flaw(place=name, why=_NOT_BESIDE) for name in ("from", "to", "case") if name in params]
    if flaws:
        raise RequestRefused(Code.NOT_UNDERSTOOD, "The query is not as described.", flaws)
    by_time = after if isinstance(after, tuple) else None
    wanted = Wanted(caller="", since=read.get("from"), until=read.get("to"), case=read.get("case"), after=by_time)
    return Query(wanted=wanted, following=following, limit=read.get("limit"))


def form_of(accept: str) -> Form:
    """Choose the form that a caller accepts; JSON where it names none of ours."""
    parts = [part.lower().replace(" ", "").split(";") for part in accept.split(",")]
    asked = [kind for kind, *said in parts if not any(_NONE.fullmatch(each) for each in said)]
    return next((Form(each) for each in asked if each in set(Form)), Form.JSON)


def page_to_json(found: Sequence[Recorded], limit: int) -> dict[str, object]:
    """Write one page."""
    last = found[-1] if len(found) == limit else None
    return {
        "verifications": [recorded_to_json(each) for each in found],
        "next": None if last is None else f"{last.time}.{last.id}",
    }


def followed_to_json(followed: Followed) -> dict[str, object]:
    """Write one page of a list that is followed."""
    return {
        "verifications": [recorded_to_json(each, after) for each, after in followed.found],
        "next": str(followed.next),
    }


def to_ndjson(found: Iterable[dict[str, object]]) -> str:
    """Write one object a line."""
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in found)


def to_csv(found: Iterable[dict[str, object]], *, header: bool, followed: bool) -> str:
    """Write one verification a row, without its receipt; no cell is taken for a formula, or hides another.

    What was recorded before such text was refused stands in it with U+FFFD in the place of what moves or hides.
    """
    columns = (*_COLUMNS, "after") if followed else _COLUMNS
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    if header:
        writer.writerow(columns)
    for each in found:
        made = _cells(each)
        writer.writerow(harmless(plain("" if made.get(name) is None else str(made[name]))) for name in columns)
    return text.getvalue()


def _cells(whole: Mapping[str, Any]) -> Mapping[str, object]:
    record = whole["record"]
    judged = record["certificates"]
    reasons = dict.fromkeys(reason for each in judged for reason in each["reasons"])
    names = [f"{each['certificate']['iss']} {each['certificate']['serial']}" for each in judged if each["certificate"]]
    made = {"reasons": " ".join(reasons), "certificates": "; ".join(names), "after": whole.get("after")}
    return {**record, **whole["audit"], **made}


def _limit(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 0 < number <= MOST:
        raise ValueError
    return number


def _case(text: str) -> str:
    """Read a case as a body that names it is read."""
    if len(text) > LONGEST_CASE:
        raise ValueError
    return unicodedata.normalize("NFC", text)


def _after(text: str) -> tuple[int, str] | Cursor | str:
    """Read a place in the list by time, or one to follow from."""
    if text in {BEGINNING, NOW}:
        return text
    if not text[:1].isdigit():
        return Cursor.read(text)
    time, dot, name = text.partition(".")
    if not (dot and _ID.fullmatch(name) and time.isascii() and time.isdigit() and len(time) < 16):  # noqa: PLR2004
        raise ValueError
    return int(time), name


_READERS = (
    ("from", read_time, TIME_DUE),
    ("to", read_time, TIME_DUE),
    ("case", _case, f"text of at most {LONGEST_CASE} characters is due"),
    ("after", _after, f"the `next` of the page before is due; to follow, {BEGINNING} or {NOW} at first"),
    ("limit", _limit, f"a whole number from 1 to {MOST} is due"),
)
