"""The journal of a deployment: what was decided and signed, on the disk before any node sees it.

A deployment that was cut off goes on from it: the contracts' addresses follow from the first nonce, and bytes that were
signed once are sent again as they are. It holds nothing secret. Who changes it can make us believe that other
contracts are ours, which the comparison of their code and instances at the end would tell.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from chain.answers import to_hex
from chain.deployment import Deployment, flaw
from chain.errors import DeploymentFailed
from chain.transaction import SignedTransaction
from chain.whole_files import replace_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """What is to be founded, as it was asked for; a journal goes on only for the very same.

    Attributes:
        admin_delay: seconds until what an agency's admin adds becomes active.
        registrar: who gets that role.
        guardian: who gets that role.
        predecessor: whose ledger the new one follows, or None; access manager and registry are then its own.
        retire: whether the predecessor is retired in favour of the new ledger.
    """

    admin_delay: int
    registrar: bytes
    guardian: bytes
    predecessor: Deployment | None = None
    retire: bool = False

    def to_json(self) -> dict[str, str | int | None]:
        """Give it as JSON."""
        return {
            "admin_delay": self.admin_delay,
            "registrar": to_hex(self.registrar),
            "guardian": to_hex(self.guardian),
            "predecessor": None if self.predecessor is None else to_hex(self.predecessor.ledger),
            "retire": self.retire,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """A deployment under way: on which chain, by whom, from which nonce and block, and what was signed so far."""

    path: Path
    chain_id: int
    genesis: bytes
    bureau: bytes
    first_nonce: int
    block: int
    charter: Charter
    signed: tuple[SignedTransaction, ...] = field(default=())

    def with_signed(self, signed: SignedTransaction) -> Journal:
        """Add the next transaction; it is on the disk when this returns."""
        longer = replace(self, signed=(*self.signed, signed))
        longer.write()
        return longer

    def write(self) -> None:
        """Write it, whole or not at all, and make it durable."""
        said = {
            "chain_id": self.chain_id,
            "genesis": to_hex(self.genesis),
            "bureau": to_hex(self.bureau),
            "first_nonce": self.first_nonce,
            "block": self.block,
            "charter": self.charter.to_json(),
            "signed": [{"raw": to_hex(one.raw), "hash": to_hex(one.hash)} for one in self.signed],
        }
        replace_file(self.path, json.dumps(said, indent=2))

    @classmethod
    def read(cls, path: Path, charter: Charter) -> Journal | None:
        """Read the journal of a deployment under way; None where there is none.

        Raises:
            DeploymentFailed: it cannot be read, or something else was asked for when it was begun.
        """
        try:
            said = json.loads(path.read_text("utf-8"))
            _compare(path, said["charter"], charter)
            return cls(
                path=path,
                chain_id=int(said["chain_id"]),
                genesis=_bytes(said["genesis"]),
                bureau=_bytes(said["bureau"]),
                first_nonce=int(said["first_nonce"]),
                block=int(said["block"]),
                charter=charter,
                signed=tuple(
                    SignedTransaction(raw=_bytes(one["raw"]), hash=_bytes(one["hash"])) for one in said["signed"]
                ),
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DeploymentFailed(f"{path} is no journal of a deployment: {flaw(error)}; move it away") from error


def _compare(path: Path, begun: Mapping[str, object], charter: Charter) -> None:
    asked = charter.to_json().items()
    differences = [f"{name} was {begun.get(name)}, now {now}" for name, now in asked if begun.get(name) != now]
    if differences:
        raise DeploymentFailed(
            f"another deployment was begun here ({'; '.join(differences)}): finish that one with what was asked for"
            f" then, or move {path} away to give it up"
        )


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
