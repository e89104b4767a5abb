"""Claims and headers that are not of the format, each with the place that a parser names. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vectors.world import AGENCY, BASE, HOLDER_KEY, ISSUER, KEY, LEDGER, SERIAL

GONE = object()
"""Put in the place of a member, it takes the member away."""
DIGEST = "A" * 43
URI = f"{BASE}/status/31337/{LEDGER.split(':')[2]}/{AGENCY}/0"
_MIDNIGHT = 1_784_476_800


def _status(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"status": {"status_list": {"idx": SERIAL, "uri": URI, **changes}}}


HEADERS: tuple[tuple[str, Mapping[str, Any], str], ...] = (
    ("alg-none", {"alg": "none"}, "protected.alg"),
    ("alg-symmetric", {"alg": "HS256"}, "protected.alg"),
    ("alg-unknown", {"alg": "ES384"}, "protected.alg"),
    ("alg-missing", {"alg": GONE}, "protected.alg"),
    ("typ-jwt", {"typ": "JWT"}, "protected.typ"),
    ("typ-old", {"typ": "vc+sd-jwt"}, "protected.typ"),
    ("typ-missing", {"typ": GONE}, "protected.typ"),
    ("kid-missing", {"kid": GONE}, "protected.kid"),
    ("kid-short", {"kid": DIGEST[:-1]}, "protected.kid[0]"),
    ("crit", {"crit": ["exp"]}, "protected.crit"),
    ("jwk", {"jwk": KEY.jwk}, "protected.jwk"),
    ("jku", {"jku": "https://example.com/keys"}, "protected.jku"),
    ("x5c-empty", {"x5c": []}, "protected.x5c"),
    ("x5c-text", {"x5c": "MII"}, "protected.x5c"),
)
CLAIMS: tuple[tuple[str, Mapping[str, Any], str], ...] = (
    ("unknown", {"sub": "somebody"}, "sub"),
    ("sd-at-the-top", {"_sd": [DIGEST]}, "_sd"),
    ("ecert-2", {"ecert": 2}, "ecert"),
    ("ecert-text", {"ecert": "1"}, "ecert"),
    ("ecert-true", {"ecert": True}, "ecert"),
    ("iss-number", {"iss": 5}, "iss"),
    ("iss-upper-case", {"iss": str(ISSUER).replace("0x5f", "0x5F")}, "iss"),
    ("iss-other-namespace", {"iss": str(ISSUER).replace("eip155", "cosmos")}, "iss"),
    ("iss-leading-zero", {"iss": str(ISSUER).replace("eip155:", "eip155:0")}, "iss"),
    ("iss-code-with-wrong-check-character", {"iss": f"{LEDGER}/{AGENCY[:-1]}9"}, "iss"),
    ("iss-code-in-lower-case", {"iss": f"{LEDGER}/agency"}, "iss"),
    ("iss-code-of-33", {"iss": f"{LEDGER}/{'A' * 33}"}, "iss"),
    ("iss-without-code", {"iss": f"{LEDGER}/"}, "iss"),
    ("vct-empty", {"vct": "urn:ecert:type:"}, "vct"),
    ("vct-without-version", {"vct": "urn:ecert:type:ecert:health-certificate"}, "vct"),
    ("serial-negative", {"serial": -1}, "serial"),
    ("serial-2^53", {"serial": 2**53}, ""),
    ("serial-text", {"serial": str(SERIAL)}, "serial"),
    ("serial-true", {"serial": True}, "serial"),
    ("version-0", {"version": 0}, "version"),
    ("version-2-without-supersedes", {"version": 2}, "version"),
    ("supersedes-empty", {"supersedes": []}, "supersedes"),
    ("supersedes-number", {"supersedes": 7}, "supersedes"),
    ("supersedes-text", {"supersedes": [7, "8"]}, "supersedes[1]"),
    ("supersedes-negative", {"supersedes": [-7]}, "supersedes[0]"),
    ("supersedes-twice", {"supersedes": [7, 7]}, "supersedes"),
    ("supersedes-itself", {"supersedes": [SERIAL]}, "supersedes"),
    ("iat-negative", {"iat": -1}, "iat"),
    ("iat-after-9999", {"iat": 253_402_387_201}, "iat"),
    ("nbf-text", {"nbf": "2026-07-20"}, "nbf"),
    ("nbf-not-midnight", {"nbf": _MIDNIGHT + 1}, "nbf"),
    ("nbf-with-leap-seconds", {"nbf": _MIDNIGHT + 27}, "nbf"),
    ("exp-with-a-leap-second", {"exp": _MIDNIGHT + 86_401}, "exp"),
    ("exp-not-after-nbf", {"exp": _MIDNIGHT}, "exp"),
    ("exp-null", {"exp": None}, "exp"),
    ("legacy-false", {"legacy": False}, "legacy"),
    ("status-text", {"status": "valid"}, "status"),
    ("status-more", {"status": {**_status()["status"], "more": 1}}, "status"),
    ("status-list-short", {"status": {"status_list": {"idx": SERIAL}}}, "status.status_list"),
    ("status-idx-other", _status(idx=SERIAL + 1), "status.status_list.idx"),
    ("status-idx-text", _status(idx=str(SERIAL)), "status.status_list.idx"),
    ("status-of-another-list", _status(uri=URI[:-1] + "1"), "status.status_list.uri"),
    ("status-of-another-chain", _status(uri=URI.replace("/31337/", "/1/")), "status.status_list.uri"),
    ("status-of-another-agency", _status(uri=URI.replace(AGENCY, "BUREAU-7")), "status.status_list.uri"),
    ("status-of-another-scheme", _status(uri=URI.replace("https", "ftp")), "status.status_list.uri"),
    ("status-with-query", _status(uri=f"{BASE}?/status{URI.partition('/status')[2]}"), "status.status_list.uri"),
    ("cnf-text", {"cnf": "key"}, "cnf"),
    ("cnf-kid", {"cnf": {"kid": "x"}}, "cnf"),
    ("cnf-private", {"cnf": {"jwk": {**HOLDER_KEY.jwk, "d": DIGEST}}}, "cnf.jwk"),
    ("cnf-other-curve", {"cnf": {"jwk": {**HOLDER_KEY.jwk, "crv": "P-384"}}}, "cnf.jwk.crv"),
    ("cnf-not-on-the-curve", {"cnf": {"jwk": {**HOLDER_KEY.jwk, "x": DIGEST}}}, "cnf.jwk"),
    ("sd-alg-sha-512", {"_sd_alg": "sha-512"}, "_sd_alg"),
    ("slots-object", {"slots": {}}, "slots"),
    ("slots-empty", {"slots": []}, "slots"),
    ("slots-number", {"slots": ["document", "identifier", 5]}, "slots"),
    ("slots-upper-case", {"slots": ["document", "identifier", "Use"]}, "slots"),
    ("slots-comma", {"slots": ["document", "identifier,use"]}, "slots"),
    ("slots-twice", {"slots": ["document", "identifier", "use", "use"]}, "slots"),
    ("slots-without-identifier", {"slots": ["document", "use"]}, "slots"),
    ("slots-without-document", {"slots": ["identifier", "use"]}, "slots"),
    ("fields-list", {"fields": []}, "fields"),
    ("fields-open-member", {"fields": {"_sd": [DIGEST], "use": "x"}}, "fields"),
    ("fields-fewer-than-slots", {"fields": {"_sd": [DIGEST]}}, "fields._sd"),
    (
        "fields-not-sorted",
        {"slots": ["document", "identifier"], "fields": {"_sd": ["B" + "A" * 42, DIGEST]}},
        "fields._sd",
    ),
    ("fields-twice", {"slots": ["document", "identifier"], "fields": {"_sd": [DIGEST, DIGEST]}}, "fields._sd"),
    (
        "fields-stray-bits",
        {"slots": ["document", "identifier"], "fields": {"_sd": [DIGEST, "A" * 42 + "B"]}},
        "fields._sd[1]",
    ),
)
