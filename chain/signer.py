"""Who signs for a ledger key. The key itself never leaves its signer.

A key file is the encrypted file of eth-account (Web3 Secret Storage 3), readable by its owner alone. Who has both the
file and its password can write to the ledger whatever the key's purposes on the registry allow, and nothing else; the
agency's admin takes the purposes away, and later removes the key.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from eth_typing import HexStr

from chain.errors import KeyFileUnreadable
from chain.recursion import limit_kept
from chain.transaction import DynamicFee, Fee, SignedTransaction, Transaction
from chain.whole_files import create_secret

with limit_kept():
    from eth_account import Account
    from eth_account.signers.local import LocalAccount
    from eth_account.types import AccessListEntry
    from eth_keyfile.exceptions import EthKeyfileException

SCRYPT_WORK = 2**17
"""The default cost of guessing a password (scrypt's N)."""

_NOT_READ = (EthKeyfileException, ValueError, KeyError, TypeError, AttributeError, AssertionError)
"""What is raised for a wrong password, for a version that eth-keyfile does not know, and for what is no key file."""


@runtime_checkable
class Signer(Protocol):
    """A ledger key that can sign, wherever the key is kept."""

    @property
    def address(self) -> bytes:
        """The key's 20-byte address."""
        ...

    async def sign(self, transaction: Transaction) -> SignedTransaction:
        """Sign exactly this transaction; signing the same one twice gives bytes that are equally good.

        Raises:
            ChainError: the signer cannot be reached or refuses.
        """
        ...


class LocalSigner:
    """A key in this process's memory."""

    def __init__(self, private_key: bytes) -> None:
        self._account: LocalAccount = Account.from_key(private_key)

    @classmethod
    def generate(cls) -> LocalSigner:
        """Make a new key."""
        return cls(bytes(Account.create().key))

    @property
    def address(self) -> bytes:
        """The key's 20-byte address."""
        return bytes.fromhex(self._account.address[2:])

    async def sign(self, transaction: Transaction) -> SignedTransaction:
        """Sign this transaction."""
        signed = self._account.sign_transaction(_fields(transaction))
        return SignedTransaction(raw=bytes(signed.raw_transaction), hash=bytes(signed.hash))

    def __repr__(self) -> str:
        """Show the address, never the key."""
        return f"{type(self).__name__}({self._account.address})"


class KeyFileSigner(LocalSigner):
    """A key from an encrypted key file."""

    def __init__(self, path: Path, password: str) -> None:
        """Open `path` with `password`; raises `KeyFileUnreadable`."""
        try:
            text = path.read_text("utf-8")
        except OSError as error:
            raise KeyFileUnreadable(path, f"the key file cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise KeyFileUnreadable(path, "this is no key file") from error
        try:
            key = bytes(Account.decrypt(text, password))
        except _NOT_READ as error:
            why = "the password is wrong" if "MAC mismatch" in str(error) else "this is no key file"
            raise KeyFileUnreadable(path, why) from error
        super().__init__(key)

    @classmethod
    def create(cls, path: Path, password: str, *, work: int = SCRYPT_WORK) -> KeyFileSigner:
        """Make a new key and its file, which must not exist yet; `work` is scrypt's N, a power of two."""
        text = json.dumps(Account.encrypt(bytes(Account.create().key), password, kdf="scrypt", iterations=work))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            create_secret(path, text.encode())
        except OSError as error:
            raise KeyFileUnreadable(path, f"the key file cannot be made: {error.strerror}") from error
        return cls(path, password)


def _fields(transaction: Transaction) -> dict[str, Sequence[AccessListEntry] | bytes | HexStr | int]:
    fields: dict[str, Sequence[AccessListEntry] | bytes | HexStr | int] = {
        "chainId": transaction.chain_id,
        "nonce": transaction.nonce,
        "data": transaction.data,
        "gas": transaction.gas,
        "value": 0,
        **_fee_fields(transaction.fee),
    }
    if transaction.to is not None:
        fields["to"] = transaction.to
    return fields


def _fee_fields(fee: Fee) -> dict[str, int]:
    if isinstance(fee, DynamicFee):
        return {"type": 2, "maxFeePerGas": fee.most, "maxPriorityFeePerGas": fee.priority}
    return {"gasPrice": fee.gas_price}
