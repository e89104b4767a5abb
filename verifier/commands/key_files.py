"""Opening the key of the bureau or of an agency's admin for one command, which then has it for itself.

It lies in a file, or in the signing service that the settings name, and is called by its address then.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from chain.answers import to_hex
from chain.signer import KeyFileSigner, Signer
from chain.whole_files import OWNER_FILE
from verifier.errors import Refused
from verifier.keys.remote_keys import RemoteKeys
from verifier.keys.secret_files import SecretFileOpen, make_secret_folder, read_secret, write_secret
from verifier.system_words import why

PasswordOption = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        metavar="FILE",
        help="File with the key file's password and nothing else. [default: ask]",
        show_default=False,
    ),
]
ADDRESS_DIGITS = 40


@asynccontextmanager
async def opened(key: Path, password_file: Path | None, remote: RemoteKeys, folder: Path) -> AsyncIterator[Signer]:
    """Open a key and keep other commands away from it: two at once would take the same nonces.

    `key`: a file, or the address of a key in the signing service. `folder`: where keys are.

    Raises:
        Refused: there is no such file, no password, or another command works with the key.
        KeyringError: the settings name no such key of a signing service.
        KeyFileUnreadable: it is no key file, or the password is wrong.
    """
    address = address_named(key)
    if address is None:
        with _held(key):
            yield KeyFileSigner(key, password_of(key, password_file))
        return
    signer = remote.signer(address)
    with _held(_lock_file(folder, address)):
        try:
            yield signer
        finally:
            await signer.close()


def _lock_file(folder: Path, address: bytes) -> Path:
    make_secret_folder(folder)
    lock = folder / f"{to_hex(address)}.lock"
    os.close(os.open(lock, os.O_CREAT, OWNER_FILE))
    return lock


@contextmanager
def _held(path: Path) -> Iterator[None]:
    if not path.is_file():
        raise Refused(f"there is no key file {path}; name another with --key")
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refused(f"another command is working with {path}; wait until it has ended") from error
        yield


def address_named(key: Path) -> bytes | None:
    """Read an address that was given in the place of a key file; None: it is a file."""
    return address_of(str(key)) if re.fullmatch(f"0x[0-9a-fA-F]{{{ADDRESS_DIGITS}}}", str(key)) else None


def make_key(path: Path, password_file: Path | None) -> bool:
    """Make a key file where there is none, and a password in `password_file` where that is missing; True if made."""
    if path.exists():
        return False
    if password_file is not None and not password_file.exists():
        write_secret(password_file, secrets.token_urlsafe(24).encode() + b"\n")
    KeyFileSigner.create(path, password_of(path, password_file, new=True))
    return True


def address_of(text: str) -> bytes:
    """Read an address that a person gave."""
    digits = text.removeprefix("0x")
    try:
        address = bytes.fromhex(digits)
    except ValueError as error:
        raise Refused(f"{text!r} is no address: 0x and {ADDRESS_DIGITS} hexadecimal digits are due") from error
    if len(digits) != ADDRESS_DIGITS:
        raise Refused(f"{text!r} is no address: 0x and {ADDRESS_DIGITS} hexadecimal digits are due")
    return address


def address_in(path: Path) -> bytes:
    """Read the address of a key file, which it tells without its password."""
    try:
        address: str = json.loads(path.read_text("utf-8"))["address"]
        return address_of(address)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"{path} is no key file") from error


def password_of(path: Path, password_file: Path | None, *, new: bool = False) -> str:
    """Read the password of a key file from its file, or ask for it; `Refused` where there is nobody to ask."""
    if password_file is not None:
        try:
            return read_secret(password_file).decode("utf-8").strip("\r\n")
        except SecretFileOpen as error:
            raise Refused(f"{password_file} can be read by others: chmod 600 {password_file}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"{password_file} cannot be read: {why(error).en}") from error
    if not sys.stdin.isatty():
        raise Refused(f"which password has {path}? Give --password-file FILE")
    asked: str = typer.prompt(f"Password of {path}", hide_input=True, confirmation_prompt=new, err=True)
    return asked
