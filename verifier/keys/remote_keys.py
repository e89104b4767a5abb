"""Ledger keys that a signing service keeps, in the place of key files: the settings name the service and the addresses.

Trust: as of `chain.remote_signer`. The address of the service may hold what lets us in: only its host is ever told.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from chain.answers import to_hex
from chain.remote_signer import RemoteSigner
from verifier.faults import KeyringError


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteKeys:
    """The keys `addresses` (20 bytes each) of the service at `url`; none where `url` is None."""

    url: str | None = None
    addresses: frozenset[bytes] = frozenset()

    @classmethod
    def of(cls, url: str | None, addresses: Collection[str], folder: Path) -> RemoteKeys:
        """Take what the settings name (`signer_url`, `signer_keys`); `folder`: where key files are.

        Raises:
            KeyringError: a key lies in a file, too: nobody could tell which of the two signs.
        """
        found = cls(url=url, addresses=frozenset(bytes.fromhex(each.removeprefix("0x")) for each in addresses))
        twice = [path for path in _key_files(folder) if found.addresses and _address_in(path) in found.addresses]
        if twice:
            raise KeyringError(
                f"{', '.join(map(str, twice))}: a key that signer_keys names as well. Move the file away, or take its"
                " address out of signer_keys"
            )
        return found

    def signer(self, address: bytes) -> RemoteSigner:
        """Give the signer of a key.

        Raises:
            KeyringError: the settings do not name it.
        """
        self.assure(address)
        return RemoteSigner(self.url or "", address)

    def assure(self, address: bytes) -> None:
        """See that the settings name a key; raises `KeyringError` where they do not."""
        if address not in self.addresses:
            raise KeyringError(
                f"{to_hex(address)} is not among signer_keys: name the signing service and its keys in the settings"
            )

    def signers(self) -> list[RemoteSigner]:
        """Give the signers of all keys."""
        return [self.signer(address) for address in sorted(self.addresses)]


def _key_files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.json"), *folder.glob("*/*.json")])


def _address_in(path: Path) -> bytes | None:
    """Give the address that a key file tells; None of what is none, or not for us to read."""
    try:
        return bytes.fromhex(json.loads(path.read_text("utf-8"))["address"].removeprefix("0x"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
