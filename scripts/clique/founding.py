"""Makes what a network needs before its first block: keys, key files, the genesis, and every node's first database.

Who trusts what: the signing keys lie in key files whose password lies beside them, both readable by their owner alone.
Whoever reads a node's folder can sign as that node; three of five can write any history. That is right for a network
that lives on one machine for a test, and for nothing else.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_keys.datatypes import PrivateKey

from .faults import NetworkError
from .ports import LOOPBACK, reserve
from .record import Member, Record

NODES = 5
PERIOD = 1
EPOCH = 30_000
GAS_LIMIT = 30_000_000
MONEY = 10**24
"""Wei for each funded address: a million ether."""
KEY_FILE_WORK = 2**12
"""Scrypt's work for key files whose password lies beside them."""
FORKS = ["homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg", "istanbul", "berlin"]
DYNAMIC, LEGACY = "dynamic", "legacy"


def found(folder: Path, client: Path, *, chain_id: int, fees: str, archive: bool, fund: Sequence[str]) -> Record:
    """Make the five nodes in `folder`, with money for the addresses in `fund`; nothing is started yet."""
    ports = reserve(folder / "ports.json", 2 * NODES)
    accounts = sorted((Account.create() for _ in range(NODES)), key=lambda account: int(account.address, 16))
    members = []
    for number, account in enumerate(accounts, start=1):
        key = PrivateKey(secrets.token_bytes(32))
        port, peer_port = ports[2 * number - 2 : 2 * number]
        enode = f"enode://{key.public_key.to_hex()[2:]}@{LOOPBACK}:{peer_port}?discport=0"
        member = Member(number=number, address=account.address, enode=enode, port=port, peer_port=peer_port)
        members.append(member)
        write_keys(member.folder(folder), account, key.to_hex()[2:])
    genesis = folder / "genesis.json"
    signers = [member.address for member in members]
    genesis.write_text(json.dumps(make_genesis(chain_id, fees, signers, fund), indent=2) + "\n", encoding="utf-8")
    for member in members:
        initialise(client, member.folder(folder), genesis)
    whole = tuple(member.number for member in members)
    return Record(chain_id=chain_id, fees=fees, archive=archive, members=tuple(members), groups=(whole,))


def write_keys(folder: Path, account: LocalAccount, peer_key: str) -> None:
    """Write a node's two keys: the one it signs blocks with, as a key file, and the one its peers know it by."""
    password = secrets.token_hex(24)
    (folder / "keystore").mkdir(parents=True)
    folder.chmod(0o700)
    secret(folder / "password", password)
    secret(folder / "keystore" / "signer.json", json.dumps(account.encrypt(password, "scrypt", KEY_FILE_WORK)))
    secret(folder / "nodekey", peer_key)


def secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def make_genesis(chain_id: int, fees: str, signers: Sequence[str], fund: Sequence[str]) -> dict[str, object]:
    """Write out block 0: the signers in its extra data, money for `fund`, the rules up to Berlin or London."""
    forks = {f"{fork}Block": 0 for fork in [*FORKS, *(["london"] if fees == DYNAMIC else [])]}
    return {
        "config": {"chainId": chain_id, **forks, "clique": {"period": PERIOD, "epoch": EPOCH}},
        "difficulty": "0x1",
        "gasLimit": hex(GAS_LIMIT),
        "timestamp": hex(int(time.time())),
        "extraData": "0x" + "00" * 32 + "".join(signer[2:].lower() for signer in signers) + "00" * 65,
        "alloc": {address: {"balance": hex(MONEY)} for address in fund},
    }


def initialise(client: Path, folder: Path, genesis: Path) -> None:
    """Let the client write block 0 into a node's database."""
    command: list[str | Path] = [client, "init", "--datadir", folder, genesis]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise NetworkError(f"`geth init` failed:\n{done.stderr.strip()}")
