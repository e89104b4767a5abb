"""A real development chain in the coat of a QBFT network: same contracts and transactions, blocks sealed by validators.

Every header is rewritten with QBFT extra data, so that it has another hash, and every hash in questions and answers is
translated. What the validators do is what a test tells them:

    async with SealedChain(chain.url) as sealed:                      # four honest validators
        sealed.sealers = sealed.validators[:2]                        # too few seal from now on
        async with sealed.twin(from_block=20) as twin: ...            # the same validators seal another history as well
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import rlp
from aiohttp import ClientSession, web
from eth_hash.auto import keccak
from eth_keys.datatypes import PrivateKey

from chain.headers import BFT_DIGEST, EXTRA, MIX_HASH, as_header, fields_of, hash_of
from chain.seals import read_seals

Json = dict[str, Any]


class SealedChain:
    """Stands on a port of 127.0.0.1 and shows the chain of the node at `upstream` as one of a QBFT network."""

    def __init__(self, upstream: str, *, validators: int = 4) -> None:
        self.upstream = upstream
        self.url = ""
        self.validators = [PrivateKey(keccak(b"validator %d" % number)) for number in range(validators)]
        self.sealers = list(self.validators)
        self.head: int | None = None
        self.version = "Geth/v1.10.3-stable(quorum-v24.4.1)/linux-amd64/go1.19"
        self.gives_block_receipts = False
        self.asked: list[str] = []
        self._vanity_from: tuple[int, bytes] | None = None
        self._usurpers: list[PrivateKey] = []
        self._dressed: dict[str, Json] = {}
        self._real: dict[str, str] = {}
        self._runner: web.AppRunner | None = None
        self._session: ClientSession | None = None
        self._lock = asyncio.Lock()

    def twin(self, *, from_block: int) -> SealedChain:
        """The same chain up to `from_block`; from there on other blocks, sealed by the same validators."""
        twin = SealedChain(self.upstream, validators=len(self.validators))
        twin._vanity_from = (from_block, b"the other history".ljust(32, b"."))
        return twin

    def usurped(self, *, from_block: int) -> SealedChain:
        """The same chain up to `from_block`; from there on blocks of as many validators whom nobody has let in."""
        usurped = self.twin(from_block=from_block)
        usurped._usurpers = [PrivateKey(keccak(b"usurper %d" % number)) for number in range(len(self.validators))]
        return usurped

    async def __aenter__(self) -> Self:
        self._session = ClientSession()
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _answer(self, request: web.Request) -> web.Response:
        asked = json.loads(await request.read())
        async with self._lock:
            if isinstance(asked, list):
                return web.json_response([await self._one(one) for one in asked])
            return web.json_response(await self._one(asked))

    async def _one(self, asked: Json) -> Json:
        method, parameters = asked["method"], asked["params"]
        self.asked.append(method)
        if method == "eth_getBlockReceipts" and self.gives_block_receipts:
            return self._said(asked, await self._receipts(parameters[0]))
        if method == "web3_clientVersion":
            return self._said(asked, self.version)
        if method == "istanbul_getValidators":
            return self._said(asked, ["0x" + key.public_key.to_canonical_address().hex() for key in self.validators])
        if method == "eth_getBlockByNumber":
            return self._said(asked, await self._block(parameters[0]))
        for parameter in parameters:
            if isinstance(parameter, dict) and "blockHash" in parameter:
                parameter["blockHash"] = self._real.get(parameter["blockHash"], parameter["blockHash"])
        answer = await self._forward(method, parameters)
        if "result" in answer:
            answer["result"] = await self._translated(answer["result"])
        return answer | {"id": asked["id"]}

    async def _receipts(self, which: str) -> list[Any]:
        """All receipts of a block, as clients of today give them and the node behind does not; the last one first."""
        block = await self._block(which)
        assert block is not None
        each = [await self._forward("eth_getTransactionReceipt", [one]) for one in reversed(block["transactions"])]
        return [await self._translated(one["result"]) for one in each]

    async def _block(self, which: str) -> Json | None:
        if which == "latest" and self.head is not None:
            which = hex(self.head)
        block = (await self._forward("eth_getBlockByNumber", [which, False]))["result"]
        return None if block is None else await self._dress(block)

    async def _dress(self, block: Json) -> Json:
        """Put a block into its coat; its predecessors are dressed before it."""
        dressed = self._dressed.get(block["hash"])
        if dressed is None:
            parent = block["parentHash"]
            number = int(block["number"], 16)
            if number > 0:
                before = (await self._forward("eth_getBlockByHash", [parent, False]))["result"]
                parent = (
                    (await self._dress(before))["hash"]
                    if before["hash"] not in self._dressed
                    else self._dressed[parent]["hash"]
                )
            dressed = self._sealed(block | {"parentHash": parent}, number)
            self._dressed[block["hash"]] = dressed
            self._real[dressed["hash"]] = block["hash"]
        return dressed

    def _sealed(self, block: Json, number: int) -> Json:
        encoded = as_header(block).rlp
        assert encoded is not None
        fields = fields_of(encoded)
        validators, sealers = self.validators, self.sealers
        vanity = b"\0" * 32
        if self._vanity_from is not None and number >= self._vanity_from[0]:
            vanity = self._vanity_from[1]
            validators, sealers = self._usurpers or validators, self._usurpers or sealers
        addresses = [key.public_key.to_canonical_address() for key in validators]
        extra = [vanity, addresses, [], b"", []]
        fields[MIX_HASH], fields[EXTRA] = BFT_DIGEST, rlp.encode(extra)
        if number > 0:
            digest = read_seals(rlp.encode(fields)).seal_hash
            extra[4] = [key.sign_msg_hash(digest).to_bytes() for key in sealers]
            fields[EXTRA] = rlp.encode(extra)
        return block | {
            "mixHash": "0x" + BFT_DIGEST.hex(),
            "extraData": "0x" + fields[EXTRA].hex(),
            "hash": "0x" + hash_of(rlp.encode(fields)).hex(),
        }

    async def _translated(self, result: Any) -> Any:
        if isinstance(result, list):
            return [await self._translated(one) for one in result]
        if isinstance(result, dict) and result.get("blockHash"):
            block = (await self._forward("eth_getBlockByHash", [result["blockHash"], False]))["result"]
            result["blockHash"] = (await self._dress(block))["hash"]
            if "logs" in result:
                result["logs"] = [await self._translated(one) for one in result["logs"]]
        return result

    async def _forward(self, method: str, parameters: list[Any]) -> Json:
        assert self._session is not None
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        async with self._session.post(self.upstream, json=body) as response:
            answer: Json = await response.json()
            return answer

    @staticmethod
    def _said(asked: Json, result: Any) -> Json:
        return {"jsonrpc": "2.0", "id": asked["id"], "result": result}


@contextmanager
def sealed_beside(upstream: str) -> Iterator[SealedChain]:
    """Let such a chain answer from a thread of its own, for who runs an event loop of his own now and then."""
    sealed, up, over = SealedChain(upstream), threading.Event(), threading.Event()

    async def answer() -> None:
        async with sealed:
            up.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(answer(),))
    thread.start()
    try:
        assert up.wait(30)
        yield sealed
    finally:
        over.set()
        thread.join()
