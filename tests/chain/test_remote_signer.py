"""A signing service: it signs exactly what it is asked to, with the key that it is asked for, or nothing is sent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
import rlp
from aiohttp import web
from eth_keys.constants import SECPK1_N

from chain.administration import ANCHOR, set_operator
from chain.errors import SignerFailed
from chain.remote_signer import RemoteSigner
from chain.signer import LocalSigner, Signer
from chain.transaction import DynamicFee, LegacyFee, Transaction
from store.states import CallState
from tests.chain.world import AGENCY, OTHER_AGENCY, TITLE, World

ASKED = Transaction(
    chain_id=20260, nonce=7, to=b"\x22" * 20, data=b"\x01\x02", gas=90_000, fee=DynamicFee(most=20, priority=2)
)


class SigningService:
    """Speaks `eth_signTransaction` over HTTP and really signs; what it does wrong is what a test tells it."""

    def __init__(self, *keys: LocalSigner) -> None:
        self.keys = {key.address: key for key in keys}
        self.url = ""
        self.in_an_object = False
        self.changed: dict[str, Any] = {}
        self.instead: LocalSigner | None = None
        self.down = False
        self.junk: Any = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        if self.down:
            return web.Response(status=503)
        asked = json.loads(await request.read())
        assert asked["method"] == "eth_signTransaction"
        said = asked["params"][0]
        key = self.keys.get(bytes.fromhex(said["from"][2:]))
        if key is None:
            error = {"code": -32000, "message": "Could not find signer for address"}
            return web.json_response({"jsonrpc": "2.0", "id": asked["id"], "error": error})
        signed = await (self.instead or key).sign(replace(self._read(said), **self.changed))
        result: Any = "0x" + signed.raw.hex()
        result = {"raw": result, "tx": {}} if self.in_an_object else result
        return web.json_response({"jsonrpc": "2.0", "id": asked["id"], "result": self.junk or result})

    @staticmethod
    def _read(said: dict[str, str]) -> Transaction:
        if "maxFeePerGas" in said:
            fee: DynamicFee | LegacyFee = DynamicFee(
                most=int(said["maxFeePerGas"], 16), priority=int(said["maxPriorityFeePerGas"], 16)
            )
        else:
            fee = LegacyFee(gas_price=int(said["gasPrice"], 16))
        assert said["value"] == "0x0"
        return Transaction(
            chain_id=int(said["chainId"], 16),
            nonce=int(said["nonce"], 16),
            to=bytes.fromhex(said["to"][2:]) if "to" in said else None,
            data=bytes.fromhex(said["data"][2:]),
            gas=int(said["gas"], 16),
            fee=fee,
        )


@pytest.fixture
def key() -> LocalSigner:
    return LocalSigner.generate()


@pytest.fixture
async def service(key: LocalSigner) -> AsyncIterator[SigningService]:
    service = SigningService(key)
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def signer(service: SigningService, key: LocalSigner) -> AsyncIterator[RemoteSigner]:
    signer = RemoteSigner(service.url, key.address, timeout=2)
    yield signer
    await signer.close()


@pytest.mark.parametrize("in_an_object", [False, True])
@pytest.mark.parametrize("fee", [DynamicFee(most=20, priority=2), LegacyFee(gas_price=5), LegacyFee(gas_price=0)])
async def test_it_gives_the_bytes_that_the_key_itself_would_give(
    service: SigningService, signer: RemoteSigner, key: LocalSigner, fee: LegacyFee | DynamicFee, *, in_an_object: bool
) -> None:
    service.in_an_object = in_an_object
    asked = replace(ASKED, fee=fee)
    assert isinstance(signer, Signer)
    assert await signer.sign(asked) == await key.sign(asked)


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": 8},
        {"to": b"\x33" * 20},
        {"to": None},
        {"data": b""},
        {"gas": 90_001},
        {"chain_id": 1},
        {"fee": DynamicFee(most=21, priority=2)},
        {"fee": LegacyFee(gas_price=20)},
    ],
    ids=str,
)
async def test_anything_else_than_was_asked_for_is_thrown_away(
    service: SigningService, signer: RemoteSigner, changed: dict[str, Any]
) -> None:
    service.changed = changed
    with pytest.raises(SignerFailed, match="another transaction than it was asked to"):
        await signer.sign(ASKED)


def in_the_upper_half(raw: bytes) -> str:
    """Give signed bytes with the other signature that stands for the same key, which no node takes (EIP-2)."""
    fields: list[Any] = rlp.decode(raw[1:])
    fields[9] = b"" if fields[9] else b"\1"
    fields[11] = _octets(SECPK1_N - int.from_bytes(fields[11], "big"))
    return _raw(rlp.encode(fields))


def without_value(raw: bytes) -> str:
    """Give them with a list in the place of the value."""
    fields: list[Any] = rlp.decode(raw[1:])
    fields[6] = []
    return _raw(rlp.encode(fields))


def nested(raw: bytes) -> str:
    """Give them within more lists than any reader goes into."""
    deep = raw[1:]
    for _ in range(5000):
        size = _octets(len(deep))
        deep = bytes([0xF7 + len(size)]) + size + deep
    return _raw(deep)


def _octets(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _raw(fields: bytes) -> str:
    return "0x02" + fields.hex()


@pytest.mark.parametrize("spoilt", [in_the_upper_half, without_value, nested])
async def test_what_no_node_takes_is_thrown_away(
    service: SigningService, signer: RemoteSigner, key: LocalSigner, spoilt: Callable[[bytes], str]
) -> None:
    service.junk = spoilt((await key.sign(ASKED)).raw)
    with pytest.raises(SignerFailed):
        await signer.sign(ASKED)


async def test_a_signature_of_another_key_is_thrown_away(service: SigningService, signer: RemoteSigner) -> None:
    service.instead = LocalSigner.generate()
    with pytest.raises(SignerFailed, match="with another key"):
        await signer.sign(ASKED)


@pytest.mark.parametrize("junk", ["0x", "0x02c0", "junk", 5, ["0x00"], {"raw": None}])
async def test_an_answer_that_is_no_transaction_is_refused(
    service: SigningService, signer: RemoteSigner, junk: Any
) -> None:
    service.junk = junk
    with pytest.raises(SignerFailed):
        await signer.sign(ASKED)


async def test_a_key_that_the_service_does_not_have_is_named_in_its_refusal(service: SigningService) -> None:
    signer = RemoteSigner(service.url, b"\x44" * 20)
    with pytest.raises(SignerFailed, match="Could not find signer"):
        await signer.sign(ASKED)
    await signer.close()


async def test_a_service_that_is_away_holds_up_its_own_key_alone_and_nothing_is_lost(
    world: World, service: SigningService, signer: RemoteSigner, key: LocalSigner
) -> None:
    world.local_chain.rpc("hardhat_setBalance", "0x" + key.address.hex(), hex(10**22))
    await world.administration.carry_out(world.admin, [set_operator(AGENCY, key.address, ANCHOR)])
    held = world.add(
        "anchor",
        sender=key,
        certificate_type="0x" + TITLE.hex(),
        suite=1,
        root="0x" + "22" * 32,
        first_serial=0,
        count=1,
    )
    free = world.anchor(0, agency=OTHER_AGENCY)
    sender = world.sender(signers=(signer, world.anchorer))
    service.down = True
    await world.finish(free, sender=sender)
    assert world.state(held) is CallState.QUEUED
    assert world.read(held).nonce is None
    assert f"the signer at {service.url}" in (world.read(held).waiting_reason or "")
    service.down = False
    await world.finish(held, sender=sender)
    assert world.state(held) is CallState.SETTLED
