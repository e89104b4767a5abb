"""npm's `@sd-jwt/sd-jwt-vc` reads, shows and checks our certificates; we read what it signs within our profile.

Where it differs from us: it accepts a certificate in the second of `exp`, which has ended here; it refuses an `iat` to
come, which we do not judge; and a disclosure that no digest names it passes over, which is `altered_field` here.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from ecert import base64url
from ecert.demands import Challenge
from ecert.errors import MalformedCertificate
from ecert.facts import Status
from ecert.key_binding import create, flaw
from ecert.merkle import Tree
from ecert.parsing import parse
from ecert.presenting import present
from ecert.status_list import encode
from ecert.status_token import StatusToken, sign_status_token
from ecert.suite import SigningKey, verify_jws
from tests.ecert.making import HOLDER as OUR_HOLDER
from tests.ecert.making import KEY, TITLE, linted, signed
from tests.strangers import profile
from tests.strangers.packages import ask

pytestmark = pytest.mark.usefixtures("npm")

LIST_KEY = SigningKey.from_secret(22)
OURS = signed(linted(valid_until="2027-06-30"), cnf={"jwk": OUR_HOLDER.jwk})
FILE = OURS.file(Tree([bytes(32), OURS.leaf]).path(1))
CLAIMS = parse(FILE)
NOW = CLAIMS.nbf + 20_000_000
CHALLENGE = Challenge(nonce="n-1", audience="https://counter.example")


def status_list(statuses: dict[int, Status], now: int) -> str:
    token = StatusToken(uri=CLAIMS.status_uri, status_list=encode(statuses), iat=now - 10, exp=now + 600, ttl=60)
    return sign_status_token(token, LIST_KEY)


def verified(text: str, statuses: dict[int, Status] | None = None, now: int = NOW, **parts: Any) -> Any:
    given = {"key": KEY.jwk, "statusKey": LIST_KEY.jwk, "statusList": status_list(statuses or {}, now), "now": now}
    return ask("verify", text=text, **given, **parts)


def test_it_reads_our_compact_form_with_every_field() -> None:
    answer = verified(OURS.compact())
    assert answer["header"] == {"alg": "ES256", "kid": base64url.encode(KEY.kid), "typ": "dc+sd-jwt"}
    assert answer["payload"]["fields"] == {each.name: each.value for each in CLAIMS.disclosures}
    assert set(answer["payload"]["fields"]) == set(TITLE.slots)
    assert (answer["payload"]["vct"], answer["payload"]["serial"]) == (TITLE.vct, CLAIMS.serial)


def test_it_reads_our_file_form() -> None:
    assert ask("unfold", file=json.loads(FILE)) == {"compact": OURS.compact()}


def test_it_reads_a_copy_that_shows_few_fields() -> None:
    copy = present(OURS.compact().encode(), {"use", "area_m2"}).decode()
    answer = verified(copy)
    assert answer["payload"]["fields"] == {"use": "城镇住宅用地/住宅", "area_m2": "84.10"}
    assert "Missing required claim keys" in verified(copy, required=["fields.address"])["refused"]


def test_it_makes_a_copy_that_we_read_and_proves_possession_as_we_ask() -> None:
    holder = profile.private_jwk(OUR_HOLDER, 8)
    parts = {"nonce": CHALLENGE.nonce, "audience": CHALLENGE.audience, "now": NOW, "holder": holder}
    copy = ask("present", text=OURS.compact(), show=["use", "title_number"], **parts)["compact"]
    certificate = parse(copy.encode())
    assert {each.name for each in certificate.disclosures} == {"use", "title_number"}
    assert certificate.signed == CLAIMS.signed
    assert flaw(certificate, CHALLENGE, NOW) is None


def test_it_accepts_our_proof_of_possession_and_refuses_a_wrong_one() -> None:
    text = OURS.compact()
    assert (
        verified(text + create(text, CHALLENGE, iat=NOW, key=OUR_HOLDER), nonce="n-1")["kb"]["payload"]["nonce"]
        == "n-1"
    )
    assert "Invalid Nonce" in verified(text + create(text, CHALLENGE, iat=NOW, key=OUR_HOLDER), nonce="n-2")["refused"]
    assert "Signature" in verified(text + create(text, CHALLENGE, iat=NOW, key=KEY), nonce="n-1")["refused"]
    copy = present(text.encode(), {"use"}).decode()
    assert "sd_hash" in verified(copy + create(text, CHALLENGE, iat=NOW, key=OUR_HOLDER), nonce="n-1")["refused"]


@pytest.mark.parametrize("status", [Status.REVOKED, Status.SUSPENDED, Status.SUPERSEDED])
def test_it_refuses_what_our_status_list_withdraws(status: Status) -> None:
    assert "Status is not valid" in verified(OURS.compact(), {CLAIMS.serial: status})["refused"]
    assert "payload" in verified(OURS.compact(), {CLAIMS.serial + 1: status})


def test_it_refuses_another_signature_and_another_time() -> None:
    signature = OURS.jwt.rpartition(".")[2]
    forged = OURS.compact().replace(signature, base64url.encode(KEY.sign(b"another message")))
    assert "Signature" in verified(forged)["refused"]
    assert CLAIMS.exp is not None
    assert "not yet valid" in verified(OURS.compact(), now=min(CLAIMS.nbf, CLAIMS.iat) - 1)["refused"]
    assert "expired" in verified(OURS.compact(), now=CLAIMS.exp + 1)["refused"]


def test_where_it_is_laxer_than_we_are() -> None:
    assert "payload" in verified(OURS.compact(), now=CLAIMS.exp or 0)
    stray = base64url.encode(b'["AAAAAAAAAAAAAAAAAAAAAA","colour","red"]')
    answer = verified(f"{OURS.compact()}{stray}~")
    assert "colour" not in answer["payload"]["fields"]
    with pytest.raises(MalformedCertificate):
        parse(f"{OURS.compact()}{OURS.disclosures[0]}~".encode())


def test_we_read_what_it_signs_within_our_profile() -> None:
    private = profile.private_jwk(profile.STRANGER, 20)

    def issue(payload: dict[str, Any]) -> str:
        kid = base64url.encode(profile.STRANGER.kid)
        answer: dict[str, str] = ask("issue", payload=payload, private=private, kid=kid, salts=profile.SALTS)
        return answer["compact"]

    text = profile.within_profile(issue)
    certificate = parse(text.encode())
    digests = dict(zip(certificate.slots, certificate.digests, strict=True))
    assert {each.name: each.value for each in certificate.disclosures} == profile.FIELDS
    assert all(digests[each.name] == each.digest for each in certificate.disclosures)
    assert (certificate.serial, certificate.kid) == (profile.SERIAL, profile.STRANGER.kid)
    assert verify_jws(profile.STRANGER.public_key, certificate.signed)
