from hashlib import sha256
from io import BytesIO

import pytest

from ecert.certificate import Value
from ecert.documents import Document, hash_document
from ecert.errors import FaultReason, UnreadableValue

DIGEST = "A" * 43


class Endless(BytesIO):
    """A file of many pieces that is never held whole; it counts what was asked for at once."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.left = pieces
        self.largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        self.largest = max(self.largest, size)
        self.left -= 1
        return b"x" * size if self.left >= 0 else b""


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04...", "application/ofd"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"text", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_file_is_known_by_how_it_begins(content: bytes, media_type: str) -> None:
    document = hash_document(BytesIO(content))
    assert document == Document(sha256=sha256(content).digest(), media_type=media_type, size=len(content))


def test_a_large_file_is_hashed_in_pieces() -> None:
    file = Endless(200)
    document = hash_document(file)
    assert document.size == 200 * 2**20
    assert file.largest == 2**20
    assert document.sha256 == sha256(b"x" * document.size).digest()


@pytest.mark.parametrize(
    ("value", "member"),
    [
        ("x", ""),
        ({"sha256": DIGEST, "media_type": "a/b"}, ""),
        ({"sha256": DIGEST, "media_type": "a/b", "size": 1, "more": 1}, ""),
        ({"sha256": "AAAA", "media_type": "a/b", "size": 1}, "sha256"),
        ({"sha256": 5, "media_type": "a/b", "size": 1}, "sha256"),
        ({"sha256": DIGEST, "media_type": "pdf", "size": 1}, "media_type"),
        ({"sha256": DIGEST, "media_type": None, "size": 1}, "media_type"),
        ({"sha256": DIGEST, "media_type": "a/b", "size": -1}, "size"),
        ({"sha256": DIGEST, "media_type": "a/b", "size": True}, "size"),
        ({"sha256": DIGEST, "media_type": "a/b", "size": 2**53}, "size"),
    ],
)
def test_another_value_is_no_document(value: Value, member: str) -> None:
    with pytest.raises(UnreadableValue) as caught:
        Document.from_value(value)
    assert (caught.value.reason, caught.value.member) == (FaultReason.NOT_A_DOCUMENT, member)
