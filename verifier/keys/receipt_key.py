"""The receipt key of a process that answers: `api` and `office` have one each. Nobody else imports this."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from ecert.jwks import KeySet
from verifier.keys.living_key import LivingKey
from verifier.keys.service_keys import ServiceKey, ServiceKeys


class Answerer(StrEnum):
    """The kinds of process that answer verifications, and so sign receipts and keep a record."""

    API = "api"
    OFFICE = "office"


RECEIPT_KEYS: Mapping[Answerer, ServiceKey] = MappingProxyType(
    {Answerer.API: ServiceKey.RECEIPT_API, Answerer.OFFICE: ServiceKey.RECEIPT_OFFICE}
)


def receipt_key(keys: ServiceKeys, process: Answerer) -> LivingKey:
    """Give the receipt key of a process; it is opened at its first use."""
    return LivingKey(keys, RECEIPT_KEYS[process])


def published_receipt_keys(keys: ServiceKeys) -> KeySet:
    """Give the public keys of all processes that sign receipts; raises like `ServiceKeys.published_here`."""
    return keys.published_here(*RECEIPT_KEYS.values())
