"""The targets of `scripts/fuzz --parsers`, each with its good bytes and with some hundred spoiled ones."""

from __future__ import annotations

from random import Random

import pytest

from tests.ecert.parsers import PARSERS, Parser

SPOILED = 150
_OF_JSON = ("certificate", "claims", "disclosure", "receipt", "type_file", "facts", "strict_json")


def spoiled(random: Random, seed: bytes) -> bytes:
    """Spoil bytes as a fuzzer would that knows nothing of them."""
    data = bytearray(seed)
    for _ in range(random.choice([1, 1, 2, 8])):
        at, length = random.randrange(len(data) + 1), random.randrange(1, 9)
        data[at : at + random.choice([0, length])] = random.choice(
            [random.randbytes(length), data[:length], b"", b"[" * length, b'"', b"\\ud800", b"\xff", b"9" * length]
        )
    return bytes(data)


@pytest.mark.parametrize("name", PARSERS)
def test_good_bytes_are_good_to_begin_with(name: str) -> None:
    parser = PARSERS[name]
    assert all(parser.seeds())
    for seed in parser.seeds():
        parser.take(seed)


@pytest.mark.parametrize("name", PARSERS)
def test_any_bytes_are_read_or_refused_as_they_should_be(name: str) -> None:
    random = Random(name)  # noqa: S311
    seeds = PARSERS[name].seeds()
    for _ in range(SPOILED):
        PARSERS[name].take(spoiled(random, random.choice(seeds)))
        PARSERS[name].take(random.randbytes(random.randrange(200)))


@pytest.mark.parametrize(
    "name", ["certificate", "claims", "receipt", "type_file", "facts", "strict_json", "disclosure"]
)
@pytest.mark.parametrize("bracket", [b"[", b'{"a":', b'["'])
def test_deep_nesting_is_refused_at_once(name: str, bracket: bytes) -> None:
    PARSERS[name].take(bracket * 60_000)


def test_what_a_parser_may_not_raise_comes_through() -> None:
    broken = Parser(read=lambda data: data[9], refusals=(ValueError,), seeds=lambda: [b"x"])
    with pytest.raises(IndexError):
        broken.take(b"x")
