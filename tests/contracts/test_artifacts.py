"""The committed artifacts: what they are made of, and what must never move."""

import subprocess
import sys

import pytest
from web3 import Web3

from tests.contracts.world import World
from tests.local_chain import ROOT, artifact

REGISTRY_STORAGE = [
    ("_head", 0, 0, "t_bytes32"),
    ("_authority", 1, 0, "t_address"),
    ("_consumingSchedule", 1, 20, "t_bool"),
    ("_agencies", 2, 0, "t_mapping(t_bytes32,t_struct(Agency)_storage)"),
    ("_accreditations", 3, 0, "t_mapping(t_bytes32,t_mapping(t_bytes32,t_struct(Accreditation)_storage))"),
    ("_types", 4, 0, "t_mapping(t_bytes16,t_bytes32)"),
    ("_keys", 5, 0, "t_mapping(t_bytes32,t_mapping(t_bytes32,t_struct(Key)_storage))"),
    ("_operators", 6, 0, "t_mapping(t_bytes32,t_mapping(t_address,t_struct(Operator)_storage))"),
]
LEDGER_STORAGE = [
    ("_head", 0, 0, "t_bytes32"),
    ("_authority", 1, 0, "t_address"),
    ("_consumingSchedule", 1, 20, "t_bool"),
    ("_successor", 2, 0, "t_address"),
    ("_used", 3, 0, "t_mapping(t_bytes32,t_struct(Used)_storage)"),
    ("_gaps", 4, 0, "t_mapping(t_bytes32,t_mapping(t_uint256,t_struct(Gap)_storage))"),
    ("_batches", 5, 0, "t_mapping(t_bytes32,t_mapping(t_uint64,t_struct(Packed)_storage))"),
    ("_words", 6, 0, "t_mapping(t_bytes32,t_mapping(t_uint256,t_uint256))"),
    ("_successorsHashes", 7, 0, "t_mapping(t_bytes32,t_mapping(t_uint64,t_bytes32))"),
]
STRUCTS = {
    ("CertificateLedger", "Packed"): (
        64,
        [("root", 0, 0), ("tag", 1, 0), ("count", 1, 16), ("suite", 1, 20), ("time", 1, 22), ("sequence", 1, 27)],
    ),
    ("CertificateLedger", "Used"): (32, [("first", 0, 0), ("next", 0, 8), ("gaps", 0, 16), ("begun", 0, 20)]),
    ("CertificateLedger", "Gap"): (32, [("from", 0, 0), ("to", 0, 8)]),
    ("AgencyRegistry", "Operator"): (
        32,
        [
            ("purposes", 0, 0),
            ("validUntil", 0, 1),
            ("nextPurposes", 0, 9),
            ("nextFrom", 0, 10),
            ("nextValidUntil", 0, 18),
        ],
    ),
    ("AgencyRegistry", "Accreditation"): (32, [("from", 0, 0), ("until", 0, 8)]),
    ("AgencyRegistry", "Key"): (
        64,
        [
            ("suite", 0, 0),
            ("activeFrom", 0, 2),
            ("retiredAt", 0, 10),
            ("compromisedSince", 0, 18),
            ("publicKey", 1, 0),
        ],
    ),
    ("AgencyRegistry", "Agency"): (
        128,
        [
            ("name", 0, 0),
            ("admin", 1, 0),
            ("nextAdmin", 2, 0),
            ("nextAdminFrom", 2, 20),
            ("registeredAt", 3, 0),
            ("suspended", 3, 8),
            ("doubtSince", 3, 9),
        ],
    ),
}


@pytest.mark.parametrize(
    ("contract", "pinned"), [("AgencyRegistry", REGISTRY_STORAGE), ("CertificateLedger", LEDGER_STORAGE)]
)
def test_variables_stay_in_their_slots(contract: str, pinned: list[tuple[str, int, int, str]]) -> None:
    storage = artifact(contract)["storage_layout"]["storage"]
    assert [(v["label"], int(v["slot"]), v["offset"], v["type"]) for v in storage] == pinned


@pytest.mark.parametrize(("contract", "struct"), STRUCTS)
def test_members_stay_in_their_places(contract: str, struct: str) -> None:
    described = artifact(contract)["storage_layout"]["types"][f"t_struct({struct})_storage"]
    members = [(m["label"], int(m["slot"]), m["offset"]) for m in described["members"]]
    assert (int(described["numberOfBytes"]), members) == STRUCTS[contract, struct]


@pytest.mark.parametrize(
    ("contract", "name"),
    [("AgencyRegistry", "registry"), ("CertificateLedger", "ledger"), ("AccessManager", "access_manager")],
)
def test_deployed_code_is_that_of_the_artifact_once_immutables_are_zeroed(
    world: World, contract: str, name: str
) -> None:
    deployed = artifact(contract)["deployed"]
    code = bytearray.fromhex(world.chain.rpc("eth_getCode", world.address(name), "latest")[2:])
    for ranges in deployed["immutables"].values():
        for start, length in ranges:
            code[start : start + length] = bytes(length)
    assert Web3.keccak(bytes(code)).to_0x_hex() == deployed["keccak256"]


def test_contracts_are_small_enough_for_every_chain() -> None:
    for contract in ("AgencyRegistry", "CertificateLedger", "AccessManager"):
        assert len(artifact(contract)["deployed"]["bytecode"]) // 2 - 1 <= 24_576


def test_the_settings_are_those_that_berlin_nodes_can_run() -> None:
    for contract in ("AgencyRegistry", "CertificateLedger", "AccessManager"):
        compiler = artifact(contract)["compiler"]
        assert compiler["version"].startswith("0.8.37+")
        assert compiler["settings"]["evmVersion"] == "paris"
        assert compiler["settings"]["optimizer"]["enabled"] is True


def test_sources_are_ours_and_openzeppelins_and_pinned() -> None:
    for contract in ("AgencyRegistry", "CertificateLedger"):
        for name in artifact(contract)["sources"]:
            assert name.startswith(("contracts/", "@openzeppelin/contracts/"))
            if name.startswith("contracts/"):
                text = (ROOT / name).read_text()
                assert "pragma solidity 0.8.37;" in text
                assert "assembly" not in text
                assert text.count("\n") < 200


def test_the_artifacts_are_what_the_contracts_compile_to() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "compile_contracts"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
