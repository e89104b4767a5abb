"""What a network of five real nodes survives. The tests share one network, and each leaves it whole."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

from clique.chain import Block, wait
from clique.faults import NetworkError
from clique.network import Network
from clique.status import look

pytestmark = pytest.mark.xdist_group("network")

OTHER = "0x" + "11" * 20
GOES_ON = 240.0
HALTED = 6.0
"""Seconds without a block after which a network with one-second blocks is said to stand still."""


@pytest.fixture(autouse=True)
def whole(network: Network) -> Iterator[None]:
    yield
    network.heal()
    network.start(1, 2, 3, 4, 5)


def test_all_nodes_are_connected_and_sign_one_chain(network: Network) -> None:
    status = look(network)

    assert [len(node.peers) for node in status.nodes] == [4] * 5
    assert {node.pid for node in status.nodes if node.head} == {node.pid for node in status.nodes}
    assert [block.number for block in status.blocks] == list(range(1, len(status.blocks) + 1))
    assert all(block.signer == block.number % 5 + 1 for block in status.blocks if block.in_turn)
    assert {int(network.ask(number, "eth_chainId"), 16) for number in range(1, 6)} == {network.record.chain_id}


def test_a_funded_key_pays_for_a_transaction_that_every_node_mines(network: Network, rich: LocalAccount) -> None:
    fees = {"maxFeePerGas": 3 * 10**9, "maxPriorityFeePerGas": 10**9, "gas": 21_000, "value": 1}
    fields = {"chainId": network.record.chain_id, "nonce": 0, "to": OTHER}
    signed = rich.sign_transaction(fields | fees)

    sent = network.ask(2, "eth_sendRawTransaction", "0x" + signed.raw_transaction.hex())

    for number in (1, 5):
        receipt = wait("a receipt", lambda n=number: network.ask(n, "eth_getTransactionReceipt", sent), GOES_ON)
        assert receipt["status"] == "0x1"
    assert network.ask(3, "eth_getBalance", OTHER, receipt["blockNumber"]) == "0x1"


def test_nodes_listen_on_loopback_alone(network: Network) -> None:
    own = [address for member in network.running for address in listening(network, member.number)]

    assert len(own) == 15  # for users, for peers, and the engine port that cannot be left closed
    assert set(own) == {"0100007F"}


def listening(network: Network, number: int) -> list[str]:
    """Addresses at which a node's process listens, as /proc writes them."""
    pid = next(node.pid for node in look(network).nodes if node.node == number)
    files = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()]
    return [row[1].split(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in files]


def test_owners_alone_read_the_keys_and_reach_the_administration(network: Network) -> None:
    for member in network.running:
        folder = member.folder(network.folder)
        assert folder.stat().st_mode & 0o077 == 0
        assert (folder / "admin.ipc").is_socket()
    assert network.ask(1, "rpc_modules").keys() == {"eth", "net", "web3", "clique", "rpc"}


def test_with_two_nodes_stopped_it_goes_on(network: Network) -> None:
    leave(network, 1, 3, 4)

    agree_beyond(network, network.head(1).number, 1, 3, 4)
    assert [node.pid is None for node in look(network).nodes] == [False, True, False, False, True]


def test_with_three_nodes_stopped_it_halts_and_goes_on_when_one_is_back(network: Network) -> None:
    leave(network, 1, 3, 4, 5)  # whatever 2 signed last lies deep, or is outweighed, before the others stop
    network.stop(1, 4)

    halted = standing_still(network, 3)
    assert network.head(5).number == halted.number

    network.start(2)
    agree_beyond(network, halted.number, 2, 3, 5)


def leave(network: Network, *numbers: int) -> None:
    """Stop all nodes but these, and wait until these go on; where they stand still, stop them anew.

    Signers who each made a block of one height may have to wait for one another until a node comes back.
    """
    others = {1, 2, 3, 4, 5} - set(numbers)
    for _ in range(5):
        network.stop(*others)
        with contextlib.suppress(NetworkError):
            network.agree(*numbers, timeout=30.0)
            return
        network.start(*others)
    pytest.fail(f"nodes {numbers} never went on without the others")


def agree_beyond(network: Network, least: int, *numbers: int) -> None:
    """Wait until nodes agree on a block of at least this height: a heavier branch may be shorter for a while."""
    deadline = time.monotonic() + GOES_ON
    while network.agree(*numbers, timeout=GOES_ON).number < least:
        assert time.monotonic() < deadline, f"they do not come to block {least}"


def standing_still(network: Network, number: int) -> Block:
    """A node's head once it has not moved for some time."""
    still, since = network.head(number), time.monotonic()
    deadline = since + GOES_ON
    while time.monotonic() < since + HALTED:
        time.sleep(0.5)
        head = network.head(number)
        if head != still:
            still, since = head, time.monotonic()
        assert time.monotonic() < deadline, "it did not halt"
    return still


def test_its_chain_outlives_down_and_up(network: Network) -> None:
    urls = [member.url for member in network.record.members]
    old = network.agree(timeout=GOES_ON)
    network.down()
    assert network.running == []

    again = network.up()

    assert [member.url for member in again.members] == urls
    assert network.ask(4, "eth_getBlockByNumber", hex(old.number), False)["hash"] == old.hash


def test_a_killed_node_comes_back_with_an_old_disk_and_catches_up(network: Network) -> None:
    before = network.agree().number
    network.kill(3)

    network.start(3)

    agree_beyond(network, before, 1, 2, 3, 4, 5)


def test_a_cut_halts_the_minority_and_healing_takes_its_blocks_back(network: Network) -> None:
    minority, majority = part(network)
    network.stop(minority[0])
    network.start(minority[0])  # a node that starts anew does not dial across the cut either

    stuck = standing_still(network, minority[1])
    went_on = network.agree(*majority, timeout=GOES_ON)
    cut = look(network)
    network.heal()
    network.agree(1, 2, 3, 4, 5, timeout=GOES_ON)

    assert all(
        set(node.peers) < set(group) for group in (minority, majority) for node in cut.nodes if node.node in group
    )
    assert went_on.number > stuck.number
    for number in (1, 2, 3, 4, 5):
        at_its_height = network.ask(number, "eth_getBlockByNumber", hex(stuck.number), False)
        assert at_its_height["hash"] != stuck.hash  # a real reorganisation: what two had signed is gone
    assert network.ask(majority[0], "eth_getBlockByHash", went_on.hash, False)["number"] == hex(went_on.number)


def part(network: Network) -> tuple[list[int], list[int]]:
    """Cut off those two nodes whose turn comes next, so that each still may sign a block, and three that may go on.

    Both of the two stand on a block that the three lack when this returns; a head that only one of them has made may
    still give way to a heavier one that came before the cut. Where the three stand still, too, it is cut anew.
    """
    for _ in range(5):
        number = network.head(1).number
        minority = sorted((number + ahead) % 5 + 1 for ahead in (2, 3))
        majority = [node for node in range(1, 6) if node not in minority]
        network.cut([minority, majority])
        with contextlib.suppress(NetworkError):
            wait("the two stand on a block of their own", lambda a=minority, b=majority[0]: alone(network, a, b), 6.0)
            network.agree(*majority, timeout=30.0)
            return minority, majority
        network.heal()
    pytest.fail("the minority never signed a block of its own while the majority went on")


def alone(network: Network, minority: list[int], other: int) -> bool | None:
    """Whether these nodes have one head, and another node has no such block."""
    heads = {network.head(node).hash for node in minority}
    return True if len(heads) == 1 and network.ask(other, "eth_getBlockByHash", heads.pop(), False) is None else None
