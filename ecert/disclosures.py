"""Reading disclosures: `[salt, name, value]` in JSON, in base64url (RFC 9901 section 4.2.1).

A certificate has some sixteen of them, and they take most of the time of parsing; so all are decoded at once, a line
each, and those of the shape that most issuers write (no spaces, a value that is null or a text without escapes) are
taken apart at once by a pattern, as surely as by a JSON reader. Any other, one by one, goes to the JSON reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from itertools import repeat
from unicodedata import is_normalized

from ecert import base64url, strict_json
from ecert.certificate import Disclosure, Value
from ecert.errors import MalformedCertificate, NotBase64Url

_PARTS = 3
_SALT = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_made = tuple.__new__  # a named tuple's own constructor is written in Python
_LINES = re.compile(rf'(?:\["({_SALT.pattern})","({_NAME.pattern})",(?:"([^"\\\x00-\x1f]*)"|(null))\]|.*)\t*\n')
"""Matches every line once; the groups are empty where it is not of the common shape."""
_Said = tuple[str, str, Value]


def read_disclosures(texts: Sequence[str]) -> tuple[Disclosure, ...]:
    """Read all disclosures of a certificate, each of another name; `MalformedCertificate` names the place."""
    if not texts:
        return ()
    try:
        encoded, contents = base64url.lines(texts)
    except NotBase64Url as error:
        raise MalformedCertificate(f"disclosures[{error.index}]", "not canonical base64url") from None
    salts, names, values = zip(*_said(encoded, contents), strict=True)
    if len(set(names)) != len(names):
        twice = next(index for index, name in enumerate(names) if name in names[:index])
        raise MalformedCertificate(f"disclosures[{twice}]", "a second one of its name")
    digests = [sha256(text).digest() for text in encoded]
    return tuple(map(_made, repeat(Disclosure), zip(texts, digests, salts, names, values, strict=True)))


def _said(encoded: list[bytes], contents: bytes) -> list[_Said]:
    """Take apart what the lines say, in their order."""
    return [
        (salt, name, None if null else text) if salt else _by_json(encoded[index], index)
        for index, (salt, name, text, null) in enumerate(_common_shapes(contents, len(encoded)))
    ]


def _common_shapes(contents: bytes, count: int) -> list[tuple[str, str, str, str]]:
    """Take apart the lines of the common shape: salt, name, text, `null`; all empty for any other.

    What is not UTF-8 or not NFC, and what has a line feed of its own, is left to the JSON reader. Salts and names of
    this shape are ASCII, which is NFC, so that only the texts need be looked at.
    """
    none = [("", "", "", "")] * count
    try:
        lines = contents.decode("utf-8")
    except UnicodeDecodeError:
        return none
    found = _LINES.findall(lines)
    if len(found) != count:
        return none
    texts = "\n".join([text for _, _, text, _ in found])
    return found if texts.isascii() or is_normalized("NFC", texts) else none


def _by_json(encoded: bytes, index: int) -> _Said:
    place = f"disclosures[{index}]"
    try:
        text = base64url.decode_ascii(encoded).decode("utf-8")
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
