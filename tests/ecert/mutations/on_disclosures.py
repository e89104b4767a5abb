"""Disclosures swapped, doubled, renamed, written otherwise: no field may show what its agency did not sign."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from ecert import base64url
from tests.ecert.attacking import Attack, Parts, encoded
from tests.ecert.mutations.entered import mutation, other
from tests.ecert.specimens import (
    Specimen,
)


@mutation
def swapped_disclosures(random: Random, specimen: Specimen) -> Attack:
    parts, source = Parts(specimen), other(random, specimen, same_type=True)
    parts.disclosures = list(source.whole["header"]["disclosures"])
    return parts.attack()


@mutation
def one_swapped_disclosure(random: Random, specimen: Specimen) -> Attack:
    parts, source = Parts(specimen), other(random, specimen, same_type=True)
    at = random.randrange(len(parts.disclosures))
    parts.disclosures[at] = source.whole["header"]["disclosures"][at]
    return parts.attack()


@mutation
def second_disclosure_for_a_slot(random: Random, specimen: Specimen) -> Attack:
    parts, source = Parts(specimen), other(random, specimen, same_type=True)
    at = random.randrange(len(parts.disclosures))
    salt, name, value = specimen.contents[at]
    second = random.choice(
        [
            source.whole["header"]["disclosures"][at],
            parts.disclosures[at],
            encoded([salt, name, "other"]),
            encoded([source.contents[at][0], name, value]),
        ]
    )
    parts.disclosures.insert(random.randrange(len(parts.disclosures) + 1), second)
    return parts.attack()


@mutation
def disclosure_under_another_slots_name(random: Random, specimen: Specimen) -> Attack:
    parts = Parts(specimen)
    first, second = random.sample(range(len(parts.disclosures)), 2)
    salt, _, value = specimen.contents[first]
    parts.disclose(first, [salt, specimen.contents[second][1], value])
    if random.random() < 1 / 2:
        del parts.disclosures[second]
    return parts.attack()


@mutation
def exchanged_values(random: Random, specimen: Specimen) -> Attack:
    parts = Parts(specimen)
    first, second = random.sample(range(len(parts.disclosures)), 2)
    (salt, name, value), (other_salt, other_name, other_value) = specimen.contents[first], specimen.contents[second]
    parts.disclose(first, [salt, name, other_value])
    parts.disclose(second, [other_salt, other_name, value])
    return parts.attack()


@mutation
def changed_value(random: Random, specimen: Specimen) -> Attack:
    parts = Parts(specimen)
    at = random.randrange(len(parts.disclosures))
    salt, name, value = specimen.contents[at]
    changed: Any = random.choice([None, "", f"{value} ", "另一人", [], {}, 7, True, [value], {"_sd": []}, {"...": "x"}])
    parts.disclose(at, random.choice([[salt, name, changed], [salt, name, value, None], [salt, value], [name, salt]]))
    return parts.attack()


@mutation
def disclosure_written_otherwise(random: Random, specimen: Specimen) -> Attack:
    """The same salt, name and value in other JSON: another text, so another digest."""
    parts = Parts(specimen)
    at = random.randrange(len(parts.disclosures))
    text = random.choice([json.dumps(specimen.contents[at]), json.dumps(specimen.contents[at], indent=1)])
    parts.disclosures[at] = base64url.encode(text.encode())
    return parts.attack()


@mutation
def disclosure_of_no_slot(random: Random, specimen: Specimen) -> Attack:
    parts = Parts(specimen)
    name = random.choice(["valid_until", "status", "a", "holder", "_sd", "..."])
    parts.disclosures.append(encoded([specimen.contents[0][0], name, "2099-01-01"]))
    return parts.attack()


@mutation
def fewer_disclosures(random: Random, specimen: Specimen) -> Attack:
    """No attack, but what holders do: VALID as long as what is essential is shown."""
    parts = Parts(specimen)
    parts.disclosures = random.sample(parts.disclosures, random.randrange(len(parts.disclosures) + 1))
    return parts.attack()
