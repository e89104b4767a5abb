"""Issuing one certificate: what is asked for, what is answered, and the rules by which it is refused.

Whatever is refused here was not stored, and says nothing of a value: the place and the reason only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from ecert.draft import LintedCertificate
from ecert.facts import Status
from ecert.ledger_copies import LedgerCopies
from store.database import Connection
from store.errors import AttemptLost
from store.idempotency import Attempt, finish
from store.records import Supersession
from store.states import CallState
from verifier.problems import Code, Flaw, RequestRefused

CERTIFICATES_PATH = "/v1/certificates"
CREATED = 201


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a caller is told: status and JSON."""

    status: int
    said: Mapping[str, object]

    def keep(self, connection: Connection, attempt: Attempt | None) -> None:
        """Keep it for a repeat of the same request, in the transaction that does what is asked.

        Raises:
            RequestRefused: another attempt at the same request went on meanwhile; nothing may be written.
        """
        if attempt is None:
            return
        try:
            finish(connection, attempt, status=int(self.status), answer=json.dumps(self.said))
        except AttemptLost as error:
            raise RequestRefused(Code.CONFLICT, "The same request is being carried out: ask again.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuanceOrder:
    """One certificate to issue, for an agency.

    `supersedes`: serials of its own that this one replaces. `attempt`: under which key it is done once.
    """

    agency: str
    linted: LintedCertificate
    version: int = 1
    supersedes: tuple[int, ...] = ()
    attempt: Attempt | None = None


def issued(order: IssuanceOrder, serial: int) -> Told:
    """Say that a certificate is stored, and where it can be fetched once it is settled."""
    said = {
        "agency": order.agency,
        "serial": serial,
        "type": order.linted.certificate_type.slug,
        "state": "gathering",
        "certificate": f"{CERTIFICATES_PATH}/{order.agency}/{serial}",
    }
    return Told(status=CREATED, said=said)


def number_taken(order: IssuanceOrder, serial: int | None) -> RequestRefused:
    """Say that another certificate has the number; `serial` None: one that is being issued this moment."""
    holder = "a certificate that was asked for this moment" if serial is None else f"the certificate {serial}"
    why = f"this number is on {holder} already: replace that one (supersedes), or revoke it first"
    place = f"fields.{order.linted.certificate_type.number}"
    return RequestRefused(Code.CONFLICT, "The number is taken.", [Flaw(place=place, why=why)])


def why_not_replaced(
    order: IssuanceOrder, copies: LedgerCopies, pending: Mapping[int, Status], known: Mapping[int, Supersession]
) -> RequestRefused | None:
    """Say which of the certificates that an order names cannot be replaced.

    Args:
        order: what is asked for.
        copies: what the ledger says, and those that it follows.
        pending: the statuses that calls on their way lead to.
        known: what replaces them already.
    """
    flaws = [
        Flaw(place=f"supersedes[{index}]", why=why)
        for index, old in enumerate(order.supersedes)
        if (why := why_not(order.agency, old, copies, pending, known.get(old))) is not None
    ]
    return RequestRefused(Code.CONFLICT, "What is to be replaced cannot be.", flaws) if flaws else None


def why_not(
    agency: str, old: int, copies: LedgerCopies, pending: Mapping[int, Status], known: Supersession | None
) -> str | None:
    """Say why a certificate of an agency cannot be replaced; None where it can. `known`: what replaces it already."""
    copy = copies.covering(agency, old)
    if copy.batch(agency, old) is None:
        return "the agency has no certificate with this serial on the ledger"
    status = pending.get(old, copy.status(agency, old))
    if status is not Status.VALID:
        return f"this certificate is {status.name.lower()}, and only a valid one can be replaced"
    if known is not None and known.call_state is not CallState.FAILED:
        return f"the certificate {known.serial} replaces it already"
    return None
