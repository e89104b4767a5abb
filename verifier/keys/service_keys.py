"""The service's own keys: what it signs receipts, status lists and access tokens with, each kind for itself.

Under `keys/service/` in the data directory, one key per kind at a time:

- `<kind>-<kid>.pem`: encrypted PKCS 8, for its owner alone. Who steals one and its password can sign what looks like
  receipts (the record says which were really given), status lists or tokens of any client, never certificates.
- `<kind>.jwks.json`: public, the present and all retired keys with their times. Who can change it can have his own
  signatures believed, or true ones refused, by whoever asks this service for its keys.

The passwords stand in the file of passwords as `[service.<kind>] password = "..."`; a process may be given a file with
only those that it needs. Which process opens which kind: `verifier.keys.receipt_key`, `verifier.keys.status_key`,
`verifier.keys.token_key`.
"""

from __future__ import annotations

import fcntl
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from ecert import strict_json
from ecert.errors import MalformedError, MalformedKey
from ecert.jwks import KeySet, PublishedKey
from ecert.suite import SigningKey
from verifier.faults import KeyringError
from verifier.keys.key_file import SERVICE, read_key_file
from verifier.keys.passwords_file import PasswordsFile
from verifier.keys.secret_files import make_secret_folder, write_secret
from verifier.written_files import writing

OVERLAP = 60
"""Seconds for which a retired key still counts: until every process has seen that there is a new one."""


class ServiceKey(StrEnum):
    """The kinds of key, by who signs what with them."""

    RECEIPT_API = "receipt-api"
    RECEIPT_OFFICE = "receipt-office"
    STATUS = "status"
    ACCESS_TOKEN = "access-token"  # noqa: S105 - a kind of key


class ServiceKeys:
    """The service's keys in a folder; every method reads the files when asked and keeps nothing."""

    def __init__(self, keys_dir: Path, passwords_file: Path) -> None:
        self.folder = keys_dir / SERVICE
        self._passwords = PasswordsFile(passwords_file)

    def make_missing(self, now: int) -> tuple[ServiceKey, ...]:
        """Make a key of each kind that has none; give the kinds that got one. Safe to repeat and to do twice at once.

        Raises:
            KeyringError: a file cannot be written, or one that is there is not right.
        """
        with self._alone():
            missing = tuple(kind for kind in ServiceKey if not self.list_file(kind).exists())
            for kind in missing:
                key = self._make(kind)
                self._publish(kind, KeySet(keys=(PublishedKey(public_key=key.public_key, since=now),)))
            return missing

    def rotate(self, kind: ServiceKey, now: int) -> PublishedKey:
        """Make a new key that signs from `now`; the one before it ends `OVERLAP` seconds later and stays in the list.

        Cut off before the list is written, nothing has changed but that a file lies there which no list names.
        """
        with self._alone():
            known = self.published(kind)
            key = self._make(kind)
            new = PublishedKey(public_key=key.public_key, since=now)
            retired = (
                each if each.retired is not None else replace(each, retired=max(now, each.since) + OVERLAP)
                for each in known.keys
            )
            self._publish(kind, KeySet(keys=(new, *retired)))
            return new

    def published(self, kind: ServiceKey) -> KeySet:
        """Read the public keys of a kind, the newest first.

        Raises:
            KeyringError: there is no list, or it is not right.
        """
        path = self.list_file(kind)
        try:
            return KeySet.from_json(strict_json.loads(path.read_text("utf-8"), path.name))
        except FileNotFoundError as error:
            raise KeyringError(f"there is no {kind} key ({path} is missing): run `ecert keys init`") from error
        except OSError as error:
            raise KeyringError(f"{path} cannot be read: {error.strerror}") from error
        except (MalformedError, UnicodeDecodeError) as error:
            raise KeyringError(f"{path} is no list of keys: {error}") from error

    def published_here(self, *kinds: ServiceKey) -> KeySet:
        """Give the public keys of some kinds, as far as they are known here; needs no password.

        Raises:
            KeyringError: a list is not right.
        """
        there = [kind for kind in kinds if self.list_file(kind).exists()]
        return KeySet(keys=tuple(key for kind in there for key in self.published(kind).keys))

    def open(self, kind: ServiceKey, kid: str) -> SigningKey:
        """Open one key.

        Raises:
            KeyringError: no such key, no password or a wrong one, or the file lies open to others.
        """
        path = self._key_file(kind, kid)
        password = self._password(kind)
        if password is None:
            raise KeyringError(f"{self._passwords.path} has no password for the {kind} key")
        try:
            return SigningKey.from_pem(read_key_file(path, f"there is no {kind} key {kid} here"), password.encode())
        except MalformedKey as error:
            raise KeyringError(f"{path} cannot be opened: {error.why}") from error

    def list_file(self, kind: ServiceKey) -> Path:
        """Say where the public list of a kind is."""
        return self.folder / f"{kind}.jwks.json"

    def _key_file(self, kind: ServiceKey, kid: str) -> Path:
        return self.folder / f"{kind}-{kid}.pem"

    def _make(self, kind: ServiceKey) -> SigningKey:
        password = self._password(kind) or self._add_password(kind)
        key = SigningKey.generate()
        kid = PublishedKey(public_key=key.public_key, since=0).kid
        path = self._key_file(kind, kid)
        try:
            write_secret(path, key.to_pem(password.encode()))
        except OSError as error:
            raise KeyringError(f"{path} cannot be written: {error.strerror}") from error
        return key

    def _publish(self, kind: ServiceKey, keys: KeySet) -> None:
        """Put a list in the place of the one before: whole, or not at all."""
        path = self.list_file(kind)
        try:
            with writing(path) as file:
                json.dump(keys.to_json(), file, indent=2)
                file.write("\n")
        except OSError as error:
            raise KeyringError(f"{path} cannot be written: {error.strerror}") from error

    def _password(self, kind: ServiceKey) -> str | None:
        path = self._passwords.path
        if not path.exists():
            return None
        service = self._passwords.tables().get(SERVICE, {})
        table = service.get(str(kind), {}) if isinstance(service, dict) else None
        if not isinstance(table, dict) or set(table) - {"password"} or not isinstance(table.get("password", ""), str):
            raise KeyringError(f'{path} is not right: [{SERVICE}.{kind}] must hold password = "..." and nothing else')
        return table.get("password")

    def _add_password(self, kind: ServiceKey) -> str:
        password = secrets.token_urlsafe(24)
        self._passwords.add(f"{SERVICE}.{kind}", {"password": password})
        return password

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time change keys; the system lets go of the lock however we end."""
        try:
            make_secret_folder(self.folder)
            with (self.folder / ".lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise KeyringError(f"{self.folder} cannot be written: {error.strerror}") from error
