"""Our contracts on one chain: where they are and what they are.

`deployment.json` says which chain and which contracts to work with. It is trusted as a setting is: who can change it
can point us to other contracts. What it says is compared with the chain at every start, and the indexer pins what it
found at the first.

A ledger that follows another one has that one's deployment within its own, and so on back to the first: what was
anchored there is still good.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from chain.answers import to_hex
from chain.errors import DeploymentFailed
from chain.whole_files import replace_file
from ecert.agency import ledger_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One chain and the contracts on it. `block`: the first that can have an event of theirs.

    `predecessor`: the deployment of the ledger that this one follows, on the same chain and registry.
    """

    chain_id: int
    genesis: bytes
    access_manager: bytes
    registry: bytes
    ledger: bytes
    registry_instance: bytes
    ledger_instance: bytes
    block: int
    predecessor: Deployment | None = None

    @property
    def name(self) -> str:
        """The ledger's CAIP-10 name."""
        return ledger_name(self.chain_id, self.ledger)

    @property
    def chain(self) -> str:
        """The chain's CAIP-2 name."""
        return f"eip155:{self.chain_id}"

    @property
    def contracts(self) -> tuple[bytes, bytes]:
        """The addresses whose events count: registry, ledger."""
        return self.registry, self.ledger

    @property
    def succession(self) -> tuple[Deployment, ...]:
        """This one and those before it, the newest first."""
        return (self, *(() if self.predecessor is None else self.predecessor.succession))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of their ledgers, the newest first."""
        return tuple(each.name for each in self.succession)

    def of(self, ledger: str) -> Deployment:
        """Give the one of a ledger; this one where none is of it."""
        return next((each for each in self.succession if each.name == ledger), self)

    def save(self, path: Path) -> None:
        """Write it as JSON, whole or not at all, and make it durable."""
        replace_file(path, json.dumps(self._to_json(), indent=2) + "\n")

    def _to_json(self) -> dict[str, object]:
        said: dict[str, object] = {name: _written(getattr(self, name)) for name in _NAMES}
        return said if self.predecessor is None else {**said, "predecessor": self.predecessor._to_json()}  # noqa: SLF001

    @classmethod
    def load(cls, path: Path) -> Deployment:
        """Read what `save` wrote; `DeploymentFailed` says what is wrong with it."""
        try:
            return _deployment(json.loads(path.read_text("utf-8")), "")
        except FileNotFoundError as error:
            raise DeploymentFailed(f"{path} is not there: the contracts have not been deployed yet") from error
        except _Wrong as error:
            raise DeploymentFailed(f"{path} is no deployment: {error}") from error
        except (OSError, ValueError, RecursionError) as error:
            raise DeploymentFailed(f"{path} is no deployment: {flaw(error)}") from error


def flaw(error: Exception) -> str:
    """Say to a person what was wrong with a file of JSON that was read and looked through."""
    if isinstance(error, OSError):
        return f"it cannot be read: {error.strerror}"
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno} is not JSON"
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else "a value is not what it should be"


_NUMBERS = frozenset({"chain_id", "block"})
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})+", re.ASCII)
_NAMES = tuple(one.name for one in fields(Deployment) if one.name != "predecessor")
_SHARED = ("chain_id", "genesis", "access_manager", "registry", "registry_instance")
"""What a ledger has in common with the one that it follows."""


class _Wrong(ValueError):
    """What is wrong with a deployment, and where."""


def _written(value: bytes | int) -> str | int:
    return to_hex(value) if isinstance(value, bytes) else value


def _deployment(said: object, place: str) -> Deployment:
    if not isinstance(said, dict):
        raise _Wrong(f"{place or 'it'} is no object")
    before = said.get("predecessor")
    predecessor = None if before is None else _deployment(before, _within(place, "predecessor"))
    known: dict[str, Any] = {name: _value(said, name, place) for name in _NAMES}
    found = Deployment(**known, predecessor=predecessor)
    if predecessor is not None:
        _see_follows(found, predecessor, _within(place, "predecessor"))
    return found


def _see_follows(found: Deployment, predecessor: Deployment, place: str) -> None:
    for name in _SHARED:
        ours, theirs = getattr(found, name), getattr(predecessor, name)
        if ours != theirs:
            raise _Wrong(f"{_within(place, name)} is {_written(theirs)}, and that of what follows it {_written(ours)}")
    if found.name in predecessor.names:
        raise _Wrong(f"{place} is of the same ledger, {found.name}, as what follows it")


def _value(said: dict[str, object], name: str, place: str) -> bytes | int:
    where = _within(place, name)
    if name not in said:
        raise _Wrong(f"{where} is missing")
    value = said[name]
    if name in _NUMBERS and isinstance(value, int):
        return value
    if name not in _NUMBERS and isinstance(value, str) and _HEX.fullmatch(value):
        return bytes.fromhex(value.removeprefix("0x"))
    raise _Wrong(f"{where} cannot be {value!r}")


def _within(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
