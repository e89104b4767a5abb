"""A file that belongs to a certificate (the PDF or OFD original, an image), as the slot `document` names it.

The certificate carries the file's SHA-256, media type and size; the file itself travels apart and may be large, so it
is hashed as a stream.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO, Self

from ecert import base64url
from ecert.certificate import Value
from ecert.errors import FaultReason, NotBase64Url, UnreadableValue

MAX_SIZE = 2**53 - 1
_PIECE = 1 << 20
_UNKNOWN = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")
_BEGINNINGS = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/ofd"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)
"""How files begin. An OFD file is a ZIP container, and the only one that an agency keeps as an original."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file's SHA-256 (32 bytes), media type and size in bytes."""

    sha256: bytes
    media_type: str
    size: int

    def value(self) -> dict[str, Value]:
        """Give what the slot `document` says."""
        return {"sha256": base64url.encode(self.sha256), "media_type": self.media_type, "size": self.size}

    @classmethod
    def from_value(cls, value: Value) -> Self:
        """Read what a slot `document` says; `UnreadableValue` for anything that `value` does not write."""
        if not isinstance(value, dict) or value.keys() != {"sha256", "media_type", "size"}:
            raise UnreadableValue(FaultReason.NOT_A_DOCUMENT)
        digest, media_type, size = value["sha256"], value["media_type"], value["size"]
        if not isinstance(media_type, str) or not _MEDIA_TYPE.fullmatch(media_type):
            raise UnreadableValue(FaultReason.NOT_A_DOCUMENT, "media_type")
        if type(size) is not int or not 0 <= size <= MAX_SIZE:
            raise UnreadableValue(FaultReason.NOT_A_DOCUMENT, "size")
        return cls(sha256=_digest(digest), media_type=media_type, size=size)


LARGEST = Document(sha256=bytes(32), media_type=_UNKNOWN, size=MAX_SIZE)
"""No file that was hashed here takes more room in a certificate."""


def _digest(text: Value) -> bytes:
    if isinstance(text, str):
        try:
            return base64url.digests([text])[0]
        except NotBase64Url:
            pass
    raise UnreadableValue(FaultReason.NOT_A_DOCUMENT, "sha256")


def hash_document(file: BinaryIO) -> Document:
    """Hash a file opened for reading, piece by piece; its media type is told from how it begins."""
    digest, size, piece = sha256(), 0, file.read(_PIECE)
    media_type = next((name for beginning, name in _BEGINNINGS if piece.startswith(beginning)), _UNKNOWN)
    while piece:
        digest.update(piece)
        size += len(piece)
        piece = file.read(_PIECE)
    return Document(sha256=digest.digest(), media_type=media_type, size=size)
