"""Everybody who deals with the contracts, on a chain of their own.

`World` deploys the contracts and knows the actors by name. `act` sends a transaction and answers the events it made;
`refusal` answers the error that a call ends in; `read` reads. Transactions are sent from impersonated accounts, which
spares signing them; what they do on the chain is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode
from eth_utils.abi import event_abi_to_log_topic, function_abi_to_4byte_selector, get_abi_input_types
from web3 import HTTPProvider, Web3

from tests.local_chain import Addresses, LocalChain, artifact, deploy

ACTORS = (
    "administrator",
    "registrar",
    "guardian",
    "agency_admin",
    "other_admin",
    "anchorer",
    "status_keeper",
    "all_rounder",
    "foreign_operator",
    "stranger",
)
AGENCY = b"91310000MA1FL0QQ1X".ljust(32, b"\0")
OTHER_AGENCY = b"TAX-1".ljust(32, b"\0")
TYPE = Web3.keccak(text="urn:ecert:type:try:licence:1")
OTHER_TYPE = Web3.keccak(text="urn:ecert:type:try:title:1")
KID = Web3.keccak(text="kid")
PUBLIC_KEY = b"\x04" + bytes(range(64))
FOR_EVER = 2**64 - 1
GAS = 8_000_000

_ABIS = {name: artifact(name)["abi"] for name in ("AgencyRegistry", "CertificateLedger", "AccessManager")}
ERRORS = {
    function_abi_to_4byte_selector(entry): entry for abi in _ABIS.values() for entry in abi if entry["type"] == "error"
}
EVENTS = {event_abi_to_log_topic(entry): entry for abi in _ABIS.values() for entry in abi if entry["type"] == "event"}


def root(number: int) -> bytes:
    """A root unlike any other."""
    return bytes(Web3.keccak(text=f"root {number}"))


@dataclass(unsafe_hash=True)
class Refusal(Exception):
    """A custom error and its arguments."""

    name: str
    arguments: tuple[Any, ...]


def refused(name: str, *arguments: Any) -> Refusal:
    """The error that a test expects."""
    return Refusal(name, arguments)


@dataclass(frozen=True)
class Event:
    """An event: `fields` are those before `instance`, in their order."""

    name: str
    topic: bytes
    types: tuple[str, ...]
    fields: tuple[Any, ...]
    instance: bytes
    sequence: int
    time: int
    head: bytes


class World:
    """The contracts, the actors, and a quick way to let these use those."""

    def __init__(self, chain: LocalChain, *, delay: int = 0) -> None:
        self.chain = chain
        self.actor = dict(zip(ACTORS, chain.addresses, strict=True))
        self.web3 = Web3(HTTPProvider(chain.url))
        self.addresses: Addresses = deploy(
            chain.url, chain.keys[0], delay, registrar=self.actor["registrar"], guardian=self.actor["guardian"]
        )
        self._contracts = {
            "registry": self.at("AgencyRegistry", self.addresses.registry),
            "ledger": self.at("CertificateLedger", self.addresses.ledger),
            "access_manager": self.at("AccessManager", self.addresses.access_manager),
        }
        for address in self.actor.values():
            chain.rpc("hardhat_impersonateAccount", address)

    def at(self, name: str, address: str) -> Any:
        """A contract by the name of its artifact."""
        return self.web3.eth.contract(address=Web3.to_checksum_address(address), abi=_ABIS[name])

    def follow(self, ledger: str = "ledger", name: str = "successor") -> None:
        """Deploy a successor of a ledger, under a name of its own."""
        addresses = deploy(
            self.chain.url,
            self.chain.keys[0],
            predecessor=self.address(ledger),
            registry=self.addresses.registry,
            access_manager=self.addresses.access_manager,
        )
        self._contracts[name] = self.at("CertificateLedger", addresses.ledger)

    def address(self, contract: str) -> str:
        """Where a contract is."""
        address: str = self._contracts[contract].address
        return address

    def establish(self) -> None:
        """Two agencies, accredited for `TYPE`, with their operators and a key."""
        for agency, admin in ((AGENCY, "agency_admin"), (OTHER_AGENCY, "other_admin")):
            self.act("registrar", "registry.registerAgency", agency, "An agency", self.actor[admin])
            self.act("registrar", "registry.accredit", agency, TYPE, 0, FOR_EVER)
        for operator, purposes in (("anchorer", 1), ("status_keeper", 2), ("all_rounder", 3)):
            self.act("agency_admin", "registry.setOperator", AGENCY, self.actor[operator], purposes, FOR_EVER)
        self.act("other_admin", "registry.setOperator", OTHER_AGENCY, self.actor["foreign_operator"], 3, FOR_EVER)
        self.act("agency_admin", "registry.addKey", AGENCY, KID, 1, PUBLIC_KEY)

    def act(self, who: str, function: str, *arguments: Any) -> list[Event]:
        """Send a transaction; its events. Raises `Refusal`."""
        return self.events(self.receipt(who, function, *arguments)["logs"])

    def receipt(self, who: str, function: str, *arguments: Any) -> Any:
        """Send a transaction; its receipt, as the node answers it. Raises `Refusal`."""
        sent = self._ask("eth_sendTransaction", self._call(who, function, arguments))
        return self.chain.rpc("eth_getTransactionReceipt", sent)

    def gas(self, who: str, function: str, *arguments: Any) -> int:
        """Send a transaction; the gas it used."""
        return int(self.receipt(who, function, *arguments)["gasUsed"], 16)

    def refusal(self, who: str, function: str, *arguments: Any) -> Refusal | None:
        """How a call would be refused; None if it would not be."""
        try:
            self._ask("eth_call", self._call(who, function, arguments), "latest")
        except Refusal as error:
            return error
        return None

    def read(self, function: str, *arguments: Any, who: str = "stranger") -> Any:
        """What a call answers. Raises `Refusal`."""
        contract, name = function.split(".")
        answer = self._ask("eth_call", self._call(who, function, arguments), "latest")
        outputs = self._contracts[contract].get_function_by_name(name).abi["outputs"]
        values = decode([_type_of(output) for output in outputs], bytes.fromhex(answer[2:]))
        if len(values) == 1 and outputs[0]["type"] == "tuple":
            return dict(zip([part["name"] for part in outputs[0]["components"]], values[0], strict=True))
        return values[0] if len(values) == 1 else values

    def refusal_of_creation(self, name: str, *arguments: Any) -> Refusal | None:
        """How deploying a contract would be refused; None if it would not be."""
        made = artifact(name)
        creation = self.web3.eth.contract(abi=made["abi"], bytecode=made["bytecode"]).constructor(*arguments)
        call = {"from": self.actor["stranger"], "data": creation.data_in_transaction, "gas": hex(GAS)}
        try:
            self._ask("eth_call", call, "latest")
        except Refusal as error:
            return error
        return None

    def now(self) -> int:
        """The time of the latest block."""
        return int(self.chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def all_events(self, contract: str) -> list[Event]:
        """Every event of a contract."""
        query = {"address": self.address(contract), "fromBlock": "0x0", "toBlock": "latest"}
        return self.events(self.chain.rpc("eth_getLogs", query))

    @staticmethod
    def events(logs: list[Any]) -> list[Event]:
        """Logs, decoded; without OpenZeppelin's own."""
        decoded = (_event(log) for log in logs)
        return [event for event in decoded if event is not None]

    def _call(self, who: str, function: str, arguments: tuple[Any, ...]) -> dict[str, str]:
        contract, name = function.split(".")
        made = self._contracts[contract]
        data = made.encode_abi(name, args=list(arguments))
        return {"from": self.actor[who], "to": made.address, "data": data, "gas": hex(GAS)}

    def _ask(self, method: str, *params: Any) -> Any:
        answer: Any = self.web3.provider.make_request(method, params)  # type: ignore[arg-type]
        if "error" not in answer:
            return answer["result"]
        data = answer["error"].get("data")
        data = data.get("data") if isinstance(data, dict) else data
        if not isinstance(data, str) or bytes.fromhex(data[2:10]) not in ERRORS:
            raise AssertionError(f"{method} was refused without a custom error: {answer['error']}")
        entry = ERRORS[bytes.fromhex(data[2:10])]
        raise Refusal(entry["name"], decode(get_abi_input_types(entry), bytes.fromhex(data[10:])))


def _type_of(parameter: Any) -> str:
    if parameter["type"] != "tuple":
        return str(parameter["type"])
    return "(" + ",".join(_type_of(part) for part in parameter["components"]) + ")"


def _event(log: Any) -> Event | None:
    topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
    entry = EVENTS[topics[0]]
    if entry["inputs"][-1]["name"] != "head":
        return None
    indexed = [parameter["type"] for parameter in entry["inputs"] if parameter["indexed"]]
    plain = [parameter["type"] for parameter in entry["inputs"] if not parameter["indexed"]]
    from_topics = [decode([type_], topic)[0] for type_, topic in zip(indexed, topics[1:], strict=True)]
    from_data = list(decode(plain, bytes.fromhex(log["data"][2:])))
    values = [from_topics.pop(0) if parameter["indexed"] else from_data.pop(0) for parameter in entry["inputs"]]
    names = [parameter["name"] for parameter in entry["inputs"]]
    if names[-4:] != ["instance", "sequence", "time", "head"]:
        raise AssertionError(f"{entry['name']} does not end as every event does")
    *fields, instance, sequence, time, head = values
    types = tuple(parameter["type"] for parameter in entry["inputs"][:-4])
    return Event(entry["name"], topics[0], types, tuple(fields), instance, sequence, time, head)
