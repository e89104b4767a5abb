"""The status list token: what strangers may rely on, and until when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecert.errors import MalformedToken, UntrustedToken
from ecert.facts import Status
from ecert.jwks import KeySet, PublishedKey
from ecert.status_list import encode
from ecert.status_token import StatusToken, check_status_token, sign_status_token
from ecert.suite import SigningKey, sign_jws

KEY = SigningKey.from_secret(21)
OTHER = SigningKey.from_secret(22)
KEYS = KeySet(keys=(PublishedKey(public_key=KEY.public_key, since=1_000, retired=9_000),))
URI = "https://city.example/status/31337/0x5fbdb2315678afecb367f032d93f642f64180aa3/TAX-1/0"
TOKEN = StatusToken(uri=URI, status_list=encode({5: Status.REVOKED}), iat=5_000, exp=6_000, ttl=300)
SIGNED = sign_status_token(TOKEN, KEY)
CLAIMS: dict[str, Any] = {
    "sub": URI,
    "iat": 5_000,
    "exp": 6_000,
    "ttl": 300,
    "status_list": TOKEN.status_list.to_json(),
}


def checked(token: str = SIGNED, *, keys: KeySet = KEYS, uri: str = URI, now: int = 5_500) -> StatusToken:
    return check_status_token(token, keys, uri=uri, now=now)


def signed(typ: str = "statuslist+jwt", key: SigningKey = KEY, **claims: Any) -> str:
    return sign_jws(key, {"typ": typ}, {**CLAIMS, **claims})


def test_a_good_token_is_read_back() -> None:
    assert checked() == TOKEN
    assert checked().status_list.status(5) == 1


def test_it_is_good_until_its_exp() -> None:
    assert checked(now=5_999) == TOKEN
    with pytest.raises(UntrustedToken, match="expired"):
        checked(now=6_000)


def test_it_is_refused_before_its_time_but_for_a_minute() -> None:
    assert checked(now=4_940) == TOKEN
    with pytest.raises(UntrustedToken, match="to come"):
        checked(now=4_939)


def test_another_list_is_refused() -> None:
    with pytest.raises(UntrustedToken, match="another"):
        checked(uri=URI + "1")


def test_a_key_that_is_not_published_is_refused() -> None:
    with pytest.raises(UntrustedToken, match="no published key"):
        checked(sign_status_token(TOKEN, OTHER))


def test_a_key_that_was_retired_by_then_is_refused() -> None:
    for iat in (999, 9_000):
        with pytest.raises(UntrustedToken, match="did not sign"):
            checked(sign_status_token(replace(TOKEN, iat=iat), KEY))


def test_a_changed_token_is_refused() -> None:
    header, _, signature = SIGNED.split(".")
    other = sign_status_token(replace(TOKEN, status_list=encode({})), KEY).split(".")[1]
    with pytest.raises(UntrustedToken, match="signature"):
        checked(f"{header}.{other}.{signature}")


@pytest.mark.parametrize("name", ["iat", "exp", "ttl", "sub", "status_list"])
@pytest.mark.parametrize("value", [None, True, -1, [], "2026"])
def test_a_claim_that_is_missing_or_of_another_kind_is_refused(name: str, value: Any) -> None:
    expected = UntrustedToken if (name, value) == ("sub", "2026") else MalformedToken
    with pytest.raises(expected):
        checked(signed(**{name: value}))


def test_another_typ_is_refused() -> None:
    with pytest.raises(MalformedToken, match="typ"):
        checked(signed("ecert-receipt+jwt"))


def test_a_list_of_another_size_is_refused() -> None:
    for status_list in ({"bits": 2, "lst": "eNo76fITAAPfAgc"}, {**TOKEN.status_list.to_json(), "bits": 4}):
        with pytest.raises(MalformedToken, match="131072"):
            checked(signed(status_list=status_list))
