"""Vectors of bytes that are no certificate: every limit of section 2 and every rule of form, with the place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from ecert import base64url
from ecert.parsing import MAX_SIZE
from ecert.verdict import Reason
from vectors.malformed_claims import CLAIMS, GONE, HEADERS
from vectors.world import OTHER_KEY, claims_of, facts_of, file_of, forged, issue, sign_parts, x5c_of
from vectors.writing import Piece, vector

DIGEST = "A" * 43
SALT = "A" * 22


def malformed() -> Iterator[dict[str, Any]]:
    """Give all of them; `place` is what the detail of check 1 says."""
    yield from _limits()
    yield from _texts()
    yield from _signed_parts()
    yield from _files()
    yield from _disclosures()


def _bad(name: str, about: str, presented: bytes | str | list[Piece], place: str) -> dict[str, Any]:
    made = vector(f"malformed-{name}", about, presented, None, "INVALID malformed")
    found = made["verdict"]["checks"][0]["detail"]["place"]
    if found != place:
        raise AssertionError(f"{name}: {place} was expected, {found} found")
    return made


def _changed(whole: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**whole, **changes}.items() if value is not GONE}


def _limits() -> Iterator[dict[str, Any]]:
    signed = issue()
    file = file_of(signed)
    facts = facts_of(signed.leaf)
    padding = MAX_SIZE - len(file)
    about = "262,144 bytes in all: the file and spaces after it"
    yield vector("size-262144", about, [(file, 1), (b" ", padding)], facts, "VALID", nearly=Reason.MALFORMED)
    yield _bad("size-262145", "one byte more than 256 KiB", [(file, 1), (b" ", padding + 1)], "certificate")
    yield _bad("size-1-mib", "1 MiB of brackets", [(b"[", 2**20)], "certificate")
    yield from _limits_of_disclosures()
    yield _bad("path-21", "a path of 21 nodes", file_of(signed, path=[bytes(32)] * 21), "header.ecert.path")
    for depth in (16, 17):
        value = "[" * (depth - 1) + "]" * (depth - 1)
        shown = base64url.encode(f'["{SALT}","work_category",{value}]'.encode())
        text = file_of(forged(signed, signed.jwt, [shown]))
        if depth > 16:  # noqa: PLR2004
            yield _bad("nesting-17-disclosure", "a value 17 brackets deep with its disclosure", text, "disclosures[0]")
        else:
            about = "16 brackets deep: read, and then found to be no disclosure of this certificate"
            expected = "INVALID altered_field field_withheld"
            yield vector("nesting-16-disclosure", about, text, facts, expected, nearly=Reason.MALFORMED)
    for depth in (16, 17):
        evidence: dict[str, Any] = {}
        for _ in range(depth - 4):
            evidence = {"a": evidence}
        text = file_of(signed, evidence=evidence)
        if depth > 16:  # noqa: PLR2004
            yield _bad("nesting-17-file", "the file's own brackets, 17 deep", text, "certificate")
        else:
            yield vector(
                "nesting-16-file", "the file's own brackets, 16 deep", text, facts, "VALID", nearly=Reason.MALFORMED
            )


def _limits_of_disclosures() -> Iterator[dict[str, Any]]:
    """256 slots and disclosures, and one more of each."""
    names = ["document", "identifier", *(f"f{number}" for number in range(255))]
    texts = [base64url.encode(f'["{SALT}","{name}",null]'.encode()) for name in names]

    def made(count: int) -> bytes:
        pairs = sorted(
            (base64url.encode(sha256(text.encode()).digest()), name)
            for text, name in zip(texts[:count], names[:count], strict=True)
        )
        header, payload = claims_of(issue())
        payload |= {
            "vct": "urn:ecert:type:example:many-fields:1",
            "slots": [name for _, name in pairs],
            "fields": {"_sd": [digest for digest, _ in pairs]},
        }
        return file_of(forged(issue(), sign_parts(header, payload), texts[:count]), path=[])

    about = "256 slots and disclosures, the most there can be, of a type that the judge does not have; not in the batch"
    facts = facts_of(issue().leaf)
    expected = "INVALID not_in_batch wrong_type not_compared"
    yield vector("disclosures-256", about, made(256), facts, expected, certificate_type=None, nearly=Reason.MALFORMED)
    yield _bad("disclosures-257", "257 disclosures", made(257), "disclosures")
    compact = f"{issue().jwt}~{'~'.join(texts)}~"
    yield _bad("disclosures-257-compact", "257 disclosures in the compact form", compact, "disclosures")
    header, payload = claims_of(issue())
    payload |= {"slots": names, "fields": {"_sd": sorted(base64url.encode(sha256(t.encode()).digest()) for t in texts)}}
    yield _bad("slots-257", "257 slots", f"{sign_parts(header, payload)}~", "payload.slots")


def _texts() -> Iterator[dict[str, Any]]:
    """Bytes of neither form, and forms that are cut or glued."""
    signed = issue()
    compact, file = signed.compact(), file_of(signed).decode()
    for name, text in {
        "empty": "",
        "words": "not a certificate",
        "jwt-alone": signed.jwt,
        "two-parts": "e30.e30~",
        "four-parts": f"e30.{signed.jwt}~",
        "null": "null",
        "list": f"[{file}]",
        "cut": file[:-1],
        "trailing": f"{file}x",
        "twice": file * 2,
        "byte-order-mark": f"\ufeff{file}",
        "member-twice": file.replace('"payload":', '"payload":"","payload":', 1),
        "number-with-fraction": file.replace('"path":[', '"evidence":{"a":1.0},"path":[', 1),
        "number-with-exponent": file.replace('"path":[', '"evidence":{"a":1e2},"path":[', 1),
        "number-not-a-number": file.replace('"path":[', '"evidence":{"a":NaN},"path":[', 1),
        "number-too-large": file.replace('"path":[', '"evidence":{"a":9007199254740992},"path":[', 1),
    }.items():
        yield _bad(name, "bytes of neither form", text, "certificate")
    surrogate = file.replace('"path":[', '"evidence":{"a":"\\ud800"},"path":[', 1)
    place = "certificate.header.ecert.evidence.a"
    yield _bad("surrogate-in-file", "a surrogate without its partner", surrogate, place)
    yield _bad("compact-space-before", "a space before the compact form", f" {compact}", "protected")
    yield _bad("compact-line-feed", "a line feed after the compact form", f"{compact}\n", "kb_jwt")
    empty = compact.replace("~", "~~", 1)
    yield _bad("compact-empty-disclosure", "an empty disclosure", empty, "disclosures[0]")
    yield _bad("compact-key-binding-of-two-parts", "a key binding of two parts", f"{compact}AAAA.AAAA", "kb_jwt")
    yield _bad("not-utf-8", "bytes that are not UTF-8", b"\xff" + compact.encode(), "certificate")
    yield _bad("utf-16", "the file in UTF-16", file.encode("utf-16-le"), "certificate")


def _signed_parts() -> Iterator[dict[str, Any]]:
    signed = issue()
    header, payload = claims_of(signed)
    chains: dict[str, Mapping[str, Any]] = {
        "x5c-of-another-key": {"x5c": [x5c_of(OTHER_KEY)]},
        "x5c-not-a-certificate": {"x5c": ["AAAA"]},
    }
    for name, changes in chains.items():
        text = f"{sign_parts(_changed(header, changes), payload)}~"
        yield _bad(name, "x5c does not begin with the key of kid", text, "protected.x5c[0]")
    for name, changes, place in HEADERS:
        text = f"{sign_parts(_changed(header, changes), payload)}~"
        yield _bad(f"header-{name}", "a JOSE header that is not of the format", text, place)
    for name, changes, place in CLAIMS:
        text = f"{sign_parts(header, _changed(payload, changes))}~"
        yield _bad(
            f"claim-{name}", "a claim that is not of the format", text, f"payload.{place}" if place else "payload"
        )
    for name in ("ecert", "iss", "vct", "serial", "version", "iat", "nbf", "status", "_sd_alg", "slots", "fields"):
        text = f"{sign_parts(header, _changed(payload, {name: GONE}))}~"
        yield _bad(f"claim-{name}-missing", "a required claim is missing", text, f"payload.{name}")
    written = json.dumps(payload, ensure_ascii=False)
    for name, text in {
        "twice": written.replace('"serial"', '"serial": 1002, "serial"', 1),
        "with-fraction": written.replace(": 1002", ": 1002.0", 1),
    }.items():
        jwt = sign_parts(header, text)
        yield _bad(f"payload-number-{name}", "JSON that two readers could read in two ways", f"{jwt}~", "payload")
    yield _bad("payload-list", "a payload that is no object", f"{sign_parts(header, '[]')}~", "payload")
    whole = signed.jwt.split(".")
    for name, signature in {
        "empty": "",
        "63-bytes": base64url.encode(bytes(63)),
        "65-bytes": base64url.encode(bytes(65)),
        "padded": f"{whole[2]}==",
        "stray-bits": whole[2][:-1] + ("B" if whole[2][-1] == "A" else chr(ord(whole[2][-1]) + 1)),
    }.items():
        text = f"{whole[0]}.{whole[1]}.{signature}~"
        yield _bad(f"signature-{name}", "a signature that is not 64 bytes in canonical base64url", text, "signature")
    plain = f"{whole[0]}.{whole[1][:8]}+{whole[1][9:]}.{whole[2]}~"
    yield _bad("base64-of-the-other-alphabet", "+ has no place in base64url", plain, "payload")


def _files() -> Iterator[dict[str, Any]]:
    whole = json.loads(file_of(issue()))
    table: tuple[tuple[str, str, Mapping[str, Any], str], ...] = (
        ("unknown-member", "", {"more": 1}, "more"),
        ("general-serialization", "", {"signatures": []}, "signatures"),
        ("no-payload", "", {"payload": GONE}, "payload"),
        ("payload-number", "", {"payload": 5}, "payload"),
        ("no-header", "", {"header": GONE}, "header"),
        ("header-list", "", {"header": []}, "header"),
        ("header-unknown-member", "header", {"kid": "x"}, "header.kid"),
        ("no-disclosures", "header", {"disclosures": GONE}, "header.disclosures"),
        ("disclosures-text", "header", {"disclosures": "all"}, "header.disclosures"),
        ("disclosure-number", "header", {"disclosures": [5]}, "disclosures[0]"),
        ("no-ecert", "header", {"ecert": GONE}, "header.ecert"),
        ("key-binding-empty-part", "header", {"kb_jwt": "AAAA..AAAA"}, "header.kb_jwt"),
        ("key-binding-padded", "header", {"kb_jwt": "AAAA.AAAA.AA=="}, "header.kb_jwt"),
        ("no-path", "ecert", {"path": GONE}, "header.ecert.path"),
        ("path-text", "ecert", {"path": DIGEST}, "header.ecert.path"),
        ("path-short-node", "ecert", {"path": [DIGEST, DIGEST[:-1]]}, "header.ecert.path[1]"),
        ("first-serial", "ecert", {"first_serial": 5}, "header.ecert.first_serial"),
        ("evidence-text", "ecert", {"evidence": "0x"}, "header.ecert.evidence"),
    )
    for name, at, changes, place in table:
        spoiled = json.loads(json.dumps(whole))
        if at == "":
            spoiled = _changed(spoiled, changes)
        elif at == "header":
            spoiled["header"] = _changed(spoiled["header"], changes)
        else:
            spoiled["header"]["ecert"] = _changed(spoiled["header"]["ecert"], changes)
        text = json.dumps(spoiled, separators=(",", ":"))
        yield _bad(f"file-{name}", "a file that is not of the format", text, place)


def _disclosures() -> Iterator[dict[str, Any]]:
    signed = issue()
    good = signed.disclosures[3]
    spoiled: tuple[tuple[str, str | bytes], ...] = (
        ("two-parts", f'["{SALT}","value"]'),
        ("four-parts", f'["{SALT}","use",null,null]'),
        ("object", '{"a":1}'),
        ("not-json", f'["{SALT}","use"'),
        ("not-utf-8", b'["\xff"]'),
        ("salt-15-bytes", f'["{"A" * 20}","use",null]'),
        ("salt-stray-bits", f'["{"A" * 21}B","use",null]'),
        ("salt-number", '[5,"use",null]'),
        ("name-upper-case", f'["{SALT}","Use",null]'),
        ("name-sd", f'["{SALT}","_sd",null]'),
        ("name-number", f'["{SALT}",5,null]'),
        ("sd-inside", f'["{SALT}","use",{{"_sd":[]}}]'),
        ("dots-inside", f'["{SALT}","use",[{{"...":"{DIGEST}"}}]]'),
        ("number-with-fraction", f'["{SALT}","use",1.5]'),
        ("number-too-large", f'["{SALT}","use",9007199254740992]'),
        ("nan", f'["{SALT}","use",NaN]'),
        ("name-twice", f'["{SALT}","use",{{"b":1,"b":2}}]'),
        ("two-values", f'["{SALT}","use",1],["{SALT}","term",2]'),
    )
    for name, content in spoiled:
        text = base64url.encode(content.encode() if isinstance(content, str) else content)
        file = file_of(forged(signed, signed.jwt, [good, text]))
        yield _bad(f"disclosure-{name}", "a disclosure that is not of the format", file, "disclosures[1]")
    for name, value in (("surrogate", "\\ud800"), ("not-nfc", "e\u0301")):
        text = base64url.encode(f'["{SALT}","use","{value}"]'.encode())
        file = file_of(forged(signed, signed.jwt, [text]))
        yield _bad(f"disclosure-{name}", "text that is not well formed", file, "disclosures[0][2]")
    second = base64url.encode(f'["{SALT}","work_category","another"]'.encode())
    file = file_of(forged(signed, signed.jwt, [good, second]))
    yield _bad("disclosure-second-of-a-name", "two disclosures for one slot", file, "disclosures[1]")
    file = file_of(forged(signed, signed.jwt, [good, good]))
    yield _bad("disclosure-repeated", "the same disclosure twice", file, "disclosures[1]")
    file = file_of(forged(signed, signed.jwt, [f"{good}="]))
    yield _bad("disclosure-padded", "base64url with padding", file, "disclosures[0]")
