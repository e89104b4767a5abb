"""Reading a file of keys, with a sentence for whatever keeps us from it."""

from __future__ import annotations

from pathlib import Path

from verifier.faults import KeyringError
from verifier.keys.secret_files import SecretFileOpen, read_secret

SERVICE = "service"
"""The folder of the service's own keys, and the table of their passwords; no agency has this code."""


def read_key_file(path: Path, absent: str) -> bytes:
    """Read it; `absent` says what is not here where there is no such file.

    Raises:
        KeyringError: it is missing, cannot be read, or lies open to others.
    """
    try:
        return read_secret(path)
    except FileNotFoundError as error:
        raise KeyringError(f"{absent} ({path} is missing)") from error
    except SecretFileOpen as error:
        raise KeyringError(f"{path} can be read by others: chmod 600 {path}") from error
    except OSError as error:
        raise KeyringError(f"{path} cannot be read: {error.strerror}") from error
