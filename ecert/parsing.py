"""From bytes to a certificate, once, at the door: a whole good value, or `MalformedCertificate` with the place.

Limits come first, then the form (compact, or the flattened JSON serialization of RFC 9901), the JOSE header, the
claims, the disclosures and what travels outside the signature. Nothing is believed here that must be judged: whether a
disclosure is the one that its slot's digest names is check 6, so one that no digest names comes through and is
`altered_field` there. What no honest certificate can look like is refused here, two disclosures of one name included.

A file that a text editor saved in another encoding is refused, too, for a signature covers one spelling and two readers
must not read two things; the refusal names the encoding.

For any bytes at all, only `MalformedCertificate` is raised. Nesting counts the brackets open at once in any one of the
JSON texts: the file, the header, the payload, each disclosure.
"""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ecert import base64url, claims, strict_json, suite
from ecert.certificate import Certificate, Value
from ecert.certificate_chain import key_of_first
from ecert.disclosures import read_disclosures
from ecert.errors import MalformedCertificate, MalformedKey, NotBase64Url
from ecert.strict_json import MAX_NESTING

__all__ = ["MAX_DISCLOSURES", "MAX_NESTING", "MAX_PATH", "MAX_SIZE", "misencoded", "parse", "parse_value"]

MAX_SIZE = 256 * 1024
MAX_DISCLOSURES = 256
MAX_PATH = 20
TYP = "dc+sd-jwt"
_UTF16_BEGINS = frozenset({BOM_UTF16_LE, BOM_UTF16_BE, b"{\0", b"\0{", b"e\0", b"\0e"})
_JWS_PARTS = 3
_HEADERS_KEPT = 1024
_HEADER_KEPT_SIZE = 4096
_HEADER_NEEDED = frozenset({"alg", "kid", "typ"})
_HEADER_KNOWN = _HEADER_NEEDED | {"x5c"}
_FILE_MEMBERS = frozenset({"protected", "payload", "signature", "header"})
_UNSIGNED_NEEDED = frozenset({"disclosures", "ecert"})
_UNSIGNED_KNOWN = _UNSIGNED_NEEDED | {"kb_jwt"}
_ECERT_NEEDED = frozenset({"path"})
_ECERT_KNOWN = _ECERT_NEEDED | {"evidence"}


class _Presented(NamedTuple):
    """The parts of either form, not yet decoded."""

    protected: str
    payload: str
    signature: str
    disclosures: Sequence[str]
    path: tuple[bytes, ...] | None
    key_binding: str | None
    evidence: Mapping[str, Value] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """The JOSE header of the issuer-signed JWT."""

    kid: bytes
    x5c: tuple[str, ...]


def parse(data: bytes) -> Certificate:
    """Read a certificate in either form; raise `MalformedCertificate`, and nothing else, for any other bytes."""
    if len(data) > MAX_SIZE:
        raise MalformedCertificate("certificate", f"larger than {MAX_SIZE} bytes")
    if (encoding := misencoded(data)) is not None:
        raise MalformedCertificate("certificate", f"saved as {encoding}: it must be UTF-8 without a byte order mark")
    text = _utf8(data, "certificate")
    if text.lstrip(" \t\r\n").startswith("{"):
        return parse_value(strict_json.loads(text, "certificate", MalformedCertificate))
    return _certificate(_compact_form(text))


def misencoded(data: bytes) -> str | None:
    """Name the encoding that a text editor chose for what should be plain UTF-8, by how the bytes begin; else None."""
    if data.startswith(BOM_UTF8):
        return "UTF-8 with BOM"
    return "UTF-16" if data[:2] in _UTF16_BEGINS else None


def parse_value(value: Value) -> Certificate:
    """Read a certificate's file form that stood in a larger JSON text, read by `strict_json` and within the limits."""
    return _certificate(_file_form(value))


def _certificate(shown: _Presented) -> Certificate:
    protected = shown.protected
    header = _known_header(protected) if len(protected) <= _HEADER_KEPT_SIZE else _header(protected)
    payload = _json_part(shown.payload, "payload")
    if len(_decoded(shown.signature, "signature")) != suite.SIGNATURE_SIZE:
        raise MalformedCertificate("signature", f"not {suite.SIGNATURE_SIZE} bytes")
    claims.check_names(payload)
    iss, serial, slots = claims.issuer(payload), claims.serial(payload), claims.slots(payload)
    return Certificate(
        signed=f"{protected}.{shown.payload}.{shown.signature}".encode("ascii"),
        suite=suite.SUITE,
        kid=header.kid,
        x5c=header.x5c,
        iss=iss,
        vct=claims.vct(payload),
        serial=serial,
        version=claims.version(payload),
        supersedes=claims.supersedes(payload),
        iat=claims.signed_at(payload),
        nbf=claims.first_second(payload),
        exp=claims.end_second(payload),
        legacy=claims.legacy(payload),
        status_uri=claims.status_uri(payload, iss, serial),
        cnf=claims.holder_key(payload),
        slots=slots,
        digests=claims.digests(payload, len(slots)),
        disclosures=read_disclosures(shown.disclosures),
        path=shown.path,
        key_binding=shown.key_binding,
        evidence=shown.evidence,
    )


def _compact_form(text: str) -> _Presented:
    """Take apart `<JWT>~<disclosure>~...~`, with or without a key-binding JWT at the end."""
    if text.count("~") > MAX_DISCLOSURES + 1:
        raise MalformedCertificate("disclosures", f"more than {MAX_DISCLOSURES}")
    jwt, *disclosures, key_binding = text.split("~") if "~" in text else (text, "")
    parts = jwt.split(".")
    if "~" not in text or len(parts) != _JWS_PARTS:
        raise MalformedCertificate("certificate", "neither JSON nor <JWT>~<disclosure>~...~")
    return _Presented(
        protected=parts[0],
        payload=parts[1],
        signature=parts[2],
        disclosures=disclosures,
        path=None,
        key_binding=_key_binding(key_binding, "kb_jwt") if key_binding else None,
        evidence=None,
    )


def _file_form(value: Value) -> _Presented:
    """Take apart the flattened JSON serialization."""
    whole = _members(value, "", _FILE_MEMBERS, _FILE_MEMBERS)
    header = _members(whole["header"], "header", _UNSIGNED_NEEDED, _UNSIGNED_KNOWN)
    ecert = _members(header["ecert"], "header.ecert", _ECERT_NEEDED, _ECERT_KNOWN)
    evidence = ecert.get("evidence")
    if "evidence" in ecert and not isinstance(evidence, dict):
        raise MalformedCertificate("header.ecert.evidence", "not an object")
    return _Presented(
        protected=_text(whole["protected"], "protected"),
        payload=_text(whole["payload"], "payload"),
        signature=_text(whole["signature"], "signature"),
        disclosures=_texts(header["disclosures"]),
        path=_path(ecert["path"]),
        key_binding=_key_binding(header["kb_jwt"], "header.kb_jwt") if "kb_jwt" in header else None,
        evidence=evidence if isinstance(evidence, dict) else None,
    )


def _members(value: Value, place: str, needed: frozenset[str], known: frozenset[str]) -> Mapping[str, Value]:
    """Give an object that has the members it needs and none that is not known."""
    if not isinstance(value, dict):
        raise MalformedCertificate(place or "certificate", "not an object")
    if value.keys() == needed:
        return value
    for name in needed - value.keys():
        raise MalformedCertificate(_within(place, name), "missing")
    for name in value.keys() - known:
        raise MalformedCertificate(_within(place, name[:40]), "not a member of this format")
    return value


def _within(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _text(value: Value, place: str) -> str:
    if not isinstance(value, str):
        raise MalformedCertificate(place, "not text")
    return value


def _texts(value: Value) -> Sequence[str]:
    if not isinstance(value, list):
        raise MalformedCertificate("header.disclosures", "not a list")
    if len(value) > MAX_DISCLOSURES:
        raise MalformedCertificate("disclosures", f"more than {MAX_DISCLOSURES}")
    if strict_json.is_all_text(value):
        return value
    index = next(index for index, text in enumerate(value) if not isinstance(text, str))
    raise MalformedCertificate(f"disclosures[{index}]", "not text")


def _path(value: Value) -> tuple[bytes, ...]:
    if not isinstance(value, list) or len(value) > MAX_PATH:
        raise MalformedCertificate("header.ecert.path", f"not a list of at most {MAX_PATH} nodes")
    return claims.texts_to_digests(value, "header.ecert.path")


def _key_binding(value: Value, place: str) -> str:
    """See that the text has a JWT's form; what it says is judged where a relying party demands it (check 13)."""
    text = _text(value, place)
    parts = text.split(".")
    if len(parts) != _JWS_PARTS or not all(_decoded(part, place) for part in parts):
        raise MalformedCertificate(place, "not three parts of base64url")
    return text


def _header(protected: str) -> _Header:
    """Read the JOSE header; any algorithm but ES256 is refused, `none` and symmetric ones like all others."""
    whole = _members(_json_part(protected, "protected"), "protected", _HEADER_NEEDED, _HEADER_KNOWN)
    if whole["alg"] != suite.ALG:
        raise MalformedCertificate("protected.alg", f"not {suite.ALG}")
    if whole["typ"] != TYP:
        raise MalformedCertificate("protected.typ", f"not {TYP}")
    kid = claims.texts_to_digests([whole["kid"]], "protected.kid")[0]
    if "x5c" not in whole:
        return _Header(kid=kid, x5c=())
    x5c = _certificates(whole["x5c"])
    try:
        named = suite.thumbprint(key_of_first(x5c))
    except MalformedKey as error:
        raise MalformedCertificate("protected.x5c[0]", error.why) from None
    if named != kid:
        raise MalformedCertificate("protected.x5c[0]", "not of the key that kid names")
    return _Header(kid=kid, x5c=x5c)


_known_header = lru_cache(_HEADERS_KEPT)(_header)
"""An agency's certificates share their header, so a short one is read once."""


def _certificates(value: Value) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise MalformedCertificate("protected.x5c", "not a list of certificates")
    return tuple(_text(text, f"protected.x5c[{index}]") for index, text in enumerate(value))


def _json_part(text: str, place: str) -> dict[str, Value]:
    """Read a part of the JWT that is a JSON object."""
    value = strict_json.loads(_utf8(_decoded(text, place), place), place, MalformedCertificate)
    if not isinstance(value, dict):
        raise MalformedCertificate(place, "not an object")
    return value


def _decoded(text: str, place: str) -> bytes:
    try:
        return base64url.decode(text)
    except NotBase64Url:
        raise MalformedCertificate(place, "not canonical base64url") from None


def _utf8(data: bytes, place: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedCertificate(place, "not UTF-8") from None
