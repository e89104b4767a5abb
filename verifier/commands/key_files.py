"""Opening the key file of the bureau or of an agency's admin for one command, which then has it for itself."""

from __future__ import annotations

import fcntl
import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from chain.signer import KeyFileSigner
from verifier.errors import Refused
from verifier.keys.secret_files import SecretFileOpen, read_secret, write_secret
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


@contextmanager
def opened(path: Path, password_file: Path | None) -> Iterator[KeyFileSigner]:
    """Open a key file and keep other commands away from it: two at once would take the same nonces.

    Raises:
        Refused: there is no such file, no password, or another command works with the key.
        KeyFileUnreadable: it is no key file, or the password is wrong.
    """
    if not path.is_file():
        raise Refused(f"there is no key file {path}; name another with --key")
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refused(f"another command is working with {path}; wait until it has ended") from error
        yield KeyFileSigner(path, password_of(path, password_file))


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
