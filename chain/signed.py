"""Signed bytes read back: what a signer really signed, and at which price something was sent before."""

from __future__ import annotations

from typing import cast

import rlp
from eth_keys.constants import SECPK1_N
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException

from chain.recursion import limit_kept
from chain.transaction import DynamicFee, LegacyFee, Transaction

with limit_kept():
    from eth_account import Account

_DYNAMIC = 2
_LEGACY_FIELDS, _DYNAMIC_FIELDS = 9, 12
_REPLAY_PROTECTED = 35  # v of a legacy signature that names its chain (EIP-155)


class Unreadable(ValueError):
    """Bytes that are no signed transaction of ours: of another kind, with money in it, or such as no node takes."""


def read_signed(raw: bytes) -> Transaction:
    """Read what was signed; raises `Unreadable`. Whose signature it is is not looked at."""
    try:
        if raw[:1] == bytes([_DYNAMIC]):
            return _dynamic(cast("list[bytes]", rlp.decode(raw[1:])))
        return _legacy(cast("list[bytes]", rlp.decode(raw)))
    except (RLPException, RecursionError, TypeError, ValueError) as error:
        raise Unreadable(f"these bytes are no signed transaction of ours: {error}") from error


def signer_of(raw: bytes) -> bytes:
    """Whose signature it is: a 20-byte address; raises `Unreadable`."""
    try:
        return bytes.fromhex(Account.recover_transaction(raw)[2:])
    except (BadSignature, ValidationError, RLPException, TypeError, ValueError) as error:
        raise Unreadable(f"these bytes carry no signature: {error}") from error


def _legacy(fields: list[bytes]) -> Transaction:
    if len(fields) != _LEGACY_FIELDS:
        raise Unreadable(f"{len(fields)} fields")
    nonce, price, gas, to, value, data, v, _, s = fields
    if _int(v) < _REPLAY_PROTECTED:
        raise Unreadable("it could be sent on any chain")
    return _checked(
        Transaction(
            chain_id=(_int(v) - _REPLAY_PROTECTED) // 2,
            nonce=_int(nonce),
            to=to or None,
            data=data,
            gas=_int(gas),
            fee=LegacyFee(gas_price=_int(price)),
        ),
        value,
        s,
    )


def _dynamic(fields: list[bytes]) -> Transaction:
    if len(fields) != _DYNAMIC_FIELDS:
        raise Unreadable(f"{len(fields)} fields")
    chain_id, nonce, priority, most, gas, to, value, data, access, _, _, s = fields
    if access:
        raise Unreadable("it has an access list")
    return _checked(
        Transaction(
            chain_id=_int(chain_id),
            nonce=_int(nonce),
            to=to or None,
            data=data,
            gas=_int(gas),
            fee=DynamicFee(most=_int(most), priority=_int(priority)),
        ),
        value,
        s,
    )


def _checked(transaction: Transaction, value: bytes, s: bytes) -> Transaction:
    if value != b"":
        raise Unreadable("it sends money")
    if _int(s) > SECPK1_N // 2:
        raise Unreadable("of the two signatures that mean the same it has the one that no node takes (EIP-2)")
    return transaction


def _int(field: bytes) -> int:
    return int.from_bytes(field, "big")
