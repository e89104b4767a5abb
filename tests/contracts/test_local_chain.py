"""The throw-away chain itself: it listens at home, knows no key, keeps time, and never outlives its starter."""

import socket
import subprocess
import sys
import time

import pytest
from web3 import HTTPProvider, Web3

from tests.contracts.world import AGENCY, FOR_EVER, TYPE, root
from tests.local_chain import ROOT, LocalChain, contract, deploy, transact


def test_accounts_have_money_and_the_chain_knows_no_key(chain: LocalChain) -> None:
    assert len(set(chain.addresses)) == len(chain.addresses)
    for address in chain.addresses:
        assert int(chain.rpc("eth_getBalance", address, "latest"), 16) > 9_000 * 10**18
    with LocalChain(accounts=1) as other:
        assert other.rpc("eth_accounts") == []
        assert not set(other.addresses) & set(chain.addresses)


def test_it_listens_on_the_loopback_address_only(chain: LocalChain) -> None:
    assert chain.url.startswith("http://127.0.0.1:")
    with socket.socket() as other, pytest.raises(OSError, match="refused"):
        other.connect(("127.0.0.2", int(chain.url.rsplit(":", 1)[1])))


def test_chain_id_and_port_are_chosen() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    chain = LocalChain(accounts=1, chain_id=1234).start(port)
    try:
        assert (chain.url, chain.chain_id) == (f"http://127.0.0.1:{port}", 1234)
        assert int(chain.rpc("eth_chainId"), 16) == 1234
    finally:
        chain.stop()
        chain.stop()


def test_with_an_interval_blocks_come_in_quiet_times() -> None:
    with LocalChain(accounts=1, auto_mine=False, interval=0.2) as chain:
        before = int(chain.rpc("eth_blockNumber"), 16)
        time.sleep(1)
        assert int(chain.rpc("eth_blockNumber"), 16) >= before + 2


def test_a_burst_of_transactions_does_not_push_the_clock_ahead() -> None:
    with LocalChain(accounts=1) as chain:
        for _ in range(50):
            chain.mine()
        latest = chain.rpc("eth_getBlockByNumber", "latest", False)
        assert int(latest["timestamp"], 16) <= time.time() + 5


def test_the_same_bytecode_runs_on_berlin() -> None:
    with LocalChain(accounts=1, hardfork="berlin") as chain:
        key, own = chain.keys[0], chain.addresses[0]
        addresses = deploy(chain.url, key)
        web3 = Web3(HTTPProvider(chain.url))
        registry = contract(web3, "AgencyRegistry", addresses.registry).functions
        ledger = contract(web3, "CertificateLedger", addresses.ledger).functions
        for call in (
            registry.registerAgency(AGENCY, "n", own),
            registry.accredit(AGENCY, TYPE, 0, FOR_EVER),
            registry.setOperator(AGENCY, own, 3, FOR_EVER),
            ledger.anchor(AGENCY, TYPE, 1, root(1), 0, 10),
            ledger.revoke(AGENCY, [5]),
            ledger.supersede(AGENCY, 6, [7]),
        ):
            transact(web3, key, call)
        assert ledger.statusWord(AGENCY, 0).call() == (1 << 10) | (3 << 12)


def test_the_chain_ends_with_a_starter_that_is_killed() -> None:
    program = "import time; from tests.local_chain import LocalChain; c = LocalChain(accounts=1).start()"
    starter = subprocess.Popen(
        [sys.executable, "-c", program + "; print(c.url, flush=True); time.sleep(60)"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    port = int(starter.stdout.readline().rsplit(":", 1)[1])
    starter.kill()
    starter.wait()
    starter.stdout.close()
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.05)
    pytest.fail("the node is still there")
