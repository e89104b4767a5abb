"""Contracts are put on a chain, found again, and administered; a run that was cut off is run again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chain.administration import (
    ANCHOR,
    Administration,
    accredit,
    add_key,
    register_agency,
    set_operator,
    suspend_agency,
)
from chain.deploying import deploy
from chain.deployment import Deployment
from chain.errors import CallReverted, ChainChanged, DeploymentFailed
from chain.identity import pin, verify
from chain.network import find_network
from chain.node import Node
from chain.signer import LocalSigner
from store.database import Database
from tests.chain.world import AGENCY, TITLE, World, make_world
from tests.local_chain import LocalChain

DEPLOYMENT = Deployment(
    chain_id=31337,
    genesis=b"\x01" * 32,
    access_manager=b"\x02" * 20,
    registry=b"\x03" * 20,
    ledger=b"\x01" * 20,
    registry_instance=b"\x05" * 32,
    ledger_instance=b"\x06" * 32,
    block=1,
)
"""Made up."""


async def test_a_deployment_is_what_the_chain_has(world: World) -> None:
    pins = await verify(world.node, world.deployment)
    assert pins.ledger == world.deployment.name == f"eip155:31337:0x{world.deployment.ledger.hex()}"
    assert world.deployment.chain == "eip155:31337"


def test_a_deployment_is_written_and_read_again(world: World, tmp_path: Path) -> None:
    world.deployment.save(tmp_path / "deployment.json")
    assert Deployment.load(tmp_path / "deployment.json") == world.deployment


def test_what_a_deployment_follows_is_written_with_it_back_to_the_first(tmp_path: Path) -> None:
    second = replace(DEPLOYMENT, ledger=b"\x02" * 20, predecessor=DEPLOYMENT)
    third = replace(DEPLOYMENT, ledger=b"\x03" * 20, predecessor=second)
    third.save(tmp_path / "deployment.json")
    assert Deployment.load(tmp_path / "deployment.json") == third
    assert third.succession == (third, second, DEPLOYMENT)
    assert third.names == tuple(f"eip155:31337:0x{number * 20}" for number in ("03", "02", "01"))


def test_a_deployment_that_follows_none_is_written_as_it_always_was(tmp_path: Path) -> None:
    DEPLOYMENT.save(tmp_path / "deployment.json")
    assert "predecessor" not in json.loads((tmp_path / "deployment.json").read_text())
    assert DEPLOYMENT.names == (DEPLOYMENT.name,)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"predecessor": []}, "predecessor is no object"),
        ({"predecessor": {"chain_id": 31337}}, "predecessor.genesis is missing"),
        ({"predecessor.ledger": "0x0g"}, "predecessor.ledger cannot be '0x0g'"),
        ({"predecessor.block": "1"}, "predecessor.block cannot be '1'"),
        ({"predecessor.genesis": "0x" + "22" * 32}, f"predecessor.genesis is 0x{'22' * 32}, and that of what follows"),
        ({"predecessor.registry": "0x" + "22" * 20}, f"predecessor.registry is 0x{'22' * 20}, and that of what follow"),
        ({"predecessor.ledger": "0x" + "02" * 20}, "predecessor is of the same ledger, eip155:31337:0x020"),
    ],
)
def test_a_predecessor_that_can_be_none_is_refused_by_its_place(
    tmp_path: Path, changed: dict[str, object], why: str
) -> None:
    path = tmp_path / "deployment.json"
    replace(DEPLOYMENT, ledger=b"\x02" * 20, predecessor=DEPLOYMENT).save(path)
    said = json.loads(path.read_text())
    for place, value in changed.items():
        *within, name = place.split(".")
        (said["predecessor"] if within else said)[name] = value
    path.write_text(json.dumps(said))
    with pytest.raises(DeploymentFailed, match=why):
        Deployment.load(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"chain_id": 1}', '{"chain_id": "x"}', "\ud800"])
def test_a_broken_deployment_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "deployment.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(DeploymentFailed, match="is no deployment"):
        Deployment.load(tmp_path / "deployment.json")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{\n", "line 2 is not JSON"),
        (b"{}", "chain_id is missing"),
        (b'{"chain_id": null}', "chain_id cannot be None"),
        (b"\xff", "it is not UTF-8"),
    ],
)
def test_what_is_wrong_with_a_deployment_file_is_said_in_words(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "deployment.json").write_bytes(content)
    with pytest.raises(DeploymentFailed) as caught:
        Deployment.load(tmp_path / "deployment.json")
    assert str(caught.value).endswith(f"is no deployment: {said}")


def test_a_missing_deployment_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DeploymentFailed, match="have not been deployed yet"):
        Deployment.load(tmp_path / "deployment.json")


async def test_contracts_of_another_deployment_are_told_apart(world: World) -> None:
    other = await deploy(world.node, world.bureau)
    assert other.ledger_instance != world.deployment.ledger_instance
    mixed = replace(world.deployment, ledger=other.ledger)
    with pytest.raises(ChainChanged, match="instance of the ledger"):
        await verify(world.node, mixed)


async def test_what_was_pinned_once_is_compared_ever_after(world: World, database: Database) -> None:
    await pin(database, world.node, world.deployment)
    await pin(database, world.node, world.deployment)
    code = await world.node.codes([world.deployment.registry])
    world.local_chain.rpc("hardhat_setCode", "0x" + world.deployment.access_manager.hex(), "0x" + code[0].hex())
    with pytest.raises(ChainChanged, match="pinned"):
        await pin(database, world.node, world.deployment)


async def test_steps_that_were_carried_out_may_be_carried_out_again(world: World) -> None:
    steps = [register_agency("NEW-1", "Office", world.admin.address), accredit("NEW-1", TITLE, since=1)]
    assert len(await world.administration.carry_out(world.bureau, steps)) == len(steps)
    (accredited,) = await world.administration.carry_out(world.bureau, steps)
    assert accredited.succeeded


async def test_a_refused_step_says_why(world: World) -> None:
    stranger = LocalSigner.generate()
    world.local_chain.rpc("hardhat_setBalance", "0x" + stranger.address.hex(), hex(10**22))
    with pytest.raises(CallReverted, match="AccessManagedUnauthorized") as refused:
        await world.administration.carry_out(stranger, [suspend_agency(AGENCY)])
    assert refused.value.values == {"caller": "0x" + stranger.address.hex()}


async def test_a_refused_step_after_others_says_why_too(world: World) -> None:
    good = add_key(AGENCY, b"\x01" * 32, 1, b"\x04" + b"\x02" * 64)
    with pytest.raises(CallReverted) as refused:
        await world.administration.carry_out(world.admin, [good, accredit(AGENCY, TITLE, since=1)])
    assert refused.value.reason == "AccessManagedUnauthorized"


async def test_everything_works_on_a_chain_that_mines_at_intervals(database: Database) -> None:
    with LocalChain(auto_mine=False, interval=0.2) as chain:
        node = Node(chain.url)
        world = await make_world(chain, node, database)
        written = [world.anchor(serial, 10) for serial in range(0, 60, 10)]
        await world.finish(*written, rounds=2_000)
        assert (await find_network(node)).kind == "development"
        await node.close()


async def test_an_operator_of_a_delayed_registry_waits_for_its_time(world: World) -> None:
    deployment = await deploy(world.node, world.bureau, admin_delay=3_600)
    administration = Administration(world.node, deployment)
    steps = [register_agency(AGENCY, "Office", world.admin.address), accredit(AGENCY, TITLE, since=1)]
    await administration.carry_out(world.bureau, steps)
    await administration.carry_out(world.admin, [set_operator(AGENCY, world.anchorer.address, ANCHOR)])
    world.deployment = deployment
    call = world.anchor(0)
    await world.usual_sender.step()
    assert (world.read(call).waiting_reason or "").startswith("NotAnOperator")
    world.local_chain.pass_time(3_601)
    await world.finish(call)
