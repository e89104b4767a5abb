"""Vectors of checks 11 and 13: what the relying party states and demands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ecert.certificate import Value
from ecert.certificate_type import CertificateType
from ecert.demands import Challenge, Demands, Holder
from ecert.facts import Facts
from ecert.issuing import SignedCertificate
from ecert.key_binding import create
from ecert.presenting import present
from ecert.suite import sign_jws
from ecert.verdict import Reason
from vectors.world import (
    HEALTH,
    HOLDER_ID,
    HOLDER_KEY,
    KEY,
    MARRIAGE,
    NOW,
    OTHER_ID,
    TITLE,
    facts_of,
    file_of,
    issue,
)
from vectors.writing import vector

_MISMATCH, _WITHHELD, _NOT_COMPARED = (
    "INVALID field_mismatch",
    "UNKNOWN field_withheld",
    "UNKNOWN not_compared",
)
_CHALLENGE = Challenge(nonce="n-0S6_WzA2Mj", audience="https://counter.example")
_TITLE_FIELDS: tuple[tuple[str, Value, Value], ...] = (
    ("title_number", "鄂（２０２６）武汉市江岸不动产权第 0012345 号", "鄂(2026)武汉市江岸不动产权第0012346号"),
    ("unit_number", "420103 001002 gb00017 f00030045", "420103001002GB00017F00030046"),
    ("area_m2", "89.5", "89.51"),
    ("area_m2", "89.500", 89),
    ("registration_date", "20260701", "2026-07-02"),
    ("registration_date", "2026年7月1日", "2026年7月31日"),
    ("address", " 武汉市江岸区中山大道１号 ", "武汉市江岸区中山大道2号"),
    ("term", None, "70年"),
    ("holders", ["x1234567", HOLDER_ID], [HOLDER_ID]),
    (
        "holders",
        [{"name": "somebody", "id_number": "X-1234567"}, {"name": "李明", "id_number": HOLDER_ID}],
        [{"name": "李明", "id_number": HOLDER_ID}, {"name": "Ana Pérez", "id_number": "X1234568"}],
    ),
    ("holders", json.dumps([HOLDER_ID, "X1234567"]), "李明"),
)
"""Field, what equals it, what differs."""


def demanded() -> Iterator[dict[str, Any]]:
    """Give all of them."""
    yield from _stated()
    yield from _comparable()
    yield from _holders()
    yield from _essential()
    yield from _key_bindings()


def _case(certificate_type: CertificateType = HEALTH, **signing: Any) -> tuple[SignedCertificate, bytes, Facts]:  # noqa: ANN401 - handed on
    signed = issue(certificate_type, **signing)
    return signed, file_of(signed), facts_of(signed.leaf, certificate_type)


def _stated() -> Iterator[dict[str, Any]]:
    _, text, facts = _case(TITLE)
    for number, (name, same, other) in enumerate(_TITLE_FIELDS):
        yield vector(
            f"stated-{number}-{name}",
            "the same, written otherwise",
            text,
            facts,
            "VALID",
            certificate_type=TITLE,
            demands=Demands(expect={name: same}),
            nearly=Reason.FIELD_MISMATCH,
        )
        yield vector(
            f"stated-{number}-{name}-other",
            "another value",
            text,
            facts,
            _MISMATCH,
            certificate_type=TITLE,
            demands=Demands(expect={name: other}),
        )
    about = "a decimal with a leading zero cannot be read, so it is compared as it stands"
    zero = Demands(expect={"area_m2": "089.5"})
    yield vector("stated-unreadable", about, text, facts, _MISMATCH, certificate_type=TITLE, demands=zero)
    _, text, facts = _case()
    table: tuple[tuple[str, Mapping[str, Value], str], ...] = (
        ("id-with-spaces", {"holder_id": "420102 19900307 1232"}, "VALID"),
        ("id-other", {"holder_id": OTHER_ID}, _MISMATCH),
        ("number-as-number", {"certificate_number": 17}, _MISMATCH),
        ("number-without-hyphens", {"certificate_number": "鄂a2026000017"}, "VALID"),
        ("two-fields-one-wrong", {"holder_name": "李明", "work_category": "其他"}, _MISMATCH),
        ("null-for-a-value", {"work_category": None}, _MISMATCH),
        ("common-field", {"identifier": None}, "VALID"),
        ("no-such-field", {"colour": "red"}, _NOT_COMPARED),
        ("no-such-field-and-wrong", {"colour": "red", "holder_id": OTHER_ID}, f"{_MISMATCH} not_compared"),
    )
    for name, expect, expected in table:
        demands = Demands(expect=expect)
        yield vector(f"stated-{name}", "stated fields", text, facts, expected, demands=demands)
    old = issue(row={"holder_id": "420102900307123"})
    about = "a citizen id of 15 digits is the same as the one of 18 that it became"
    yield vector(
        "stated-id-15",
        about,
        file_of(old),
        facts_of(old.leaf),
        "VALID",
        demands=Demands(expect={"holder_id": "420102900307123"}),
        nearly=Reason.FIELD_MISMATCH,
    )


def _comparable() -> Iterator[dict[str, Any]]:
    _, text, facts = _case()
    hidden = present(text, set(HEALTH.slots) - {"work_category"})
    stated = Demands(expect={"work_category": "食品从业人员"})
    yield vector("stated-withheld", "stated, but not shown", hidden, facts, _WITHHELD, demands=stated)
    yield vector("stated-shown", "shown", text, facts, "VALID", demands=stated, nearly=Reason.FIELD_WITHHELD)
    must = replace(stated, must_compare=frozenset({"work_category"}))
    yield vector(
        "must-compare-done",
        "it had to be compared and was",
        text,
        facts,
        "VALID",
        demands=must,
        nearly=Reason.NOT_COMPARED,
    )
    must = replace(stated, must_compare=frozenset({"work_category", "holder_name"}))
    yield vector(
        "must-compare-forgotten", "one that had to be compared was not stated", text, facts, _NOT_COMPARED, demands=must
    )
    must = Demands(must_compare=frozenset({"holder"}))
    yield vector("must-compare-holder", "the holder had to be compared", text, facts, _NOT_COMPARED, demands=must)
    stated = Demands(expect={"holder_id": HOLDER_ID}, holder=Holder(id=HOLDER_ID))
    about = "a type that the judge does not have: nothing can be compared, essential fields are not known"
    yield vector("type-unknown", about, text, facts, _NOT_COMPARED, certificate_type=None, demands=stated)
    about = "another type than the certificate's is none"
    yield vector("type-of-another", about, text, facts, _NOT_COMPARED, certificate_type=TITLE)


def _holders() -> Iterator[dict[str, Any]]:
    _, title, of_title = _case(TITLE)
    _, health, of_health = _case()
    pair = {"party_a_id": HOLDER_ID, "party_b_id": OTHER_ID}
    _, marriage, of_marriage = _case(MARRIAGE, row=pair)
    _, old, of_old = _case(MARRIAGE)
    mixed = {"id": HOLDER_ID, "name": "王芳"}
    table: tuple[tuple[str, CertificateType, bytes, Facts, Holder, str], ...] = (
        ("right", HEALTH, health, of_health, Holder(id=HOLDER_ID, name=" 李明 "), "VALID"),
        ("other-name", HEALTH, health, of_health, Holder(id=HOLDER_ID, name="李鸣"), _MISMATCH),
        ("other-id", HEALTH, health, of_health, Holder(id=OTHER_ID, name="李明"), _MISMATCH),
        ("first-of-list", TITLE, title, of_title, Holder(id=HOLDER_ID), "VALID"),
        ("second-of-list", TITLE, title, of_title, Holder(id="x1234567", name="ana pérez"), _MISMATCH),
        ("second-of-list-right", TITLE, title, of_title, Holder(id="x1234567", name="Ana  Pérez"), "VALID"),
        ("none-of-list", TITLE, title, of_title, Holder(id=OTHER_ID), _MISMATCH),
        ("second-place", MARRIAGE, marriage, of_marriage, Holder(id=OTHER_ID.lower(), name="王芳"), "VALID"),
        ("mixed-places", MARRIAGE, marriage, of_marriage, Holder(**mixed), _MISMATCH),
        ("legacy-without-id", MARRIAGE, old, of_old, Holder(id=HOLDER_ID, name="李明"), _NOT_COMPARED),
        ("legacy-other-name", MARRIAGE, old, of_old, Holder(id=HOLDER_ID, name="张伟"), _MISMATCH),
    )
    for name, certificate_type, text, facts, holder, expected in table:
        yield vector(
            f"holder-{name}",
            "the holder that the relying party states",
            text,
            facts,
            expected,
            certificate_type=certificate_type,
            demands=Demands(holder=holder),
        )
    hidden = present(health, set(HEALTH.slots) - {"holder_name"})
    demands = Demands(holder=Holder(id=HOLDER_ID, name="李明"))
    yield vector("holder-name-withheld", "the name is not shown", hidden, of_health, _WITHHELD, demands=demands)
    demands = Demands(holder=Holder(id=OTHER_ID, name="李明"))
    about = "the name is not shown, but the id differs: that is said first"
    yield vector("holder-other-and-withheld", about, hidden, of_health, _MISMATCH, demands=demands)


def _essential() -> Iterator[dict[str, Any]]:
    _, text, facts = _case()
    shown = present(text, set(HEALTH.slots) - {"holder_id"})
    about = "an essential field of the type is not shown, although nobody stated it"
    yield vector("essential-withheld", about, shown, facts, _WITHHELD)
    about = "only fields that are not essential are withheld"
    shown = present(text, HEALTH.essential)
    yield vector("essential-shown", about, shown, facts, "VALID", nearly=Reason.FIELD_WITHHELD)
    _, text, facts = _case(TITLE)
    about = "null is shown too: the title has no remarks"
    shown = present(text, TITLE.essential)
    yield vector("essential-null", about, shown, facts, "VALID", certificate_type=TITLE, nearly=Reason.FIELD_WITHHELD)
    yield vector(
        "nothing-shown", "a copy that shows nothing", present(text, ()), facts, _WITHHELD, certificate_type=TITLE
    )


def _key_bindings() -> Iterator[dict[str, Any]]:
    signed, _, facts = _case(cnf={"jwk": HOLDER_KEY.jwk})
    demands = Demands(key_binding=_CHALLENGE)
    reason = Reason.HOLDER_NOT_PROVED
    refused = f"INVALID {reason}"

    def bound(proof: str | None, of: SignedCertificate = signed) -> str:
        whole = json.loads(file_of(of))
        if proof is not None:
            whole["header"]["kb_jwt"] = proof
        return json.dumps(whole, separators=(",", ":"))

    def proof(challenge: Challenge = _CHALLENGE, iat: int = NOW, **parts: Any) -> str:  # noqa: ANN401 - handed on
        return create(parts.get("of", signed).compact(), challenge, iat=iat, key=parts.get("key", HOLDER_KEY))

    claims: dict[str, Value] = {"aud": _CHALLENGE.audience, "iat": NOW, "nonce": _CHALLENGE.nonce}
    for name, about, text in (
        ("missing", "none came along", bound(None)),
        ("another-key", "signed by another key than cnf's", bound(proof(key=KEY))),
        ("another-nonce", "an old nonce", bound(proof(replace(_CHALLENGE, nonce="old")))),
        ("another-audience", "meant for another", bound(proof(replace(_CHALLENGE, audience="https://other.example")))),
        ("too-old", "signed 301 seconds ago", bound(proof(iat=NOW - 301))),
        ("too-new", "signed 301 seconds from now", bound(proof(iat=NOW + 301))),
        ("of-another-copy", "over another copy", present_bound(bound(proof()))),
        ("wrong-typ", "a JWT of another type", bound(sign_jws(HOLDER_KEY, {"typ": "JWT"}, claims))),
        ("no-sd-hash", "it does not say over what", bound(sign_jws(HOLDER_KEY, {"typ": "kb+jwt"}, claims))),
        ("not-json", "three parts that are no JWT", bound("AAAA.AAAA.AAAA")),
    ):
        yield vector(f"key-binding-{name}", about, text, facts, refused, demands=demands)
    for name, about, iat in (
        ("300-ago", "signed 300 seconds ago", NOW - 300),
        ("300-ahead", "signed 300 seconds from now", NOW + 300),
    ):
        yield vector(
            f"key-binding-{name}", about, bound(proof(iat=iat)), facts, "VALID", demands=demands, nearly=reason
        )
    bare = issue()
    about = "the certificate names no holder's key"
    text = bound(proof(of=bare), bare)
    yield vector("key-binding-without-cnf", about, text, facts_of(bare.leaf), refused, demands=demands)


def present_bound(text: str) -> str:
    """Leave out one disclosure and keep the key binding, as a thief would."""
    whole = json.loads(text)
    whole["header"]["disclosures"] = [*whole["header"]["disclosures"]][:-1]
    return json.dumps(whole, separators=(",", ":"))
