"""A ledger key that a signing service keeps: `eth_signTransaction` over HTTP, as Web3Signer and Clef speak it.

Trust: the service holds the key and can sign anything with it. We believe it nothing: what comes back must be exactly
the transaction that was asked for, signed by the key that was asked for, or it is thrown away. Who can reach the
service can have it sign, so it listens to this machine alone, or asks for a client certificate.
"""

from __future__ import annotations

from chain.answers import Json, as_bytes, to_hex
from chain.errors import NodeError, SignerFailed
from chain.rpc import Rpc
from chain.signed import Unreadable, read_signed, signer_of
from chain.transaction import DynamicFee, SignedTransaction, Transaction, transaction_hash
from chain.urls import told


class RemoteSigner:
    """The key `address` (20 bytes) of the service at `url`; `timeout` is seconds for one signature."""

    def __init__(self, url: str, address: bytes, *, timeout: float = 10.0) -> None:
        self._rpc = Rpc(url, timeout=timeout)
        self._address = address

    @property
    def address(self) -> bytes:
        """The key's 20-byte address."""
        return self._address

    async def sign(self, transaction: Transaction) -> SignedTransaction:
        """Have this transaction signed.

        Raises:
            SignerFailed: the service is away, refuses, or signs something else. Nothing was sent to any node.
        """
        try:
            answer = await self._rpc.request("eth_signTransaction", _asked(transaction, self._address))
            # Web3Signer answers with the bytes, Clef and go-ethereum with an object that has them.
            raw = as_bytes(answer["raw"] if isinstance(answer, dict) and "raw" in answer else answer, "signed bytes")
            self._check(raw, transaction)
        except (NodeError, Unreadable) as error:
            raise SignerFailed(self._rpc.url, str(error)) from error
        return SignedTransaction(raw=raw, hash=transaction_hash(raw))

    async def close(self) -> None:
        """Close the connections."""
        await self._rpc.close()

    def _check(self, raw: bytes, transaction: Transaction) -> None:
        if read_signed(raw) != transaction:
            raise Unreadable("it signed another transaction than it was asked to")
        if signer_of(raw) != self._address:
            raise Unreadable("it signed with another key than it was asked to")

    def __repr__(self) -> str:
        """Show the address and the service."""
        return f"{type(self).__name__}({to_hex(self._address)} at {told(self._rpc.url)})"


def _asked(transaction: Transaction, address: bytes) -> Json:
    asked: dict[str, Json] = {
        "from": to_hex(address),
        "nonce": hex(transaction.nonce),
        "gas": hex(transaction.gas),
        "value": "0x0",
        "data": to_hex(transaction.data),
        "chainId": hex(transaction.chain_id),
    }
    if transaction.to is not None:
        asked["to"] = to_hex(transaction.to)
    if isinstance(transaction.fee, DynamicFee):
        asked["maxFeePerGas"] = hex(transaction.fee.most)
        asked["maxPriorityFeePerGas"] = hex(transaction.fee.priority)
    else:
        asked["gasPrice"] = hex(transaction.fee.gas_price)
    return asked
