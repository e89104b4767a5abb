"""The key under which a log-in by OpenID remembers, in the browser's cookie, what it asked the provider.

`keys/service/log-in.key`: 32 bytes in hex, made at the first need, for the processes that face people. Who steals it
can make a browser believe that it began a log-in; the provider's word is still needed to end one.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from verifier.faults import KeyringError
from verifier.keys.key_file import SERVICE
from verifier.keys.secret_files import SecretFileExists, SecretFileOpen, read_secret, write_secret
from verifier.system_words import why

_BYTES = 32


def log_in_key(keys_dir: Path) -> str:
    """Give the key; make it where there is none, once, whoever else starts at the same time.

    Raises:
        KeyringError: the file cannot be read or written, or lies open to others.
    """
    path = keys_dir / SERVICE / "log-in.key"
    try:
        if not path.exists():
            _make(path)
        key = read_secret(path).decode("ascii").strip()
    except SecretFileOpen as error:
        raise KeyringError(f"{path} can be read by others: chmod 600 {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise KeyringError(f"{path} cannot be read or written: {why(error).en}") from error
    if len(key) != 2 * _BYTES:
        raise KeyringError(f"{path} is no key: {_BYTES} bytes in hex are due")
    return key


def _make(path: Path) -> None:
    try:
        write_secret(path, secrets.token_bytes(_BYTES).hex().encode() + b"\n")
    except SecretFileExists:
        return  # another process was quicker
