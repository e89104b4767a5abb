import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from ecert import base64url, strict_json, suite
from ecert.errors import MalformedError, MalformedKey, NotBase64Url
from ecert.suite import SigningKey

KEY = SigningKey.from_secret(7)
OTHER = SigningKey.from_secret(8)


def test_the_thumbprint_of_the_key_of_rfc_7517_is_the_known_one() -> None:
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }
    public_key = suite.from_jwk(dict(jwk), "jwk")
    assert suite.to_jwk(public_key) == jwk
    assert base64url.encode(suite.thumbprint(public_key)) == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"


def test_a_signature_is_of_its_key_and_message_alone() -> None:
    signature = KEY.sign(b"message")
    assert len(signature) == suite.SIGNATURE_SIZE
    assert suite.verify(KEY.public_key, b"message", signature)
    assert not suite.verify(KEY.public_key, b"massage", signature)
    assert not suite.verify(OTHER.public_key, b"message", signature)


def test_signing_again_gives_the_same_signature() -> None:
    assert KEY.sign(b"message") == KEY.sign(b"message")


@pytest.mark.parametrize("junk", [b"", b"\x04" * 65, b"\x04" + bytes(63), b"\x02" + KEY.public_key[1:], bytes(65)])
def test_bytes_that_are_no_key_have_signed_nothing_and_have_no_thumbprint(junk: bytes) -> None:
    assert not suite.verify(junk, b"message", KEY.sign(b"message"))
    with pytest.raises(MalformedKey):
        suite.thumbprint(junk)


@pytest.mark.parametrize("junk", [b"", bytes(63), bytes(64), bytes(65), b"\xff" * 64])
def test_bytes_that_are_no_signature_verify_nothing(junk: bytes) -> None:
    assert not suite.verify(KEY.public_key, b"message", junk)


def test_a_key_survives_its_pem_file() -> None:
    for password in (b"secret", None):
        assert SigningKey.from_pem(KEY.to_pem(password), password).kid == KEY.kid


def test_a_generated_key_is_new() -> None:
    assert SigningKey.generate().kid != SigningKey.generate().kid


@pytest.mark.parametrize("password", [None, b"wrong"])
def test_a_pem_file_opens_with_its_password_only(password: bytes | None) -> None:
    with pytest.raises(MalformedKey):
        SigningKey.from_pem(KEY.to_pem(b"secret"), password)


def test_other_kinds_of_keys_are_refused() -> None:
    def pem(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    for key in (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP384R1())):
        with pytest.raises(MalformedKey):
            SigningKey.from_pem(pem(key), None)
    with pytest.raises(MalformedKey):
        SigningKey.from_pem(b"no pem at all", None)
    with pytest.raises(MalformedKey):
        SigningKey.from_secret(0)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"d": "AA"}, "cnf.jwk"),
        ({"kty": "RSA"}, "cnf.jwk.crv"),
        ({"crv": "P-384"}, "cnf.jwk.crv"),
        ({"x": 5}, "cnf.jwk.x"),
        ({"y": "AAAA"}, "cnf.jwk.y"),
        ({"x": base64url.encode(bytes(32))}, "cnf.jwk"),
    ],
)
def test_a_jwk_has_just_the_public_members_of_a_p256_key(change: dict[str, object], place: str) -> None:
    with pytest.raises(MalformedKey) as caught:
        suite.from_jwk({**KEY.jwk, **change}, "cnf.jwk")  # type: ignore[dict-item]
    assert caught.value.place == place


def test_a_jwk_is_an_object() -> None:
    with pytest.raises(MalformedKey):
        suite.from_jwk("key", "jwk")


def test_a_jws_names_its_algorithm_and_key_and_verifies() -> None:
    jws = suite.sign_jws(KEY, {"typ": "x"}, {"b": 1, "a": "二"})
    header, payload, _ = jws.split(".")
    assert base64url.decode(header).decode() == f'{{"alg":"ES256","kid":"{base64url.encode(KEY.kid)}","typ":"x"}}'
    assert base64url.decode(payload).decode() == '{"a":"二","b":1}'
    assert suite.verify_jws(KEY.public_key, jws.encode())
    assert not suite.verify_jws(OTHER.public_key, jws.encode())


@pytest.mark.parametrize("junk", [b"", b"a.b", b"a.b.c", b"a.b.=", "a.b.\u00e9".encode()])
def test_what_is_no_jws_verifies_nothing(junk: bytes) -> None:
    assert not suite.verify_jws(KEY.public_key, junk)


@given(st.binary(max_size=100))
def test_base64url_has_one_text_for_each_byte_string(data: bytes) -> None:
    assert base64url.decode(base64url.encode(data)) == data


@given(st.text(alphabet="AQgwBab01-_+/=\n é", max_size=12))
def test_what_base64url_reads_it_writes_the_same(text: str) -> None:
    try:
        data = base64url.decode(text)
    except NotBase64Url:
        return
    assert base64url.encode(data) == text


@pytest.mark.parametrize("loose", ["A", "AB", "AAB", "AA==", "A+/A", "AAA\n", "AAé", "AAAAA", " AAAA", "AAAA\x00"])
def test_loose_base64_is_refused(loose: str) -> None:
    with pytest.raises(NotBase64Url):
        base64url.decode(loose)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=5))
def test_many_digests_are_read_and_written_like_one(values: list[bytes]) -> None:
    texts = base64url.encode_each(b"".join(values), 32)
    assert texts == [base64url.encode(value) for value in values]
    assert base64url.digests(texts) == tuple(values)


@given(st.integers(min_value=1, max_value=40), st.binary(max_size=50))
def test_values_of_any_size_are_written_like_one(size: int, data: bytes) -> None:
    values = [(data + bytes(size))[:size], bytes(size)]
    assert base64url.encode_each(b"".join(values), size) == [base64url.encode(value) for value in values]


@pytest.mark.parametrize("bad", ["A" * 42, "A" * 44, "A" * 42 + "B", "A" * 42 + "=", "A" * 42 + "é", "+" + "A" * 42])
def test_the_digest_that_is_none_is_named(bad: str) -> None:
    with pytest.raises(NotBase64Url) as caught:
        base64url.digests(["A" * 43, bad, bad])
    assert caught.value.index == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a":1,"a":1}', "'a' appears twice"),
        ("{" + ",".join(f'"{name}":1' for name in [*range(200_000), 199_999]) + "}", "'199999' appears twice"),
        ("1.5", "a number is not a whole one"),
        ("1e400", "not a whole one"),
        ("NaN", "a number is not a whole one"),
        ("-Infinity", "not a whole one"),
        ("9007199254740992", "beyond 2^53-1"),
        ("1" * 5000, "beyond 2^53-1"),
        ("{", "not JSON"),
        ("\ufeff1", "not JSON"),
        ("1 2", "not JSON"),
        ('"\\ud800"', "lone surrogate"),
        ('"e\u0301"', "NFC"),
        ('"\\u0065\\u0301"', "NFC"),
        ("[" * 17 + "]" * 17, "deeper than 16"),
        ("[" * 200_000, "deeper than 16"),
    ],
)
def test_json_that_two_readers_could_read_in_two_ways_is_refused(text: str, why: str) -> None:
    with pytest.raises(MalformedKey, match="place: ") as caught:
        strict_json.loads(text, "place", MalformedKey)
    assert why in caught.value.why


@pytest.mark.parametrize("text", ['{"_sd":1}', '[{"a":{"...":1}}]'])
def test_the_names_of_selective_disclosure_have_no_place_inside_a_value(text: str) -> None:
    strict_json.loads(text, "place")
    with pytest.raises(MalformedError):
        strict_json.loads(text, "place", shown=True)


def test_the_place_of_bad_text_is_named_within_the_json() -> None:
    with pytest.raises(MalformedError) as caught:
        strict_json.loads('{"a":["\\n",1,{"b":"e\u0301"}]}', "payload")
    assert caught.value.place == "payload.a[2].b"
    with pytest.raises(MalformedError) as caught:
        strict_json.loads('{"e\u0301":1}', "payload")
    assert caught.value.place == "payload (a name)"


def test_good_json_is_read_whole() -> None:
    assert strict_json.loads(' {"a": ["\\u00e9\\ud83d\\ude00", -9007199254740991, null, true]} ', "x") == {
        "a": ["é😀", -9007199254740991, None, True]
    }
    assert strict_json.loads("[" * 16 + "]" * 16, "x")
    assert strict_json.loads('"' + "[" * 40 + '\\""', "x") == "[" * 40 + '"'
    assert strict_json.loads("[" + ",".join(["[]"] * 40) + "]", "x") == [[]] * 40


def test_nesting_is_counted_in_linear_time_whatever_the_text() -> None:
    assert strict_json.nesting('"\\' * 100_000) == 0
    assert strict_json.nesting('\\"' * 100_000) == 0
    assert strict_json.nesting('"' * 100_001) == 0
    assert strict_json.nesting("[{}]" * 10) == 2


def test_json_is_written_as_rfc_8785_does() -> None:
    assert strict_json.canonical({"b": [1, None, False], "a": '"\\\n\u001f€'}) == (
        '{"a":"\\"\\\\\\n\\u001f€","b":[1,null,false]}'
    )
