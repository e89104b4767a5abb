"""Folding events into the copy of a ledger, and the facts that come of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecert.certificate import Issuer
from ecert.errors import ContradictionError
from ecert.events import (
    AccreditationEnded,
    AgencyAccredited,
    AgencyAdminChanged,
    AgencyRegistered,
    AgencyReinstated,
    AgencySuspended,
    AuthorityChanged,
    BatchAnchored,
    CertificateSuperseded,
    Event,
    KeyAdded,
    KeyRetired,
    KeyRevoked,
    LedgerRetired,
    OperatorSet,
    Place,
    StatusChanged,
)
from ecert.facts import Accreditation, AsOf, Facts, KeyFacts, Status, StatusFacts
from ecert.ledger_copy import LedgerCopy
from ecert.types import vct_hash
from tests.ecert.cases import AGENCY, KEY, LEDGER, OTHER_LEDGER, SERIAL, TITLE, certificate

TYPE = vct_hash(TITLE.vct)
CERTIFICATE = certificate()
NEW_TYPE = b"t" * 32


def as_of(block: int) -> AsOf:
    return AsOf(chain="eip155:31337", block=block, hash=block.to_bytes(32, "big"), time=at(block))


def at(block: int) -> int:
    return 1_000_000 + 5 * block


class Chain:
    """Makes events with places: a block is a number, its time five seconds after the one before."""

    def __init__(self) -> None:
        self.sequence = count(1)

    def place(self, block: int) -> Place:
        return Place(block=block, time=at(block), sequence=next(self.sequence))

    def registered(self, block: int = 1, agency: str = AGENCY) -> AgencyRegistered:
        return AgencyRegistered(place=self.place(block), agency=agency, name="Registry of Jiang'an", admin=bytes(20))

    def key(self, block: int = 2) -> KeyAdded:
        return KeyAdded(
            place=self.place(block), agency=AGENCY, kid=KEY.kid, suite=1, public_key=KEY.public_key, added=at(block)
        )

    def accredited(self, block: int = 3, since: int = 0, until: int | None = None) -> AgencyAccredited:
        return AgencyAccredited(place=self.place(block), agency=AGENCY, certificate_type=TYPE, since=since, until=until)

    def batch(self, block: int, first: int, size: int = 10) -> BatchAnchored:
        return BatchAnchored(
            place=self.place(block),
            agency=AGENCY,
            certificate_type=TYPE,
            suite=1,
            root=first.to_bytes(32, "big"),
            first_serial=first,
            count=size,
        )

    def status(self, block: int, status: Status, *serials: int) -> StatusChanged:
        return StatusChanged(place=self.place(block), agency=AGENCY, status=status, serials=serials)

    def superseded(self, block: int, old: int, *successors: int) -> CertificateSuperseded:
        return CertificateSuperseded(place=self.place(block), agency=AGENCY, old=old, successors=successors)

    def suspended(self, block: int, doubt_since: int | None = None) -> AgencySuspended:
        return AgencySuspended(place=self.place(block), agency=AGENCY, doubt_since=doubt_since)

    def reinstated(self, block: int) -> AgencyReinstated:
        return AgencyReinstated(place=self.place(block), agency=AGENCY)


@pytest.fixture
def chain() -> Chain:
    return Chain()


def copied(*events: Event, head: int = 100, settled: int = 100) -> LedgerCopy:
    return LedgerCopy.empty(LEDGER, as_of(0)).advance(events, as_of(head), settled)


def facts(*events: Event, settled: int = 100) -> Facts:
    return copied(*events, settled=settled).facts(CERTIFICATE)


class TestAgency:
    def test_an_empty_copy_knows_nobody(self) -> None:
        empty = LedgerCopy.empty(LEDGER, as_of(7))
        assert empty.facts(CERTIFICATE) == Facts(as_of=as_of(7), ledger=LEDGER, agency_known=False)
        assert (empty.settled_block, empty.agency(AGENCY), empty.batch(AGENCY, 1)) == (0, None, None)
        assert (empty.changes(AGENCY, 1), empty.status(AGENCY, 1), empty.statuses(AGENCY, 0)) == ((), Status.VALID, {})

    def test_a_registered_agency_is_known_before_its_block_is_settled(self, chain: Chain) -> None:
        assert facts(chain.registered(), settled=0).agency_known

    def test_on_another_ledger_it_is_not_known_here(self, chain: Chain) -> None:
        elsewhere = replace(CERTIFICATE, iss=Issuer(ledger=OTHER_LEDGER, agency=AGENCY))
        found = copied(chain.registered()).facts(elsewhere)
        assert (found.ledger, found.agency_known) == (LEDGER, False)

    def test_its_name_is_told(self, chain: Chain) -> None:
        agency = copied(chain.registered()).agency(AGENCY)
        assert agency is not None
        assert (agency.code, agency.name, agency.suspended) == (AGENCY, "Registry of Jiang'an", False)

    def test_who_may_write_changes_nothing(self, chain: Chain) -> None:
        place = chain.place(1)
        others = (
            AuthorityChanged(place=place, authority=bytes(20)),
            chain.registered(),
            AgencyAdminChanged(place=place, agency=AGENCY, admin=bytes(20), active_from=0),
            OperatorSet(place=place, agency=AGENCY, operator=bytes(20), purposes=3, active_from=0, until=9),
        )
        assert copied(*others).agencies == copied(others[1]).agencies

    def test_a_retired_ledger_names_its_successor(self, chain: Chain) -> None:
        retired = copied(LedgerRetired(place=chain.place(9), successor=b"s" * 20))
        assert retired.retired_for == b"s" * 20
        assert retired.advance((), as_of(10), 10).retired_for == b"s" * 20


class TestKeys:
    def test_a_key_is_found_by_its_id(self, chain: Chain) -> None:
        assert facts(chain.registered(), chain.key(2)).key == KeyFacts(
            kid=KEY.kid, suite=1, public_key=KEY.public_key, added=at(2)
        )
        assert facts(chain.registered()).key is None

    def test_retirement_and_compromise_only_move_earlier(self, chain: Chain) -> None:
        def retired(time: int) -> KeyRetired:
            return KeyRetired(place=chain.place(5), agency=AGENCY, kid=KEY.kid, retired=time)

        def revoked(time: int) -> KeyRevoked:
            return KeyRevoked(place=chain.place(5), agency=AGENCY, kid=KEY.kid, compromised_since=time)

        key = facts(chain.registered(), chain.key(), retired(90), retired(95), revoked(80), revoked(70)).key
        assert key is not None
        assert (key.retired, key.compromised_since) == (90, 70)


class TestAccreditation:
    def test_it_counts_from_its_block_on_and_says_whether_that_is_settled(self, chain: Chain) -> None:
        events = (chain.registered(), chain.accredited(3, since=0, until=at(50)))
        assert facts(*events, settled=3).accreditations == (Accreditation(since=at(3), until=at(50)),)
        assert facts(*events, settled=2).accreditations == (Accreditation(since=at(3), until=at(50), settled=False),)

    def test_one_that_begins_later_begins_later(self, chain: Chain) -> None:
        assert facts(chain.registered(), chain.accredited(3, since=at(9))).accreditations == (
            Accreditation(since=at(9), until=None),
        )

    def test_a_new_one_replaces_the_old_from_its_block_on_and_not_before(self, chain: Chain) -> None:
        found = facts(chain.registered(), chain.accredited(3), chain.accredited(8, since=at(20)))
        assert found.accreditations == (
            Accreditation(since=at(3), until=at(8)),
            Accreditation(since=at(20), until=None),
        )

    def test_an_end_cuts_short_what_goes_beyond_it_and_drops_what_had_not_begun(self, chain: Chain) -> None:
        events = (chain.registered(), chain.accredited(3, until=at(5)), chain.accredited(6), _ended(chain, 9))
        assert facts(*events).accreditations == (
            Accreditation(since=at(3), until=at(5)),
            Accreditation(since=at(6), until=at(9)),
        )
        early = (chain.registered(), chain.accredited(3, since=at(9)), _ended(chain, 9))
        assert facts(*early).accreditations == ()

    def test_one_for_another_type_says_nothing(self, chain: Chain) -> None:
        assert facts(chain.registered(), replace(chain.accredited(), certificate_type=NEW_TYPE)).accreditations == ()


class TestDoubt:
    def test_a_plain_suspension_is_no_doubt(self, chain: Chain) -> None:
        copy = copied(chain.registered(), chain.suspended(5))
        agency = copy.agency(AGENCY)
        assert agency is not None
        assert agency.suspended
        assert copy.facts(CERTIFICATE).doubt_since is None

    def test_doubt_counts_at_once_and_only_moves_earlier(self, chain: Chain) -> None:
        events = (chain.registered(), chain.suspended(5, 400), chain.suspended(6, 300), chain.suspended(7, 350))
        assert facts(*events, settled=0).doubt_since == 300

    def test_it_is_lifted_once_that_is_settled(self, chain: Chain) -> None:
        for lift in (chain.reinstated(9), chain.suspended(9)):
            events = (chain.registered(), chain.suspended(5, 400), lift)
            assert facts(*events, settled=8).doubt_since == 400
            assert facts(*events, settled=9).doubt_since is None

    def test_after_it_a_new_one_counts_alone(self, chain: Chain) -> None:
        events = (chain.registered(), chain.suspended(5, 400), chain.reinstated(9), chain.suspended(11, 500))
        assert facts(*events).doubt_since == 500


class TestBatches:
    def test_the_batch_that_covers_the_serial_is_found(self, chain: Chain) -> None:
        copy = copied(chain.registered(), chain.batch(5, 0, 40), chain.batch(6, 40), chain.batch(7, 60))
        batch = copy.facts(CERTIFICATE).batch
        assert batch is not None
        assert (batch.first_serial, batch.count, batch.anchored, batch.block, batch.settled) == (40, 10, at(6), 6, True)
        found = [copy.batch(AGENCY, serial) for serial in (0, 39, 40, 49, 50, 59, 60, 69, 70)]
        firsts = [batch and batch.first_serial for batch in found]
        assert firsts == [0, 0, 40, 40, None, None, 60, 60, None]

    def test_below_the_first_one_there_is_none(self, chain: Chain) -> None:
        assert copied(chain.registered(), chain.batch(5, 40)).batch(AGENCY, 39) is None

    def test_it_is_settled_with_its_block(self, chain: Chain) -> None:
        events = (chain.registered(), chain.batch(5, 40))
        settled = [copied(*events, settled=block).batch(AGENCY, SERIAL) for block in (4, 5)]
        assert [batch and batch.settled for batch in settled] == [False, True]

    @pytest.mark.parametrize("step", [1, 7, 600])
    def test_thousands_are_found_however_they_came(self, chain: Chain, step: int) -> None:
        copy = copied(chain.registered())
        batches = [chain.batch(number, number * 10, 9) for number in range(1_300)]
        for start in range(0, len(batches), step):
            copy = copy.advance(batches[start : start + step], as_of(start), 2_000)
        found = [copy.batch(AGENCY, serial) for serial in range(0, 13_000, 7)]
        firsts = [batch and batch.first_serial for batch in found]
        assert firsts == [None if serial % 10 == 9 else serial - serial % 10 for serial in range(0, 13_000, 7)]


class TestStatuses:
    def test_every_change_is_kept(self, chain: Chain) -> None:
        copy = copied(
            chain.registered(),
            chain.status(5, Status.SUSPENDED, SERIAL, SERIAL + 1),
            chain.status(6, Status.VALID, SERIAL),
            chain.superseded(7, SERIAL, 90, 80),
            settled=6,
        )
        assert copy.facts(CERTIFICATE).changes == (
            StatusFacts(status=Status.SUSPENDED, time=at(5), block=5),
            StatusFacts(status=Status.VALID, time=at(6), block=6),
            StatusFacts(status=Status.SUPERSEDED, time=at(7), block=7, settled=False, successors=(80, 90)),
        )
        assert copy.changes(AGENCY, SERIAL + 1) == (StatusFacts(status=Status.SUSPENDED, time=at(5), block=5),)
        assert copy.changes(AGENCY, SERIAL + 2) == ()

    def test_the_status_now_is_the_latest_that_counts(self, chain: Chain) -> None:
        events = (
            chain.registered(),
            chain.status(5, Status.SUSPENDED, 7),
            chain.status(6, Status.VALID, 7),
        )
        assert copied(*events, settled=6).status(AGENCY, 7) is Status.VALID
        assert copied(*events, settled=5).status(AGENCY, 7) is Status.SUSPENDED

    def test_of_two_changes_in_one_block_the_later_counts(self, chain: Chain) -> None:
        copy = copied(chain.registered(), chain.status(5, Status.SUSPENDED, 7), chain.status(5, Status.VALID, 7))
        assert [change.status for change in copy.changes(AGENCY, 7)] == [Status.SUSPENDED, Status.VALID]

    def test_the_largest_serials_have_their_own(self, chain: Chain) -> None:
        last = 2**53 - 1
        copy = copied(
            chain.registered(), chain.superseded(5, last, last - 1), chain.status(5, Status.REVOKED, last - 2)
        )
        assert copy.changes(AGENCY, last)[0].successors == (last - 1,)
        assert copy.status(AGENCY, last - 2) is Status.REVOKED
        assert copy.status(AGENCY, last - 1) is Status.VALID

    def test_what_a_certificate_supersedes_is_told_once_it_is_settled(self, chain: Chain) -> None:
        events = (chain.registered(), chain.superseded(5, 3, SERIAL), chain.superseded(6, 4, SERIAL, 99))
        successor = replace(CERTIFICATE, supersedes=(3, 4, 5))
        assert copied(*events).facts(successor).superseded == {3: (SERIAL,), 4: (SERIAL, 99), 5: ()}
        assert copied(*events, settled=5).facts(successor).superseded == {3: (SERIAL,), 4: (), 5: ()}

    def test_a_list_has_those_of_its_131072_serials_that_are_not_valid(self, chain: Chain) -> None:
        size = 131_072
        copy = copied(
            chain.registered(),
            chain.status(4, Status.REVOKED, size - 1, size, 2 * size),
            chain.status(5, Status.SUSPENDED, size + 5_000, size + 7),
            chain.status(6, Status.VALID, size + 7),
            chain.superseded(7, 2 * size - 1, 9),
        )
        assert copy.statuses(AGENCY, 0) == {size - 1: Status.REVOKED}
        assert copy.statuses(AGENCY, 1) == {
            size: Status.REVOKED,
            size + 5_000: Status.SUSPENDED,
            2 * size - 1: Status.SUPERSEDED,
        }
        assert copy.statuses(AGENCY, 3) == {}

    def test_the_lists_of_an_agency_are_those_that_its_batches_reach(self, chain: Chain) -> None:
        size = 131_072
        copy = copied(
            chain.registered(),
            chain.registered(agency="EMPTY-1"),
            chain.batch(4, 0, 2),
            chain.batch(5, size - 1, 2),
            chain.batch(6, 5 * size, size),
            chain.batch(7, 9 * size - 1, size + 2),
        )
        assert copy.status_lists(AGENCY) == (0, 1, 5, 8, 9, 10)
        assert copy.status_lists("EMPTY-1") == copy.status_lists("UNKNOWN-1") == ()


class TestSnapshots:
    def test_an_older_snapshot_stays_as_it_was(self, chain: Chain) -> None:
        old = copied(chain.registered(), chain.batch(5, 0), chain.status(6, Status.SUSPENDED, 1), head=6)
        new = old.advance([chain.status(7, Status.REVOKED, 1), chain.batch(7, 10), chain.key(7)], as_of(7), 7)
        assert (old.as_of.block, new.as_of.block, new.settled_block) == (6, 7, 7)
        assert (old.status(AGENCY, 1), new.status(AGENCY, 1)) == (Status.SUSPENDED, Status.REVOKED)
        assert old.batch(AGENCY, 10) is None
        assert new.batch(AGENCY, 10) is not None
        assert old.facts(CERTIFICATE).key is None
        assert new.facts(CERTIFICATE).key is not None

    def test_two_can_grow_from_one(self, chain: Chain) -> None:
        root = copied(chain.registered(), chain.batch(5, 0))
        one, other = (root.advance([chain.batch(6, first)], as_of(6), 6) for first in (10, 20))
        assert one.batch(AGENCY, 20) is None
        assert other.batch(AGENCY, 10) is None

    def test_events_may_come_as_they_are_read(self, chain: Chain) -> None:
        copy = LedgerCopy.empty(LEDGER, as_of(0)).advance(iter([chain.registered()]), as_of(1), 1)
        assert copy.agency(AGENCY) is not None


class TestContradictions:
    def test_an_agency_that_was_never_registered(self, chain: Chain) -> None:
        for event in (chain.key(), chain.batch(1, 0), chain.status(1, Status.REVOKED, 1)):
            with pytest.raises(ContradictionError, match=AGENCY):
                copied(event)

    def test_an_agency_that_is_registered_twice(self, chain: Chain) -> None:
        with pytest.raises(ContradictionError, match="twice"):
            copied(chain.registered(), chain.registered())

    def test_a_key_twice(self, chain: Chain) -> None:
        with pytest.raises(ContradictionError, match="twice"):
            copied(chain.registered(), chain.key(), chain.key())

    def test_a_key_that_was_never_added(self, chain: Chain) -> None:
        with pytest.raises(ContradictionError, match="no key"):
            copied(chain.registered(), KeyRetired(place=chain.place(5), agency=AGENCY, kid=KEY.kid, retired=9))

    @pytest.mark.parametrize("first", [0, 9])
    def test_a_serial_that_was_anchored_before(self, chain: Chain, first: int) -> None:
        with pytest.raises(ContradictionError, match=f"serial {first}"):
            copied(chain.registered(), chain.batch(5, 0), chain.batch(6, first))
        with pytest.raises(ContradictionError, match=f"serial {first}"):
            copied(chain.registered(), chain.batch(5, 0)).advance([chain.batch(6, first)], as_of(6), 6)


changes = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([0, 1, 2_047, 2_048, 131_072]), st.booleans()), max_size=30
)


@given(changes, st.integers(0, 30), st.integers(0, 30))
def test_the_copy_agrees_with_a_list_of_all_changes(told: list[tuple[int, int, bool]], settled: int, cut: int) -> None:
    """However the events are cut into blocks, each serial has its own changes in their order."""
    chain = Chain()
    events: list[Event] = [chain.registered(0)]
    model: dict[int, list[tuple[Status, int]]] = {}
    for block, (status, serial, superseded) in enumerate(told, start=1):
        if superseded:
            events.append(chain.superseded(block, serial, block))
        else:
            events.append(chain.status(block, Status(status), serial))
        model.setdefault(serial, []).append((Status.SUPERSEDED if superseded else Status(status), block))
    copy = copied(*events[:cut]) if cut else LedgerCopy.empty(LEDGER, as_of(0))
    copy = copy.advance(events[cut:], as_of(99), settled)
    for serial, expected in model.items():
        found = copy.changes(AGENCY, serial)
        assert [(change.status, change.block) for change in found] == expected
        assert all(change.settled is (change.block <= settled) for change in found)
        assert copy.status(AGENCY, serial) is _latest(expected, settled)


def _latest(told: list[tuple[Status, int]], settled: int) -> Status:
    counted = [status for status, block in told if status is not Status.VALID or block <= settled]
    return counted[-1] if counted else Status.VALID


def _ended(chain: Chain, block: int) -> AccreditationEnded:
    return AccreditationEnded(place=chain.place(block), agency=AGENCY, certificate_type=TYPE, until=at(block))
