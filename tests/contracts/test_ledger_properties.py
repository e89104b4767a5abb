"""The ledger against its model, whatever is called in whatever order."""

from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.contracts import running_head
from tests.contracts.model import CHANGES, Expected, LedgerModel
from tests.contracts.world import AGENCY, FOR_EVER, OTHER_TYPE, TYPE, Refusal, World, root

near = st.integers(-140, 140)
"""Serials are drawn around the agency's next one, where things happen, and around the first."""

counts = st.one_of(st.integers(1, 200), st.sampled_from([0, 127, 128, 129, 2**20, 2**20 + 1]))
gaps = st.one_of(st.just(0), st.integers(0, 5), st.sampled_from([2**20, 2**20 + 1]), st.integers(-300, -1))


def _other(certificate_type: bytes) -> bytes:
    return OTHER_TYPE if certificate_type == TYPE else TYPE


class LedgerMachine(RuleBasedStateMachine):
    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.remembered = self.world.chain.snapshot()
        self.model = LedgerModel()
        self.calls: list[tuple[bytes, int, bytes, int, int]] = []

    @rule(
        certificate_type=st.sampled_from([TYPE, OTHER_TYPE]),
        suite=st.integers(1, 3),
        number=st.integers(0, 3),
        gap=gaps,
        count=counts,
    )
    def anchor(self, certificate_type: bytes, suite: int, number: int, gap: int, count: int) -> None:
        first = max(0, self.model.next_serial + gap)
        self._anchor((certificate_type, suite, root(number), first, count))

    @rule(which=st.integers(0), what=st.sampled_from(["same", "type", "suite", "root", "count"]))
    def anchor_again(self, which: int, what: str) -> None:
        if not self.calls:
            return
        certificate_type, suite, root_, first, count = self.calls[which % len(self.calls)]
        self._anchor(
            (
                _other(certificate_type) if what == "type" else certificate_type,
                suite + (what == "suite"),
                root(99) if what == "root" else root_,
                first,
                count + (what == "count"),
            )
        )

    @rule(function=st.sampled_from(sorted(CHANGES)), places=st.lists(near, max_size=8), from_the_end=st.booleans())
    def change(self, function: str, places: list[int], from_the_end: bool) -> None:  # noqa: FBT001
        serials = [self._serial(place, from_the_end) for place in places]
        self._both(lambda: self.model.change(function, serials), f"ledger.{function}", AGENCY, serials)

    @rule(place=near, successors=st.lists(near, max_size=4), tidy=st.booleans(), from_the_end=st.booleans())
    def supersede(self, place: int, successors: list[int], tidy: bool, from_the_end: bool) -> None:  # noqa: FBT001
        serial = self._serial(place, from_the_end)
        named = [self._serial(successor, from_the_end) for successor in successors]
        named = sorted(set(named)) if tidy else named
        self._both(lambda: self.model.supersede(serial, named), "ledger.supersede", AGENCY, serial, named)

    @rule(place=near, from_the_end=st.booleans())
    def look(self, place: int, from_the_end: bool) -> None:  # noqa: FBT001
        serial = self._serial(place, from_the_end)
        read = self.world.read
        assert read("ledger.statusWord", AGENCY, serial // 128) == self.model.word(serial // 128)
        assert read("ledger.isAnchored", AGENCY, serial) is self.model.is_anchored(serial)
        assert read("ledger.successorsHash", AGENCY, serial) == self.model.successors_hash(serial)

    @invariant()
    def next_serial_agrees(self) -> None:
        assert self.world.read("ledger.nextSerial", AGENCY) == self.model.next_serial

    def teardown(self) -> None:
        try:
            for first, (certificate_type, suite, root_, count) in self.model.batches.items():
                batch = self.world.read("ledger.batchAt", AGENCY, first)
                assert (batch["certificateType"], batch["suite"], batch["root"]) == (certificate_type, suite, root_)
                assert (batch["firstSerial"], batch["count"]) == (first, count)
            for word in {serial // 128 for serial in self.model.statuses}:
                assert self.world.read("ledger.statusWord", AGENCY, word) == self.model.word(word)
            events = self.world.all_events("ledger")
            head = running_head.check(self.world.read("ledger.instance"), events)
            assert self.world.read("ledger.head") == head
        finally:
            self.world.chain.roll_back(self.remembered)

    def _serial(self, place: int, from_the_end: bool) -> int:  # noqa: FBT001
        return max(0, self.model.next_serial + place if from_the_end else abs(place))

    def _anchor(self, call: tuple[bytes, int, bytes, int, int]) -> None:
        if self._both(lambda: self.model.anchor(*call), "ledger.anchor", AGENCY, *call):
            self.calls.append(call)

    def _both(self, expected: Callable[[], list[Expected]], function: str, *arguments: object) -> list[Expected]:
        """Ask the model and the contract; the events, which are the same, or none after the same refusal."""
        events: list[Expected] = []
        wanted: Refusal | None = None
        try:
            events = expected()
        except Refusal as refusal:
            wanted = refusal
        assert self.world.refusal("all_rounder", function, *arguments) == wanted
        if wanted is not None:
            return []
        happened = [(event.name, event.fields) for event in self.world.act("all_rounder", function, *arguments)]
        assert happened == events
        return events


@pytest.fixture
def two_types(world: World) -> World:
    world.act("registrar", "registry.accredit", AGENCY, OTHER_TYPE, 0, FOR_EVER)
    return world


def test_the_ledger_does_what_the_model_says(two_types: World) -> None:
    LedgerMachine.world = two_types
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
