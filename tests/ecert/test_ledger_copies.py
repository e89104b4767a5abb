"""Several ledgers that follow one another: each certificate has its facts from the one that it names."""

from __future__ import annotations

from dataclasses import replace

from ecert.certificate import Issuer
from ecert.events import Event
from ecert.facts import Status
from ecert.ledger_copies import LedgerCopies
from ecert.ledger_copy import LedgerCopy
from tests.ecert.cases import AGENCY, LEDGER, OTHER_LEDGER
from tests.ecert.test_ledger_copy import CERTIFICATE, Chain, as_of

chain = Chain()
SERIALS = (0, 10)
"""First serials of the batches, of ten each: on the ledger before, and on the newest."""


def copy_of(ledger: str, block: int, *events: Event) -> LedgerCopy:
    """A copy of which all up to block 100 is settled."""
    return LedgerCopy.empty(ledger, as_of(0)).advance(events, as_of(block), 100)


def copies(*events_before: Event) -> LedgerCopies:
    """The newest ledger, and the one before with some events more."""
    newest = copy_of(LEDGER, 200, chain.registered(), chain.batch(60, first=SERIALS[1]))
    before = copy_of(OTHER_LEDGER, 190, chain.registered(), chain.batch(10, first=SERIALS[0]), *events_before)
    return LedgerCopies(newest, (before,))


def test_a_ledger_is_had_by_its_name_and_a_strange_one_is_none_of_them() -> None:
    known = copies()
    assert [copy.ledger for copy in known] == [LEDGER, OTHER_LEDGER]
    assert known.of(OTHER_LEDGER).ledger == OTHER_LEDGER
    assert known.of(LEDGER).ledger == LEDGER
    assert known.of("eip155:1:0x" + "9" * 40) is known.newest


def test_a_serial_stands_on_the_ledger_whose_batch_has_it() -> None:
    known = copies()
    assert [known.covering(AGENCY, serial).ledger for serial in (0, 9, 10, 19, 20)] == [
        *[OTHER_LEDGER] * 2,
        *[LEDGER] * 3,
    ]
    assert known.covering("NOBODY", 0) is known.newest
    alone = LedgerCopies(known.newest)
    assert alone.covering(AGENCY, 0) is alone.newest


def test_facts_are_those_of_the_ledger_that_a_certificate_names_as_of_its_block() -> None:
    known = copies(chain.status(20, Status.REVOKED, 3))
    mine = replace(CERTIFICATE, serial=3, iss=Issuer(ledger=OTHER_LEDGER, agency=AGENCY))
    facts = known.facts(mine)
    assert (facts.ledger, facts.as_of.block) == (OTHER_LEDGER, 190)
    assert [change.status for change in facts.changes] == [Status.REVOKED]
    claimed = known.facts(replace(mine, iss=Issuer(ledger=LEDGER, agency=AGENCY)))
    assert (claimed.ledger, claimed.batch, claimed.changes) == (LEDGER, None, ())
    strange = known.facts(replace(mine, iss=Issuer(ledger="eip155:1:0x" + "9" * 40, agency=AGENCY)))
    assert (strange.ledger, strange.agency_known) == (LEDGER, False)


def test_what_a_certificate_replaces_may_stand_on_the_ledger_before_and_counts_once_settled() -> None:
    new = replace(CERTIFICATE, serial=12, supersedes=(3, 4), iss=Issuer(ledger=LEDGER, agency=AGENCY))
    known = copies(chain.superseded(70, 3, 12), chain.superseded(150, 4, 12))
    assert known.facts(new).superseded == {3: (12,), 4: ()}
    assert LedgerCopies(known.newest).facts(new).superseded == {3: (), 4: ()}
