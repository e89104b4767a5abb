"""Addresses: a proxy of ours is believed, and nobody else."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from starlette.requests import Request

from verifier.access.addresses import Addresses

OURS = Addresses([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])


def request(peer: str | None, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return Request({"type": "http", "headers": headers, "client": None if peer is None else (peer, 1)})


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", ("198.51.100.1",), "203.0.113.9"),
        ("10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("1.1.1.1, 198.51.100.1, 10.0.0.2",), "198.51.100.1"),
        ("10.0.0.1", ("1.1.1.1", "198.51.100.1"), "198.51.100.1"),
        ("10.0.0.1", ("made up",), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.1, made up",), "10.0.0.1"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("," * 5000 + "10.0.0.2",), "10.0.0.2"),
        ("fd00::1", ("2001:db8:1:2:3:4:5:6",), "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", ("1.1.1.1",), "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", (), "203.0.113.9"),
        ("::ffff:10.0.0.1", ("198.51.100.1, ::ffff:10.0.0.2",), "198.51.100.1"),
        (None, (), "nowhere"),
    ],
)
def test_the_address_that_counts(peer: str | None, forwarded: tuple[str, ...], address: str) -> None:
    assert OURS.of(request(peer, *forwarded)) == address


def test_a_proxy_that_is_named_as_ipv6_wraps_it_is_ours_too() -> None:
    wrapped = Addresses([ip_network("::ffff:10.0.0.0/104")])
    assert wrapped.of(request("::ffff:10.0.0.1", "198.51.100.1")) == "198.51.100.1"


def test_without_proxies_of_ours_nobody_is_believed() -> None:
    assert Addresses([]).of(request("10.0.0.1", "198.51.100.1")) == "10.0.0.1"
