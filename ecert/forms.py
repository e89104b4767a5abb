"""The two forms in which a certificate travels, written: compact (`~`), and the file (`*.ecert.json`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ecert import base64url, strict_json
from ecert.certificate import Value


def write_compact(jwt: str, disclosures: Sequence[str]) -> str:
    """Write the compact form: the JWT and each disclosure, `~` after every one; no path, no key binding."""
    return "~".join((jwt, *disclosures, ""))


def write_file(
    jwt: str, disclosures: Sequence[str], path: Sequence[bytes], evidence: Mapping[str, Value] | None = None
) -> bytes:
    """Write the file form, flattened JSON serialization of RFC 9901, as RFC 8785 orders it.

    What stands in it is base64url, so nothing needs escaping; `evidence` alone is any JSON.
    """
    protected, payload, signature = jwt.split(".")
    shown = '","'.join(disclosures)
    nodes = '","'.join(base64url.encode_each(b"".join(path), base64url.DIGEST_SIZE))
    proof = "" if evidence is None else f'"evidence":{strict_json.canonical(dict(evidence))},'
    ecert = f'{{{proof}"path":[{_quoted(nodes)}]}}'
    header = f'{{"disclosures":[{_quoted(shown)}],"ecert":{ecert}}}'
    parts = f'"payload":"{payload}","protected":"{protected}","signature":"{signature}"'
    return f'{{"header":{header},{parts}}}'.encode()


def _quoted(joined: str) -> str:
    return f'"{joined}"' if joined else ""
