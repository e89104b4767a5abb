"""The service's own keys: made once, changed without a gap, opened only by whom they are for."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from ecert.errors import UntrustedToken
from ecert.jwks import KeySet
from verifier.faults import KeyringError
from verifier.keys.keyring import Keyring
from verifier.keys.receipt_key import Answerer, receipt_key
from verifier.keys.service_keys import OVERLAP, ServiceKey, ServiceKeys
from verifier.keys.status_key import status_key

NOW = 1_800_000_000


@pytest.fixture
def keys(tmp_path: Path) -> ServiceKeys:
    made = ServiceKeys(tmp_path / "keys", tmp_path / "keys" / "passwords")
    assert made.make_missing(NOW) == tuple(ServiceKey)
    return made


def only(keys: ServiceKeys, folder: Path, *kinds: ServiceKey) -> ServiceKeys:
    """The same keys as a process has them that was given only some passwords."""
    lines = (keys.folder.parent / "passwords").read_text("utf-8").split("\n[")
    given = [f"[{part}" for part in lines if part.partition("]")[0] in {f"service.{kind}" for kind in kinds}]
    path = folder / "some-passwords"
    path.write_text("\n".join(given), encoding="utf-8")
    path.chmod(0o600)
    return ServiceKeys(keys.folder.parent, path)


def test_keys_are_made_once_each_kind_its_own(keys: ServiceKeys) -> None:
    before = {kind: keys.published(kind).to_json() for kind in ServiceKey}
    assert keys.make_missing(NOW + 5) == ()
    assert {kind: keys.published(kind).to_json() for kind in ServiceKey} == before
    assert len({keys.published(kind).keys[0].kid for kind in ServiceKey}) == len(ServiceKey)


def test_what_is_secret_is_its_owners_alone_and_encrypted(keys: ServiceKeys) -> None:
    secret = [*keys.folder.glob("*.pem"), keys.folder.parent / "passwords"]
    assert len(secret) == len(ServiceKey) + 1
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}
    assert all(b"ENCRYPTED PRIVATE KEY" in path.read_bytes() for path in keys.folder.glob("*.pem"))


def test_the_list_says_nothing_secret_and_is_a_jwk_set(keys: ServiceKeys) -> None:
    content = json.loads(keys.list_file(ServiceKey.STATUS).read_text("utf-8"))
    assert [set(key) for key in content["keys"]] == [{"kty", "crv", "x", "y", "alg", "use", "kid", "nbf"}]


def test_a_new_key_signs_at_once_and_the_old_one_a_little_longer(keys: ServiceKeys) -> None:
    old = keys.published(ServiceKey.STATUS).keys[0]
    new = keys.rotate(ServiceKey.STATUS, NOW + 100)
    after = keys.published(ServiceKey.STATUS)
    assert [key.kid for key in after.keys] == [new.kid, old.kid]
    assert (after.keys[0].since, after.keys[0].retired) == (NOW + 100, None)
    assert after.keys[1].retired == NOW + 100 + OVERLAP
    assert after.signer(old.kid, NOW + 100) == after.keys[1]
    with pytest.raises(UntrustedToken):
        after.signer(old.kid, NOW + 100 + OVERLAP)


def test_retired_keys_stay_listed_with_their_first_times(keys: ServiceKeys) -> None:
    for turn in (1, 2, 3):
        keys.rotate(ServiceKey.RECEIPT_API, NOW + turn * 10)
    found = keys.published(ServiceKey.RECEIPT_API)
    assert [key.since for key in found.keys] == [NOW + 30, NOW + 20, NOW + 10, NOW]
    assert [key.retired for key in found.keys] == [None, NOW + 30 + OVERLAP, NOW + 20 + OVERLAP, NOW + 10 + OVERLAP]
    assert KeySet.from_json(found.to_json()) == found
    assert len(keys.published(ServiceKey.RECEIPT_OFFICE).keys) == 1


def test_a_running_process_takes_the_new_key_within_a_second(keys: ServiceKeys) -> None:
    living = receipt_key(keys, Answerer.API)
    first = living.at(NOW)
    assert living.at(NOW + 1) is first
    new = keys.rotate(ServiceKey.RECEIPT_API, NOW + 2)
    assert living.at(NOW + 1) is first
    second = living.at(NOW + 2)
    assert second.public_key == new.public_key
    for key, at in ((first, NOW + 1), (second, NOW + 2)):
        assert keys.published(ServiceKey.RECEIPT_API).signer(_kid(key.public_key, keys), at)


def test_a_process_whose_clock_is_behind_signs_with_the_old_key(keys: ServiceKeys) -> None:
    living = receipt_key(keys, Answerer.API)
    first = living.at(NOW)
    keys.rotate(ServiceKey.RECEIPT_API, NOW + 100)
    assert living.at(NOW + 50) is first


def test_a_list_that_cannot_be_seen_for_a_moment_changes_nothing(keys: ServiceKeys) -> None:
    living = receipt_key(keys, Answerer.API)
    first = living.at(NOW)
    path = keys.list_file(ServiceKey.RECEIPT_API)
    path.rename(path.with_suffix(".away"))
    assert living.at(NOW + 1) is first


def test_no_key_signs_before_the_first_was_made(keys: ServiceKeys) -> None:
    with pytest.raises(KeyringError, match="is the clock right"):
        receipt_key(keys, Answerer.API).at(NOW - 1)


def test_each_process_opens_only_what_its_passwords_open(keys: ServiceKeys, tmp_path: Path) -> None:
    indexer = only(keys, tmp_path, ServiceKey.STATUS)
    assert status_key(indexer).at(NOW)
    for process in Answerer:
        with pytest.raises(KeyringError, match=f"no password for the receipt-{process} key"):
            receipt_key(indexer, process).at(NOW)
    api = only(keys, tmp_path, ServiceKey.RECEIPT_API)
    assert receipt_key(api, Answerer.API).at(NOW)
    with pytest.raises(KeyringError, match="no password for the receipt-office key"):
        receipt_key(api, Answerer.OFFICE).at(NOW)
    with pytest.raises(KeyringError, match="no password for the status key"):
        status_key(api).at(NOW)


def test_missing_keys_name_the_command_that_makes_them(tmp_path: Path) -> None:
    nothing = ServiceKeys(tmp_path, tmp_path / "passwords")
    for ask in (lambda: nothing.published(ServiceKey.STATUS), lambda: status_key(nothing).at(NOW)):
        with pytest.raises(KeyringError, match="ecert keys init"):
            ask()


@pytest.mark.parametrize(
    "content", ["= =", "service = 1\n", "[service.status]\npassword = 5\n", '[service.status]\nother = "x"\n']
)
def test_a_broken_file_of_passwords_says_where(keys: ServiceKeys, content: str) -> None:
    (keys.folder.parent / "passwords").write_text(content, encoding="utf-8")
    with pytest.raises(KeyringError, match="is not right"):
        status_key(keys).at(NOW)


@pytest.mark.parametrize("content", ["", "[]", '{"keys": [{}]}', "\udcff"])
def test_a_broken_list_is_an_error_and_stays(keys: ServiceKeys, content: str) -> None:
    path = keys.list_file(ServiceKey.STATUS)
    path.write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(KeyringError, match="no list of keys"):
        keys.rotate(ServiceKey.STATUS, NOW)
    assert keys.make_missing(NOW) == ()
    assert path.read_text("utf-8", errors="surrogateescape") == content


def test_a_key_file_open_to_others_or_with_another_password_is_not_used(keys: ServiceKeys) -> None:
    for path in keys.folder.glob("status-*.pem"):
        path.chmod(0o644)
    with pytest.raises(KeyringError, match="chmod 600"):
        status_key(keys).at(NOW)
    for path in keys.folder.glob("status-*.pem"):
        path.chmod(0o600)
    passwords = keys.folder.parent / "passwords"
    passwords.write_text('[service.status]\npassword = "wrong"\n', encoding="utf-8")
    with pytest.raises(KeyringError, match="cannot be opened"):
        status_key(keys).at(NOW)


def test_the_services_folder_is_no_agencys(keys: ServiceKeys) -> None:
    keyring = Keyring(keys.folder.parent, keys.folder.parent / "passwords")
    keyring.add_passwords("HOUSING-1")
    assert keyring.agencies() == ()
    assert keyring.passwords("HOUSING-1").certificate
    assert keys.rotate(ServiceKey.STATUS, NOW + 1)


def _kid(public_key: bytes, keys: ServiceKeys) -> str:
    return next(key.kid for key in keys.published(ServiceKey.RECEIPT_API).keys if key.public_key == public_key)
