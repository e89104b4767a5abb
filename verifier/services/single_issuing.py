"""Issuing one certificate at a time, by many at once: linted orders are signed and stored in groups.

Every group of an agency and a type is one transaction: it locks the open batch, gives serials in order, signs, stores,
and closes a batch that is full. Nothing is kept in this process between two groups, so it may be killed at any moment,
and several offices may issue side by side; what a batch holds is closed by `verifier.services.online_batches`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from ecert.certificate import Issuer
from ecert.certificate_type import CertificateType
from ecert.facts import Status
from ecert.issuing import salt_bytes, sign
from ecert.ledger_copy import LedgerCopy
from ecert.merkle import Tree
from ecert.suite import SUITE, SigningKey
from store import batches, certificates, online_batches, supersessions
from store.database import Connection
from store.errors import BatchClosedOtherwise, KeyUseMoved, NumberTaken
from store.records import BatchRecord, NewCertificate
from verifier.errors import NotReady
from verifier.faults import KeyringError
from verifier.keys.keyring import Purpose
from verifier.problems import Code, RequestRefused
from verifier.services.at_rest import AtRest
from verifier.services.blind_indexes import BlindIndexes
from verifier.services.gathering import Gathering
from verifier.services.issuance import Answered, IssuanceOrder, issued, number_taken, why_not_replaced
from verifier.services.office import Office, obstacle
from verifier.services.status import pending_statuses

ATTEMPTS = 3
"""How often a group is tried where somebody else takes a number, or closes the batch, in the same moment."""

Outcome = Answered | RequestRefused
"""What becomes of one order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose certificates of which type go into one batch."""

    agency: str
    certificate_type: CertificateType

    def __hash__(self) -> int:
        """Tell places apart by their names."""
        return hash((self.agency, self.certificate_type.vct))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Means:
    """What a group is issued with."""

    place: Place
    key: SigningKey
    anchor: bytes
    status: bytes
    copy: LedgerCopy
    at_rest: AtRest
    blind: BlindIndexes


class SingleIssuing:
    """Issues for every agency whose certificate key the office has. `batch_size`: certificates in a batch at most."""

    def __init__(self, office: Office, *, batch_size: int) -> None:
        self._office = office
        self._batch_size = batch_size
        self._gathering: Gathering[Place, IssuanceOrder, Outcome] = Gathering(self.write)

    async def issue(self, order: IssuanceOrder) -> Answered:
        """Sign and store one certificate; it is durable when this returns.

        Raises:
            RequestRefused: the number is taken, what is to be replaced cannot be, or the agency may not issue now.
            NotReady: there is no copy of the ledger yet.
            StoreError: the database does not answer: whether it was stored is not known where the commit was asked for.
        """
        place = Place(agency=order.agency, certificate_type=order.linted.certificate_type)
        outcome = await self._gathering.put(place, order)
        if isinstance(outcome, RequestRefused):
            raise outcome
        return outcome

    def write(self, place: Place, orders: Sequence[IssuanceOrder]) -> Sequence[Outcome]:
        """Issue a group of one place; an outcome for each."""
        try:
            for _ in range(ATTEMPTS - 1):
                try:
                    return self._write(self._means(place), orders)
                except (NumberTaken, BatchClosedOtherwise, KeyUseMoved):
                    continue
            return self._write(self._means(place), orders)
        except RequestRefused as refused:
            return [refused] * len(orders)

    def _means(self, place: Place) -> _Means:
        """Open the keys and see that the agency may issue."""
        office, agency, wanted = self._office, place.agency, place.certificate_type
        if not office.status_base:
            raise RequestRefused(Code.CONFLICT, "Nothing can be issued: the setting status_base is missing here.")
        copy = office.copy()
        if copy is None:
            raise NotReady("there is no copy of the ledger yet: is the indexer running?")
        try:
            key = office.keyring.certificate_key(agency)
            at_rest = AtRest.open(office.database, office.keyring.folder)
            means = _Means(
                place=place,
                key=key,
                anchor=office.keyring.address(agency, Purpose.ANCHOR),
                status=office.keyring.address(agency, Purpose.STATUS),
                copy=copy,
                at_rest=at_rest,
                blind=at_rest.blind(agency, wanted),
            )
        except KeyringError as error:
            office.progress.note(f"{agency} cannot issue here: {error}")
            raise RequestRefused(Code.CONFLICT, f"This office does not have the keys of {agency}.") from error
        why = obstacle(copy, agency=agency, certificate_type=wanted, kid=key.kid, now=office.clock())
        if why is not None:
            raise RequestRefused(Code.CONFLICT, f"Nothing can be issued: {why}.")
        return means

    def _write(self, means: _Means, orders: Sequence[IssuanceOrder]) -> Sequence[Outcome]:
        with self._office.database.begin() as connection:
            means.at_rest.assure(connection)
            return _Group(self._office, means, connection, self._batch_size).issue(orders)


class _Group:
    """One transaction's work."""

    def __init__(self, office: Office, means: _Means, connection: Connection, batch_size: int) -> None:
        self._office = office
        self._means = means
        self._connection = connection
        self._batch_size = batch_size
        self._now = office.clock()
        self._gives_up: set[int] = set()
        self._outcomes: dict[int, Outcome] = {}

    def issue(self, orders: Sequence[IssuanceOrder]) -> list[Outcome]:
        fresh = dict(enumerate(orders))
        self._refuse_replacing(fresh)
        self._refuse_numbers(fresh)
        left = [(index, order) for index, order in fresh.items() if index not in self._outcomes]
        while left:
            batch = self._batch()
            room = batch.capacity - batch.count
            self._fill(batch, left[:room])
            left = left[room:]
        return [self._outcomes[index] for index in range(len(orders))]

    def _refuse_replacing(self, fresh: dict[int, IssuanceOrder]) -> None:
        replacing = {index: order for index, order in fresh.items() if order.supersedes}
        if not replacing:
            return
        agency, ledger = self._means.place.agency, self._office.ledger
        pending: dict[int, Status] = pending_statuses(self._connection, ledger, agency)
        olds = {old for order in replacing.values() for old in order.supersedes}
        known = supersessions.of_olds(self._connection, ledger, agency, olds)
        replaced: set[int] = set()
        for index, order in replacing.items():
            refused = why_not_replaced(order, self._means.copy, pending, known)
            if refused is None and replaced.intersection(order.supersedes):
                refused = RequestRefused(Code.CONFLICT, "Another certificate asked for this moment replaces it.")
            if refused is not None:
                self._outcomes[index] = refused
            else:
                replaced.update(order.supersedes)

    def _refuse_numbers(self, fresh: dict[int, IssuanceOrder]) -> None:
        blind = self._means.blind
        indexes = {
            index: blind.numbers(order.linted.number)
            for index, order in fresh.items()
            if index not in self._outcomes and order.linted.number is not None
        }
        taken = certificates.taken(
            self._connection,
            self._office.ledger,
            self._means.place.agency,
            self._means.place.certificate_type.vct_hash,
            {each for found in indexes.values() for each in found},
        )
        given: set[bytes] = set()
        for index, found in indexes.items():
            order, holder = fresh[index], next((taken[each] for each in found if each in taken), None)
            if found[0] in given or (holder is not None and holder not in order.supersedes):
                self._outcomes[index] = number_taken(order, None if found[0] in given else holder)
                continue
            given.add(found[0])
            if holder is not None:
                self._gives_up.add(holder)

    def _batch(self) -> BatchRecord:
        """Give an open batch that nobody else can touch until we are done; begin one where there is none."""
        place, ledger = self._means.place, self._office.ledger
        type_hash = place.certificate_type.vct_hash
        found = online_batches.locked_open(self._connection, ledger, place.agency, type_hash)
        if found is not None:
            return found
        return batches.begin(
            self._connection,
            ledger=ledger,
            agency=place.agency,
            certificate_type=type_hash,
            job=None,
            capacity=self._batch_size,
            now=self._now,
        )

    def _fill(self, batch: BatchRecord, orders: Sequence[tuple[int, IssuanceOrder]]) -> None:
        """Store as many orders as the batch has room for, and close it when it is full."""
        rows: list[NewCertificate] = []
        for index, order in orders:
            serial = batch.first_serial + batch.count + len(rows)
            self._outcomes[index] = outcome = self._finished(order, issued(order, serial))
            if isinstance(outcome, Answered):
                rows.append(self._signed(order, serial))
                self._replace(order, serial)
        if batch.count + len(rows) == batch.capacity:
            self._close(batch, rows)
        elif not batches.fill(self._connection, batch.id, position=batch.count, rows=rows, now=self._now).moved:
            raise BatchClosedOtherwise(batch.id, batches.read(self._connection, batch.id).state)

    def _close(self, batch: BatchRecord, rows: Sequence[NewCertificate]) -> None:
        leaves = [*batches.leaves(self._connection, batch.id), *(row.leaf for row in rows)]
        batches.close(
            self._connection,
            batch.id,
            position=batch.count,
            rows=rows,
            tree=Tree(leaves),
            suite=SUITE,
            sender=self._means.anchor,
            now=self._now,
        )

    def _finished(self, order: IssuanceOrder, answered: Answered) -> Outcome:
        """Keep the answer where it is to be given again; refused where somebody else goes on with the same request."""
        try:
            answered.keep(self._connection, order.attempt)
        except RequestRefused as refused:
            return refused
        return answered

    def _signed(self, order: IssuanceOrder, serial: int) -> NewCertificate:
        signed = sign(
            order.linted,
            serial=serial,
            iat=self._now,
            issuer=Issuer(ledger=self._office.ledger, agency=order.agency),
            status_base=self._office.status_base,
            key=self._means.key,
            salts=os.urandom(salt_bytes(order.linted.certificate_type)),
            version=order.version,
            supersedes=order.supersedes,
        )
        return self._means.at_rest.row(
            signed,
            order.linted.said(),
            ledger=self._office.ledger,
            blind=self._means.blind,
            number=order.linted.number,
        )

    def _replace(self, order: IssuanceOrder, serial: int) -> None:
        for old in order.supersedes:
            supersessions.add(
                self._connection,
                self._office.ledger,
                order.agency,
                old=old,
                serial=serial,
                sender=self._means.status,
                gives_up=old in self._gives_up,
            )
