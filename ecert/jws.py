"""Reading the compact JWS of section 6 and of key binding: one shape, one strictness, whatever the `typ`."""

from __future__ import annotations

from dataclasses import dataclass

from ecert import base64url, strict_json
from ecert.errors import MalformedToken, NotBase64Url
from ecert.members import Members
from ecert.suite import ALG, verify_jws

_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Jws:
    """A token as it was read: not yet trusted. `kid` is None where the header has none."""

    kid: str | None
    payload: Members
    signed: bytes

    def is_signed_by(self, public_key: bytes) -> bool:
        """Tell whether the signature is that key's."""
        return verify_jws(public_key, self.signed)


def read_jws(token: str, *, typ: str, place: str, max_size: int) -> Jws:
    """Read a compact JWS of type `typ`: size first, then `alg` ES256, `typ`, at most a `kid` besides, strict JSON.

    Raises:
        MalformedToken: with the place, which begins with `place`.
    """
    if len(token) > max_size:
        raise MalformedToken(place, f"longer than {max_size} characters")
    parts = token.split(".")
    if len(parts) != _PARTS or not token.isascii():
        raise MalformedToken(place, "not three parts of ASCII")
    header = _members(parts[0], f"{place}.header").as_dict()
    kid = header.get("kid")
    if header.get("alg") != ALG:
        raise MalformedToken(f"{place}.header.alg", f"not {ALG}")
    if header.get("typ") != typ:
        raise MalformedToken(f"{place}.header.typ", f"not {typ}")
    if header.keys() - {"alg", "typ", "kid"} or not isinstance(kid, str | None):
        raise MalformedToken(f"{place}.header", "has more than alg, typ and a kid of text")
    _decoded(parts[2], f"{place}.signature")
    return Jws(kid=kid, payload=_members(parts[1], f"{place}.payload"), signed=token.encode("ascii"))


def _decoded(part: str, place: str) -> bytes:
    try:
        return base64url.decode(part)
    except NotBase64Url as error:
        raise MalformedToken(place, str(error)) from None


def _members(part: str, place: str) -> Members:
    try:
        text = _decoded(part, place).decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedToken(place, "not UTF-8") from None
    return Members(strict_json.loads(text, place, MalformedToken), place, MalformedToken)
