"""A request's name is taken over where it looks made up, and never where it may be a number of somebody's."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from verifier.observing.request_names import name_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"x-request-id": UUID}, UUID),
        ({"x-request-id": UUID.upper()}, UUID),
        ({"x-request-id": TRACE}, TRACE),
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
        ({"x-request-id": UUID, "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, UUID),
    ],
)
def test_a_name_is_taken_over(headers: dict[str, str], name: str) -> None:
    assert name_of(Headers(headers).raw) == name


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-request-id": ""},
        {"x-request-id": "110101199003074514"},
        {"x-request-id": "12345678901234567890123456789012"},
        {"x-request-id": "wang-xiaoming"},
        {"x-request-id": TRACE * 2},
        {"x-request-id": f"{TRACE}\n"},
        {"traceparent": "00-12345678901234567890123456789012-00f067aa0ba902b7-01"},
        {"traceparent": TRACE},
    ],
)
def test_what_may_be_a_number_of_somebody_is_not(headers: dict[str, str]) -> None:
    name = name_of(Headers(headers).raw)
    assert len(name) == 32
    assert name not in headers.values()
    assert name != name_of(Headers(headers).raw)
