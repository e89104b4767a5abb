"""What travels outside the signature, where nobody answers for it."""

from __future__ import annotations

import json
from random import Random

from tests.ecert.attacking import Attack, Parts
from tests.ecert.mutations.entered import mutation
from tests.ecert.specimens import (
    Specimen,
)


@mutation
def evidence_that_is_none(random: Random, specimen: Specimen) -> Attack:
    """VALID goes on being right: this ledger is asked directly, evidence of any kind changes nothing."""
    whole = Parts(specimen).object()
    whole["header"]["ecert"]["evidence"] = random.choice([{}, {"header": "AAAA"}, {"receipt": {"index": 1}}, [], "x"])
    return Attack(data=json.dumps(whole, indent=random.choice([None, 1])).encode())


@mutation
def unknown_members(random: Random, specimen: Specimen) -> Attack:
    whole = Parts(specimen).object()
    place = random.choice([whole, whole["header"], whole["header"]["ecert"]])
    place[random.choice(["first_serial", "count", "signatures", "kid", "unprotected", "Path"])] = random.choice([1, []])
    return Attack(data=json.dumps(whole).encode())
