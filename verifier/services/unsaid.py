"""What kept certificates say that they replace, and the ledger does not say yet: their calls were lost with a database.

Where the old certificate can still be replaced, the call is written anew. Asking the ledger twice is harmless, so it
does not matter whether the call that was lost is mined one day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ecert.facts import Status
from ecert.ledger_copies import LedgerCopies
from ecert.types import TypeCatalogue
from store import supersessions
from store.database import Connection
from verifier.faults import KeyringError
from verifier.keys.keyring import Keyring, LedgerKey
from verifier.services.blind_indexes import number_of
from verifier.services.kept_files import Kept, read_certificate

REPLACEABLE = frozenset({Status.VALID, Status.SUSPENDED})
"""Statuses that are not final. Whether a suspended one can be replaced when its turn comes, the ledger says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """`serial` replaces `old` and, where it `takes_number`, has its number. `why_not`: what keeps it from doing so."""

    agency: str
    old: int
    serial: int
    takes_number: bool = False
    why_not: str | None = None

    def __str__(self) -> str:
        """Give a sentence."""
        end = "" if self.why_not is None else f": {self.why_not}"
        return f"{self.agency} {self.serial}, which replaces {self.old}{end}"


@dataclass(slots=True, kw_only=True)
class Unsaid:
    """The replacements of certificates whose batches are put back."""

    ledger: str
    going_on: list[Replacement] = field(default_factory=list)
    given_up: list[Replacement] = field(default_factory=list)

    def look(
        self, copies: LedgerCopies, keyring: Keyring, agency: str, kept: Mapping[int, Kept], serials: Iterable[int]
    ) -> None:
        """Look at what some certificates of an agency replace, by their files; the old ones may stand on any ledger."""
        for serial in serials:
            for old in kept[serial].supersedes:
                changes = copies.covering(agency, old).changes(agency, old)
                if any(serial in change.successors for change in changes):
                    continue
                why = self._taken(agency, old) or _why_not(copies, keyring, agency, old)
                found = Replacement(
                    agency=agency, old=old, serial=serial, takes_number=_same_number(kept, old, serial), why_not=why
                )
                (self.going_on if why is None else self.given_up).append(found)

    def _taken(self, agency: str, old: int) -> str | None:
        other = next((each.serial for each in self.going_on if (each.agency, each.old) == (agency, old)), None)
        return None if other is None else f"{other} replaces that"

    def numbers_given(self) -> frozenset[tuple[str, int]]:
        """Give the agency and serial of every certificate that gave its number to its successor."""
        return frozenset((each.agency, each.old) for each in (*self.going_on, *self.given_up) if each.takes_number)

    def being_replaced(self, copies: LedgerCopies) -> frozenset[tuple[str, int]]:
        """Give the agency and serial of every certificate whose replacement goes on and, as far as known, will be.

        The ledger replaces what is valid, and nothing is gained by a successor that is not good itself.
        """
        return frozenset(
            (each.agency, each.old)
            for each in self.going_on
            if {_status(copies, each.agency, serial) for serial in (each.old, each.serial)} == {Status.VALID}
        )

    def write_down(self, connection: Connection, keyring: Keyring, *, now: int) -> None:
        """Write down what goes on, each with its call: the batches are anchored, and their rows put back."""
        for each in self.going_on:
            supersessions.add(
                connection,
                self.ledger,
                each.agency,
                old=each.old,
                serial=each.serial,
                sender=keyring.address(each.agency, LedgerKey.STATUS),
                gives_up=each.takes_number,
            )
            supersessions.say(connection, self.ledger, each.agency, range(each.serial, each.serial + 1), now=now)


def _status(copies: LedgerCopies, agency: str, serial: int) -> Status:
    return copies.covering(agency, serial).status(agency, serial)


def _why_not(copies: LedgerCopies, keyring: Keyring, agency: str, old: int) -> str | None:
    copy = copies.covering(agency, old)
    if copy.batch(agency, old) is None:
        return "the ledger does not have that"
    status = copy.status(agency, old)
    if status not in REPLACEABLE:
        return "that is replaced by another" if status is Status.SUPERSEDED else f"that is {status.name.lower()}"
    try:
        keyring.address(agency, LedgerKey.STATUS)
    except KeyringError as error:
        return str(error)
    return None


def _same_number(kept: Mapping[int, Kept], old: int, serial: int) -> bool:
    if old not in kept:
        return False
    before, after = read_certificate(kept[old].path), read_certificate(kept[serial].path)
    known = TypeCatalogue.bundled().by_vct(after.vct)
    if known is None or before.vct != after.vct:
        return False
    number = number_of(after, known)
    return number is not None and number == number_of(before, known)
