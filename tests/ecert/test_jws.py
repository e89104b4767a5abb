"""Reading a compact JWS: one strictness for receipts, status lists and key bindings."""

from __future__ import annotations

from typing import Any

import pytest

from ecert import base64url, strict_json
from ecert.errors import MalformedToken
from ecert.jws import Jws, read_jws
from ecert.suite import SigningKey, sign_jws

KEY = SigningKey.from_secret(31)
TOKEN = sign_jws(KEY, {"typ": "x+jwt"}, {"a": 1})
TWICE = b'{"a":1,"a":2}'
HEADER, PAYLOAD, SIGNATURE = TOKEN.split(".")


def read(token: str) -> Jws:
    return read_jws(token, typ="x+jwt", place="token", max_size=1_000)


def part(value: Any) -> str:
    return base64url.encode(strict_json.canonical(value).encode())


def refused_at(token: str) -> str:
    with pytest.raises(MalformedToken) as refused:
        read(token)
    return refused.value.place


def test_a_token_is_read_with_its_key_id_and_payload() -> None:
    token = read(TOKEN)
    assert token.kid == base64url.encode(KEY.kid)
    assert token.payload.as_dict() == {"a": 1}


def test_its_signature_is_of_its_key_only() -> None:
    assert read(TOKEN).is_signed_by(KEY.public_key)
    assert not read(TOKEN).is_signed_by(SigningKey.from_secret(32).public_key)


def test_a_token_without_a_key_id_is_read() -> None:
    assert read(f"{part({'alg': 'ES256', 'typ': 'x+jwt'})}.{PAYLOAD}.{SIGNATURE}").kid is None


@pytest.mark.parametrize(
    ("token", "place"),
    [
        ("", "token"),
        ("a.b", "token"),
        (f"{TOKEN}.", "token"),
        (f"{HEADER}.{PAYLOAD}.é", "token"),
        (f"{HEADER}.{PAYLOAD}.{'A' * 1_000}", "token"),
        (f"{HEADER}=.{PAYLOAD}.{SIGNATURE}", "token.header"),
        (f"{part([])}.{PAYLOAD}.{SIGNATURE}", "token.header"),
        (f"{part({'typ': 'x+jwt'})}.{PAYLOAD}.{SIGNATURE}", "token.header.alg"),
        (f"{part({'alg': 'none', 'typ': 'x+jwt'})}.{PAYLOAD}.", "token.header.alg"),
        (f"{part({'alg': 'HS256', 'typ': 'x+jwt'})}.{PAYLOAD}.{SIGNATURE}", "token.header.alg"),
        (f"{part({'alg': 'ES256'})}.{PAYLOAD}.{SIGNATURE}", "token.header.typ"),
        (f"{part({'alg': 'ES256', 'typ': 'JWT'})}.{PAYLOAD}.{SIGNATURE}", "token.header.typ"),
        (f"{part({'alg': 'ES256', 'typ': 'x+jwt', 'crit': []})}.{PAYLOAD}.{SIGNATURE}", "token.header"),
        (f"{part({'alg': 'ES256', 'typ': 'x+jwt', 'kid': 5})}.{PAYLOAD}.{SIGNATURE}", "token.header"),
        (f"{HEADER}.{base64url.encode(bytes([255]))}.{SIGNATURE}", "token.payload"),
        (f"{HEADER}.{base64url.encode(b'{')}.{SIGNATURE}", "token.payload"),
        (f"{HEADER}.{base64url.encode(TWICE)}.{SIGNATURE}", "token.payload"),
        (f"{HEADER}.{part('text')}.{SIGNATURE}", "token.payload"),
        (f"{HEADER}.{PAYLOAD}.{SIGNATURE}=", "token.signature"),
    ],
)
def test_what_is_none_is_refused_with_the_place(token: str, place: str) -> None:
    assert refused_at(token) == place


def test_the_longest_token_is_read_and_one_longer_is_not() -> None:
    assert read_jws(TOKEN, typ="x+jwt", place="token", max_size=len(TOKEN)).payload.number("a") == 1
    with pytest.raises(MalformedToken, match="longer"):
        read_jws(TOKEN, typ="x+jwt", place="token", max_size=len(TOKEN) - 1)
