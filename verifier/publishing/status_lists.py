"""Status list tokens, made from the ledger copy and stored for whoever serves them.

A token is made again when what it says has changed, and before it grows old. Its `iat` is the time of the block that it
is made from: while nobody reads the chain there is no newer block, and the tokens that are there expire. From a ledger
whose validators sealed two histories nothing is made at all.

What is decided is a plain function of the copy and of what is stored (`Basis`, `due`), so that after a crash at any
moment the next look makes what is missing. Withdrawals count at once, reinstatements once settled
(`LedgerCopy.statuses`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from chain.pausing import pause
from ecert import strict_json
from ecert.agency import STATUS_LIST_SIZE, status_uri
from ecert.agency_copy import AgencyCopy
from ecert.certificate import Issuer
from ecert.errors import ContradictionError
from ecert.ledger_copy import LedgerCopy
from ecert.status_list import encode
from ecert.status_token import StatusToken, sign_status_token
from ecert.suite import SigningKey
from store import status_tokens
from store.database import Database
from store.errors import StoreError
from store.status_tokens import ListName, Origin, StoredToken
from verifier.errors import NotReady
from verifier.faults import KeyringError
from verifier.ledger_view import LedgerView

_LOG = logging.getLogger(__name__)
PIECE = 16
"""Tokens that are signed and stored in one transaction."""
LASTING = 5.0
"""Seconds after which trouble is worth a line in the log."""
RENEWED_AFTER = 5
"""Times `ttl` after which a token is made again although it says the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a token says besides the statuses: `base` stands before its address; `ttl` and `lifetime` are seconds."""

    base: str
    ttl: int
    lifetime: int

    @property
    def renewed_after(self) -> int:
        """Seconds of block time after which a token is made again."""
        return min(RENEWED_AFTER * self.ttl, self.lifetime // 2)


def status_token(copy: LedgerCopy, name: ListName, terms: Terms) -> StatusToken:
    """Make the token of one list, as of the copy's block."""
    issuer = Issuer(ledger=copy.ledger, agency=name.agency)
    return StatusToken(
        uri=status_uri(terms.base, issuer, name.number * STATUS_LIST_SIZE),
        status_list=encode(copy.statuses(name.agency, name.number)),
        iat=copy.as_of.time,
        exp=copy.as_of.time + terms.lifetime,
        ttl=terms.ttl,
    )


def basis(token: StatusToken, kid: bytes, lifetime: int) -> bytes:
    """Name all that a token says but its times, and the key that signs it."""
    said = strict_json.canonical([token.uri, kid.hex(), token.ttl, lifetime, token.status_list.bits])
    return sha256(said.encode() + token.status_list.packed).digest()


def due(wanted: Mapping[ListName, bytes], stored: Mapping[ListName, Origin], before: int) -> list[ListName]:
    """Name the lists whose token is missing, says something else than it should, or is of a block before `before`."""
    return [
        name
        for name, should in wanted.items()
        if name not in stored or stored[name].basis != should or stored[name].iat < before
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """An agency as it was last looked at: until `settled_by` is settled, its lists may change without an event."""

    agency: AgencyCopy
    settled_by: int
    settled: int
    lists: Mapping[ListName, bytes]


class StatusPublisher:
    """Keeps the tokens of one ledger as they should be.

    Args:
        database: where they are stored.
        view: the ledger copy of this process; looked at here and nowhere else.
        key: gives the key that signs at a time: that of the block, since the token says so (`KeySet.signer`).
        terms: what tokens say.
    """

    def __init__(self, database: Database, view: LedgerView, *, key: Callable[[int], SigningKey], terms: Terms) -> None:
        self._database = database
        self._view = view
        self._key = key
        self._terms = terms
        self._looked: dict[str, _Looked] = {}
        self._kid = b""

    async def run(self, stop: asyncio.Event, every: float) -> None:
        """Look every so many seconds until `stop`; trouble is logged when it lasts and when it ends.

        At a first start it is normal that the chain has not been read yet, or only blocks older than the key.
        """
        clock = asyncio.get_running_loop().time
        trouble, since, warned = "", 0.0, ""
        while not stop.is_set():
            said = ""
            try:
                await asyncio.to_thread(self.step)
            except (StoreError, NotReady, ContradictionError, KeyringError) as error:
                said = str(error)
            if said != trouble:
                trouble, since = said, clock()
            if said not in {"", warned} and clock() - since >= LASTING:
                _LOG.warning("no newer status lists: %s", said)
                warned = said
            if warned and not said:
                _LOG.info("status lists are made again")
                warned = ""
            await pause(stop, every)

    def step(self) -> int:
        """Look once and make what is due; answer how many tokens that were.

        Raises:
            StoreError: the database does not answer; what was stored before is whole.
            NotReady: there is no ledger copy yet.
            KeyringError: the key cannot be read.
        """
        self._view.refresh()
        copy = self._view.copy
        if copy.as_of.contested:
            return 0
        key = self._key(copy.as_of.time)
        wanted = self._wanted(copy, key.kid)
        with self._database.read() as connection:
            stored = status_tokens.origins(connection, copy.ledger)
        gone = stored.keys() - wanted.keys()
        if gone:
            with self._database.begin() as connection:
                status_tokens.drop(connection, copy.ledger, gone)
        made = due(wanted, stored, copy.as_of.time - self._terms.renewed_after)
        for start in range(0, len(made), PIECE):
            tokens = [self._signed(copy, name, key) for name in made[start : start + PIECE]]
            with self._database.begin() as connection:
                status_tokens.put(connection, copy.ledger, tokens)
        return len(made)

    def _wanted(self, copy: LedgerCopy, kid: bytes) -> dict[ListName, bytes]:
        """Name every list with its basis; agencies of which nothing changed are not looked through again."""
        known = self._looked if kid == self._kid else {}
        self._looked = {code: self._look(copy, code, kid, known.get(code)) for code in copy.agencies}
        self._kid = kid
        return {name: each for looked in self._looked.values() for name, each in looked.lists.items()}

    def _look(self, copy: LedgerCopy, code: str, kid: bytes, before: _Looked | None) -> _Looked:
        agency = copy.agencies[code]
        known = before if before is not None and before.agency is agency else None
        if known is not None and (known.settled >= known.settled_by or known.settled == copy.settled_block):
            return known
        names = [ListName(agency=code, number=number) for number in copy.status_lists(code)]
        lists = {name: basis(status_token(copy, name, self._terms), kid, self._terms.lifetime) for name in names}
        settled_by = copy.as_of.block if known is None else known.settled_by
        return _Looked(agency=agency, settled_by=settled_by, settled=copy.settled_block, lists=lists)

    def _signed(self, copy: LedgerCopy, name: ListName, key: SigningKey) -> StoredToken:
        token = status_token(copy, name, self._terms)
        origin = Origin(basis=basis(token, key.kid, self._terms.lifetime), iat=token.iat)
        return StoredToken(name=name, token=sign_status_token(token, key), origin=origin)
