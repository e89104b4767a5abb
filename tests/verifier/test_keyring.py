"""The agencies' keys."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
from functools import partial
from pathlib import Path

import pytest

from verifier.faults import KeyringError
from verifier.keys.keyring import AgencyPasswords, Keyring, LedgerKey
from verifier.keys.ledger_keys import create_ledger_key, ledger_signers, open_ledger_key

AGENCY = "HOUSING-1"


@pytest.fixture(name="keyring")
def keyring_(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys", tmp_path / "keys" / "passwords")


def made(keyring: Keyring) -> AgencyPasswords:
    passwords = keyring.add_passwords(AGENCY)
    assert passwords.certificate is not None
    keyring.create_certificate_key(AGENCY, passwords.certificate)
    return passwords


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_certificate_key_opens_again_as_the_same_key(keyring: Keyring) -> None:
    password = keyring.add_passwords(AGENCY).certificate
    assert password is not None
    key = keyring.create_certificate_key(AGENCY, password)
    assert keyring.certificate_key(AGENCY).kid == key.kid
    (keyring.folder / "service").mkdir()
    assert keyring.agencies() == (AGENCY,)


def test_everything_in_the_folder_is_its_owners_alone(keyring: Keyring) -> None:
    made(keyring)
    assert mode(keyring.folder) == 0o700
    files = [path for path in keyring.folder.rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == ["certificate.pem", "passwords"]
    assert {mode(path) for path in files} == {0o600}


def test_a_certificate_key_at_rest_is_encrypted(keyring: Keyring) -> None:
    made(keyring)
    assert b"ENCRYPTED PRIVATE KEY" in (keyring.folder / AGENCY / "certificate.pem").read_bytes()


def test_a_key_is_never_overwritten(keyring: Keyring) -> None:
    made(keyring)
    before = keyring.certificate_key(AGENCY).kid
    with pytest.raises(KeyringError, match="never overwritten"):
        keyring.create_certificate_key(AGENCY, "another")
    assert keyring.certificate_key(AGENCY).kid == before


def test_a_wrong_password_says_so(keyring: Keyring, tmp_path: Path) -> None:
    made(keyring)
    other = tmp_path / "other"
    other.write_text(f'["{AGENCY}"]\ncertificate = "wrong"\n', encoding="utf-8")
    other.chmod(0o600)
    with pytest.raises(KeyringError, match="cannot be opened"):
        Keyring(keyring.folder, other).certificate_key(AGENCY)


def test_a_process_that_was_not_given_a_password_says_which(keyring: Keyring, tmp_path: Path) -> None:
    made(keyring)
    other = tmp_path / "other"
    other.write_text("", encoding="utf-8")
    other.chmod(0o600)
    with pytest.raises(KeyringError, match=f"no password for the certificate key of {AGENCY}"):
        Keyring(keyring.folder, other).certificate_key(AGENCY)


@pytest.mark.parametrize(
    "content", ["= =", '["HOUSING-1"]\ncertificate = 5\n', '["HOUSING-1"]\nadmin = "x"\n', '"HOUSING-1" = 1']
)
def test_a_broken_file_of_passwords_says_where(keyring: Keyring, content: str) -> None:
    made(keyring)
    (keyring.folder / "passwords").write_text(content, encoding="utf-8")
    with pytest.raises(KeyringError, match="is not right"):
        keyring.certificate_key(AGENCY)


def test_a_missing_key_names_the_agency_and_the_file(keyring: Keyring) -> None:
    with pytest.raises(KeyringError, match=r"HOUSING-1 has no certificate key here .*certificate\.pem is missing"):
        keyring.certificate_key(AGENCY)


def test_a_mistyped_agency_is_answered_with_the_one_that_may_be_meant(keyring: Keyring) -> None:
    made(keyring)
    for ask in (keyring.certificate_key, partial(keyring.address, purpose=LedgerKey.STATUS)):
        with pytest.raises(KeyringError, match=r"did you mean HOUSING-1\?"):
            ask("HOUSNG-1")


class Unlisted(Keyring):
    """Keys in a folder that may be gone through, and not listed."""

    def agencies(self) -> tuple[str, ...]:
        raise PermissionError(13, "Permission denied", str(self.folder))


def test_a_folder_that_may_not_be_listed_gives_its_keys_all_the_same(keyring: Keyring, tmp_path: Path) -> None:
    made(keyring)
    unlisted = Unlisted(keyring.folder, tmp_path / "keys" / "passwords")
    assert unlisted.certificate_key(AGENCY).kid == keyring.certificate_key(AGENCY).kid
    with pytest.raises(KeyringError, match="HOUSNG-1 has no certificate key here"):
        unlisted.certificate_key("HOUSNG-1")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_key_that_others_can_read_is_not_used(keyring: Keyring) -> None:
    made(keyring)
    (keyring.folder / AGENCY / "certificate.pem").chmod(0o640)
    with pytest.raises(KeyringError, match="chmod 600"):
        keyring.certificate_key(AGENCY)


@pytest.mark.parametrize("agency", ["../x", "a", "", "X/Y", "."])
def test_an_agency_code_is_no_path(keyring: Keyring, agency: str) -> None:
    with pytest.raises(KeyringError, match="no agency code"):
        keyring.certificate_key(agency)


def test_passwords_are_made_up_once(keyring: Keyring) -> None:
    first = keyring.add_passwords(AGENCY)
    assert keyring.add_passwords(AGENCY) == first
    assert keyring.add_passwords("TAX-1") != first
    assert keyring.passwords(AGENCY) == first


def test_the_address_of_a_ledger_key_is_known_without_its_password(keyring: Keyring, tmp_path: Path) -> None:
    keyring.add_passwords(AGENCY)
    signer = create_ledger_key(keyring, AGENCY, LedgerKey.ANCHOR, work=2)
    assert Keyring(keyring.folder, tmp_path / "nothing").address(AGENCY, LedgerKey.ANCHOR) == signer.address
    assert open_ledger_key(keyring, AGENCY, LedgerKey.ANCHOR).address == signer.address
    assert [each.address for each in ledger_signers(keyring)] == [signer.address]
    with pytest.raises(KeyringError):
        keyring.address(AGENCY, LedgerKey.STATUS)


def test_a_ledger_key_that_was_tampered_with_is_no_key_file(keyring: Keyring) -> None:
    keyring.add_passwords(AGENCY)
    create_ledger_key(keyring, AGENCY, LedgerKey.STATUS, work=2)
    path = keyring.ledger_file(AGENCY, LedgerKey.STATUS)
    for content in ("", "[]", "{}", json.dumps({"address": "00"}), json.dumps({"address": 5})):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(KeyringError, match="no key file"):
            keyring.address(AGENCY, LedgerKey.STATUS)


def test_one_agencys_broken_key_keeps_no_other_from_being_sent_with(
    keyring: Keyring, caplog: pytest.LogCaptureFixture
) -> None:
    keyring.add_passwords(AGENCY)
    signer = create_ledger_key(keyring, AGENCY, LedgerKey.ANCHOR, work=2)
    keyring.add_passwords("TAX-1")
    create_ledger_key(keyring, "TAX-1", LedgerKey.ANCHOR, work=2)
    broken = keyring.ledger_file("TAX-1", LedgerKey.ANCHOR)
    broken.write_bytes(b"garbage")
    (keyring.folder / "OLD-1").mkdir()
    keyring.ledger_file("OLD-1", LedgerKey.STATUS).write_bytes(
        keyring.ledger_file(AGENCY, LedgerKey.ANCHOR).read_bytes()
    )
    keyring.ledger_file("OLD-1", LedgerKey.STATUS).chmod(0o600)
    assert [each.address for each in ledger_signers(keyring)] == [signer.address]
    assert f"{broken} is no key file" in caplog.text
    assert "no password for the ledger keys of OLD-1" in caplog.text


def test_where_no_ledger_key_opens_the_sender_does_not_run(keyring: Keyring) -> None:
    keyring.add_passwords(AGENCY)
    create_ledger_key(keyring, AGENCY, LedgerKey.ANCHOR, work=2)
    keyring.ledger_file(AGENCY, LedgerKey.ANCHOR).write_bytes(b"garbage")
    with pytest.raises(KeyringError, match="no key file"):
        ledger_signers(keyring)


def test_a_folder_of_the_disk_itself_is_no_agency(keyring: Keyring) -> None:
    keyring.add_passwords(AGENCY)
    signer = create_ledger_key(keyring, AGENCY, LedgerKey.ANCHOR, work=2)
    (keyring.folder / "lost+found").mkdir()
    (keyring.folder / f"{AGENCY}.old").mkdir()
    assert keyring.agencies() == (AGENCY,)
    assert [each.address for each in ledger_signers(keyring)] == [signer.address]


def test_a_disk_that_fills_while_a_password_is_added_leaves_those_that_are_there(keyring: Keyring) -> None:
    before = keyring.add_passwords(AGENCY)
    path = keyring.folder / "passwords"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, limits[1]))
    try:
        with pytest.raises(KeyringError, match="cannot be written"):
            keyring.add_passwords("TAX-1")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert keyring.passwords(AGENCY) == before
    assert keyring.add_passwords("TAX-1").ledger is not None
