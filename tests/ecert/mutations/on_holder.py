"""The holder's proof of possession, which the relying party demands and attackers lack."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from ecert import key_binding
from ecert.demands import Challenge, Demands
from tests.ecert.attacking import CHALLENGE, HOLDER_ASKED, Attack, Parts
from tests.ecert.mutations.entered import BASE64URL, mutation, other
from tests.ecert.specimens import (
    HOLDER_KEY,
    NOW,
    STRANGERS_KEY,
    Specimen,
)


def _bound(random: Random, specimen: Specimen) -> Parts:
    """Present a certificate as its holder would, with the proof; some of its fields, in some order."""
    parts = Parts(specimen)
    parts.disclosures = random.sample(parts.disclosures, random.randrange(1, len(parts.disclosures) + 1))
    presented = "~".join([specimen.signed.jwt, *parts.disclosures, ""])
    parts.key_binding = key_binding.create(presented, CHALLENGE, iat=NOW, key=HOLDER_KEY)
    return parts


@mutation
def holders_proof_as_it_should_be(random: Random, specimen: Specimen) -> Attack:
    """No attack: VALID where the certificate names the holder's key and shows what is essential."""
    return _bound(random, specimen).attack(HOLDER_ASKED)


@mutation
def holders_proof_stripped(random: Random, specimen: Specimen) -> Attack:
    parts = _bound(random, specimen)
    parts.key_binding = None
    return parts.attack(HOLDER_ASKED)


@mutation
def holders_proof_of_another_presentation(random: Random, specimen: Specimen) -> Attack:
    parts, source = _bound(random, specimen), _bound(random, random.choice([specimen, other(random, specimen)]))
    parts.key_binding = source.key_binding
    return parts.attack(HOLDER_ASKED)


@mutation
def more_shown_than_the_holder_bound(random: Random, specimen: Specimen) -> Attack:
    parts = _bound(random, specimen)
    hidden = [each for each in specimen.whole["header"]["disclosures"] if each not in parts.disclosures]
    random.shuffle(parts.disclosures)
    parts.disclosures.extend(hidden[:2])
    return parts.attack(HOLDER_ASKED)


@mutation
def holders_proof_by_another(random: Random, specimen: Specimen) -> Attack:
    """Another key, nonce, audience or time, or a bit of it flipped."""
    parts = _bound(random, specimen)
    presented = "~".join([specimen.signed.jwt, *parts.disclosures, ""])
    key = random.choice([HOLDER_KEY, STRANGERS_KEY, specimen.key])
    challenge = random.choice([CHALLENGE, replace(CHALLENGE, nonce="x"), Challenge(nonce=CHALLENGE.nonce, audience="")])
    iat = NOW + random.choice([0, 301, -301, -86_400, 10**9])
    binding = key_binding.create(presented, challenge, iat=iat, key=key)
    if (key, challenge, iat) == (HOLDER_KEY, CHALLENGE, NOW):
        at = random.randrange(len(binding))
        binding = binding[:at] + random.choice(BASE64URL + ".~=") + binding[at + 1 :]
    parts.key_binding = binding
    return parts.attack(HOLDER_ASKED)


@mutation
def holders_proof_for_another_verifier(random: Random, specimen: Specimen) -> Attack:
    demanded = Challenge(nonce=random.choice(["", "n", CHALLENGE.nonce]), audience="https://else.example")
    return _bound(random, specimen).attack(Demands(key_binding=demanded))
