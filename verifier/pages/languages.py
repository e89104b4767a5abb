"""Which language a page is in: what its address says, else what the browser prefers, else English."""

from __future__ import annotations

from starlette.requests import Request

from ecert.explaining import Language


def language_of(request: Request) -> Language:
    """Choose the language of a page; what cannot be read counts as not said."""
    asked = request.query_params.get("lang", "").lower()
    if asked in set(Language):
        return Language(asked)
    for name in _preferred(request.headers.get("accept-language", "")):
        primary = name.partition("-")[0]
        if primary in set(Language):
            return Language(primary)
    return Language.EN


def _preferred(header: str) -> list[str]:
    """Give the languages of an Accept-Language header, the most wanted first."""
    wanted: list[tuple[float, str]] = []
    for part in header.split(","):
        name, _, weight = part.strip().lower().partition(";q=")
        wanted.append((_weight(weight), name.strip()))
    return [name for weight, name in sorted(wanted, key=lambda pair: -pair[0]) if name and weight > 0]


def _weight(text: str) -> float:
    if not text:
        return 1.0
    try:
        return float(text)
    except ValueError:
        return 0.0
