"""Where mutations are entered by name, and the choices that they share."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from ecert.suite import SigningKey
from tests.ecert.attacking import Attack, Mutation
from tests.ecert.specimens import (
    HOLDER_KEY,
    KEYS,
    OTHER_AGENCY,
    STRANGERS_KEY,
    Specimen,
    world,
)

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
MUTATIONS: dict[str, Mutation] = {}


def mutation(make: Callable[[Random, Specimen], Attack]) -> Mutation:
    """Enter a mutation under its name."""
    MUTATIONS[make.__name__] = make
    return make


def other(random: Random, specimen: Specimen, *, same_type: bool = False) -> Specimen:
    """Choose another certificate."""
    among = [
        each
        for each in world().specimens
        if each is not specimen and (not same_type or each.certificate_type is specimen.certificate_type)
    ]
    return random.choice(among)


def some_key(random: Random, specimen: Specimen) -> SigningKey:
    """Choose a key to sign with: the agency's own, another agency's, the holder's, a stranger's."""
    return random.choice([specimen.key, KEYS[OTHER_AGENCY], HOLDER_KEY, STRANGERS_KEY])
