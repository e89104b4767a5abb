"""A group of linted orders for single certificates: those of one agency and one type, issued in one transaction."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from ecert.certificate import Issuer
from ecert.certificate_type import CertificateType
from ecert.facts import Status
from ecert.issuing import salt_bytes, sign
from ecert.ledger_copies import LedgerCopies
from ecert.merkle import Tree
from ecert.suite import SUITE, SigningKey
from store import batches, calls, certificates, online_batches, supersessions
from store.database import Connection
from store.errors import BatchClosedOtherwise
from store.records import BatchRecord, NewCertificate
from verifier.problems import Code, RequestRefused
from verifier.services.at_rest import AtRest
from verifier.services.blind_indexes import BlindIndexes
from verifier.services.issuance import IssuanceOrder, Told, issued, number_taken, why_not_replaced
from verifier.services.office import Office
from verifier.services.status import pending_statuses

OrderOutcome = Told | RequestRefused
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
class Means:
    """What a group is issued with."""

    place: Place
    key: SigningKey
    anchor: bytes
    status: bytes
    copies: LedgerCopies
    at_rest: AtRest
    blind: BlindIndexes


class OrderGroup:
    """One transaction's work."""

    def __init__(self, office: Office, means: Means, connection: Connection, batch_size: int) -> None:
        self._office = office
        self._means = means
        self._connection = connection
        self._batch_size = batch_size
        self._now = office.clock()
        self._gives_up: set[int] = set()
        self._outcomes: dict[int, OrderOutcome] = {}

    def issue(self, orders: Sequence[IssuanceOrder]) -> list[OrderOutcome]:
        """Issue the orders in the transaction; give what becomes of each, in their order.

        Raises:
            NumberTaken: somebody else takes one of the numbers in this moment.
            BatchClosedOtherwise: somebody else closes the batch in this moment.
        """
        fresh = dict(enumerate(orders))
        batch = self._open_batch()  # before any other lock, like whoever closes one: so nobody waits in a ring
        self._refuse_replacing(fresh)
        self._refuse_numbers(fresh)
        left = [(index, order) for index, order in fresh.items() if index not in self._outcomes]
        while left:
            batch = batch or self._begun_batch()
            room = batch.capacity - batch.count
            self._fill(batch, left[:room])
            left, batch = left[room:], None
        return [self._outcomes[index] for index in range(len(orders))]

    def _refuse_replacing(self, fresh: dict[int, IssuanceOrder]) -> None:
        replacing = {index: order for index, order in fresh.items() if order.supersedes}
        if not replacing:
            return
        agency, ledger = self._means.place.agency, self._office.ledger
        for each in self._office.ledgers:
            calls.hold(self._connection, each, agency)
        pending: dict[int, Status] = pending_statuses(self._connection, self._office.ledgers, agency)
        olds = {old for order in replacing.values() for old in order.supersedes}
        known = supersessions.of_olds(self._connection, ledger, agency, olds)
        copies = (
            self._office.copies() or self._means.copies
        )  # read after the calls: those that are through since are in it
        replaced: set[int] = set()
        for index, order in replacing.items():
            refused = why_not_replaced(order, copies, pending, known)
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

    def _open_batch(self) -> BatchRecord | None:
        """Give an open batch that nobody else can touch until we are done; None: there is none."""
        place = self._means.place
        return online_batches.locked_open(
            self._connection, self._office.ledger, place.agency, place.certificate_type.vct_hash
        )

    def _begun_batch(self) -> BatchRecord:
        place = self._means.place
        return batches.begin(
            self._connection,
            ledger=self._office.ledger,
            agency=place.agency,
            certificate_type=place.certificate_type.vct_hash,
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
            if isinstance(outcome, Told):
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

    def _finished(self, order: IssuanceOrder, answered: Told) -> OrderOutcome:
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
