"""Changes of status: suspend, reinstate, revoke. Asked for here, made by the sender, final once the ledger settles it.

What cannot be done is said before anything is written: a serial that was never anchored, a certificate that is revoked
or superseded for good. What is so already is passed over, so that asking twice is harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from chain.sizes import MAX_SERIALS
from ecert.facts import Status
from ecert.fields import Words
from ecert.ledger_copies import LedgerCopies
from store import calls, supersessions
from store.database import Connection
from store.pieces import pieces
from store.records import Call, Supersession
from store.states import CallState
from verifier.errors import NotReady
from verifier.faults import IssuingStopped
from verifier.keys.keyring import LedgerKey
from verifier.services.office import NO_COPY, NO_COPY_HERE, Office, Patience
from verifier.services.progress import Stage
from verifier.services.status_order import NOT_ON_LEDGER, Action, StatusOrder, StatusOutcome, Unchangeable
from verifier.services.vigil import QUIET, Vigil, not_taken

_KINDS = frozenset(Action)


def change_status(office: Office, order: StatusOrder) -> StatusOutcome:
    """Ask for a change and wait until it is settled.

    Raises:
        Unchangeable: it cannot be done; nothing was written.
        IssuingStopped: the ledger refused it, nobody is at work, or the time is over.
        KeyringError: the agency's key for changes of status is not here.
    """
    patience = Patience(office, order.timeout)
    if office.copy() is None:
        raise IssuingStopped(NO_COPY_HERE)
    sender = office.keyring.address(order.agency, LedgerKey.STATUS)
    with office.database.begin() as connection:
        outcome, *_ = ask_for_changes(connection, office, [order], sender=sender)
    return _settle(office, outcome, patience) if order.wait and outcome.calls else outcome


def ask_for_changes(
    connection: Connection, office: Office, orders: Sequence[StatusOrder], *, sender: bytes
) -> list[StatusOutcome]:
    """Write the calls of one agency's changes in the caller's transaction, in their order; none for what is so already.

    A change that is on its way already is not written twice.

    Raises:
        Unchangeable: some of it, of any order, cannot be done.
        NotReady: there is no copy of the ledger yet.
    """
    agency = orders[0].agency
    for ledger in office.ledgers:
        calls.hold(connection, ledger, agency)
    under_way = _under_way(connection, office.ledgers, agency)
    copies = office.copies()  # read after the calls: those that are through since are in it
    if copies is None:
        raise NotReady(NO_COPY)
    outcomes: list[StatusOutcome] = []
    hindered: dict[int, str] = {}
    for asked in orders:
        order = replace(asked, serials=tuple(sorted(set(asked.serials))))
        replaced = supersessions.of_olds(connection, office.ledger, order.agency, order.serials)
        changed, why = _to_change(order, copies, _statuses(under_way, order.serials), replaced)
        hindered |= why
        if not hindered:
            already = tuple(sorted(set(order.serials).difference(changed)))
            written = _write(connection, order, changed, under_way, copies=copies, sender=sender, now=office.clock())
            outcomes.append(
                StatusOutcome(order=order, changed=changed, already=already, calls=written, complete=not written)
            )
    if hindered:
        raise Unchangeable(agency, hindered)
    return outcomes


def pending_statuses(connection: Connection, ledgers: Sequence[str], agency: str) -> dict[int, Status]:
    """Give what the statuses of an agency will be once the calls that are on their way are through."""
    under_way = _under_way(connection, ledgers, agency)
    return _statuses(under_way, under_way)


def _under_way(connection: Connection, ledgers: Sequence[str], agency: str) -> dict[int, Call]:
    """Give, for each serial whose status is being changed, the call that comes last."""
    found: dict[int, Call] = {}
    for ledger in ledgers:
        for call in calls.open_calls(connection, ledger, agency):
            if call.kind in _KINDS:
                found |= dict.fromkeys(call.args["serials"], call)
    return found


def _statuses(under_way: Mapping[int, Call], serials: Iterable[int]) -> dict[int, Status]:
    return {serial: Action(under_way[serial].kind).aim for serial in serials if serial in under_way}


def _to_change(
    order: StatusOrder, copies: LedgerCopies, pending: Mapping[int, Status], replaced: Mapping[int, Supersession]
) -> tuple[tuple[int, ...], dict[int, str]]:
    """Give the serials that the action changes, and why others cannot be changed.

    What is being replaced may be revoked, and nothing else: the ledger would not take the replacement then.
    """
    changed: list[int] = []
    hindered: dict[int, str] = {}
    for serial in order.serials:
        copy = copies.covering(order.agency, serial)
        if copy.batch(order.agency, serial) is None:
            hindered[serial] = NOT_ON_LEDGER
            continue
        now = pending.get(serial, copy.status(order.agency, serial))
        if now is order.action.aim and serial not in pending:
            continue
        by = replaced.get(serial)
        if now not in order.action.sources and now is not order.action.aim:
            hindered[serial] = f"is {now.name.lower()}, that is final"
        elif order.action is not Action.REVOKE and by is not None and by.call_state is not CallState.FAILED:
            hindered[serial] = f"is being replaced by serial {by.serial}"
        else:
            changed.append(serial)
    return tuple(changed), hindered


def _write(
    connection: Connection,
    order: StatusOrder,
    serials: Sequence[int],
    under_way: dict[int, Call],
    *,
    copies: LedgerCopies,
    sender: bytes,
    now: int,
) -> tuple[Call, ...]:
    """Give the calls that change the serials: those on their way that nothing undoes, and new ones for the rest.

    Each goes to the ledger that its certificates stand on.
    """
    going = {serial: under_way[serial] for serial in serials if serial in under_way}
    going = {serial: call for serial, call in going.items() if call.kind == order.action}
    found = {call.id: call for call in going.values()}
    args: dict[str, object] = {"reason": order.reason} if order.reason else {}
    rest: dict[str, list[int]] = {copy.ledger: [] for copy in copies}
    for serial in serials:
        if serial not in going:
            rest[copies.covering(order.agency, serial).ledger].append(serial)
    for ledger, piece in ((ledger, piece) for ledger, of_it in rest.items() for piece in pieces(of_it, MAX_SERIALS)):
        call = calls.add(
            connection,
            ledger=ledger,
            agency=order.agency,
            kind=order.action,
            args={"agency": order.agency, "serials": piece, **args},
            sender=sender,
            now=now,
        )
        under_way.update(dict.fromkeys(piece, call))
        found[call.id] = call
    return tuple(found.values())


def _settle(office: Office, outcome: StatusOutcome, patience: Patience) -> StatusOutcome:
    office.progress.begin(Stage.SETTLE, len(outcome.calls))
    vigil = Vigil(office, patience)
    while True:
        with office.database.read() as connection:
            found = tuple(calls.read(connection, call.id) for call in outcome.calls)
        for call in found:
            if call.state is CallState.FAILED:
                raise IssuingStopped(f"the ledger refused to {outcome.order.action}: {call.error}")
        office.progress.reach(sum(call.state is CallState.SETTLED for call in found))
        if all(call.state is CallState.SETTLED for call in found) and _shown(office, found):
            return replace(outcome, calls=found, complete=True)
        open_calls = [call.id for call in found if call.state is not CallState.SETTLED]
        quiet = vigil.quiet([(call.state, call.waiting_reason) for call in found], settled=not open_calls)
        _say(office, found, vigil.missing(open_calls[0]) if open_calls and quiet >= QUIET else None)
        vigil.look(open_calls[0] if open_calls else None)
        patience.wait(Words(en=f"waiting for the ledger to {outcome.order.action}", zh="等待账本"))


def _shown(office: Office, found: Sequence[Call]) -> bool:
    """Tell whether our own copies of the ledgers, which verdicts are made from, are as far as the calls."""
    copies = office.copies()
    return copies is not None and all(
        call.block is None or call.block <= copies.of(call.ledger).settled_block for call in found
    )


def _say(office: Office, found: Sequence[Call], missing: Words | None) -> None:
    for call in found:
        if call.waiting_reason:
            office.progress.note(not_taken(call.waiting_reason))
            return
    if missing is not None and all(call.state is CallState.QUEUED for call in found):
        office.progress.note(missing)
