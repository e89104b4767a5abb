"""Matters: files are refused with the place, and what a matter does not allow is refused and logged."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecert.demands import Challenge, Demands
from ecert.errors import MalformedType
from ecert.types import TypeCatalogue
from verifier.callers import ANYBODY, Caller, Ground, Occasion
from verifier.errors import SettingsRefused
from verifier.matter_file import parse_matter
from verifier.matters import Matters, load_matters
from verifier.problems import Code, RequestRefused

TYPES = TypeCatalogue.bundled()
CLERK = Caller(name="clerk-1", relying_party="TAX", office="EAST", operator="clerk-1")
FULL = Occasion(matter="deed-tax-home", case="2026-1", ground=Ground.CONSENT)


def written(**changes: Any) -> str:  # any JSON
    whole: dict[str, Any] = {
        "code": "a-matter",
        "en": "A matter",
        "zh": "事项",
        "max_age": 600,
        "grounds": ["consent", "duty"],
        "needs": [
            {"type": "real-estate-title", "read": ["address"], "compare": ["holder"], "by": ["title_number", "holder"]}
        ],
    }
    return json.dumps({name: value for name, value in {**whole, **changes}.items() if value is not ...})


def need(**changes: object) -> list[dict[str, object]]:
    return [{"type": "real-estate-title", "read": [], "compare": [], "by": [], **changes}]


def test_the_six_that_come_along_are_known() -> None:
    assert [matter.code for matter in load_matters(None, TYPES)] == [
        "contractor-check",
        "deed-tax-home",
        "food-shop-opening",
        "medical-claim",
        "school-district",
        "title-transfer",
    ]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"code": "Not Good"}, "m.code"),
        ({"code": ...}, "m.code"),
        ({"colour": "red"}, "m.colour"),
        ({"max_age": 0}, "m.max_age"),
        ({"max_age": "600"}, "m.max_age"),
        ({"grounds": []}, "m.grounds"),
        ({"grounds": ["whim"]}, "m.grounds"),
        ({"needs": []}, "m.needs"),
        ({"needs": need() + need()}, "m.needs"),
        ({"needs": need(type="moon-title")}, "m.needs[0].type"),
        ({"needs": need(read=["colour"])}, "m.needs[0].read"),
        ({"needs": need(compare=["colour"])}, "m.needs[0].compare"),
        ({"needs": need(by=["address"])}, "m.needs[0].by"),
        ({"needs": need(by=["holder", "holder"])}, "m.needs[0].by"),
        ({"needs": need(why="x")}, "m.needs[0].why"),
        ({"for": "TAX"}, "m.for"),
        ({"holder_proof": "no"}, "m.holder_proof"),
    ],
)
def test_a_bad_file_is_refused_with_the_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(MalformedType) as caught:
        parse_matter(written(**changes), "m", TYPES)
    assert caught.value.place == place


def test_a_bureaus_own_file_goes_before_one_that_comes_along(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(written(code="deed-tax-home", en="Ours"))
    found = load_matters(tmp_path, TYPES).get("deed-tax-home")
    assert found is not None
    assert found.en == "Ours"


def test_two_files_of_one_code_or_one_that_is_no_json_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(written())
    (tmp_path / "b.json").write_text(written())
    with pytest.raises(SettingsRefused, match=r"b\.json"):
        load_matters(tmp_path, TYPES)
    (tmp_path / "b.json").write_text("{")
    with pytest.raises(SettingsRefused, match=r"b\.json"):
        load_matters(tmp_path, TYPES)


def refusal(call: Callable[[], object]) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        call()
    return caught.value


@pytest.mark.parametrize(
    ("occasion", "places"),
    [
        (Occasion(), ["matter", "case", "ground"]),
        (Occasion(matter="moon", case="1", ground=Ground.CONSENT), ["matter"]),
        (Occasion(matter="deed-tax-home", case="", ground=Ground.CONSENT), ["case"]),
        (Occasion(matter="deed-tax-home", case="1", ground=Ground.DUTY), ["operator"]),
    ],
)
def test_what_must_be_said_and_is_not_is_named(occasion: Occasion, places: list[str]) -> None:
    found = refusal(lambda: load_matters(None, TYPES).rule(CLERK, occasion))
    assert found.code is Code.NOT_UNDERSTOOD
    assert [flaw.place for flaw in found.flaws] == places


def test_anybody_has_no_matter_and_may_name_none() -> None:
    matters = load_matters(None, TYPES)
    assert matters.rule(ANYBODY, Occasion()) is None
    assert refusal(lambda: matters.rule(ANYBODY, FULL)).code is Code.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("entry", "allowed"), [("TAX", True), ("TAX/EAST", True), ("client:clerk-1", True), ("TAX/WEST", False)]
)
def test_a_matter_is_for_those_it_names(entry: str, allowed: bool, caplog: pytest.LogCaptureFixture) -> None:  # noqa: FBT001
    matters = Matters([parse_matter(written(code="deed-tax-home", **{"for": [entry]}), "m", TYPES)])
    if allowed:
        assert matters.rule(CLERK, FULL)
        return
    assert refusal(lambda: matters.rule(CLERK, FULL)).code is Code.FORBIDDEN
    assert "somebody of TAX/EAST, matter deed-tax-home" in caplog.text


def test_the_log_names_the_house_of_a_person_and_never_the_person(caplog: pytest.LogCaptureFixture) -> None:
    matters = Matters([parse_matter(written(code="deed-tax-home", **{"for": ["TAX/WEST"]}), "m", TYPES)])
    system = replace(CLERK, name="tax-city", operator=None)
    for caller in (CLERK, replace(CLERK, office=None), system):
        assert refusal(lambda caller=caller: matters.rule(caller, FULL)).code is Code.FORBIDDEN
    told = [record.getMessage().partition(", ")[0] for record in caplog.records]
    assert told == ["refused: somebody of TAX/EAST", "refused: somebody of TAX", "refused: the client tax-city"]


def test_a_ground_a_type_and_a_way_that_the_matter_does_not_allow_are_forbidden_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    matters = load_matters(None, TYPES)
    delegated = Occasion(matter="deed-tax-home", case="1", ground=Ground.DELEGATION)
    contract, licence = TYPES.by_slug("home-sales-contract"), TYPES.by_slug("business-licence")
    assert contract is not None
    ruling = matters.rule(CLERK, FULL)
    assert ruling is not None
    with caplog.at_level(logging.WARNING):
        found = [
            refusal(lambda: matters.rule(CLERK, delegated)),
            refusal(lambda: ruling.need(licence)),
            refusal(lambda: ruling.need(None)),
            refusal(lambda: ruling.look_up_by(contract, "filing_number")),
        ]
    assert {each.code for each in found} == {Code.FORBIDDEN}
    assert [each.flaws[0].place for each in found] == ["ground", "certificate", "certificate", "lookup.by"]
    assert len(caplog.records) == 4


def test_the_matters_demands_are_added_and_facts_are_never_older_than_it_allows() -> None:
    ruling = load_matters(None, TYPES).rule(CLERK, FULL)
    assert ruling is not None
    demands = ruling.demands(Demands(max_age=86_400), TYPES.by_slug("home-sales-contract"))
    assert demands.must_compare == {"holder", "unit_number", "price_cny"}
    assert demands.max_age == 600
    assert ruling.demands(Demands(max_age=60), TYPES.by_slug("home-sales-contract")).max_age == 60


def test_a_matter_that_wants_the_holders_proof_wants_a_challenge() -> None:
    text = written(code="deed-tax-home", holder_proof=True)
    ruling = Matters([parse_matter(text, "m", TYPES)]).rule(CLERK, FULL)
    assert ruling is not None
    assert refusal(lambda: ruling.see_challenge(Demands())).flaws[0].place == "challenge"
    ruling.see_challenge(Demands(key_binding=Challenge(nonce="n", audience="a")))


def test_defaults_fill_what_the_call_does_not_say_and_a_person_is_its_own_operator() -> None:
    caller = Caller(name="tax", defaults={"matter": "deed-tax-home", "ground": "duty"})
    assert Occasion(case="1", operator="w3").of(caller) == Occasion(
        matter="deed-tax-home", case="1", ground=Ground.DUTY, operator="w3"
    )
    assert Occasion(case="1", operator="somebody-else").of(CLERK).operator == "clerk-1"
