"""The days from which and until which a certificate is valid, and the seconds at which they begin in a zone."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from ecert.certificate import Value
from ecert.errors import FaultReason, MalformedError, UnreadableValue
from ecert.readings import read_date

DEFAULT_ZONE = "+08:00"
FIRST_DAY, LAST_DAY = "1900-01-01", "2200-12-31"
"""Validity begins and ends within these days: what lies outside was typed wrong, or means no end at all."""
DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_ZONE = re.compile(r"([+-])(0[0-9]|1[0-4]):(00|15|30|45)")
_ZONES_KEPT = 256


def midnight(day: str, zone: str = DEFAULT_ZONE) -> int:
    """Give the second at which a day `YYYY-MM-DD` begins in a zone; `MalformedError` where either is none."""
    try:
        return midnight_at(read_date(day), offset(zone))
    except UnreadableValue as error:
        raise MalformedError("day", "not a date YYYY-MM-DD") from error


def midnight_at(day: str, seconds: int) -> int:
    """Give the second at which a real day begins where clocks are so many seconds ahead of UTC."""
    return (date.fromisoformat(day).toordinal() - _EPOCH) * DAY - seconds


@lru_cache(_ZONES_KEPT)
def offset(zone: str) -> int:
    """Give the seconds by which a zone such as `+08:00` is ahead of UTC; `MalformedError` where it is none."""
    match = _ZONE.fullmatch(zone)
    if match is None:
        raise MalformedError("zone", "not a time zone such as +08:00, on a quarter of an hour")
    seconds = int(match[2]) * 3600 + int(match[3]) * 60
    return -seconds if match[1] == "-" else seconds


def read_day(said: Value) -> str:
    """Read a day of validity as `YYYY-MM-DD`; `UnreadableValue` where it is none, or out of all reason."""
    day = read_date(said)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise UnreadableValue(FaultReason.OUT_OF_RANGE, f"{FIRST_DAY} … {LAST_DAY}")
    return day
