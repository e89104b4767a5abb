"""The evidence that a certificate's file carries (section 7): put into it, or looked past.

It stands outside of what is signed, so a file with it is the same certificate. Whether it proves anything is not judged
here: that takes a chain's headers and receipts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ecert import strict_json
from ecert.certificate import Value
from ecert.errors import MalformedCertificate
from ecert.parsing import MAX_SIZE, parse


def with_evidence(file: bytes, evidence: Mapping[str, Value]) -> bytes:
    """Write a file again with this evidence, in the place of what it may have had; all else in it stays.

    Raises `MalformedCertificate` for what is no file form, the compact form included, or too large with the evidence.
    """
    if parse(file).path is None:
        raise MalformedCertificate("certificate", "its compact form has no place for evidence; a file has")
    whole = cast("dict[str, dict[str, dict[str, Value]]]", strict_json.loads(file.decode(), "certificate"))
    whole["header"]["ecert"]["evidence"] = dict(evidence)
    written = strict_json.canonical(cast("Value", whole)).encode()
    if len(written) > MAX_SIZE:
        raise MalformedCertificate("certificate", f"larger than {MAX_SIZE} bytes with its evidence")
    return written


def differs_in_evidence_alone(file: bytes, due: bytes) -> bool:
    """Tell whether a file is the one that is due, byte by byte, or that one with evidence in it."""
    if file == due:
        return True
    try:
        evidence = parse(file).evidence
        return evidence is not None and with_evidence(due, evidence) == file
    except MalformedCertificate:
        return False
