"""The set of published keys: present and past ones, each with its time."""

from __future__ import annotations

from typing import Any

import pytest

from ecert import base64url
from ecert.errors import MalformedToken, UntrustedToken
from ecert.jwks import KeySet, PublishedKey
from ecert.suite import SigningKey

OLD, NEW, OTHER = (SigningKey.from_secret(number) for number in (41, 42, 43))
PAST = PublishedKey(public_key=OLD.public_key, since=100, retired=200)
PRESENT = PublishedKey(public_key=NEW.public_key, since=150)
KEYS = KeySet(keys=(PAST, PRESENT))


def test_retired_keys_stay_listed_with_their_times() -> None:
    old, new = KEYS.to_json()["keys"]  # type: ignore[misc,union-attr]
    assert (old["nbf"], old["exp"]) == (100, 200)
    assert new["nbf"] == 150
    assert "exp" not in new
    assert {old["alg"], old["use"], old["kty"], old["crv"]} == {"ES256", "sig", "EC", "P-256"}
    assert old["kid"] == base64url.encode(OLD.kid)


def test_a_set_is_read_back() -> None:
    assert KeySet.from_json(KEYS.to_json()) == KEYS


@pytest.mark.parametrize(("at", "signs"), [(99, False), (100, True), (199, True), (200, False)])
def test_a_key_signs_from_its_beginning_until_before_its_end(at: int, signs: bool) -> None:  # noqa: FBT001
    if signs:
        assert KEYS.signer(PAST.kid, at) is PAST
    else:
        with pytest.raises(UntrustedToken, match="did not sign"):
            KEYS.signer(PAST.kid, at)


def test_a_key_that_is_not_retired_signs_still() -> None:
    assert KEYS.signer(PRESENT.kid, 10**10) is PRESENT


@pytest.mark.parametrize("kid", [None, "", base64url.encode(OTHER.kid)])
def test_a_key_that_is_not_listed_is_not_trusted(kid: str | None) -> None:
    with pytest.raises(UntrustedToken, match="no published key"):
        KEYS.signer(kid, 160)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kid", base64url.encode(OTHER.kid)),
        ("alg", "none"),
        ("use", "enc"),
        ("x", "AAAA"),
        ("crv", "P-384"),
        ("nbf", "100"),
        ("exp", True),
        ("exp", -1),
        ("d", "secret"),
    ],
)
def test_a_key_that_is_not_ours_is_refused_with_its_place(name: str, value: Any) -> None:
    jwk = {**PAST.to_json(), name: value}
    with pytest.raises(MalformedToken) as refused:
        KeySet.from_json({"keys": [PRESENT.to_json(), jwk]}, "trust.receipts")
    assert refused.value.place.startswith("trust.receipts.keys[1]")


@pytest.mark.parametrize("value", [None, [], {}, {"keys": {}}, {"keys": ["k"]}, {"keys": [{}]}])
def test_what_is_no_set_is_refused(value: Any) -> None:
    with pytest.raises(MalformedToken):
        KeySet.from_json(value)
