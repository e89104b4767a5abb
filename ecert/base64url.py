"""Base64url as JOSE writes it (RFC 7515 section 2), read strictly: one byte string has one text and no other.

No padding, no white space, no `+` or `/`, no stray bits in the last character. Whatever else is refused, so that a
digest over text is a digest over its content.
"""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Sequence
from struct import unpack

from ecert.errors import NotBase64Url

DIGEST_SIZE = 32
_DIGEST_TEXT = 43
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TO_URL = bytes.maketrans(b"+/", b"-_")
_PADDING = (b"", b"", b"==", b"=")
_LAST = (_ALPHABET, b"", b"AQgw", b"AEIMQUYcgkosw048")
"""By length modulo 4: the characters that a canonical text can end in."""
_LINE_ENDS = tuple(
    {bytes([last]): filling for last in lasts}
    for lasts, filling in zip(_LAST, (b"CQkK", b"", b"kK", b"K"), strict=True)
)
_LINE_ENDS[0][b""] = b"CQkK"
"""By length modulo 4 and last character of a canonical text: what fills it up to whole bytes, tabs and a line feed."""


def encode(data: bytes) -> str:
    """Write `data` without padding."""
    return encode_ascii(data).decode("ascii")


def encode_ascii(data: bytes) -> bytes:
    """Write `data` without padding, as ASCII bytes."""
    return b2a_base64(data, newline=False).translate(_TO_URL, b"=")


def decode_ascii(text: bytes) -> bytes:
    """Read canonical text given as ASCII bytes; raise `NotBase64Url` for any other."""
    tail = len(text) & 3
    if text[-1:] not in _LAST[tail]:
        raise NotBase64Url
    try:
        return a2b_base64(_standard(text) + _PADDING[tail], strict_mode=True)
    except Error as error:
        raise NotBase64Url from error


def decode(text: str) -> bytes:
    """Read canonical text; raise `NotBase64Url` for any other."""
    try:
        return decode_ascii(text.encode("ascii"))
    except UnicodeEncodeError as error:
        raise NotBase64Url from error


def digests(texts: Sequence[str]) -> tuple[bytes, ...]:
    """Read many 32-byte values in one go; `NotBase64Url.index` names the first that is not.

    With an "A" after each they are 33 bytes, of which the last is zero where the text is canonical.
    """
    if set(map(len, texts)) - {_DIGEST_TEXT}:
        raise NotBase64Url(next(index for index, text in enumerate(texts) if len(text) != _DIGEST_TEXT))
    try:
        raw = a2b_base64(_standard("A".join([*texts, ""]).encode("ascii")), strict_mode=True)
    except (Error, UnicodeEncodeError, NotBase64Url) as error:
        raise NotBase64Url(_first_bad(texts)) from error
    if any(raw[DIGEST_SIZE :: DIGEST_SIZE + 1]):
        raise NotBase64Url(_first_bad(texts))
    return unpack(f"{DIGEST_SIZE}sx" * len(texts), raw)


def lines(texts: Sequence[str]) -> tuple[list[bytes], bytes]:
    """Read many texts, at least one, in one go; `NotBase64Url.index` names the first that is not canonical.

    Gives the ASCII of each, and a line for each: its content, up to three bytes of white space, the last a line feed.
    The filling leaves no bit of a text's last character open, so that it is a line feed only where the text is
    canonical; what each text may end in is looked up nevertheless.
    """
    try:
        encoded = "~".join(texts).encode("ascii").split(b"~")  # no canonical text has a "~" in it
        filled = b"".join([text + _LINE_ENDS[len(text) & 3][text[-1:]] for text in encoded])
        contents = a2b_base64(_standard(filled), strict_mode=True)
    except (Error, UnicodeEncodeError, KeyError, NotBase64Url) as error:
        raise NotBase64Url(_first_bad(texts)) from error
    if len(encoded) != len(texts):
        raise NotBase64Url(_first_bad(texts))
    return encoded, contents


def encode_each(values: bytes, size: int) -> list[str]:
    """Write many values of `size` bytes each, given as one byte string, in one go."""
    filling = bytes(-size % 3)
    filled = b"".join([values[start : start + size] + filling for start in range(0, len(values), size)])
    texts = b2a_base64(filled, newline=False).translate(_TO_URL).decode("ascii")
    width, step = (size * 8 + 5) // 6, (size + len(filling)) // 3 * 4
    return [texts[start : start + width] for start in range(0, len(texts), step)]


def _standard(text: bytes) -> bytes:
    """Write text of the other alphabet in the standard one, which `binascii` reads.

    To look for four characters takes less than half the time of translating every one. Whatever else is of neither
    alphabet is refused by strict mode, `=` too where it is not what ends the whole text.
    """
    if b"+" in text or b"/" in text:
        raise NotBase64Url
    return text.replace(b"-", b"+").replace(b"_", b"/")


def _first_bad(texts: Sequence[str]) -> int:
    """Find the first text that `decode` refuses; there is one."""
    return next(index for index, text in enumerate(texts) if not _is_canonical(text))


def _is_canonical(text: str) -> bool:
    """Tell whether `decode` reads the text."""
    try:
        decode(text)
    except NotBase64Url:
        return False
    return True
