"""The key of access tokens, for the processes that give tokens out and check them. Nobody else imports this."""

from __future__ import annotations

from verifier.keys.living_key import LivingKey
from verifier.keys.service_keys import ServiceKey, ServiceKeys


def token_key(keys: ServiceKeys) -> LivingKey:
    """Give the key of access tokens; it is opened at its first use."""
    return LivingKey(keys, ServiceKey.ACCESS_TOKEN)
