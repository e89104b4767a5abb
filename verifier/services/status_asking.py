"""Changes of status that systems ask for: one or many, all or nothing, written and not waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from store import calls, certificates
from store.database import Connection
from store.errors import NoSuchRow
from store.idempotency import Attempt
from store.records import Call
from verifier.errors import NotReady, VerifierError
from verifier.faults import KeyringError
from verifier.keys.keyring import LedgerKey
from verifier.problems import Code, RequestRefused
from verifier.services.issuance import Told
from verifier.services.office import NO_COPY, Office
from verifier.services.status import ask_for_changes
from verifier.services.status_order import NOT_ON_LEDGER, StatusOrder, StatusOutcome, Unchangeable

NOT_YET = "is stored, and not on the ledger yet"


class CannotChange(VerifierError):
    """Nothing was written. `why`: for each serial what stands in its way; `unknown`: those that do not exist."""

    def __init__(self, why: Mapping[int, str], unknown: frozenset[int]) -> None:
        super().__init__("this cannot be changed")
        self.why = why
        self.unknown = unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAsking:
    """Asks for changes in an office."""

    office: Office

    def ask(self, agency: str, orders: Sequence[StatusOrder], attempt: Attempt | None) -> Told:
        """Write the calls of all orders, or nothing. `attempt`: under which key it is done once.

        Raises:
            CannotChange: some of it cannot be done.
            RequestRefused: another attempt at the same goes on, or the agency's keys are not here.
            NotReady: there is no copy of the ledger yet.
            StoreError: the database does not answer.
        """
        if self.office.copy() is None:
            raise NotReady(NO_COPY)
        sender = self._sender(agency)
        with self.office.database.begin() as connection:
            try:
                outcomes = ask_for_changes(connection, self.office, orders, sender=sender)
            except Unchangeable as error:
                raise self._cannot(connection, agency, error.why) from error
            answered = _answered(agency, outcomes)
            answered.keep(connection, attempt)
        return answered

    def call(self, agency: str, number: int) -> Call | None:
        """Give a call of an agency; None where it has none of this number."""
        try:
            with self.office.database.read() as connection:
                found = calls.read(connection, number)
        except NoSuchRow:
            return None
        return found if found.ledger in self.office.ledgers and found.agency == agency else None

    def _sender(self, agency: str) -> bytes:
        try:
            return self.office.keyring.address(agency, LedgerKey.STATUS)
        except KeyringError as error:
            self.office.progress.note(f"{agency} cannot change statuses here: {error}")
            raise RequestRefused(Code.CONFLICT, f"This office does not have the keys of {agency}.") from error

    def _cannot(self, connection: Connection, agency: str, hindered: Mapping[int, str]) -> CannotChange:
        why = dict(hindered)
        unknown = set()
        for serial in [serial for serial, reason in hindered.items() if reason == NOT_ON_LEDGER]:
            if not any(certificates.read(connection, ledger, agency, serial) for ledger in self.office.ledgers):
                unknown.add(serial)
            else:
                why[serial] = NOT_YET
        return CannotChange(why, frozenset(unknown))


def call_to_json(call: Call) -> dict[str, object]:
    """Give a call as JSON."""
    return {
        "id": call.id,
        "agency": call.agency,
        "kind": call.kind,
        "state": call.state,
        "waiting": call.waiting_reason,
        "error": call.error,
        "transaction": None if call.tx_hash is None else "0x" + call.tx_hash.hex(),
        "block": call.block,
        "created": call.created_at,
        "updated": call.updated_at,
    }


def _answered(agency: str, outcomes: Sequence[StatusOutcome]) -> Told:
    written = [call for outcome in outcomes for call in outcome.calls]
    said = {
        "agency": agency,
        "changed": sorted(serial for outcome in outcomes for serial in outcome.changed),
        "already": sorted(serial for outcome in outcomes for serial in outcome.already),
        "calls": [call_to_json(call) for call in written],
    }
    return Told(status=HTTPStatus.ACCEPTED if written else HTTPStatus.OK, said=said)
