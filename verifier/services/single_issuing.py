"""Issuing one certificate at a time, by many at once: linted orders are signed and stored in groups.

Every group of an agency and a type is one transaction: it locks the open batch, gives serials in order, signs, stores,
and closes a batch that is full. Nothing is kept in this process between two groups, so it may be killed at any moment,
and several offices may issue side by side; what a batch holds is closed by `verifier.services.online_batches`.
"""

from __future__ import annotations

from collections.abc import Sequence

from store.errors import BatchClosedOtherwise, KeyUseMoved, NumberTaken
from verifier.errors import NotReady
from verifier.faults import KeyringError
from verifier.keys.keyring import LedgerKey
from verifier.problems import Code, RequestRefused
from verifier.services.at_rest import AtRest
from verifier.services.gathering import Gathering
from verifier.services.issuance import IssuanceOrder, Told
from verifier.services.office import NO_COPY, Office, obstacle
from verifier.services.order_group import Means, OrderGroup, OrderOutcome, Place

ATTEMPTS = 3
"""How often a group is tried where somebody else takes a number, or closes the batch, in the same moment."""


class SingleIssuing:
    """Issues for every agency whose certificate key the office has. `batch_size`: certificates in a batch at most."""

    def __init__(self, office: Office, *, batch_size: int) -> None:
        self._office = office
        self._batch_size = batch_size
        self._gathering: Gathering[Place, IssuanceOrder, OrderOutcome] = Gathering(self.write)

    async def issue(self, order: IssuanceOrder) -> Told:
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

    def write(self, place: Place, orders: Sequence[IssuanceOrder]) -> Sequence[OrderOutcome]:
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

    def _means(self, place: Place) -> Means:
        """Open the keys and see that the agency may issue."""
        office, agency, wanted = self._office, place.agency, place.certificate_type
        if not office.status_base:
            raise RequestRefused(Code.CONFLICT, "Nothing can be issued: the setting status_base is missing here.")
        copies = office.copies()
        if copies is None:
            raise NotReady(NO_COPY)
        try:
            key = office.keyring.certificate_key(agency)
            at_rest = AtRest.of(office)
            means = Means(
                place=place,
                key=key,
                anchor=office.keyring.address(agency, LedgerKey.ANCHOR),
                status=office.keyring.address(agency, LedgerKey.STATUS),
                copies=copies,
                at_rest=at_rest,
                blind=at_rest.blind(agency, wanted),
            )
        except KeyringError as error:
            office.progress.note(f"{agency} cannot issue here: {error}")
            raise RequestRefused(Code.CONFLICT, f"This office does not have the keys of {agency}.") from error
        why = obstacle(copies.newest, agency=agency, certificate_type=wanted, kid=key.kid, now=office.clock())
        if why is not None:
            raise RequestRefused(Code.CONFLICT, f"Nothing can be issued: {why}.")
        return means

    def _write(self, means: Means, orders: Sequence[IssuanceOrder]) -> Sequence[OrderOutcome]:
        with self._office.database.begin() as connection:
            means.at_rest.assure(connection)
            return OrderGroup(self._office, means, connection, self._batch_size).issue(orders)
