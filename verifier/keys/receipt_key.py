"""The receipt key of a process that answers: `api` and `office` have one each. Nobody else imports this."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from verifier.keys.living_key import LivingKey
from verifier.keys.service_keys import ServiceKey, ServiceKeys


class Answering(StrEnum):
    """The kinds of process that answer verifications, and so sign receipts and keep a record."""

    API = "api"
    OFFICE = "office"


RECEIPT_KEYS: Mapping[Answering, ServiceKey] = MappingProxyType(
    {Answering.API: ServiceKey.RECEIPT_API, Answering.OFFICE: ServiceKey.RECEIPT_OFFICE}
)


def receipt_key(keys: ServiceKeys, process: Answering) -> LivingKey:
    """Give the receipt key of a process; it is opened at its first use."""
    return LivingKey(keys, RECEIPT_KEYS[process])
