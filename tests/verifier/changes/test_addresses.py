"""What a watch may make this service call, and what it may not."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Collection
from typing import Any

import pytest

from verifier.changes.addresses import AddressRefused, AddressRules, SystemResolver, is_public

PUBLIC = "93.184.215.14"
HOSTS: dict[str, list[str]] = {
    "public.example": [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
    "inner.example": ["10.0.0.5"],
    "both.example": [PUBLIC, "192.168.1.1"],
    "localhost": ["127.0.0.1", "::1"],
    "rebound.example": ["127.0.0.1"],
}


async def known(host: str, port: int) -> Collection[str]:
    del port
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    if host not in HOSTS:
        raise OSError("no such host")
    return HOSTS[host]


def rules(*hosts: str) -> AddressRules:
    return AddressRules(hosts, known)


@pytest.mark.parametrize(
    "url",
    [
        "https://public.example/hooks?x=1",
        "https://PUBLIC.example:8443",
        f"https://{PUBLIC}/",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
    ],
)
async def test_public_https_is_called(url: str) -> None:
    assert (await rules().target(url)).addresses


@pytest.mark.parametrize(
    "url",
    [
        "http://public.example/",
        "http://localhost/",
        "https://localhost/",
        "https://inner.example/",
        "https://both.example/",
        "https://nowhere.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://255.255.255.255/",
        "https://224.0.0.1/",
        "https://[fe80::1]/",
        "https://[fc00::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[ff02::1]/",
    ],
)
async def test_what_is_not_public_is_not_called(url: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        await rules().target(url)
    assert "10." not in caught.value.why


@pytest.mark.parametrize("url", ["https://inner.example/", "https://nowhere.example/", "https://rebound.example/"])
async def test_what_leads_nowhere_and_what_leads_inside_are_one_answer(url: str) -> None:
    with pytest.raises(AddressRefused, match=r"^this host is not one that may be called from here$"):
        await rules().target(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "/path",
        "ftp://public.example/",
        "file:///etc/passwd",
        "gopher://public.example/",
        "https://",
        "https://user@public.example/",
        "https://user:word@public.example/",
        "https://public.example/#part",
        "https://public.example:0/",
        "https://public.example:22/",
        "http://127.0.0.1:25/",
        "https://public.example:65536/",
        "https://public.example:x/",
        "https://public example/",
        "https://public.example/\n",
        "https://public.example%2f@inner.example/",
        "https://" + "a" * 2000,
        "javascript:alert(1)",
    ],
)
async def test_what_is_no_url_to_call_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        await rules().target(url)


async def test_the_settings_can_name_the_only_hosts() -> None:
    named = rules("inner.example", "localhost", "127.0.0.1")
    assert (await named.target("https://inner.example/x")).addresses == ("10.0.0.5",)
    assert (await named.target("http://localhost:9000/x")).addresses == ("127.0.0.1", "::1")
    assert (await named.target("http://127.0.0.1:9000/x")).addresses == ("127.0.0.1",)
    for url in ("https://public.example/", "https://rebound.example/", "http://inner.example/", "http://[::1]/"):
        with pytest.raises(AddressRefused):
            await named.target(url)


async def test_plain_http_must_lead_to_this_machine_itself() -> None:
    async def elsewhere(host: str, port: int) -> Collection[str]:
        del host, port
        return ["10.0.0.5"]

    with pytest.raises(AddressRefused):
        await AddressRules(["localhost"], elsewhere).target("http://localhost/")


async def test_the_system_knows_itself() -> None:
    assert "127.0.0.1" in await SystemResolver()("127.0.0.1", 80)


async def test_a_name_server_that_hangs_holds_up_no_other_name_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A caller's own name server may be the one that hangs: twenty watches of his, four deliveries of each."""
    ended, real = threading.Event(), socket.getaddrinfo

    def hanging(host: str, *others: Any, **named: Any) -> Any:
        if host.endswith(".hangs.example"):
            ended.wait()
            raise socket.gaierror("the name server does not answer")
        return real(host, *others, **named)

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    rules = AddressRules(())
    stuck = [asyncio.create_task(rules.target(f"https://{number}.hangs.example/")) for number in range(80)]
    try:
        await asyncio.sleep(0)
        async with asyncio.timeout(30):
            assert (await rules.target(f"https://{PUBLIC}/")).addresses == (PUBLIC,)
            assert await asyncio.to_thread(lambda: True)
        assert not any(task.done() for task in stuck)
    finally:
        ended.set()
        refused = await asyncio.gather(*stuck, return_exceptions=True)
    assert {type(each) for each in refused} == {AddressRefused}


def test_an_address_that_wraps_another_is_what_it_wraps() -> None:
    assert is_public(ipaddress.ip_address(f"::ffff:{PUBLIC}"))
    assert not is_public(ipaddress.ip_address("2001:0:4136:e378:8000:63bf:80ff:fffe"))
