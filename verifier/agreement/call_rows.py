"""Calls in the database against the chain: what is settled happened, and what has failed did not."""

from __future__ import annotations

from collections.abc import Iterator

from ecert.facts import Status
from ecert.ledger_copy import LedgerCopy
from store import inventory
from store.database import Connection
from store.inventory import UnreadableRow
from store.records import Call
from store.states import AIMS, CallState
from verifier.agreement.chronicle import Chronicle
from verifier.agreement.findings import Findings


class CallRows:
    """All calls of one ledger, in one snapshot of the database."""

    def __init__(self, connection: Connection, ledger: str, findings: Findings) -> None:
        self._findings = findings
        self._calls = list(self._readable(inventory.call_rows(connection, ledger)))
        self._hashes: dict[int, list[bytes]] = {}
        for call, tx_hash in inventory.hashes_of_calls(connection):
            self._hashes.setdefault(call, []).append(tx_hash)

    def released(self) -> dict[str, set[int]]:
        """Give the serials that gave up their numbers when their withdrawal was settled."""
        found: dict[str, set[int]] = {}
        for call in self._calls:
            if call.state is CallState.SETTLED and call.kind in {"revoke", "supersede"}:
                found.setdefault(call.agency, set()).update(serials_of(call))
        return found

    def compare(self, chronicle: Chronicle) -> None:
        """Compare every call with what the chain says."""
        for call in self._calls:
            self._findings.checked["calls"] += 1
            place = f"call {call.id} ({call.kind} of {call.agency})"
            forms = self._hashes.get(call.id, [])
            if call.state is CallState.FAILED and not chronicle.transactions.isdisjoint(forms):
                self._findings.add("call_failed", place, "it has failed here, and its transaction had its effect")
            if call.state is CallState.SETTLED and (lacking := _lacking(call, chronicle.copy)):
                self._findings.add("call_settled", place, f"it is settled here, and the chain lacks {lacking}")
            if call.tx_hash is not None and call.tx_hash not in forms:
                self._findings.add("call_transaction", place, "its transaction is not among those that were signed")

    def _readable(self, rows: Iterator[Call | UnreadableRow]) -> Iterator[Call]:
        for row in rows:
            if isinstance(row, Call) and _makes_sense(row):
                yield row
            else:
                key = row.id if isinstance(row, Call) else row.key
                why = "its arguments are not those of its kind" if isinstance(row, Call) else row.why
                self._findings.add("call_unreadable", f"call {key}", f"it cannot be read: {why}")


def serials_of(call: Call) -> list[int]:
    """Give the serials whose status a call changes."""
    return [call.args["old"]] if call.kind == "supersede" else list(call.args["serials"])


def is_there_for_good(call: Call, copy: LedgerCopy) -> bool:
    """Tell whether a copy of the ledger shows the whole effect of a call, whoever brought it about.

    Never of a suspension or reinstatement: the same may have happened, and been undone, before the call was made.
    """
    final = call.kind in {"anchor", "supersede", "revoke"}
    return final and _makes_sense(call) and _lacking(call, copy) is None


def _makes_sense(call: Call) -> bool:
    if call.kind == "anchor":
        return isinstance(call.args.get("first_serial"), int) and isinstance(call.args.get("root"), str)
    if call.kind == "supersede":
        return isinstance(call.args.get("old"), int) and isinstance(call.args.get("successors"), list)
    if call.kind in AIMS:
        serials = call.args.get("serials")
        return isinstance(serials, list) and all(isinstance(one, int) for one in serials)
    return True


def _lacking(call: Call, copy: LedgerCopy) -> str | None:
    """Say what of a settled call's effect is not on the chain; None where all of it is."""
    if call.kind == "anchor":
        facts = copy.batch(call.agency, call.args["first_serial"])
        due = (call.args["root"].removeprefix("0x"), call.args.get("count"))
        return None if facts is not None and (facts.root.hex(), facts.count) == due else "its batch"
    if call.kind == "supersede":
        changes = copy.changes(call.agency, call.args["old"])
        named = tuple(sorted(call.args["successors"]))
        return None if any(one.successors == named for one in changes) else "the replacement"
    if call.kind not in AIMS:
        return None
    lacking = [serial for serial in serials_of(call) if not _was(copy, call, serial)]
    return f"it for serials {', '.join(map(str, lacking[:10]))}" if lacking else None


def _was(copy: LedgerCopy, call: Call, serial: int) -> bool:
    aim = AIMS[call.kind]
    changes = copy.changes(call.agency, serial)
    return any(one.status is aim for one in changes) or (aim is Status.VALID and not changes)
