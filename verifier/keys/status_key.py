"""The key of status list tokens: for the indexer, which faces no network. Nobody else imports this."""

from __future__ import annotations

from verifier.keys.living_key import LivingKey
from verifier.keys.service_keys import ServiceKey, ServiceKeys


def status_key(keys: ServiceKeys) -> LivingKey:
    """Give the key of status lists; it is opened at its first use."""
    return LivingKey(keys, ServiceKey.STATUS)
