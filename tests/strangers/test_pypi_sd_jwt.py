"""PyPI's `sd-jwt` (the reference implementation of RFC 9901's authors) and we read each other.

It reads the compact form only: its JSON form has the disclosures outside of `header`, as an old draft had them. It
judges no times, no status and no type, and passes over claims that it does not know.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import InvalidJWSSignature
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from ecert import base64url
from ecert.demands import Challenge
from ecert.key_binding import Flaw, create, flaw
from ecert.parsing import parse
from ecert.presenting import present
from ecert.suite import SigningKey, verify_jws
from tests.ecert.making import HOLDER, KEY, signed
from tests.strangers import profile

OURS = signed(cnf={"jwk": HOLDER.jwk})
CHALLENGE = Challenge(nonce="n-1", audience="https://counter.example")


def public(key: SigningKey) -> JWK:
    return JWK.from_json(json.dumps(key.jwk))


def verified(text: str, key: SigningKey = KEY, **binding: str) -> dict[str, Any]:
    payload: dict[str, Any] = SDJWTVerifier(
        text, lambda _issuer, _header: public(key), **binding
    ).get_verified_payload()
    return payload


def test_it_reads_our_compact_form_with_every_field() -> None:
    certificate = parse(OURS.compact().encode())
    assert verified(OURS.compact())["fields"] == {each.name: each.value for each in certificate.disclosures}


def test_it_reads_a_copy_that_shows_few_fields() -> None:
    copy = present(OURS.compact().encode(), {"use"}).decode()
    assert verified(copy)["fields"] == {"use": "城镇住宅用地/住宅"}


def test_it_refuses_another_key() -> None:
    with pytest.raises(InvalidJWSSignature):
        verified(OURS.compact(), HOLDER)


def test_it_accepts_our_proof_of_possession() -> None:
    bound = OURS.compact() + create(OURS.compact(), CHALLENGE, iat=1_790_000_000, key=HOLDER)
    assert verified(bound, expected_aud=CHALLENGE.audience, expected_nonce="n-1")["fields"]
    with pytest.raises(ValueError, match="nonce"):
        verified(bound, expected_aud=CHALLENGE.audience, expected_nonce="n-2")


def test_it_makes_a_copy_that_we_read_and_proves_possession_as_we_ask() -> None:
    holder = SDJWTHolder(OURS.compact())
    key = JWK.from_json(json.dumps(profile.private_jwk(HOLDER, 8)))
    holder.create_presentation({"fields": {"use": True}}, CHALLENGE.nonce, CHALLENGE.audience, key)
    certificate = parse(holder.sd_jwt_presentation.encode())
    assert [each.name for each in certificate.disclosures] == ["use"]
    assert flaw(certificate, CHALLENGE, int(time.time())) is None
    assert flaw(certificate, Challenge(nonce="n-2", audience=CHALLENGE.audience), int(time.time())) is Flaw.NONCE


class Issuer(SDJWTIssuer):  # type: ignore[misc]
    """The stranger with given salts."""

    def _generate_salt(self) -> str:
        self.drawn = getattr(self, "drawn", -1) + 1
        return profile.SALTS[self.drawn]


@pytest.mark.parametrize("holder", [None, profile.HOLDER])
def test_we_read_what_it_signs_within_our_profile(holder: SigningKey | None) -> None:
    key = JWK.from_json(json.dumps(profile.private_jwk(profile.STRANGER, 20)))
    header = {"typ": "dc+sd-jwt", "kid": base64url.encode(profile.STRANGER.kid)}

    def issue(payload: dict[str, Any]) -> str:
        claims = {**payload, "fields": {SDObj(name): value for name, value in payload["fields"].items()}}
        bound = None if holder is None else public(holder)
        issued: str = Issuer(claims, key, bound, extra_header_parameters=header).sd_jwt_issuance
        return issued

    certificate = parse(profile.within_profile(issue).encode())
    digests = dict(zip(certificate.slots, certificate.digests, strict=True))
    assert {each.name: each.value for each in certificate.disclosures} == profile.FIELDS
    assert all(digests[each.name] == each.digest for each in certificate.disclosures)
    assert certificate.cnf == (None if holder is None else {"jwk": holder.jwk})
    assert verify_jws(profile.STRANGER.public_key, certificate.signed)
