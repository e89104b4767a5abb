"""A throw-away chain for tests, and the contracts on it.

    with LocalChain() as chain:                       # a Hardhat node on 127.0.0.1, gone at the end
        addresses = deploy(chain.url, chain.keys[0])  # AccessManager, AgencyRegistry, CertificateLedger

`LocalChain(auto_mine=True, interval=0, chain_id=31337, accounts=10, hardfork=None)`
    `start(port=0)`, `stop()`, or a `with` block; `url`, `chain_id`; `keys` and `addresses` of accounts made for this
    chain alone, with 10,000 ether each; `rpc(method, *params)`; `mine(blocks)`, `pass_time(seconds)`, `snapshot()`,
    `roll_back(snapshot)`. By default a transaction is mined at once and nothing else makes blocks; with
    `auto_mine=False, interval=1` it behaves as `hardhat-local/node` does in the demo.
`deploy(url, key, delay=0, registrar=None, guardian=None, predecessor=None, registry=None, access_manager=None)`
    makes `key` administrator, and registrar and guardian unless other addresses are named; waits for the receipts.
`artifact(name)`, `contract(web3, name, address)`, `transact(web3, key, function)`
    for tests that speak to the contracts themselves.

The chain ends with the process that started it, even when that is killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from eth_account import Account
from eth_utils.abi import function_abi_to_4byte_selector
from web3 import HTTPProvider, Web3
from web3.contract import Contract

ROOT = Path(__file__).resolve().parent.parent

REGISTRAR = 1
GUARDIAN = 2
ROLES = {
    REGISTRAR: (
        "registerAgency",
        "setAgencyAdmin",
        "suspendAgency",
        "reinstateAgency",
        "liftDoubt",
        "accredit",
        "endAccreditation",
    ),
    GUARDIAN: ("doubtAgency",),
}
"""Role of the AccessManager -> the registry's functions that it may call. The ledger's `retire` stays with role 0."""


class LocalChain:
    """A Hardhat node in a process group of its own."""

    def __init__(
        self,
        *,
        auto_mine: bool = True,
        interval: float = 0,
        chain_id: int = 31337,
        accounts: int = 10,
        hardfork: str | None = None,
    ) -> None:
        made = [Account.create() for _ in range(accounts)]
        self.keys: list[str] = [Web3.to_hex(account.key) for account in made]
        self.addresses: list[str] = [account.address for account in made]
        self.chain_id = chain_id
        self.url = ""
        self._options = ["--chain-id", str(chain_id), "--interval", str(interval)]
        self._options += ["--auto-mine"] if auto_mine else []
        self._options += [] if hardfork is None else ["--hardfork", hardfork]
        self._process: subprocess.Popen[str] | None = None

    def start(self, port: int = 0) -> Self:
        """Start the node and wait until it answers; port 0 takes a free one. Installs npm packages if need be."""
        funded = [part for address in self.addresses for part in ("--fund", address)]
        command = [str(ROOT / "hardhat-local" / "node"), "--port", str(port), "--until-stdin-closes"]
        self._process = subprocess.Popen(
            [*command, *self._options, *funded],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        ready = self._process.stdout.readline() if self._process.stdout else ""
        if not ready:
            self.stop()
            raise RuntimeError("the local chain ended before it was ready; it says above why")
        self.url = json.loads(ready)["url"]
        return self

    def stop(self) -> None:
        """End the node; harmless when it has ended."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def rpc(self, method: str, *params: Any) -> Any:
        """Ask the node; its error is an exception."""
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            self.url, json.dumps(question).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            answer = json.load(response)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def mine(self, blocks: int = 1) -> None:
        """Add blocks."""
        self.rpc("hardhat_mine", hex(blocks))

    def pass_time(self, seconds: int) -> None:
        """Move the chain's clock and add a block."""
        self.rpc("evm_increaseTime", hex(seconds))
        self.rpc("evm_mine")

    def snapshot(self) -> str:
        """Remember the chain as it is now."""
        remembered: str = self.rpc("evm_snapshot")
        return remembered

    def roll_back(self, snapshot: str) -> None:
        """Make the chain what it was; a snapshot serves once."""
        if self.rpc("evm_revert", snapshot) is not True:
            raise RuntimeError(f"no such snapshot: {snapshot}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the contracts are, and the block before the first of them."""

    access_manager: str
    registry: str
    ledger: str
    block_before: int


def artifact(name: str) -> dict[str, Any]:
    """The committed artifact of a contract."""
    read: dict[str, Any] = json.loads((ROOT / "chain" / "abi" / f"{name}.json").read_text())
    return read


def contract(web3: Web3, name: str, address: str) -> Contract:
    """A deployed contract of ours."""
    return web3.eth.contract(address=Web3.to_checksum_address(address), abi=artifact(name)["abi"])


def transact(web3: Web3, key: str, call: Any, **fields: Any) -> Any:
    """Sign and send a contract's function or constructor; the receipt. A revert is web3's exception."""
    account = Account.from_key(key)
    nonce = web3.eth.get_transaction_count(account.address)
    if "baseFeePerGas" not in web3.eth.get_block("latest"):  # before the London hardfork
        fields = {"gasPrice": web3.eth.gas_price} | fields
    transaction = call.build_transaction({"from": account.address, "nonce": nonce} | fields)
    sent = web3.eth.send_raw_transaction(account.sign_transaction(transaction).raw_transaction)
    receipt = web3.eth.wait_for_transaction_receipt(sent, timeout=240, poll_latency=0.02)
    if receipt["status"] != 1:
        raise RuntimeError(f"transaction {sent.to_0x_hex()} was reverted")
    return receipt


def deploy(
    url: str,
    key: str,
    delay: int = 0,
    *,
    registrar: str | None = None,
    guardian: str | None = None,
    predecessor: str | None = None,
    registry: str | None = None,
    access_manager: str | None = None,
) -> Addresses:
    """Deploy the contracts and grant the roles; see the module.

    `delay` is the registry's `adminDelay` in seconds. With `registry` and `access_manager`, which must then both be
    there, only a ledger is deployed; with `predecessor` it follows that one, once that one is retired.
    """
    web3 = Web3(HTTPProvider(url))
    own = Account.from_key(key).address
    block_before = web3.eth.block_number

    def created(name: str, *arguments: Any) -> str:
        made = artifact(name)
        factory = web3.eth.contract(abi=made["abi"], bytecode=made["bytecode"])
        address: str = transact(web3, key, factory.constructor(*arguments))["contractAddress"]
        return address

    if registry is None or access_manager is None:
        access_manager = created("AccessManager", own)
        registry = created("AgencyRegistry", access_manager, delay)
        access = contract(web3, "AccessManager", access_manager)
        functions = contract(web3, "AgencyRegistry", registry)
        for role, names in ROLES.items():
            selectors = [function_abi_to_4byte_selector(functions.get_function_by_name(name).abi) for name in names]
            transact(web3, key, access.functions.setTargetFunctionRole(registry, selectors, role))
            holder = {REGISTRAR: registrar, GUARDIAN: guardian}[role] or own
            transact(web3, key, access.functions.grantRole(role, holder, 0))
    ledger = created("CertificateLedger", access_manager, registry, predecessor or "0x" + "00" * 20)
    return Addresses(access_manager=access_manager, registry=registry, ledger=ledger, block_before=block_before)
