"""What is decided about a call: the table, line by line, and what must hold in every case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.lifecycle import (
    BEHIND_FREED,
    EFFECT_MISSING,
    ELSEWHERE,
    ELSEWHERE_AFTER,
    FAILURE_UNDONE,
    MENDABLE,
    NONCE_TAKEN,
    OVERTAKEN,
    RESEND_AFTER,
    UNDER_WAY,
    UNPROVED,
    UNREAD,
    After,
    Before,
    Mined,
    NotTried,
    Passes,
    Refuses,
    Seen,
    Written,
    decide,
)
from chain.steps import Fail, Mine, Replace, Resend, Send, Settle, SignAgain, Step, Wait
from store.states import CallState

QUEUED = Written(state=CallState.QUEUED)
SIGNED = Written(state=CallState.SIGNED)
SENT = Written(state=CallState.SENT, sent_at=100.0)
MINED = Written(state=CallState.MINED, sent_at=100.0, block=7, moved_at=100.0)
REFUSED = Written(state=CallState.SENT, sent_at=0.0, refused=True)
NOW = 101.0


def before(
    simulation: Passes | Refuses | NotTried, *, unsettled: bool = False, overtaken: bool | None = False
) -> Before:
    return Before(simulation=simulation, unsettled=unsettled, overtaken=overtaken)


def refused(reason: str) -> Refuses:
    return Refuses(reason=reason, said=f"{reason}()")


def after(
    receipt: Mined | None = None,
    *,
    consumed: bool = False,
    consumed_settled: bool = False,
    settled_block: int = 0,
    effect: int | None = None,
    elsewhere: bool = False,
    behind_freed: bool = False,
) -> After:
    return After(
        receipt=receipt,
        consumed=consumed,
        consumed_settled=consumed_settled,
        settled_block=settled_block,
        effect=effect,
        elsewhere=elsewhere,
        behind_freed=behind_freed,
    )


LOST = Fail(reason="SerialsTaken", said="SerialsTaken()")
PASSES = Passes(gas=5, nonce=0)
GOOD = Mined(block=7, succeeded=True)
REVERTED = Mined(block=7, succeeded=False)

TABLE: list[tuple[str, Written, Seen, float, Step]] = [
    ("passes: send", QUEUED, before(PASSES), NOW, Send(gas=5, nonce=0)),
    ("perhaps overtaken", QUEUED, before(PASSES, overtaken=None), NOW, Wait(reason=UNREAD)),
    ("overtaken", QUEUED, before(PASSES, overtaken=True), NOW, Fail(reason="overtaken", said=OVERTAKEN)),
    ("refused for good", QUEUED, before(refused("SerialsTaken")), NOW, LOST),
    ("refused, may mend itself", QUEUED, before(refused("Gap"), unsettled=True), NOW, Wait(reason="Gap()")),
    ("refused, people can mend it", QUEUED, before(refused("NotAccredited")), NOW, Wait(reason="NotAccredited()")),
    ("the node will not try", QUEUED, before(NotTried(reason="no funds")), NOW, Wait(reason="no funds")),
    ("bytes that perhaps nobody has", SIGNED, after(), NOW, Resend()),
    ("sent just now", SENT, after(), NOW, Wait()),
    ("sent long ago", SENT, after(), 100.0 + RESEND_AFTER, Resend()),
    ("mined", SENT, after(GOOD), NOW, Mine(block=7)),
    ("mined before we wrote that we sent it", SIGNED, after(GOOD), NOW, Mine(block=7)),
    ("mined, not settled", MINED, after(GOOD, settled_block=6), NOW, Wait()),
    ("settled, and our copy lacks it", MINED, after(GOOD, settled_block=7), NOW, Wait(reason=EFFECT_MISSING)),
    ("settled, our copy has it", MINED, after(GOOD, settled_block=7, effect=7), NOW, Settle(block=7)),
    ("settled while we were away", SIGNED, after(GOOD, settled_block=9, effect=7), NOW, Settle(block=7)),
    ("our copy has it, not settled", MINED, after(GOOD, settled_block=6, effect=7), NOW, Wait()),
    ("moved to another block", MINED, after(Mined(block=8, succeeded=True)), NOW, Mine(block=8)),
    ("its block is gone", MINED, after(), NOW, Resend(undone=True)),
    ("reverted, not settled", MINED, after(REVERTED, settled_block=6), NOW, Wait()),
    ("reverted, settled", MINED, after(REVERTED, consumed_settled=True, settled_block=7), NOW, Fail(reason="reverted")),
    ("a revert without proof", MINED, after(REVERTED, settled_block=7), NOW, Wait(reason=UNPROVED)),
    ("a revert that our copy denies", MINED, after(REVERTED, settled_block=7, effect=7), NOW, Settle(block=7)),
    ("elsewhere", MINED, after(REVERTED, settled_block=7, elsewhere=True), NOW, Wait()),
    ("elsewhere for long", MINED, after(GOOD, elsewhere=True), 100.0 + ELSEWHERE_AFTER, Wait(reason=ELSEWHERE)),
    ("nonce taken elsewhere", SENT, after(consumed=True, elsewhere=True), NOW, Wait(reason=ELSEWHERE)),
    ("behind a nonce that is nobody's", SENT, after(behind_freed=True), NOW, Wait(reason=BEHIND_FREED)),
    ("its failure was undone", REFUSED, after(), NOW, Wait(reason=FAILURE_UNDONE)),
    ("it failed again", REFUSED, after(REVERTED, consumed_settled=True, settled_block=7), NOW, Fail(reason="reverted")),
    ("its nonce is used up", REFUSED, after(consumed_settled=True), NOW, Fail(reason="reverted")),
    ("it was done after all", REFUSED, after(GOOD, settled_block=7, effect=7), NOW, Settle(block=7)),
    ("nonce taken", SENT, after(consumed=True), NOW, Wait(reason=NONCE_TAKEN)),
    ("nonce taken for good", SENT, after(consumed=True, consumed_settled=True), NOW, SignAgain()),
    ("nonce taken, it is there", SENT, after(consumed=True, consumed_settled=True, effect=7), NOW, Settle(block=7)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "seen", "now", "step"), [line[1:] for line in TABLE], ids=[line[0] for line in TABLE]
)
def test_each_line_of_the_table(written: Written, seen: Seen, now: float, step: Step) -> None:
    assert decide(written, seen, now) == step


@pytest.mark.parametrize("state", [CallState.SETTLED, CallState.FAILED])
def test_nothing_is_decided_about_a_call_that_is_over(state: CallState) -> None:
    with pytest.raises(ValueError, match=state):
        decide(Written(state=state), after(), NOW)


def test_a_queued_call_is_not_judged_by_a_receipt() -> None:
    with pytest.raises(ValueError, match="queued"):
        decide(QUEUED, after(GOOD), NOW)


receipts = st.none() | st.builds(Mined, block=st.integers(0, 20), succeeded=st.booleans())
afters = st.builds(
    After,
    receipt=receipts,
    consumed=st.booleans(),
    consumed_settled=st.booleans(),
    settled_block=st.integers(-1, 20),
    effect=st.none() | st.integers(0, 20),
    elsewhere=st.booleans(),
    behind_freed=st.booleans(),
)
under_way = st.builds(
    Written,
    state=st.sampled_from(sorted(UNDER_WAY)),
    sent_at=st.none() | st.floats(0, 200),
    block=st.none() | st.integers(0, 20),
    refused=st.booleans(),
)
reasons = st.sampled_from(["SerialsTaken", "StatusConflict", *sorted(MENDABLE)])
befores = st.builds(
    Before,
    simulation=st.builds(Passes, gas=st.integers(1, 10**7))
    | st.builds(Refuses, reason=reasons, said=reasons)
    | st.builds(NotTried, reason=st.text(max_size=5)),
    unsettled=st.booleans(),
    overtaken=st.none() | st.booleans(),
)


@given(under_way, afters, st.floats(0, 300))
def test_a_call_settles_only_with_its_effect_in_our_copy(written: Written, seen: After, now: float) -> None:
    if isinstance(decide(written, seen, now), Settle):
        assert seen.effect is not None
        assert (seen.receipt is None and seen.consumed_settled) or (
            seen.receipt is not None and seen.receipt.block <= seen.settled_block and not seen.elsewhere
        )


@given(under_way, afters, st.floats(0, 300))
def test_a_second_nonce_needs_the_first_to_be_lost_for_good(written: Written, seen: After, now: float) -> None:
    if decide(written, seen, now) == SignAgain():
        assert seen.receipt is None
        assert seen.consumed_settled
        assert seen.effect is None


@given(under_way, afters, st.floats(0, 300))
def test_a_call_with_a_nonce_fails_only_by_a_settled_revert(written: Written, seen: After, now: float) -> None:
    if isinstance(decide(written, seen, now), Fail):
        assert seen.effect is None
        assert seen.consumed_settled
        if seen.receipt is None:
            assert written.refused
        else:
            assert not seen.receipt.succeeded
            assert seen.receipt.block <= seen.settled_block
            assert not seen.elsewhere


@given(under_way, afters, st.floats(0, 300))
def test_what_has_failed_is_never_sent_again(written: Written, seen: After, now: float) -> None:
    if written.refused:
        assert not isinstance(decide(written, seen, now), Resend | Replace | SignAgain)


@given(under_way, afters, st.floats(0, 300))
def test_nothing_is_sent_while_a_receipt_is_there(written: Written, seen: After, now: float) -> None:
    if isinstance(decide(written, seen, now), Resend | SignAgain):
        assert seen.receipt is None


@given(befores)
def test_a_queued_call_fails_only_when_nothing_can_mend_it(seen: Before) -> None:
    if isinstance(decide(QUEUED, seen, NOW), Fail) and not seen.overtaken:
        assert isinstance(seen.simulation, Refuses)
        assert not seen.unsettled
        assert seen.simulation.reason not in MENDABLE


@given(befores)
def test_a_nonce_is_given_only_after_a_simulation_that_passed(seen: Before) -> None:
    passed = isinstance(seen.simulation, Passes) and seen.overtaken is False
    assert isinstance(decide(QUEUED, seen, NOW), Send) == passed
