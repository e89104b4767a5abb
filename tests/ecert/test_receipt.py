"""Receipts: what was told, for which matter, signed; and checked years later."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecert import base64url, key_binding
from ecert.demands import NO_DEMANDS, Demands, Holder
from ecert.errors import MalformedCertificate, MalformedToken, UntrustedToken
from ecert.judging import judge_malformed
from ecert.jwks import KeySet, PublishedKey
from ecert.merkle import leaf_hash
from ecert.parsing import parse
from ecert.receipt import Judged, Receipt, certificate_name, check_receipt, sign_receipt, stated_hash, told
from ecert.suite import SigningKey, sign_jws
from tests.ecert.cases import AGENCY, HOLDER_ID, LEDGER, NOW, SERIAL, TITLE, Case

KEY = SigningKey.from_secret(51)
KEYS = KeySet(keys=(PublishedKey(public_key=KEY.public_key, since=NOW - 50, retired=NOW + 50),))
ISS = "https://verify.city.example"
STATED = Demands(expect={"area_m2": "89.5"}, holder=Holder(id=HOLDER_ID, name="李明"))
CASE = Case.good().but(demands=STATED)
SALT = b"s" * 16
GOOD = Judged(
    certificate=certificate_name(CASE.certificate),
    sd_hash=key_binding.sd_hash(CASE.certificate),
    verdict=told(CASE.judged()),
    compared=("area_m2", "holder"),
    stated=stated_hash(STATED, SALT),
)
BAD = Judged(
    certificate=None,
    sd_hash="A" * 43,
    verdict=told(judge_malformed(MalformedCertificate("certificate", "not JSON"), as_of=None, now=NOW)),
)
SINGLE = Receipt(
    iss=ISS,
    jti="01J-1",
    iat=NOW,
    judged=(GOOD,),
    relying_party="tax",
    office="jiangan",
    operator="clerk-7",
    matter="deed-tax-home",
    case="2026-17",
    ground="duty",
    nonce="n-1",
    audit={"segment": "api-1", "position": 7, "hash": "h"},
)
BATCH = Receipt(iss=ISS, jti="01J-2", iat=NOW, judged=(GOOD, BAD), batch=True)


def checked(token: str, iss: str = ISS) -> Receipt:
    return check_receipt(token, KEYS, iss=iss)


def payload() -> dict[str, Any]:
    return read(sign_receipt(SINGLE, KEY))


def read(token: str) -> dict[str, Any]:
    from ecert.jws import read_jws  # noqa: PLC0415

    return dict(read_jws(token, typ="ecert-receipt+jwt", place="r", max_size=10**6).payload.as_dict())


@pytest.mark.parametrize("receipt", [SINGLE, BATCH, replace(SINGLE, judged=(BAD,), audit=None, case=None)])
def test_a_receipt_is_read_back_as_it_was_signed(receipt: Receipt) -> None:
    assert checked(sign_receipt(receipt, KEY)) == receipt


@pytest.mark.parametrize("name", ["e\u0301", "\u0301", "\u0344" * 50, "\\ud800", "'\u0301"])
def test_whatever_was_presented_its_receipt_can_be_read(name: str) -> None:
    with pytest.raises(MalformedCertificate, match="appears twice") as refused:
        parse(f'{{"{name}":1,"{name}":1}}'.encode())
    verdict = told(judge_malformed(refused.value, as_of=None, now=NOW))
    receipt = replace(BATCH, judged=(GOOD, replace(BAD, verdict=verdict)))
    assert checked(sign_receipt(receipt, KEY)) == receipt


def test_a_single_one_has_the_members_of_the_format() -> None:
    names = "iss jti iat certificate sd_hash result reasons checks at as_of relying_party office operator matter case"
    assert payload().keys() == {*names.split(), "ground", "nonce", "compared", "stated", "audit"}


def test_it_names_the_certificate_and_what_was_presented() -> None:
    leaf = base64url.encode(leaf_hash(CASE.certificate.signed))
    assert payload()["certificate"] == {"iss": f"{LEDGER}/{AGENCY}", "vct": TITLE.vct, "serial": SERIAL, "leaf": leaf}
    assert payload()["result"] == "VALID"


def test_it_holds_no_value_of_any_field() -> None:
    told_all = str(payload())
    assert not any(value in told_all for value in ("89.5", HOLDER_ID, "李明", "江岸", "X1234567"))


def test_a_batch_has_one_receipt_for_all() -> None:
    claims = read(sign_receipt(BATCH, KEY))
    assert claims.keys() == {"iss", "jti", "iat", "verdicts"}
    assert [entry["result"] for entry in claims["verdicts"]] == ["VALID", "INVALID"]
    assert claims["verdicts"][1].keys().isdisjoint({"certificate", "stated"})


def test_only_a_batch_has_several_entries() -> None:
    with pytest.raises(ValueError, match="too many"):
        sign_receipt(replace(BATCH, batch=False), KEY)


class TestStatement:
    def test_who_has_the_salt_can_prove_what_it_stated(self) -> None:
        assert stated_hash(STATED, SALT) == stated_hash(Demands(expect=STATED.expect, holder=STATED.holder), SALT)

    def test_another_salt_or_statement_gives_another_hash(self) -> None:
        others = (
            stated_hash(STATED, b"t" * 16),
            stated_hash(NO_DEMANDS, SALT),
            stated_hash(replace(STATED, holder=Holder(id=HOLDER_ID)), SALT),
        )
        assert len({stated_hash(STATED, SALT), *others}) == 4


class TestTrust:
    def test_another_service_is_refused(self) -> None:
        with pytest.raises(UntrustedToken, match="another service"):
            checked(sign_receipt(SINGLE, KEY), "https://else.example")

    def test_another_key_is_refused(self) -> None:
        with pytest.raises(UntrustedToken, match="no published key"):
            checked(sign_receipt(SINGLE, SigningKey.from_secret(52)))

    @pytest.mark.parametrize(
        ("iat", "good"), [(NOW - 51, False), (NOW - 50, True), (NOW + 49, True), (NOW + 50, False)]
    )
    def test_a_retired_key_is_good_for_its_own_time(self, iat: int, good: bool) -> None:  # noqa: FBT001
        token = sign_receipt(replace(SINGLE, iat=iat), KEY)
        if good:
            assert checked(token).iat == iat
        else:
            with pytest.raises(UntrustedToken, match="did not sign"):
                checked(token)

    def test_a_changed_result_is_refused(self) -> None:
        header, _, signature = sign_receipt(SINGLE, KEY).split(".")
        other = sign_receipt(replace(SINGLE, judged=(BAD,)), KEY).split(".")[1]
        with pytest.raises(UntrustedToken, match="signature"):
            checked(f"{header}.{other}.{signature}")


class TestForm:
    @pytest.mark.parametrize(
        "name", ["iss", "jti", "iat", "sd_hash", "result", "reasons", "checks", "at", "as_of", "compared"]
    )
    def test_what_every_receipt_has_must_be_there(self, name: str) -> None:
        claims = payload()
        del claims[name]
        with pytest.raises(MalformedToken) as refused:
            checked(sign_jws(KEY, {"typ": "ecert-receipt+jwt"}, claims))
        assert refused.value.place == f"receipt.payload.{name}"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("iat", "now"),
            ("result", "MAYBE"),
            ("result", 0),
            ("compared", "all"),
            ("certificate", "x"),
            ("audit", []),
            ("matter", 7),
            ("stated", 7),
            ("verdicts", "x"),
            ("verdicts", [7]),
        ],
    )
    def test_members_of_another_kind_are_refused(self, name: str, value: Any) -> None:
        with pytest.raises(MalformedToken) as refused:
            checked(sign_jws(KEY, {"typ": "ecert-receipt+jwt"}, {**payload(), name: value}))
        assert refused.value.place.startswith(f"receipt.payload.{name}")

    def test_another_typ_is_refused(self) -> None:
        with pytest.raises(MalformedToken, match="typ"):
            checked(sign_jws(KEY, {"typ": "kb+jwt"}, payload()))
