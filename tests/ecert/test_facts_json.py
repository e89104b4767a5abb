"""Facts and verdicts as JSON, so that other implementations can run our vectors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from ecert.errors import MalformedCertificate, MalformedFacts
from ecert.facts import Status
from ecert.facts_json import facts_from_json, facts_to_json
from ecert.judging import judge_malformed
from ecert.verdict import verdict_to_json
from tests.ecert.cases import ANCHORED, NOW, Case, change
from tests.ecert.test_judging_table import any_case

GOOD = Case.good(supersedes=(3, 4), version=2).but(
    changes=(change(Status.SUPERSEDED, ANCHORED, settled=False, successors=(77,)),), doubt_since=9
)


@given(any_case)
def test_facts_are_read_back_as_they_were_written(case: Case) -> None:
    written = json.loads(json.dumps(facts_to_json(case.facts)))
    assert facts_from_json(written) == case.facts


def test_bytes_are_base64url_and_block_hashes_hex() -> None:
    written: dict[str, Any] = facts_to_json(GOOD.facts)
    assert written["as_of"]["hash"] == "0x" + "07" * 32
    assert len(written["key"]["kid"]) == len(written["batch"]["root"]) == 43
    assert written["changes"][0]["status"] == "superseded"
    assert written["superseded"] == {"3": [45], "4": [45]}


def test_facts_that_are_not_complete_say_so() -> None:
    partial = GOOD.but(batch=None, complete=False).facts
    written = facts_to_json(partial)
    assert written["complete"] is False
    assert facts_from_json(written) == partial
    assert "complete" not in facts_to_json(GOOD.facts)


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        (("as_of",), None, "facts.as_of"),
        (("as_of", "hash"), "0x07", "facts.as_of.hash"),
        (("as_of", "time"), "1", "facts.as_of.time"),
        (("ledger",), 1, "facts.ledger"),
        (("agency_known",), 1, "facts.agency_known"),
        (("key",), [], "facts.key"),
        (("key", "kid"), "=", "facts.key.kid"),
        (("batch", "count"), -1, "facts.batch.count"),
        (("batch", "settled"), None, "facts.batch.settled"),
        (("accreditations",), {}, "facts.accreditations"),
        (("accreditations", 0), 5, "facts.accreditations[0]"),
        (("changes", 0, "status"), "lost", "facts.changes[0].status"),
        (("changes", 0, "successors"), [True], "facts.changes[0].successors"),
        (("superseded", "03"), [], "facts.superseded.03"),
        (("superseded", "3"), [-1], "facts.superseded.3"),
        (("doubt_since",), True, "facts.doubt_since"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(path: tuple[Any, ...], value: Any, place: str) -> None:
    written: Any = json.loads(json.dumps(facts_to_json(GOOD.facts)))
    target = written
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(MalformedFacts) as refused:
        facts_from_json(written)
    assert refused.value.place == place


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(MalformedFacts):
        facts_from_json([])


class TestVerdict:
    def test_it_is_plain_json(self) -> None:
        written: dict[str, Any] = verdict_to_json(GOOD.judged())
        assert json.loads(json.dumps(written)) == written
        assert (written["result"], written["reasons"][0], written["status_now"]) == (
            "INVALID",
            "superseded",
            "superseded",
        )
        assert written["checks"][8] == {
            "number": 9,
            "name": "status",
            "outcome": "fail",
            "reasons": ["superseded"],
            "detail": {"since": ANCHORED, "successors": [77]},
        }
        assert written["as_of"]["hash"] == "0x" + "07" * 32

    def test_without_facts_there_is_no_block(self) -> None:
        written = verdict_to_json(judge_malformed(MalformedCertificate("x", "y"), as_of=None, now=NOW))
        assert (written["as_of"], written["status_now"], written["notes"]) == (None, None, {})
