"""Answers that anybody may keep: with an ETag, and 304 for who has them already (RFC 9110, 9111).

They are about no person and the same for all, so that pages of other origins may read them, too.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "As the caller has it already."}}
"""What OpenAPI says of an answer that may be kept."""
_OPEN = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}


def tag_of(content: bytes) -> str:
    """Give the strong ETag of some content."""
    return f'"{base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()}"'


def is_known(request: Request, tag: str) -> bool:
    """Tell whether the caller says that it has the content of this tag (If-None-Match, compared weakly)."""
    said = ",".join(request.headers.getlist("if-none-match"))
    known = {each.strip().removeprefix("W/") for each in said.split(",")}
    return "*" in known or tag in known


def kept(request: Request, content: bytes, *, media_type: str, keep: str) -> Response:
    """Answer with content that may be kept as `keep` (a Cache-Control) says."""
    tag = tag_of(content)
    if is_known(request, tag):
        return not_modified(tag, keep)
    return Response(content, media_type=media_type, headers=headers(tag, keep))


def streamed(pieces: Iterator[bytes], *, tag: str, media_type: str, keep: str) -> Response:
    """Answer with content that is written as it is read; `tag` must name it for ever."""
    return StreamingResponse(pieces, media_type=media_type, headers=headers(tag, keep))


def not_modified(tag: str, keep: str) -> Response:
    """Answer that the caller has it already."""
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers(tag, keep))


def headers(tag: str, keep: str) -> dict[str, str]:
    """Give the headers of an answer that may be kept."""
    return {"etag": tag, "cache-control": keep, **_OPEN}
