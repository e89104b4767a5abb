"""Our contracts on one chain: where they are and what they are.

`deployment.json` says which chain and which contracts to work with. It is trusted as a setting is: who can change it
can point us to other contracts. What it says is compared with the chain at every start, and the indexer pins what it
found at the first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

from chain.answers import to_hex
from chain.errors import DeploymentFailed
from ecert.agency import ledger_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One chain and the contracts on it. `block`: the first that can have an event of theirs."""

    chain_id: int
    genesis: bytes
    access_manager: bytes
    registry: bytes
    ledger: bytes
    registry_instance: bytes
    ledger_instance: bytes
    block: int

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

    def save(self, path: Path) -> None:
        """Write it as JSON, whole or not at all."""
        said = {one.name: _written(getattr(self, one.name)) for one in fields(self)}
        partial = path.with_name(path.name + ".partial")
        partial.write_text(json.dumps(said, indent=2) + "\n", "utf-8")
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Deployment:
        """Read what `save` wrote; `DeploymentFailed` says what is wrong with it."""
        try:
            said = json.loads(path.read_text("utf-8"))
            return cls(
                chain_id=int(said["chain_id"]),
                genesis=_read(said["genesis"]),
                access_manager=_read(said["access_manager"]),
                registry=_read(said["registry"]),
                ledger=_read(said["ledger"]),
                registry_instance=_read(said["registry_instance"]),
                ledger_instance=_read(said["ledger_instance"]),
                block=int(said["block"]),
            )
        except FileNotFoundError as error:
            raise DeploymentFailed(f"{path} is not there: the contracts have not been deployed yet") from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
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


def _written(value: bytes | int) -> str | int:
    return to_hex(value) if isinstance(value, bytes) else value


def _read(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
