"""Opening stored certificates by code. Needs the database and the code, and no key: the public process does this.

A code that is mistyped is told so before the database is asked. Unknown, void and foreign codes have one answer and
one timing. Guessing one in 10^29 is for the rate limit to stop.
"""

from __future__ import annotations

import os

from ecert.codes import Code, sealed_by
from ecert.errors import MalformedCode, SealBroken
from store import codes
from store.database import Database
from verifier.problems import Code as Problem
from verifier.problems import Flaw, RequestRefused

USUAL_SIZE = 4096
"""Bytes of what is opened in vain for a code that opens nothing: about a certificate's."""


class Codes:
    """Opens what codes lead to. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._nothing = os.urandom(USUAL_SIZE)

    def open(self, code: str) -> bytes | None:
        """Give the compact form, all that it discloses included, that a code leads to; None where it opens nothing.

        Raises:
            RequestRefused: it is no code, or its check digits are wrong.
            StoreError: the database does not answer.
        """
        read = read_code(code)
        with self._database.read() as connection:
            found = codes.wrapped(connection, read.name())
        try:
            return sealed_by(read).open(found or self._nothing, place=read.name())
        except SealBroken:
            return None


def read_code(text: str) -> Code:
    """Read a code, or refuse the request that it came with."""
    try:
        return Code.read(text)
    except MalformedCode as error:
        flaw = Flaw(place=error.place, why=error.why)
        raise RequestRefused(Problem.NOT_UNDERSTOOD, "This is no code, or it was mistyped.", [flaw]) from error
