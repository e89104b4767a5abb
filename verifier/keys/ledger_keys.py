"""The ledger keys of agencies, opened: for the sender, and for whoever sets an agency up. Nobody else imports this."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from chain.errors import KeyFileUnreadable
from chain.signer import KeyFileSigner
from verifier.faults import KeyringError
from verifier.keys.keyring import Keyring, LedgerKey

_LOG = logging.getLogger(__name__)


def ledger_signers(keyring: Keyring) -> Sequence[KeyFileSigner]:
    """Open every ledger key that lies in the keyring's folder; one that does not open is logged, and stops no other.

    Raises:
        KeyringError: none opens: key files without password, with a wrong one, or that are broken.
    """
    opened, failures = list[KeyFileSigner](), list[KeyringError]()
    for agency in keyring.agencies():
        for purpose in LedgerKey:
            try:
                if keyring.ledger_file(agency, purpose).exists():
                    opened.append(open_ledger_key(keyring, agency, purpose))
            except KeyringError as error:
                failures.append(error)
    if failures and not opened:
        raise failures[0]
    for failure in failures:
        _LOG.error("a ledger key is not sent with: %s. Mend that, then restart", failure)
    return opened


def open_ledger_key(keyring: Keyring, agency: str, purpose: LedgerKey) -> KeyFileSigner:
    """Open one ledger key of an agency."""
    keyring.address(agency, purpose)
    keyring.write_address(agency, purpose)
    try:
        return KeyFileSigner(keyring.ledger_file(agency, purpose), _password(keyring, agency))
    except KeyFileUnreadable as error:
        raise KeyringError(str(error)) from error


def create_ledger_key(keyring: Keyring, agency: str, purpose: LedgerKey, *, work: int | None = None) -> KeyFileSigner:
    """Make a ledger key for an agency; one that is there is never replaced. `work`: scrypt's N, for tests."""
    path = keyring.ledger_file(agency, purpose)
    password = _password(keyring, agency)
    try:
        made = KeyFileSigner.create(path, password) if work is None else KeyFileSigner.create(path, password, work=work)
    except KeyFileUnreadable as error:
        raise KeyringError(str(error)) from error
    keyring.write_address(agency, purpose)
    return made


def _password(keyring: Keyring, agency: str) -> str:
    password = keyring.passwords(agency).ledger
    if password is None:
        raise KeyringError(f"there is no password for the ledger keys of {agency}")
    return password
