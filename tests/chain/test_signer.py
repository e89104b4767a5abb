"""Key files: nobody reads them without the password, and nothing overwrites one."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from eth_account import Account

from chain.errors import KeyFileUnreadable
from chain.signer import KeyFileSigner, LocalSigner, Signer
from chain.transaction import DynamicFee, LegacyFee, Transaction

QUICK = 2**10


def transaction(**fields: object) -> Transaction:
    usual: dict[str, object] = {
        "chain_id": 31337,
        "nonce": 3,
        "to": b"\x11" * 20,
        "data": b"\x01\x02",
        "gas": 50_000,
        "fee": LegacyFee(gas_price=0),
    }
    return Transaction(**(usual | fields))  # type: ignore[arg-type]


def test_a_key_file_opens_with_its_password(tmp_path: Path) -> None:
    made = KeyFileSigner.create(tmp_path / "keys" / "anchor.json", "correct horse", work=QUICK)
    opened = KeyFileSigner(tmp_path / "keys" / "anchor.json", "correct horse")
    assert opened.address == made.address
    assert isinstance(opened, Signer)


def test_a_key_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    KeyFileSigner.create(tmp_path / "keys" / "anchor.json", "x", work=QUICK)
    assert stat.S_IMODE((tmp_path / "keys" / "anchor.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_wrong_password_is_said_to_be_one(tmp_path: Path) -> None:
    KeyFileSigner.create(tmp_path / "anchor.json", "right", work=QUICK)
    with pytest.raises(KeyFileUnreadable, match="password is wrong"):
        KeyFileSigner(tmp_path / "anchor.json", "wrong")


ANOTHER_PRF = {"kdf": "pbkdf2", "kdfparams": {"prf": "sha-1", "salt": "00", "dklen": 32, "c": 1}}
NO_KEY_FILES = ["", "{", "[]", "{}", '{"version": 3}', '{"version": 9, "crypto": {}}']


@pytest.mark.parametrize("content", [*NO_KEY_FILES, json.dumps({"version": 3, "crypto": ANOTHER_PRF})])
def test_what_is_no_key_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "anchor.json").write_text(content)
    with pytest.raises(KeyFileUnreadable, match="no key file"):
        KeyFileSigner(tmp_path / "anchor.json", "x")


def test_a_missing_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnreadable, match="cannot be read"):
        KeyFileSigner(tmp_path / "anchor.json", "x")


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    first = KeyFileSigner.create(tmp_path / "anchor.json", "x", work=QUICK)
    with pytest.raises(KeyFileUnreadable, match="cannot be made"):
        KeyFileSigner.create(tmp_path / "anchor.json", "x", work=QUICK)
    assert KeyFileSigner(tmp_path / "anchor.json", "x").address == first.address


@pytest.mark.parametrize("fee", [LegacyFee(gas_price=0), LegacyFee(gas_price=9), DynamicFee(most=9, priority=1)])
@pytest.mark.parametrize("to", [None, b"\x11" * 20])
async def test_a_signature_is_the_key_s_own(fee: LegacyFee | DynamicFee, to: bytes | None) -> None:
    signer = LocalSigner.generate()
    signed = await signer.sign(transaction(fee=fee, to=to))
    assert bytes.fromhex(Account.recover_transaction(signed.raw)[2:]) == signer.address


async def test_signing_the_same_twice_gives_the_same_bytes() -> None:
    signer = LocalSigner.generate()
    assert await signer.sign(transaction()) == await signer.sign(transaction())


def test_a_signer_never_shows_its_key() -> None:
    signer = LocalSigner.generate()
    assert signer._account.key.hex() not in repr(signer)
