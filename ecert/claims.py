"""The issuer-signed part of a certificate, claim by claim (design section 2).

Claims beyond the table are refused, not passed over: what is always visible is signed by the agency and read by
people, and a verifier that ignores a claim could call valid what the agency meant to restrict. A later version of the
format has another number in `ecert`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import lt

from ecert import base64url, strict_json, suite
from ecert.agency import STATUS_LIST_SIZE, is_status_base, parse_issuer, status_place
from ecert.certificate import Issuer, Value
from ecert.certificate_type import check_vct
from ecert.errors import MalformedAgency, MalformedCertificate, MalformedKey, NotBase64Url
from ecert.fields import COMMON_FIELDS
from ecert.strict_json import MAX_INTEGER

FORMAT = 1
MAX_SLOTS = 256
EARLIEST = -62_135_683_200
LATEST = 253_402_387_200
"""A day before the year 1 and a day after the year 9999: an old record can begin before 1970."""
_QUARTER = 900
_REQUIRED = frozenset(
    {"ecert", "iss", "vct", "serial", "version", "iat", "nbf", "status", "_sd_alg", "slots", "fields"}
)
_OPTIONAL = frozenset({"supersedes", "exp", "legacy", "cnf"})
_KNOWN = _REQUIRED | _OPTIONAL
_STATUS = {"status_list"}
_STATUS_LIST = {"idx", "uri"}
_COMMON = {field.name for field in COMMON_FIELDS}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SLOTS_KEPT = 1024

Claims = Mapping[str, Value]


def check_names(claims: Claims) -> None:
    """Refuse a claim that is missing and one that is not of the table; then `ecert` and `_sd_alg`."""
    for name in _REQUIRED.difference(claims):
        raise _malformed(name, "missing")
    for name in () if _KNOWN.issuperset(claims) else claims.keys() - _KNOWN:
        raise _malformed(name[:40], "not a claim of this format")
    integer(claims, "ecert", FORMAT, FORMAT)
    if claims["_sd_alg"] != suite.SD_ALG:
        raise _malformed("_sd_alg", f"not {suite.SD_ALG}")


def integer(claims: Claims, name: str, low: int, high: int) -> int:
    """Read a whole number within bounds."""
    value = claims[name]
    if type(value) is not int or not low <= value <= high:
        raise _malformed(name, f"not a whole number from {low} to {high}")
    return value


def issuer(claims: Claims) -> Issuer:
    """Read `iss`."""
    try:
        return parse_issuer(_text(claims, "iss"))
    except MalformedAgency as error:
        raise _malformed("iss", error.why) from None


def vct(claims: Claims) -> str:
    """Read `vct`."""
    text = _text(claims, "vct")
    if not check_vct(text):
        raise _malformed("vct", "not the name of a certificate type")
    return text


def serial(claims: Claims) -> int:
    """Read `serial`."""
    return integer(claims, "serial", 0, MAX_INTEGER)


def version(claims: Claims) -> int:
    """Read `version`, above 1 only with `supersedes`."""
    number = integer(claims, "version", 1, MAX_INTEGER)
    if number > 1 and "supersedes" not in claims:
        raise _malformed("version", "above 1 without supersedes")
    return number


def supersedes(claims: Claims) -> tuple[int, ...]:
    """Read `supersedes`: each serial once, not the certificate's own."""
    if "supersedes" not in claims:
        return ()
    serials = claims["supersedes"]
    if not isinstance(serials, list) or not serials:
        raise _malformed("supersedes", "not a list of serials")
    replaced: list[int] = []
    for index, number in enumerate(serials):
        if type(number) is not int or not 0 <= number <= MAX_INTEGER:
            raise _malformed(f"supersedes[{index}]", "not a serial")
        replaced.append(number)
    if len({claims["serial"], *replaced}) != 1 + len(replaced):
        raise _malformed("supersedes", "names a serial twice, or the certificate's own")
    return tuple(replaced)


def signed_at(claims: Claims) -> int:
    """Read `iat`."""
    return integer(claims, "iat", 0, LATEST)


def first_second(claims: Claims) -> int:
    """Read `nbf`, the beginning of a day."""
    return _midnight(claims, "nbf")


def end_second(claims: Claims) -> int | None:
    """Read `exp`, the beginning of a day after that of `nbf`; None where there is no end."""
    if "exp" not in claims:
        return None
    end = _midnight(claims, "exp")
    if end <= first_second(claims):
        raise _malformed("exp", "not after nbf")
    return end


def _midnight(claims: Claims, name: str) -> int:
    """Read a time that is 00:00 in some zone: a count with leap seconds, for one, never is."""
    second = integer(claims, name, EARLIEST, LATEST)
    if second % _QUARTER:
        raise _malformed(name, "not midnight in any time zone")
    return second


def legacy(claims: Claims) -> bool:
    """Read `legacy`, which is true or absent."""
    if "legacy" in claims and claims["legacy"] is not True:
        raise _malformed("legacy", "neither true nor absent")
    return "legacy" in claims


def status_uri(claims: Claims, iss: Issuer, number: int) -> str:
    """Compare `status` with what follows from issuer and serial; give the URI, whose base alone is not computed."""
    status = claims["status"]
    if not isinstance(status, dict) or status.keys() != _STATUS:
        raise _malformed("status", "not of status_list alone")
    entry = status["status_list"]
    if not isinstance(entry, dict) or entry.keys() != _STATUS_LIST:
        raise _malformed("status.status_list", "not of idx and uri alone")
    if type(entry["idx"]) is not int or entry["idx"] != number % STATUS_LIST_SIZE:
        raise _malformed("status.status_list.idx", "does not follow from the serial")
    uri, place = entry["uri"], status_place(iss, number)
    if not isinstance(uri, str) or not uri.endswith(place) or not is_status_base(uri[: -len(place)]):
        raise _malformed("status.status_list.uri", "does not follow from issuer and serial")
    return uri


def holder_key(claims: Claims) -> Mapping[str, Value] | None:
    """Read `cnf`: `{"jwk": ...}` with a public P-256 key and nothing else."""
    if "cnf" not in claims:
        return None
    cnf = claims["cnf"]
    if not isinstance(cnf, dict) or cnf.keys() != {"jwk"}:
        raise _malformed("cnf", "not of jwk alone")
    try:
        suite.from_jwk(cnf["jwk"], "payload.cnf.jwk")
    except MalformedKey as error:
        raise MalformedCertificate(error.place, error.why) from None
    return cnf


def slots(claims: Claims) -> tuple[str, ...]:
    """Read `slots`: field names, each once, the common fields among them."""
    names = claims["slots"]
    if not isinstance(names, list) or not 1 <= len(names) <= MAX_SLOTS:
        raise _malformed("slots", f"not a list of 1 to {MAX_SLOTS} names")
    if not strict_json.is_all_text(names):
        raise _malformed("slots", "has what is no field's name")
    found = frozenset(names)
    _check_slots(found)
    if len(found) != len(names):
        raise _malformed("slots", "has a name twice")
    return tuple(names)


@lru_cache(_SLOTS_KEPT)
def _check_slots(names: frozenset[str]) -> None:
    """Check the names of slots; certificates of one type have them in orders of their own, but the same ones."""
    if not all(_NAME.fullmatch(name) for name in names):
        raise _malformed("slots", "has what is no field's name")
    if not names >= _COMMON:
        raise _malformed("slots", f"lacks {' or '.join(sorted(_COMMON))}")


def digests(claims: Claims, count: int) -> tuple[bytes, ...]:
    """Read `fields`: as many digests as slots, sorted, each once."""
    fields = claims["fields"]
    if not isinstance(fields, dict) or fields.keys() != {"_sd"}:
        raise _malformed("fields", "not of _sd alone")
    texts = fields["_sd"]
    if not isinstance(texts, list) or len(texts) != count:
        raise _malformed("fields._sd", "not a list of one digest for each slot")
    read = texts_to_digests(texts, "payload.fields._sd")
    if not all(map(lt, texts, texts[1:])):  # type: ignore[arg-type]  # they are text, or could not be read
        raise _malformed("fields._sd", "not sorted, or has a digest twice")
    return read


def texts_to_digests(values: Sequence[Value], place: str) -> tuple[bytes, ...]:
    """Read a list of 32-byte values in base64url."""
    if not strict_json.is_all_text(values):
        raise MalformedCertificate(place, "has what is not text")
    try:
        return base64url.digests(values)
    except NotBase64Url as error:
        raise MalformedCertificate(f"{place}[{error.index}]", "not 32 bytes in canonical base64url") from None


def _text(claims: Claims, name: str) -> str:
    value = claims[name]
    if not isinstance(value, str):
        raise _malformed(name, "not text")
    return value


def _malformed(name: str, why: str) -> MalformedCertificate:
    return MalformedCertificate(f"payload.{name}", why)
