"""Times as people and callers write and read them: a day or a moment, in the agency's zone or with an offset."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from ecert.days import DAY, DEFAULT_ZONE, midnight, offset
from ecert.errors import MalformedError
from ecert.strict_json import MAX_INTEGER
from verifier.errors import Refused

USUAL_ZONE = DEFAULT_ZONE
_DAY = "YYYY-MM-DD"
_A_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_BARE_DAY = re.compile(r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(\d{4}|\d{6})?", re.ASCII)
"""YYYYMMDD, YYYYMMDDhhmm and YYYYMMDDhhmmss."""


def moment(text: str, zone: str = USUAL_ZONE, *, whole_day: bool = False) -> int:
    """Read `YYYY-MM-DD` (its first second; with `whole_day` the second after its last) or an ISO time.

    Raises:
        Refused: it is neither.
    """
    try:
        _see_hyphens(text)
        if len(text) == len(_DAY):
            return midnight(text, zone) + (DAY if whole_day else 0)
        found = datetime.fromisoformat(text)
        return int((found if found.tzinfo is not None else found.replace(tzinfo=_zone(zone))).timestamp())
    except (ValueError, MalformedError) as error:
        raise Refused(f"{text!r} is no time: {_DAY} or {_DAY}Thh:mm is due, with --zone such as +08:00") from error


def read_time(said: str | int) -> int:
    """Read RFC 3339 with an offset, a day (its first second at +08:00) or seconds; `ValueError` otherwise.

    A day without its hyphens, with or without the time after it, is no number of seconds: 20260503 would be in 1970.
    """
    text = str(said)
    _see_hyphens(text)
    try:
        seconds = int(text) if text.isascii() and text.isdigit() else _with_offset(text)
    except OverflowError as error:
        raise ValueError("beyond every calendar") from error
    if not 0 <= seconds <= MAX_INTEGER:
        raise ValueError("before 1970, or beyond 2^53-1 seconds")
    return seconds


def shown(seconds: int | None, zone: str = USUAL_ZONE) -> str:
    """Write a moment in a zone; `never` for None, the bare number for what lies beyond every calendar."""
    if seconds is None:
        return "never"
    try:
        return datetime.fromtimestamp(seconds, _zone(zone)).isoformat()
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def _see_hyphens(text: str) -> None:
    """Refuse a day in bare digits, which one takes for a day and another for a number."""
    if _BARE_DAY.fullmatch(text):
        raise ValueError("a day needs its hyphens, such as 2026-05-03")


def _with_offset(text: str) -> int:
    found = datetime.fromisoformat(f"{text}T00:00:00{USUAL_ZONE}" if _A_DAY.fullmatch(text) else text)
    if found.tzinfo is None:
        raise ValueError("a time needs its offset, such as 2026-05-03T09:00:00+08:00")
    return int(found.timestamp())


def _zone(zone: str) -> timezone:
    return timezone(timedelta(seconds=offset(zone)))
