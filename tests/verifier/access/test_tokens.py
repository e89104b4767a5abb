"""Tokens: what is ours and good is believed, and nothing else, whatever it looks like."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ecert import base64url
from ecert.certificate import Value
from ecert.suite import SigningKey, sign_jws
from verifier.access.access_tokens import LIFETIME, AccessTokens, NotAToken
from verifier.callers import Scope
from verifier.errors import NotReady
from verifier.keys.service_keys import OVERLAP, ServiceKey, ServiceKeys
from verifier.keys.token_key import token_key

NOW = 1_790_000_000
ISSUER = "https://ecert.example"
SAID: dict[str, Value] = {
    "iss": ISSUER,
    "aud": ISSUER,
    "sub": "tax",
    "client_id": "tax",
    "iat": NOW,
    "exp": NOW + LIFETIME,
    "jti": "1",
    "scope": "verify",
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> ServiceKeys:
    return fresh_keys(tmp_path_factory.mktemp("keys"))


def fresh_keys(folder: Path) -> ServiceKeys:
    keys = ServiceKeys(folder, folder / "passwords")
    keys.make_missing(NOW - 1000)
    return keys


@pytest.fixture(scope="module")
def tokens(keys: ServiceKeys) -> AccessTokens:
    return AccessTokens(token_key(keys), ISSUER)


@pytest.fixture(scope="module")
def key(keys: ServiceKeys) -> SigningKey:
    return token_key(keys).at(NOW)


def part(value: object) -> str:
    return base64url.encode(json.dumps(value).encode())


def test_what_we_made_is_believed_until_it_expires(tokens: AccessTokens) -> None:
    token = tokens.make("tax", [Scope.VERIFY, Scope.AUDIT], NOW)
    grant = tokens.check(token, NOW + LIFETIME - 1)
    assert (grant.client, grant.scopes) == ("tax", {Scope.VERIFY, Scope.AUDIT})
    with pytest.raises(NotAToken):
        tokens.check(token, NOW + LIFETIME)


def test_it_looks_as_rfc_9068_has_it(tokens: AccessTokens, key: SigningKey) -> None:
    header, payload, _ = tokens.make("tax", [Scope.VERIFY], NOW).split(".")
    kid = base64url.encode(key.kid)
    assert json.loads(base64url.decode(header)) == {"typ": "at+jwt", "alg": "ES256", "kid": kid}
    said = json.loads(base64url.decode(payload))
    assert said | {"jti": "1"} == SAID


def unsigned(key: SigningKey) -> str:
    return f"{part({'typ': 'at+jwt', 'alg': 'none', 'kid': base64url.encode(key.kid)})}.{part(SAID)}."


def widened(key: SigningKey) -> str:
    header, _, signature = sign_jws(key, {"typ": "at+jwt"}, SAID).split(".")
    return f"{header}.{part(SAID | {'scope': 'verify issue'})}.{signature}"


def hs256_with_our_public_key(key: SigningKey) -> str:
    header = part({"typ": "at+jwt", "alg": "HS256", "kid": base64url.encode(key.kid)})
    signature = hmac.digest(key.public_key, f"{header}.{part(SAID)}".encode(), "sha256")
    return f"{header}.{part(SAID)}.{base64url.encode(signature)}"


def signed(key: SigningKey, typ: str = "at+jwt", **other: Value) -> str:
    said = {name: value for name, value in {**SAID, **other}.items() if value is not None}
    return sign_jws(key, {"typ": typ}, said)


FORGED: dict[str, Callable[[SigningKey], str]] = {
    "alg none": unsigned,
    "scope widened": widened,
    "alg HS256": hs256_with_our_public_key,
    "another key": lambda _: signed(SigningKey.from_secret(8)),
    "a receipt": lambda key: signed(key, "ecert-receipt+jwt"),
    "typ JWT": lambda key: signed(key, "JWT"),
    "another issuer": lambda key: signed(key, iss="https://elsewhere.example"),
    "another audience": lambda key: signed(key, aud="https://elsewhere.example"),
    "expired": lambda key: signed(key, iat=NOW - LIFETIME, exp=NOW),
    "good for too long": lambda key: signed(key, exp=NOW + LIFETIME + 1),
    "from before the key": lambda key: signed(key, iat=NOW - 2000),
    "from the future": lambda key: signed(key, iat=NOW + LIFETIME, exp=NOW + 2 * LIFETIME),
    "no time": lambda key: signed(key, exp="never"),
    "unknown scope": lambda key: signed(key, scope="everything"),
    "no client": lambda key: signed(key, client_id=None),
    "a key's address": lambda key: sign_jws(key, {"typ": "at+jwt", "jku": "https://evil.example"}, SAID),
    "empty": lambda _: "",
    "two parts": lambda _: "a.b",
    "not ASCII": lambda _: "ä.ö.ü",
    "long": lambda _: "x" * 5000,
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_anything_else_is_not(forge: Callable[[SigningKey], str], tokens: AccessTokens, key: SigningKey) -> None:
    assert tokens.check(signed(key), NOW).client == "tax"
    with pytest.raises(NotAToken):
        tokens.check(forge(key), NOW)


def test_tokens_outlive_the_key_that_a_rotation_retires_and_no_longer_than_they_would(tmp_path: Path) -> None:
    keys = fresh_keys(tmp_path)
    tokens = AccessTokens(token_key(keys), ISSUER)
    before, stolen = tokens.make("tax", [Scope.VERIFY], NOW), token_key(keys).at(NOW)
    keys.rotate(ServiceKey.ACCESS_TOKEN, NOW + 1)
    assert tokens.check(before, NOW + 2).client == "tax"
    assert tokens.check(tokens.make("tax", [Scope.VERIFY], NOW + 2), NOW + 2).client == "tax"
    late = NOW + 1 + OVERLAP
    with pytest.raises(NotAToken):
        tokens.check(signed(stolen, iat=late, exp=late + LIFETIME), late)


def test_without_a_key_nothing_is_made_and_nothing_believed(tmp_path: Path, tokens: AccessTokens) -> None:
    bare = AccessTokens(token_key(ServiceKeys(tmp_path, tmp_path / "passwords")), ISSUER)
    with pytest.raises(NotReady, match="ecert keys init"):
        bare.make("tax", [Scope.VERIFY], NOW)
    with pytest.raises(NotAToken):
        bare.check(tokens.make("tax", [Scope.VERIFY], NOW), NOW)
