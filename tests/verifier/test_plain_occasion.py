"""What a caller calls things is one plain line, or it is refused with its place, whatever door it comes by."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import httpx
import pytest

from tests.verifier.test_answering import BATCH, OCCASION, PATH, Desk, database, desk

__all__ = ["database", "desk"]
TRICKS = {
    "a control": "a\x1b[2Jb",
    "a line feed": "a\nb",
    "a NUL": "a\0b",
    "a mark that turns": "a\u202eb",
    "an isolate": "a\u2066b",
    "a line separator": "a\u2028b",
    "nothing to be seen": "a\u200bb",
    "a tag": "a\U000e0041b",
}
NAMES = ("matter", "case", "operator", "nonce")


def places(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422
    return [each["place"] for each in answer.json()["errors"]]


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
async def test_what_would_move_or_hide_what_stands_elsewhere_is_refused_with_its_place(desk: Desk, trick: str) -> None:
    async with desk.client as client:
        for name in NAMES:
            said = {**OCCASION, name: trick}
            asked = {"code": "2" * 32}
            assert places(await client.post(PATH, json={**asked, **said})) == [name]
            parts = {part: (None, value) for part, value in (asked | said).items()}
            assert places(await client.post(PATH, files=parts)) == [name]
            assert places(await client.post(BATCH, json={"verifications": [asked], **said})) == [name]
            lines = {"content": json.dumps(asked), "headers": {"content-type": "application/x-ndjson"}}
            assert places(await client.post(f"{BATCH}?{urlencode(said)}", **lines)) == [name]  # type: ignore[arg-type]
        answer = await client.post(PATH, json={**asked, **OCCASION, "case": trick})
        assert answer.json()["errors"][0]["why"].startswith("one line of text is due")


@pytest.mark.parametrize("case", ["（2026）税字第17号", "=1+1", "नि\u200dक", "葛\U000e0100飾", "a b\u3000c", "𠮷-1"])
async def test_what_people_write_is_taken(desk: Desk, case: str) -> None:
    async with desk.client as client:
        answer = await client.post(PATH, json={"code": "2" * 32, **OCCASION, "case": case})
    assert answer.status_code == 200
