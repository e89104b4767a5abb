"""Style sheet, script and icon, served under names that carry their hash, so that browsers may keep them for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

_KINDS = MappingProxyType({"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"})
_HASH_LENGTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file as it is served."""

    address: str
    media_type: str
    content: bytes


@cache
def assets() -> Mapping[str, Asset]:
    """Read the files once; by their own names."""
    folder = files("verifier.pages") / "static"
    return {entry.name: _asset(entry.name, entry.read_bytes()) for entry in folder.iterdir() if entry.is_file()}


def asset_routes() -> APIRouter:
    """Make the route that serves them."""
    router = APIRouter(include_in_schema=False)
    by_address = {asset.address: asset for asset in assets().values()}

    @router.get("/static/{name}")
    async def asset(name: str) -> Response:
        found = by_address.get(f"/static/{name}")
        if found is None:
            raise HTTPException(404)
        headers = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(found.content, media_type=found.media_type, headers=headers)

    return router


def _asset(name: str, content: bytes) -> Asset:
    stem, _, ending = name.rpartition(".")
    digest = sha256(content).hexdigest()[:_HASH_LENGTH]
    return Asset(address=f"/static/{stem}.{digest}.{ending}", media_type=_KINDS[ending], content=content)
