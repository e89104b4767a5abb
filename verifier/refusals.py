"""What the contracts' refusals mean, said to a person, with the values that the contract named."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from chain.errors import CallReverted
from verifier.times import shown

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "AccessManagedUnauthorized": "the key {caller} does not have the role for this: the registrar admits and"
        " accredits agencies, the guardian puts them in doubt",
        "AgencyAlreadyRegistered": "{agency} is registered already",
        "AgencyInDoubt": "{agency} is in doubt since {doubtSince}: lift the doubt first",
        "AgencyIsSuspended": "{agency} is suspended",
        "CompromiseMovedLater": "the key {kid} of {agency} is compromised since {compromisedSince}; that can only move"
        " earlier, not to {requested}",
        "DoubtMovedLater": "{agency} is in doubt since {doubtSince}; that can only move earlier, not to {requested}",
        "InvalidAccount": "{account} is no address that anybody could have",
        "InvalidAgencyCode": "{agency} is no agency code",
        "InvalidCertificateType": "{certificateType} cannot be a certificate type",
        "InvalidNameLength": "an agency's name has 1 to 256 bytes, this one has {length}",
        "InvalidPeriod": "a period from {from} until {until} is empty or over",
        "InvalidPublicKeyLength": "a public key has 1 to 4,096 bytes, this one has {length}",
        "InvalidPurposes": "there are no purposes {purposes}",
        "InvalidTime": "{time} is later than the chain's time, {now_}",
        "KeyAlreadyAdded": "{agency} has the key {kid} already, or has retired or revoked it: make another key",
        "NotAgencyAdmin": "the key {caller} does not administer {agency}",
        "UnknownAgency": "{agency} is not registered",
        "UnknownKey": "{agency} has no key {kid}",
    }
)
"""The error's name -> the sentence, with the error's values by name."""

_TIMES = frozenset({"doubtSince", "compromisedSince", "requested", "time", "now_", "from", "until"})


def say(error: CallReverted) -> str:
    """Give the sentence for a refusal; the bare error where there is none."""
    sentence = SENTENCES.get(error.reason)
    if sentence is None:
        return f"the contract refused: {error}"
    values = {
        name: shown(value) if name in _TIMES and isinstance(value, int) else value
        for name, value in error.values.items()
    }
    try:
        return sentence.format_map(values)
    except KeyError:
        return f"the contract refused: {error}"
