"""Numbered keys: made once, never overwritten, never used while they lie open."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from verifier.faults import KeyringError
from verifier.keys.index_key import IndexKeys, blind_index, lookup_index
from verifier.keys.keyring import Keyring
from verifier.keys.numbered_keys import MOST, NumberedKeys


@pytest.fixture(name="keys")
def keys_(tmp_path: Path) -> NumberedKeys:
    return NumberedKeys(tmp_path / "service", "index")


def test_the_first_is_made_when_it_is_missing_and_only_then(keys: NumberedKeys) -> None:
    assert keys.numbers() == ()
    assert keys.newest() == keys.newest() == 1
    assert len(keys.key(1)) == 32
    assert NumberedKeys(keys.folder, "index").key(1) == keys.key(1)


def test_the_highest_number_is_the_newest(keys: NumberedKeys) -> None:
    for number in (2, 10, 9):
        keys.make(number)
    assert (keys.numbers(), keys.newest()) == ((2, 9, 10), 10)


def test_a_key_is_never_overwritten(keys: NumberedKeys) -> None:
    before = keys.key(keys.make(3))
    keys.make(3)
    assert NumberedKeys(keys.folder, "index").key(3) == before


def test_each_use_has_its_own(keys: NumberedKeys) -> None:
    keys.make(4)
    assert NumberedKeys(keys.folder, "field").numbers() == ()


def test_files_that_are_no_keys_have_no_number(keys: NumberedKeys) -> None:
    keys.make(1)
    for name in ("index-0.key", "index-256.key", "index-01.key", "index-x.key", "index-1.key.old", ".index-2.key"):
        (keys.folder / name).write_text("x", encoding="utf-8")
    assert keys.numbers() == (1,)


@pytest.mark.parametrize("content", [b"zz", b"00", b"\xff\xfe", b""])
def test_a_broken_key_is_an_error_and_not_replaced(keys: NumberedKeys, content: bytes) -> None:
    keys.make(1)
    keys.file(1).write_bytes(content)
    with pytest.raises(KeyringError, match="is no index key"):
        keys.key(keys.newest())
    assert keys.file(1).read_bytes() == content


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_key_that_others_can_read_is_not_used(keys: NumberedKeys) -> None:
    keys.make(1)
    keys.file(1).chmod(0o644)
    with pytest.raises(KeyringError, match="chmod 600"):
        keys.key(1)


def test_there_is_an_end_of_numbers(keys: NumberedKeys) -> None:
    assert keys.make(MOST) == MOST
    with pytest.raises(KeyringError, match="no number"):
        keys.make(MOST + 1)


def test_a_key_that_is_thrown_away_is_gone(keys: NumberedKeys) -> None:
    keys.key(keys.make(1))
    keys.remove(1)
    keys.remove(1)
    with pytest.raises(KeyringError, match="is not here"):
        keys.key(1)


def test_the_index_key_from_before_becomes_number_one(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys", tmp_path / "keys" / "passwords")
    old = keyring.folder / "index.key"
    old.parent.mkdir()
    old.write_text("ab" * 32 + "\n", encoding="utf-8")
    old.chmod(0o600)
    keys = IndexKeys.under(keyring.folder)
    assert keys.key(keys.newest()) == b"\xab" * 32
    assert not old.exists()
    assert stat.S_IMODE(keys.file(1).stat().st_mode) == 0o600
    assert IndexKeys.under(keyring.folder).numbers() == (1,)


def test_an_index_key_from_before_that_lies_open_is_not_taken(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path, tmp_path / "passwords")
    old = keyring.folder / "index.key"
    old.write_text("ab" * 32 + "\n", encoding="utf-8")
    old.chmod(0o644)
    with pytest.raises(KeyringError, match="chmod 600"):
        IndexKeys.under(keyring.folder).newest()


def test_a_blind_index_differs_by_key_kind_agency_and_value() -> None:
    key = bytes(32)
    made = {
        blind_index(key, "number", "A", "1"),
        blind_index(b"\1" * 32, "number", "A", "1"),
        blind_index(key, "holder", "A", "1"),
        blind_index(key, "number", "B", "1"),
        blind_index(key, "number", "A", "2"),
    }
    assert len(made) == 5
    assert len(lookup_index(key, "holder", "urn:x", "1")) == 16
    assert lookup_index(key, "holder", "urn:x", "1") != lookup_index(key, "holder", "urn:y", "1")
