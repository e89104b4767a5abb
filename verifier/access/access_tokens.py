"""Access tokens: JWTs as RFC 9068 has them, signed ES256 with a key that signs nothing else, good for ten minutes.

A token is believed for what it says because of its signature alone, without the database; whether its client may still
ask is the directory's word (`verifier.access.bearers`). Who steals the key can call as any client until it is replaced;
who steals a token, until that expires.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from ecert.errors import EcertError
from ecert.jws import read_jws
from ecert.members import Members
from ecert.suite import sign_jws
from verifier.callers import Scope
from verifier.errors import NotReady
from verifier.faults import KeyringError
from verifier.keys.living_key import LivingKey

TYP = "at+jwt"
LIFETIME = 600
"""Seconds."""
MAX_SIZE = 2048
_LEEWAY = 60
"""Seconds that the clock of another process of ours may be ahead."""


class NotAToken(Exception):
    """What was presented is no access token of ours that is good now. Why is nobody's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token says: which client may do what, until which second."""

    client: str
    scopes: frozenset[Scope]
    expires: int

    def good(self, now: int) -> bool:
        """Tell whether it has not expired, nor was given later than now, before the clock was set back."""
        return now < self.expires <= now + LIFETIME + _LEEWAY


class AccessTokens:
    """Makes and checks tokens of one issuer, which is also whom they are for."""

    def __init__(self, key: LivingKey, issuer: str) -> None:
        self._key = key
        self._issuer = issuer

    def make(self, client: str, scopes: Iterable[Scope], now: int) -> str:
        """Give a token for a client; raises `NotReady` where there is no key to sign it with."""
        try:
            key = self._key.at(now)
        except KeyringError as error:
            raise NotReady("there is no key for access tokens: run `ecert keys init`") from error
        return sign_jws(
            key,
            {"typ": TYP},
            {
                "iss": self._issuer,
                "aud": self._issuer,
                "sub": client,
                "client_id": client,
                "iat": now,
                "exp": now + LIFETIME,
                "jti": str(uuid.uuid4()),
                "scope": " ".join(sorted(scopes)),
            },
        )

    def check(self, token: str, now: int) -> Grant:
        """Read a token as RFC 9068 section 4 says: type, signature, issuer, audience, time.

        Raises:
            NotAToken: any of it is not right.
        """
        try:
            grant = self._read(token)
        except (EcertError, KeyringError, ValueError) as error:
            raise NotAToken from error
        if not grant.good(now):
            raise NotAToken
        return grant

    def _read(self, token: str) -> Grant:
        jws = read_jws(token, typ=TYP, place="token", max_size=MAX_SIZE)
        issued, expires = jws.payload.number("iat"), jws.payload.number("exp")
        key = self._key.published().signer(jws.kid, issued)
        if not jws.is_signed_by(key.public_key) or expires > issued + LIFETIME:
            raise NotAToken
        said = jws.payload.as_dict()
        if said.get("iss") != self._issuer or said.get("aud") != self._issuer:
            raise NotAToken
        return _grant(jws.payload)


def _grant(payload: Members) -> Grant:
    return Grant(
        client=payload.text("client_id"),
        scopes=frozenset(Scope(word) for word in payload.text("scope").split()),
        expires=payload.number("exp"),
    )
