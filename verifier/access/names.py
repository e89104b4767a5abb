"""Names and codes of organisations, offices, clients and accounts: short, fit for a log, an address and a file name."""

from __future__ import annotations

import re

from verifier.errors import Refused

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}", re.ASCII)
LONGEST_TITLE = 200


def check_code(text: str) -> str:
    """Give the code of an organisation or an office back; raises `Refused` where it is none."""
    if _CODE.fullmatch(text) is None:
        raise Refused(f"{text!r} is no code: 1 to 64 of letters, digits and . _ - are due, a letter or digit first")
    return text


def check_name(text: str) -> str:
    """Give the name of a client or an account back; raises `Refused` where it is none."""
    if not is_name(text):
        raise Refused(f"{text!r} is no name: 1 to 64 of a-z, 0-9 and . _ @ - are due, a letter or digit first")
    return text


def is_name(text: str) -> bool:
    """Tell whether a client or an account can have this name."""
    return _NAME.fullmatch(text) is not None


def check_title(text: str) -> str:
    """Give what an organisation or office is called back; raises `Refused` where it is empty, long or of two lines."""
    if not text.strip() or len(text) > LONGEST_TITLE or not text.isprintable():
        raise Refused(f"a name of 1 to {LONGEST_TITLE} characters on one line is due")
    return text.strip()
