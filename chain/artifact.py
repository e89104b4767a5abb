"""A compiled contract, from `chain/abi/`: how its functions, events and errors are written in bytes.

The artifacts are made by `scripts/compile_contracts` and committed; who changes one changes what we send, so CI
compiles them again and compares.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

from chain.errors import NodeInconsistent

Name = Literal["AccessManager", "AgencyRegistry", "CertificateLedger"]
"""The contracts that we know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter: its name, its ABI type (`uint64[]`, `(string,address)`), and whether an event keeps it as topic."""

    name: str
    type: str
    indexed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A function, event or error: its name, the hash of its signature, what goes in, and what comes out."""

    name: str
    hash: bytes
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...] = ()

    @property
    def selector(self) -> bytes:
        """The first four bytes, by which functions and errors are told apart."""
        return self.hash[:4]

    def encode(self, *values: object) -> bytes:
        """Write a call of this function."""
        return self.selector + encode([one.type for one in self.inputs], values)

    def decode_output(self, data: bytes) -> tuple[Any, ...]:
        """Read what this function returned; `NodeInconsistent` for what it cannot return."""
        return decode_parameters(self.outputs, data, self.name)

    def decode_input(self, data: bytes) -> dict[str, Any]:
        """Read the values of this error, or of a call, from what follows the selector."""
        values = decode_parameters(self.inputs, data, self.name)
        return {one.name: value for one, value in zip(self.inputs, values, strict=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A contract: functions by name, events by topic, errors by selector.

    `code_hash` is that of the deployed code with zeros in the ranges (start, length) of `immutables`, where each
    deployment has its own values.
    """

    name: str
    bytecode: bytes
    code_hash: bytes
    immutables: tuple[tuple[int, int], ...]
    constructor: tuple[Parameter, ...]
    functions: Mapping[str, Entry]
    events: Mapping[bytes, Entry]
    errors: Mapping[bytes, Entry]

    def is_code(self, code: bytes) -> bool:
        """Tell whether this is the deployed code of this contract, whatever its immutable values."""
        bare = bytearray(code)
        for start, length in self.immutables:
            bare[start : start + length] = bytes(length)
        return keccak(bytes(bare)) == self.code_hash

    def creation(self, *values: object) -> bytes:
        """Write the data of the transaction that deploys this contract."""
        return self.bytecode + encode([one.type for one in self.constructor], values)


def decode_parameters(parameters: Sequence[Parameter], data: bytes, what: str) -> tuple[Any, ...]:
    """Read values; `NodeInconsistent` when `data` does not hold them."""
    try:
        return decode([one.type for one in parameters], data)
    except (DecodingError, UnicodeDecodeError, OverflowError) as error:
        raise NodeInconsistent(f"{what}: {len(data)} bytes that do not say what they should: {error}") from error


@cache
def artifact(name: Name) -> Artifact:
    """Read a contract's artifact."""
    made = json.loads(files("chain").joinpath("abi", f"{name}.json").read_text("utf-8"))
    abi: list[dict[str, Any]] = made["abi"]
    entries = {kind: [_entry(one) for one in abi if one["type"] == kind] for kind in ("function", "event", "error")}
    return Artifact(
        name=name,
        bytecode=bytes.fromhex(made["bytecode"].removeprefix("0x")),
        code_hash=bytes.fromhex(made["deployed"]["keccak256"].removeprefix("0x")),
        immutables=tuple(
            (start, length) for ranges in made["deployed"]["immutables"].values() for start, length in ranges
        ),
        constructor=next((_parameters(one["inputs"]) for one in abi if one["type"] == "constructor"), ()),
        functions={one.name: one for one in entries["function"]},
        events={one.hash: one for one in entries["event"]},
        errors={one.selector: one for one in entries["error"]},
    )


def _entry(said: Mapping[str, Any]) -> Entry:
    inputs = _parameters(said["inputs"])
    signature = f"{said['name']}({','.join(one.type for one in inputs)})"
    return Entry(
        name=said["name"],
        hash=keccak(signature.encode()),
        inputs=inputs,
        outputs=_parameters(said.get("outputs", [])),
    )


def _parameters(said: Sequence[Mapping[str, Any]]) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=one["name"], type=_type(one), indexed=one.get("indexed", False)) for one in said)


def _type(said: Mapping[str, Any]) -> str:
    kind: str = said["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_type(one) for one in said['components'])}){kind.removeprefix('tuple')}"
