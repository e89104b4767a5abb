"""Bytes changed with no regard for what they say."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.ecert.attacking import Attack, Parts
from tests.ecert.mutations.entered import BASE64URL, mutation, other
from tests.ecert.specimens import (
    Specimen,
)


@mutation
def flipped_bits(random: Random, specimen: Specimen) -> Attack:
    data = bytearray(specimen.file)
    for _ in range(random.choice([1, 1, 1, 2, 5])):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return Attack(data=bytes(data))


@mutation
def flipped_bits_in_the_compact_form(random: Random, specimen: Specimen) -> Attack:
    data = bytearray(specimen.signed.compact().encode())
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return Attack(data=bytes(data))


@mutation
def spliced_bytes(random: Random, specimen: Specimen) -> Attack:
    start, length = random.randrange(len(specimen.file)), random.randrange(1, 40)
    source = random.choice([specimen.file, other(random, specimen).file, random.randbytes(100), b" \n\t" * 20])
    begin = random.randrange(len(source))
    cut = random.choice([0, length, random.randrange(40)])
    return Attack(data=specimen.file[:start] + source[begin : begin + length] + specimen.file[start + cut :])


@mutation
def cut_off(random: Random, specimen: Specimen) -> Attack:
    return Attack(data=specimen.file[: random.randrange(len(specimen.file))])


@mutation
def exchanged_characters(random: Random, specimen: Specimen) -> Attack:
    text = list(specimen.file.decode())
    at = [index for index, character in enumerate(text) if character in BASE64URL]
    first, second = random.sample(at, 2)
    text[first], text[second] = text[second], text[first]
    return Attack(data="".join(text).encode())


@mutation
def loosened_base64url(random: Random, specimen: Specimen) -> Attack:
    parts = Parts(specimen)
    holder: Any = random.choice([parts.whole, parts.disclosures, parts.path])
    at: Any = random.choice(list(holder)) if isinstance(holder, dict) else random.randrange(len(holder))
    text: str = holder[at]
    holder[at] = random.choice(
        [
            text + "=" * random.randrange(1, 3),
            text + random.choice(["\n", " ", "A", "AA"]),
            text[:-1] + random.choice(BASE64URL),
            text.replace("-", "+").replace("_", "/"),
            f"{text[:9]}\n{text[9:]}",
        ]
    )
    return parts.attack()
