"""Times as people write and read them: a day or a moment, in the agency's zone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ecert.days import midnight
from ecert.errors import MalformedError
from verifier.errors import Refused

USUAL_ZONE = "+08:00"
_DAY = "YYYY-MM-DD"


def moment(text: str, zone: str = USUAL_ZONE, *, whole_day: bool = False) -> int:
    """Read `YYYY-MM-DD` (its first second; with `whole_day` the second after its last) or an ISO time.

    Raises:
        Refused: it is neither.
    """
    try:
        if len(text) == len(_DAY):
            return midnight(text, zone) + (86_400 if whole_day else 0)
        found = datetime.fromisoformat(text)
        return int((found if found.tzinfo is not None else found.replace(tzinfo=_zone(zone))).timestamp())
    except (ValueError, MalformedError) as error:
        raise Refused(f"{text!r} is no time: {_DAY} or {_DAY}Thh:mm is due, with --zone such as +08:00") from error


def shown(seconds: int | None, zone: str = USUAL_ZONE) -> str:
    """Write a moment in a zone; `never` for None, the bare number for what lies beyond every calendar."""
    if seconds is None:
        return "never"
    try:
        return datetime.fromtimestamp(seconds, _zone(zone)).isoformat()
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def _zone(zone: str) -> timezone:
    return timezone(timedelta(seconds=-midnight("1970-01-01", zone)))
