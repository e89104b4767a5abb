"""Reading disclosures: `[salt, name, value]` in JSON, in base64url (RFC 9901 section 4.2.1).

A certificate has some sixteen of them, and they take most of the time of parsing; so all are read at once where they
have the shape that most issuers write (no spaces, a value that is null or a text without escapes), which a pattern
tells and takes apart as surely as a JSON reader. Any other, one by one, goes to the JSON reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from unicodedata import is_normalized

from ecert import base64url, strict_json
from ecert.certificate import Disclosure, Value
from ecert.errors import MalformedCertificate, NotBase64Url

_PARTS = 3
_SALT = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_made = tuple.__new__  # a named tuple's own constructor is written in Python
_LINES = re.compile(
    rf'^(?:\["({_SALT.pattern})","({_NAME.pattern})",(?:"([^"\\\x00-\x1f]*)"|(null))\]|.*)$', re.MULTILINE
)
"""Matches every line once; the groups are empty where it is not of the common shape."""


def read_disclosures(texts: Sequence[str]) -> tuple[Disclosure, ...]:
    """Read all disclosures of a certificate, each of another name; `MalformedCertificate` names the place."""
    encoded, contents = _decoded(texts)
    said: list[tuple[str, str, Value]] = [
        (salt, name, None if null else text) if salt else _by_json(contents, index)
        for index, (salt, name, text, null) in enumerate(_common_shapes(contents))
    ]
    names = [name for _, name, _ in said]
    if len(set(names)) != len(names):
        twice = next(index for index, name in enumerate(names) if name in names[:index])
        raise MalformedCertificate(f"disclosures[{twice}]", "a second one of its name")
    return tuple(
        [
            _made(Disclosure, (text, sha256(ascii_text).digest(), salt, name, value))
            for text, ascii_text, (salt, name, value) in zip(texts, encoded, said, strict=True)
        ]
    )


def _common_shapes(contents: list[bytes]) -> list[tuple[str, str, str, str]]:
    """Take apart those of the common shape: salt, name, text, `null`; all empty for any other.

    What is not UTF-8 or not NFC, and what has a line feed of its own, is left to the JSON reader.
    """
    none = [("", "", "", "")] * len(contents)
    try:
        lines = b"\n".join(contents).decode("utf-8")
    except UnicodeDecodeError:
        return none
    if lines.count("\n") != len(contents) - 1 or not (lines.isascii() or is_normalized("NFC", lines)):
        return none
    return _LINES.findall(lines)


def _decoded(texts: Sequence[str]) -> tuple[list[bytes], list[bytes]]:
    """Give the ASCII of each disclosure, over which its digest is, and its content."""
    contents: list[bytes] = []
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    try:
        for text in encoded:
            contents.append(base64url.decode_ascii(text))  # noqa: PERF401 - how many were read is the place of the fault
    except NotBase64Url:
        raise MalformedCertificate(f"disclosures[{len(contents)}]", "not canonical base64url") from None
    return encoded, contents


def _by_json(contents: list[bytes], index: int) -> tuple[str, str, Value]:
    place = f"disclosures[{index}]"
    try:
        text = contents[index].decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedCertificate(place, "not UTF-8") from None
    whole = strict_json.loads(text, place, MalformedCertificate, shown=True)
    if not isinstance(whole, list) or len(whole) != _PARTS:
        raise MalformedCertificate(place, "not [salt, name, value]")
    salt, name, value = whole
    if not isinstance(salt, str) or not _SALT.fullmatch(salt):
        raise MalformedCertificate(place, "its salt is not 16 bytes in base64url")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise MalformedCertificate(place, "its name is no field's name")
    return salt, name, value
