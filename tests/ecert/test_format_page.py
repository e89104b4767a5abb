"""`docs/format.md` compared with the code: its tables, its limits, its example of a type, and its worked example.

The worked example is made by `scripts/make_vectors` (its test is in test_vectors.py); here its blocks are checked
against each other with the standard library and `cryptography` alone, as a stranger would.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any
from zlib import decompress

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ecert import agency, claims, days, draft, kinds, merkle, parsing, strict_json, type_file
from ecert.certificate import Value
from ecert.checks import question
from ecert.checks.rules import CHECKS, GRAVITY
from ecert.demands import DEFAULT_MAX_AGE
from ecert.draft import lint
from ecert.facts_json import facts_from_json
from ecert.fields import Form, Kind, ListOf
from ecert.gbt36906 import CORRECT, NUMBERS, PARTLY_WRONG
from ecert.issuing import SALT_SIZE
from ecert.judging import judge
from ecert.key_binding import TOLERANCE, Flaw
from ecert.receipt import _SAID, TOLD
from ecert.status_list import BITS
from ecert.types import bundled_types, parse_type
from ecert.verdict import BESIDE_CHECKS, Reason, Result, verdict_to_json

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "format.md").read_text("utf-8")
CODE = re.compile(r"`([^`]+)`")


def section(number: int) -> str:
    """Give the text of one section."""
    start = PAGE.index(f"\n## {number}. ")
    end = PAGE.find("\n## ", start + 1)
    return PAGE[start : end if end > 0 else len(PAGE)]


def table(text: str, head: str) -> list[list[str]]:
    """Give the rows of the table in `text` whose first line is `head`, cell by cell."""
    lines = text[text.index(f"\n{head}\n") + 1 :].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def codes(cell: str) -> list[str]:
    return CODE.findall(cell)


class TestJudging:
    TEXT = section(5)
    ROWS = table(TEXT, "| # | check | passes when | reasons otherwise |")

    def test_the_checks_have_their_numbers_and_names(self) -> None:
        assert [(int(row[0]), row[1]) for row in self.ROWS] == [(rule.number, rule.name) for rule in CHECKS]

    def test_every_reason_fails_or_is_unknown_as_the_code_has_it(self) -> None:
        for row, rule in zip(self.ROWS, CHECKS, strict=True):
            unknown = re.findall(r"\*`([a-z_]+)`\*", row[3])
            fail = [reason for reason in codes(row[3]) if reason not in unknown]
            assert fail == list(rule.fail), rule.name
            assert unknown == list(rule.unknown), rule.name

    def test_the_footnotes_stand_where_a_fail_is_softened(self) -> None:
        marked = {reason: mark for row in self.ROWS for reason, mark in re.findall(r"`([a-z_]+)` ([¹²³])", row[3])}
        softened = {str(reason) for rule in CHECKS for reason in rule.softened}
        assert marked.keys() == softened
        assert {mark for reason, mark in marked.items() if reason not in {"suspended", "not_accredited"}} == {"¹"}
        assert (marked["suspended"], marked["not_accredited"]) == ("²", "³")
        for mark in "¹²³":
            assert f"\n{mark} " in self.TEXT

    def test_the_gravity_of_reasons(self) -> None:
        start = self.TEXT.index("**Gravity**")
        told = codes(self.TEXT[start : self.TEXT.index("\n\n", start)])
        assert told == [str(reason) for reason in sorted(set(Reason) - BESIDE_CHECKS, key=GRAVITY.__getitem__)]

    def test_the_numbers_of_gbt_36906(self) -> None:
        rows = table(self.TEXT, "| number | for |")
        told = {Reason(reason): int(number) for number, reasons in rows for reason in codes(reasons)}
        assert told == dict(NUMBERS)
        assert (rows[0], rows[-1][0]) == ([str(CORRECT), str(Result.VALID)], str(PARTLY_WRONG))

    @pytest.mark.parametrize(
        ("words", "number"),
        [
            ("at least {} s after `iat`", question.CATCH_UP),
            ("not behind them by more than {} s", question.CLOCK_TOLERANCE),
            ("`at` is more than {} s after", question.CLOCK_TOLERANCE),
            ("The limit is {} s by block time", DEFAULT_MAX_AGE),
            ("an `iat` within {} s of now", TOLERANCE),
        ],
    )
    def test_the_times_that_make_a_difference(self, words: str, number: int) -> None:
        assert words.format(number) in " ".join(self.TEXT.split())

    def test_the_flaws_of_a_key_binding(self) -> None:
        rows = {row[0]: row[1] for row in table(self.TEXT, "| # | detail |")}
        assert codes(rows["13"])[1:] == [str(flaw) for flaw in Flaw]

    def test_every_kind_has_a_normal_form(self) -> None:
        told = [kind for row in table(self.TEXT, "| kind | normal form |") for kind in codes(row[0])]
        assert set(told) == set(Kind)


class TestFormat:
    TEXT = section(2)

    def test_the_claims(self) -> None:
        required: set[str] = set()
        optional: set[str] = set()
        for names, need, _ in table(self.TEXT, "| claim | | meaning |"):
            (required if need == "required" else optional).update(codes(names))
        assert required == claims._REQUIRED
        assert optional == claims._OPTIONAL

    def test_the_limits(self) -> None:
        told = [int(value) for _, value in table(self.TEXT, "| limit | value |")]
        assert told == [
            parsing.MAX_SIZE,
            parsing.MAX_DISCLOSURES,
            claims.MAX_SLOTS,
            parsing.MAX_NESTING,
            parsing.MAX_PATH,
            strict_json.MAX_INTEGER,
            agency._MAX_ISSUER,
        ]

    def test_the_numbers_in_the_text(self) -> None:
        for words in (
            f"0 ... {claims.LATEST}",
            f"a multiple of {claims._QUARTER} from {claims.EARLIEST}",
            f"serial mod {agency.STATUS_LIST_SIZE}",
            f"a salt of {SALT_SIZE}",
            f"at most {agency._MAX_BASE} characters",
        ):
            assert words in " ".join(self.TEXT.split()), words
        assert merkle.MAX_LEAVES == 2**20
        assert "1 ... 2^20 leaves" in section(3)

    def test_the_members_of_header_and_file(self) -> None:
        assert set(parsing._HEADER_KNOWN) == {"alg", "kid", "typ", "x5c"}
        assert '{"alg":"ES256","kid":...,"typ":"dc+sd-jwt"}' in self.TEXT
        for name in parsing._FILE_MEMBERS | parsing._UNSIGNED_KNOWN | parsing._ECERT_KNOWN:
            assert f'"{name}": ' in self.TEXT


class TestServices:
    TEXT = section(6)

    def test_the_claims_of_a_receipt(self) -> None:
        told = {name for row in table(self.TEXT, "| claim | |") for name in codes(row[0])}
        assert told == {"iss", "jti", "iat", "certificate", "sd_hash", "compared", "stated", "audit", *_SAID, *TOLD}

    def test_the_status_list(self) -> None:
        assert f"`bits` {BITS} and `lst`,\n{agency.STATUS_LIST_SIZE:,} entries" in self.TEXT


class TestTypes:
    TEXT = section(8)

    def test_the_members_of_a_type(self) -> None:
        required: set[str] = set()
        optional: set[str] = set()
        for names, need, _ in table(self.TEXT, "| member | | |"):
            (required if need == "required" else optional).update(codes(names))
        assert required == type_file._NEEDED
        assert optional == type_file._OPTIONAL

    def test_the_members_of_a_field(self) -> None:
        start = self.TEXT.index("A field has ")
        paragraph = self.TEXT[start : self.TEXT.index("\n\n", start)]
        members, _, names = paragraph.partition("Its name is not one of")
        assert set(codes(members)) == type_file._FIELD_NEEDED | type_file._FIELD_OPTIONAL
        assert set(codes(names.partition(".")[0])) == type_file._RESERVED
        assert f"at most {type_file.MAX_FIELDS} " in self.TEXT

    def test_kinds_and_forms(self) -> None:
        assert [codes(row[0])[0] for row in table(self.TEXT, "| kind | what is signed |")] == list(Kind)
        assert [codes(row[0])[0] for row in table(self.TEXT, "| form | what is signed |")] == list(Form)
        assert all(f"`{of}`" in self.TEXT for of in ListOf)

    def test_the_numbers(self) -> None:
        for words in (
            f"at most {kinds.MAX_TEXT} characters",
            f"at most {kinds.MAX_NUMBER} characters",
            f"at most {kinds.MAX_BARE_NUMBER} characters",
            f"within {days.FIRST_DAY} and {days.LAST_DAY}",
            f"1-{kinds.MAX_ID} printable",
            f"nested at most {kinds._MAX_DEPTH} deep",
            f"at most {draft.MAX_FACE} bytes",
            f"absent or {kinds.CITIZEN_ID_TYPE}:",
        ):
            assert words in " ".join(self.TEXT.split()), words

    def test_the_example_is_a_good_type_that_can_be_issued(self) -> None:
        (text,) = re.findall(r"```json\n(.*?)```", self.TEXT, re.DOTALL)
        known = parse_type(text, "example.json")
        row: dict[str, Value] = {
            "permit_number": "A-1",
            "keepers": [{"name": "a", "id_number": "420102199003071232"}],
            "stall": "7",
        }
        assert lint(known, row, valid_from="2019-05-01").legacy
        said = set(json.loads(text)) | {name for each in json.loads(text)["fields"] for name in each}
        everything = type_file._NEEDED | type_file._OPTIONAL | type_file._FIELD_NEEDED | type_file._FIELD_OPTIONAL
        assert everything - said == {"consumable", "composite_by"}


BLOCKS = dict(re.findall(r"\*\*([^*]+)\*\*\n\n```(?:json)?\n(.*?)\n```", section(9), re.DOTALL))


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def digest(text: str) -> str:
    return encoded(sha256(text.encode()).digest())


def private_key(number: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(number, ec.SECP256R1())


def assert_signed(jws: str, number: int) -> dict[str, Any]:
    """See that the key of that number signed the JWS; give its payload."""
    message, _, signature = jws.rpartition(".")
    raw = decoded(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    private_key(number).public_key().verify(der, message.encode(), ec.ECDSA(SHA256()))
    made = private_key(number).sign(message.encode(), ec.ECDSA(SHA256(), deterministic_signing=True))
    assert made == der
    payload: dict[str, Any] = json.loads(decoded(message.split(".")[1]))
    return payload


class TestWorkedExample:
    def test_no_block_is_left_unchecked(self) -> None:
        assert set(BLOCKS) == {
            "public key", "JWK, as its thumbprint is taken", "kid", "row", "values", "contents", "disclosures",
            "digests, in the order of the disclosures", "header", "payload", "signature, r and s", "JWT", "leaves",
            "node over leaves 0 and 1", "root", "file form", "compact form", "facts", "verdict", "receipt's payload",
            "receipt", "status list token's payload", "status list token",
        }  # fmt: skip

    def test_the_key(self) -> None:
        numbers = private_key(1001).public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        assert BLOCKS["public key"] == (b"\x04" + x + y).hex()
        jwk = f'{{"crv":"P-256","kty":"EC","x":"{encoded(x)}","y":"{encoded(y)}"}}'
        assert BLOCKS["JWK, as its thumbprint is taken"] == jwk
        assert BLOCKS["kid"] == digest(jwk)

    def test_values_disclosures_and_digests(self) -> None:
        contents = BLOCKS["contents"].splitlines()
        values = json.loads(BLOCKS["values"])
        assert [json.loads(content)[1:] for content in contents] == [list(pair) for pair in values.items()]
        salts = [encoded(sha256(f"salt {name}".encode()).digest()[:16]) for name in values]
        assert [json.loads(content)[0] for content in contents] == salts
        disclosures = BLOCKS["disclosures"].splitlines()
        assert disclosures == [encoded(content.encode()) for content in contents]
        assert BLOCKS["digests, in the order of the disclosures"].splitlines() == [digest(each) for each in disclosures]

    def test_the_values_are_those_of_the_row(self) -> None:
        known = bundled_types()["health-certificate"]
        linted = lint(known, json.loads(BLOCKS["row"]), valid_from="2026-07-20", valid_until="2027-07-19")
        assert dict(zip(known.slots, linted.values, strict=True)) == json.loads(BLOCKS["values"])
        payload = json.loads(BLOCKS["payload"])
        assert (linted.nbf, linted.exp) == (payload["nbf"], payload["exp"])

    def test_the_jwt(self) -> None:
        signature = encoded(bytes.fromhex(BLOCKS["signature, r and s"]))
        assert (
            BLOCKS["JWT"] == f"{encoded(BLOCKS['header'].encode())}.{encoded(BLOCKS['payload'].encode())}.{signature}"
        )
        assert json.loads(BLOCKS["header"])["kid"] == BLOCKS["kid"]
        payload = assert_signed(BLOCKS["JWT"], 1001)
        names = list(json.loads(BLOCKS["values"]))
        digests = BLOCKS["digests, in the order of the disclosures"].splitlines()
        assert payload["fields"] == {"_sd": sorted(digests)}
        assert payload["slots"] == [names[digests.index(each)] for each in sorted(digests)]

    def test_the_tree(self) -> None:
        leaves = [bytes.fromhex(leaf) for leaf in BLOCKS["leaves"].splitlines()]
        texts = (b"filler 1001", BLOCKS["JWT"].encode(), b"filler 1003")
        assert leaves == [sha256(b"\0" + text).digest() for text in texts]
        node = sha256(b"\x01" + leaves[0] + leaves[1]).digest()
        assert BLOCKS["node over leaves 0 and 1"] == node.hex()
        assert BLOCKS["root"] == sha256(b"\x01" + node + leaves[2]).hexdigest()

    def test_the_two_forms(self) -> None:
        disclosures = BLOCKS["disclosures"].splitlines()
        leaves = [encoded(bytes.fromhex(leaf)) for leaf in BLOCKS["leaves"].splitlines()]
        protected, payload, signature = BLOCKS["JWT"].split(".")
        header = {"disclosures": disclosures, "ecert": {"path": [leaves[0], leaves[2]]}}
        parts = {"header": header, "payload": payload, "protected": protected, "signature": signature}
        assert BLOCKS["file form"] == json.dumps(parts, separators=(",", ":"))
        assert BLOCKS["compact form"] == "~".join([BLOCKS["JWT"], *disclosures, ""])

    def test_facts_and_verdict(self) -> None:
        facts = facts_from_json(json.loads(BLOCKS["facts"]))
        assert facts.batch is not None
        assert facts.batch.root.hex() == BLOCKS["root"]
        known = bundled_types()["health-certificate"]
        certificate = parsing.parse(BLOCKS["file form"].encode())
        verdict = judge(certificate, facts, now=1_785_520_000, certificate_type=known)
        assert verdict_to_json(verdict) == json.loads(BLOCKS["verdict"])
        assert verdict.result is Result.VALID

    def test_the_receipt(self) -> None:
        payload = assert_signed(BLOCKS["receipt"], 1004)
        assert decoded(BLOCKS["receipt"].split(".")[1]).decode() == BLOCKS["receipt's payload"]
        assert payload["certificate"]["leaf"] == encoded(bytes.fromhex(BLOCKS["leaves"].splitlines()[1]))
        assert payload["sd_hash"] == digest(BLOCKS["compact form"])
        stated = re.findall(r'`(\{"expect".*?)`', section(9))[0]
        assert payload["stated"] == encoded(sha256(bytes(range(16)) + stated.encode()).digest())
        assert bytes(range(16)).hex() in section(9)

    def test_the_status_list(self) -> None:
        payload = assert_signed(BLOCKS["status list token"], 1005)
        assert decoded(BLOCKS["status list token"].split(".")[1]).decode() == BLOCKS["status list token's payload"]
        entries = decompress(decoded(payload["status_list"]["lst"]))
        assert (len(entries) * 8 // payload["status_list"]["bits"], sum(entries)) == (131_072, entries[1002 // 4])
        assert entries[1002 // 4] >> 1002 % 4 * 2 & 3 == 1
        assert payload["sub"] == json.loads(BLOCKS["payload"])["status"]["status_list"]["uri"]
