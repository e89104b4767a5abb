"""What anybody may ask about the ledger: status lists, a serial's status and its history, the leaves of a batch.

Nothing here says anything of a certificate's face. Status comes from the ledger copy in memory alone; leaves are given
only where they make the root that the ledger names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ecert import base64url
from ecert.agency import STATUS_LIST_SIZE, check_agency, parse_ledger
from ecert.certificate import Issuer, Value
from ecert.errors import MalformedAgency
from ecert.facts import AsOf, BatchFacts, Status, StatusFacts
from ecert.merkle import split
from ecert.strict_json import MAX_INTEGER
from ecert.verdict import as_of_to_json
from store import status_tokens
from store.database import Database
from store.status_tokens import ListName
from verifier.ledger_view import LedgerView
from verifier.services.paths import Paths

_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_SIZE = 32
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialStatus:
    """What the ledger says of one serial, as of one block."""

    ledger: str
    agency: str
    serial: int
    status: Status
    as_of: AsOf
    batch: BatchFacts
    changes: tuple[StatusFacts, ...]

    def to_json(self) -> dict[str, Value]:
        """Give it as JSON; a batch that is not settled may still be undone by the network."""
        return {
            "ledger": self.ledger,
            "agency": self.agency,
            "serial": self.serial,
            "status": self.status.name.lower(),
            "settled": self.batch.settled,
            "as_of": {**as_of_to_json(self.as_of), "contested": self.as_of.contested},
            "batch": {
                "first_serial": self.batch.first_serial,
                "count": self.batch.count,
                "block": self.batch.block,
                "time": self.batch.anchored,
            },
            "changes": [_change_to_json(change) for change in self.changes],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLeaves:
    """The leaves of a batch, 32 bytes each, one after the other."""

    agency: str
    batch: BatchFacts
    leaves: bytes

    def json_pieces(self) -> Iterator[bytes]:
        """Write it as JSON, piece by piece: a batch can have a million leaves."""
        root, first, count = base64url.encode(self.batch.root), self.batch.first_serial, self.batch.count
        yield f'{{"agency":"{self.agency}","first_serial":{first},"count":{count},"root":"{root}","leaves":['.encode()
        step = _SIZE * _AT_ONCE
        for start in range(0, len(self.leaves), step):
            some = self.leaves[start : start + step]
            texts = [f'"{base64url.encode(leaf)}"' for leaf in split(some)]
            yield (("," if start else "") + ",".join(texts)).encode()
        yield b"]}"


class Published:
    """Answers everybody. `None` is the one answer for what is not there, whatever the reason."""

    def __init__(self, database: Database, view: LedgerView, paths: Paths) -> None:
        self._database = database
        self._view = view
        self._paths = paths

    def status_token(self, chain_id: str, address: str, agency: str, number: str) -> str | None:
        """Give the token of a status list by the parts of its address; served as it was stored, expired or not.

        Raises:
            StoreError: the database does not answer.
        """
        listed = _number(number, MAX_INTEGER // STATUS_LIST_SIZE)
        try:
            ledger = str(parse_ledger(f"eip155:{chain_id}:{address}"))
            check_agency(agency)
        except MalformedAgency:
            return None
        if listed is None:
            return None
        with self._database.read() as connection:
            return status_tokens.read(connection, ledger, ListName(agency=agency, number=listed))

    def status(self, agency: str, serial: str) -> SerialStatus | None:
        """Give what the ledger says of a serial; None where no batch has it.

        Raises:
            NotReady: there is no ledger copy yet.
        """
        number = _number(serial, MAX_INTEGER)
        copy = self._view.copy if number is None else self._view.copies.covering(agency, number)
        batch = None if number is None else copy.batch(agency, number)
        if number is None or batch is None:
            return None
        return SerialStatus(
            ledger=copy.ledger,
            agency=agency,
            serial=number,
            status=copy.status(agency, number),
            as_of=copy.as_of,
            batch=batch,
            changes=copy.changes(agency, number),
        )

    def batch(self, agency: str, first_serial: str) -> BatchFacts | None:
        """Give the batch that begins with a serial, as the ledger has it.

        Raises:
            NotReady: there is no ledger copy yet.
        """
        number = _number(first_serial, MAX_INTEGER)
        batch = None if number is None else self._view.copies.covering(agency, number).batch(agency, number)
        return batch if batch is not None and batch.first_serial == number else None

    def leaves(self, agency: str, batch: BatchFacts) -> BatchLeaves | None:
        """Give the leaves of a batch; None where they are not kept here, or do not make its root.

        Raises:
            StoreError: the database does not answer.
        """
        ledger = self._view.copies.covering(agency, batch.first_serial).ledger
        tree = self._paths.tree(Issuer(ledger=ledger, agency=agency), batch)
        return None if tree is None else BatchLeaves(agency=agency, batch=batch, leaves=tree.leaves)


def _number(text: str, limit: int) -> int | None:
    """Read a number as we write it; anything else names nothing."""
    return int(text) if _NUMBER.fullmatch(text) and int(text) <= limit else None


def _change_to_json(change: StatusFacts) -> dict[str, Value]:
    said: dict[str, Value] = {
        "status": change.status.name.lower(),
        "block": change.block,
        "time": change.time,
        "settled": change.settled,
    }
    return {**said, "successors": list(change.successors)} if change.status is Status.SUPERSEDED else said
