"""The status list token: a signed list, good until its `exp`, which strangers fetch without asking about anybody."""

from __future__ import annotations

from dataclasses import dataclass

from ecert.agency import STATUS_LIST_SIZE
from ecert.certificate import Value
from ecert.errors import UntrustedToken
from ecert.jwks import KeySet
from ecert.jws import read_jws
from ecert.status_list import BITS, StatusList, decode
from ecert.suite import SigningKey, sign_jws

TYP = "statuslist+jwt"
_CLOCK_TOLERANCE = 60
MAX_SIZE = 1 << 20
"""Characters that a token may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusToken:
    """A list and its times: `iat` is the time of the block it was made from, `ttl` how long to keep it, seconds."""

    uri: str
    status_list: StatusList
    iat: int
    exp: int
    ttl: int


def sign_status_token(token: StatusToken, key: SigningKey) -> str:
    """Sign a list as a compact JWS."""
    payload: dict[str, Value] = {
        "sub": token.uri,
        "iat": token.iat,
        "exp": token.exp,
        "ttl": token.ttl,
        "status_list": token.status_list.to_json(),
    }
    return sign_jws(key, {"typ": TYP}, payload)


def check_status_token(token: str, keys: KeySet, *, uri: str | None, now: int) -> StatusToken:
    """Read a token and rely on it: it is about `uri` (None: any list), signed by a key that then signed, not expired.

    Raises:
        MalformedToken: not a status list token of ours.
        UntrustedToken: not signed by a published key, of another list, expired, or from the future.
    """
    read = read_jws(token, typ=TYP, place="status_list_token", max_size=MAX_SIZE)
    claims = read.payload
    iat, exp, ttl = claims.number("iat"), claims.number("exp"), claims.number("ttl")
    if not read.is_signed_by(keys.signer(read.kid, iat).public_key):
        raise UntrustedToken("the signature is not that of its key")
    sub = claims.text("sub")
    if uri not in {None, sub}:
        raise UntrustedToken("the status list is another one than was asked for")
    if now >= exp:
        raise UntrustedToken(f"the status list expired at {exp}")
    if iat > now + _CLOCK_TOLERANCE:
        raise UntrustedToken(f"the status list is of a time to come, {iat}")
    status_list = decode(claims.members("status_list"))
    if status_list.bits != BITS or len(status_list) != STATUS_LIST_SIZE:
        raise claims.refusal("status_list", f"not {STATUS_LIST_SIZE} entries of {BITS} bits")
    return StatusToken(uri=sub, status_list=status_list, iat=iat, exp=exp, ttl=ttl)
