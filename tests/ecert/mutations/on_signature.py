"""The signature, the header it is over, and names that stand twice in what is signed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any

from ecert import base64url
from tests.ecert.attacking import Attack, Parts, encoded
from tests.ecert.mutations.entered import mutation, other, some_key
from tests.ecert.specimens import (
    HOLDER_KEY,
    KEYS,
    OTHER_AGENCY,
    STRANGERS_KEY,
    Specimen,
)

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256: where (r, s) is a signature, (r, ORDER - s) is one too."""
_HALF = 32


@mutation
def resigned_by_another_key(random: Random, specimen: Specimen) -> Attack:
    """Nothing changed but the key; `sign_jws` names it, or the header goes on naming the agency's."""
    parts = Parts(specimen)
    key = random.choice([KEYS[OTHER_AGENCY], HOLDER_KEY, STRANGERS_KEY])
    parts.sign(key)
    if random.random() < 1 / 2:
        parts.whole["protected"] = specimen.whole["protected"]
        message = f"{parts.whole['protected']}.{parts.whole['payload']}".encode()
        parts.whole["signature"] = base64url.encode(key.sign(message))
    return parts.attack()


@mutation
def resigned_by_its_own_key(random: Random, specimen: Specimen) -> Attack:
    """A thief of the key signs again: another header order, or a claim that changes little."""
    parts = Parts(specimen)
    header = random.choice([encoded({"typ": "dc+sd-jwt", **specimen.protected}), encoded(specimen.protected)])
    claims = {**specimen.payload, "iat": specimen.payload["iat"] + random.randrange(1, 9)}
    message = f"{header}.{encoded(claims)}"
    parts.put_jwt(f"{message}.{base64url.encode(specimen.key.sign(message.encode()))}")
    return parts.attack()


@mutation
def other_half_of_the_signature(random: Random, specimen: Specimen) -> Attack:
    """(r, n - s) verifies with the same key: the leaf tells the two apart. And signatures that must never verify."""
    parts = Parts(specimen)
    raw = base64url.decode(parts.whole["signature"])
    r, s = raw[:_HALF], raw[_HALF:]
    turned = (ORDER - int.from_bytes(s, "big")).to_bytes(_HALF, "big")
    zero, order = bytes(_HALF), ORDER.to_bytes(_HALF, "big")
    parts.whole["signature"] = base64url.encode(
        random.choice([r + turned, s + r, zero + zero, order + order, zero + s, r + zero, r + s + b"\0", raw[1:], r])
    )
    return parts.attack()


@mutation
def parts_of_another(random: Random, specimen: Specimen) -> Attack:
    parts, source = Parts(specimen), other(random, specimen)
    for name in random.choice([["signature"], ["payload"], ["protected"], ["payload", "signature"]]):
        parts.whole[name] = source.whole[name]
    if random.random() < 1 / 2:
        parts.path = list(source.whole["header"]["ecert"]["path"])
    return parts.attack()


@mutation
def other_header(random: Random, specimen: Specimen) -> Attack:
    """Algorithms that sign nothing or with what everybody has, keys that come along, members that nobody knows."""
    parts = Parts(specimen)
    changed: dict[str, Any] = random.choice(
        [
            {"alg": random.choice(["none", "None", "HS256", "ES256K", "ES384", "RS256", "es256", ""])},
            {"typ": random.choice(["JWT", "vc+sd-jwt", "kb+jwt", None])},
            {"jwk": STRANGERS_KEY.jwk},
            {"kid": base64url.encode(STRANGERS_KEY.kid)},
            {"x5c": ["AAAA"]},
            {"crit": ["exp"], "exp": 1},
            {"b64": False},
        ]
    )
    protected = encoded({**specimen.protected, **changed})
    signer = some_key(random, specimen)
    message = f"{protected}.{parts.whole['payload']}"
    signature = random.choice([base64url.encode(signer.sign(message.encode())), "", parts.whole["signature"]])
    parts.put_jwt(f"{message}.{signature}")
    return parts.attack()


@mutation
def duplicated_names(random: Random, specimen: Specimen) -> Attack:
    """A name twice in the file, the claims, the header or a value: two readers could read two certificates."""
    parts = Parts(specimen)
    where = random.choice(["file", "protected", "payload", "disclosure"])
    if where == "file":
        text = json.dumps(parts.object())
        name = random.choice(list(specimen.whole))
        twice = json.dumps({name: random.choice([specimen.whole[name], other(random, specimen).whole[name]])})[1:-1]
        return Attack(data=random.choice([f"{{{twice},{text[1:]}", f"{text[:-1]},{twice}}}"]).encode())
    if where == "disclosure":
        at = random.randrange(len(parts.disclosures))
        salt, name, _ = specimen.contents[at]
        parts.disclosures[at] = base64url.encode(f'["{salt}","{name}",{{"a":1,"a":2}}]'.encode())
        return parts.attack()
    content: Mapping[str, Any] = getattr(specimen, where)
    text, name = json.dumps(content), random.choice(list(content))
    parts.whole[where] = base64url.encode(f"{text[:-1]},{json.dumps(name)}:{json.dumps(content[name])}}}".encode())
    message = f"{parts.whole['protected']}.{parts.whole['payload']}"
    parts.whole["signature"] = base64url.encode(specimen.key.sign(message.encode()))
    return parts.attack()
