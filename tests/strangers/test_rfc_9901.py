"""The example of RFC 9901 section 5: its disclosures, digests and signature are the same by our code.

It is no certificate of our profile (another `typ`, no slots, disclosures of array elements), so it is not parsed whole.
"""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from ecert import base64url, suite
from ecert.disclosures import read_disclosures
from ecert.errors import MalformedCertificate
from ecert.parsing import parse

ISSUER_KEY = {  # appendix A.5
    "kty": "EC",
    "crv": "P-256",
    "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
    "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
}
HOLDER_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "TCAER19Zvu3OHF4j4W4vfSVoHIP1ILilDls7vCeGemc",
    "y": "ZxjiWWbZMQGHVWKVQ4hbSIirsVfuecCE6t4jT9F2HZQ",
}
ADDRESS = '{"street_address": "123 Main St", "locality": "Anytown", "region": "Anystate", "country": "US"}'
PROPERTIES = {
    '["2GLC42sKQveCfGfryNRN9w", "given_name", "John"]': "jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4",
    '["eluV5Og3gSNII8EYnsxA_A", "family_name", "Doe"]': "TGf4oLbgwd5JQaHyKVQZU9UdGE0w5rtDsrZzfUaomLo",
    '["6Ij7tM-a5iVPGboS5tmvVA", "email", "johndoe@example.com"]': "JzYjH4svliH0R3PyEMfeZu6Jt69u5qehZo7F7EPYlSE",
    '["eI8ZWm9QnKPpNPeNenHdhQ", "phone_number", "+1-202-555-0101"]': "PorFbpKuVu6xymJagvkFsFXAbRoc2JGlAUA2BA4o7cI",
    '["Qg_O64zqAxe412a108iroA", "phone_number_verified", true]': "XQ_3kPKt1XyX7KANkqVR6yZ2Va5NrPIvPYbyMvRKBMM",
    f'["AJx-095VPrpTtN4QMOqROA", "address", {ADDRESS}]': "XzFrzwscM6Gn6CJDc6vVK8BkMnfG8vOSKfpPIZdAfdE",
    '["Pc33JM2LchcU_lHggv_ufQ", "birthdate", "1940-01-01"]': "gbOsI4Edq2x2Kw-w5wPEzakob9hV1cRD0ATN3oQL9JM",
    '["G02NSrQfjFXQ7Io09syajA", "updated_at", 1570000000]': "CrQe7S5kqBAHt-nMYXgc6bdt2SH5aTY1sU_M-PgkjPI",
}
ELEMENTS = {
    '["lklxF5jMYlGTPUovMNIvCA", "US"]': "pFndjkZ_VCzmyTa6UjlZo3dh-ko8aIKQc9DlGzhaVYo",
    '["nPuoQnkRFq3BIeAm7AnXFA", "DE"]': "7Cf6JkPudry3lcbwHgeZ8khAv1U1OSlerP0VkBJrWZ0",
}
PAYLOAD = (
    f'{{"_sd": {json.dumps(sorted(PROPERTIES.values()))}, "iss": "https://issuer.example.com", "iat": 1683000000, '
    f'"exp": 1883000000, "sub": "user_42", '
    f'"nationalities": {json.dumps([{"...": each} for each in ELEMENTS.values()])}, '
    f'"_sd_alg": "sha-256", "cnf": {json.dumps({"jwk": HOLDER_KEY})}}}'
)
SIGNATURE = "MczwjBFGtzf-6WMT-hIvYbkb11NrV1WMO-jTijpMPNbswNzZ87wY2uHz-CXo6R04b7jYrpj9mNRAvVssXou1iw"


def jws() -> str:
    header = base64url.encode(b'{"alg": "ES256", "typ": "example+sd-jwt"}')
    return f"{header}.{base64url.encode(PAYLOAD.encode())}.{SIGNATURE}"


@pytest.mark.parametrize(("content", "digest"), list({**PROPERTIES, **ELEMENTS}.items()))
def test_its_digests_come_out(content: str, digest: str) -> None:
    text = base64url.encode(content.encode())
    assert base64url.encode(sha256(text.encode()).digest()) == digest
    assert base64url.decode(text).decode() == content


def test_its_object_properties_are_read() -> None:
    read = read_disclosures([base64url.encode(content.encode()) for content in PROPERTIES])
    for each, (content, digest) in zip(read, PROPERTIES.items(), strict=True):
        assert [each.salt, each.name, each.value] == json.loads(content)
        assert base64url.encode(each.digest) == digest


@pytest.mark.parametrize("content", list(ELEMENTS))
def test_its_array_elements_have_no_place_in_our_profile(content: str) -> None:
    with pytest.raises(MalformedCertificate):
        read_disclosures([base64url.encode(content.encode())])


def test_its_signature_verifies() -> None:
    key = suite.from_jwk(dict(ISSUER_KEY), "jwk")
    assert suite.verify_jws(key, jws().encode())
    assert not suite.verify_jws(suite.from_jwk(dict(HOLDER_KEY), "jwk"), jws().encode())


def test_it_is_refused_as_a_certificate() -> None:
    with pytest.raises(MalformedCertificate) as refused:
        parse(f"{jws()}~".encode())
    assert refused.value.place.startswith("protected")


def test_what_means_the_same_but_is_written_otherwise_has_another_digest() -> None:
    written = ['["AAAAAAAAAAAAAAAAAAAAAA", "name", "Möbius"]', '["AAAAAAAAAAAAAAAAAAAAAA","name","M\\u00f6bius"]']
    one, other = (read_disclosures([base64url.encode(content.encode())])[0] for content in written)
    assert (one.salt, one.name, one.value) == (other.salt, other.name, other.value)
    assert one.digest != other.digest
