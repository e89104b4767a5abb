"""Deploying happens once: refused where it cannot or need not be, gone on with wherever it was cut off."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chain.administration import Administration, register_agency
from chain.answers import to_hex
from chain.deployment import Deployment
from chain.errors import ChainChanged, DeploymentFailed, NodeAway, NodeRefused
from chain.founding import Founding
from chain.founding_plan import make_plan
from chain.identity import verify
from chain.journal import Charter, Journal
from chain.node import Node
from chain.signer import KeyFileSigner, LocalSigner
from tests.chain.dying import DyingNode, Killed, Life
from tests.local_chain import ROOT, LocalChain
from verifier.cli import build
from verifier.errors import Refused
from verifier.services.deploying import Site, deploy, survey

STEPS = 7


@pytest.fixture(name="node")
async def node_(chain: LocalChain) -> AsyncIterator[Node]:
    node = Node(chain.url)
    yield node
    await node.close()


@pytest.fixture(name="bureau")
def bureau_(chain: LocalChain) -> LocalSigner:
    return rich(chain, LocalSigner.generate())


def rich(chain: LocalChain, signer: LocalSigner) -> LocalSigner:
    chain.rpc("hardhat_setBalance", to_hex(signer.address), hex(10**20))
    return signer


def charter_of(bureau: LocalSigner) -> Charter:
    return Charter(admin_delay=60, registrar=bureau.address, guardian=bytes(19) + b"\7")


def site_in(folder: Path) -> Site:
    return Site(file=folder / "deployment.json")


async def test_what_was_deployed_is_alive_and_written_down(node: Node, bureau: LocalSigner, tmp_path: Path) -> None:
    told: list[str] = []
    site = site_in(tmp_path)
    assert await survey(node, site) is None
    deployed = await deploy(node, bureau, charter_of(bureau), site, tell=told.append)
    assert Deployment.load(site.file) == deployed.deployment
    await verify(node, deployed.deployment)
    assert len(told) == STEPS
    assert not site.journal.exists()
    await Administration(node, deployed.deployment).carry_out(
        bureau, [register_agency("AGENCY-1", "x", bytes(19) + b"\1")]
    )


async def test_what_is_there_already_is_refused(node: Node, bureau: LocalSigner, tmp_path: Path) -> None:
    await deploy(node, bureau, charter_of(bureau), site_in(tmp_path))
    with pytest.raises(Refused, match="is there already, and so are its contracts"):
        await survey(node, site_in(tmp_path))


async def test_a_deployment_of_another_chain_is_not_overwritten(
    node: Node, bureau: LocalSigner, tmp_path: Path
) -> None:
    deployed = await deploy(node, bureau, charter_of(bureau), site_in(tmp_path))
    replace(deployed.deployment, genesis=bytes(32)).save(tmp_path / "deployment.json")
    with pytest.raises(Refused, match=r"is of another chain .*genesis"):
        await survey(node, site_in(tmp_path))


async def test_another_chain_than_the_expected_is_refused(node: Node, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is of chain 31337, not of 7"):
        await survey(node, replace(site_in(tmp_path), expected_chain=7))


async def test_a_key_without_money_is_told_what_it_needs(node: Node, tmp_path: Path) -> None:
    poor = LocalSigner.generate()
    with pytest.raises(DeploymentFailed, match=r"has 0 wei, and this chain may ask up to \d+ wei"):
        await deploy(node, poor, charter_of(poor), site_in(tmp_path))
    assert is_empty(tmp_path)


async def test_a_node_that_is_away_changes_nothing(bureau: LocalSigner, tmp_path: Path) -> None:
    node = Node("http://127.0.0.1:9")
    with pytest.raises(NodeAway):
        await deploy(node, bureau, charter_of(bureau), site_in(tmp_path))
    await node.close()
    assert is_empty(tmp_path)


async def test_killed_before_or_after_any_write_or_send_it_goes_on_and_deploys_once(
    chain: LocalChain, node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Journal.write
    for lasts in range(1, 4 * STEPS + 4):
        bureau, life = rich(chain, LocalSigner.generate()), Life(lasts)
        site = site_in(tmp_path / str(lasts))
        site.file.parent.mkdir()

        def write(journal: Journal, life: Life = life) -> None:
            life.point()
            written(journal)
            life.point()

        monkeypatch.setattr(Journal, "write", write)
        dying = DyingNode(chain.url, life)
        try:
            await deploy(dying, bureau, charter_of(bureau), site)
        except Killed:
            pass
        finally:
            await dying.close()
        monkeypatch.setattr(Journal, "write", written)
        if not life.over:
            assert lasts > 4 * STEPS
            break
        deployed = await deploy(node, bureau, charter_of(bureau), site)
        await verify(node, deployed.deployment)
        assert (await node.account(bureau.address)).nonce == STEPS
    else:
        pytest.fail("there are more points to be killed at than were tried")


async def test_killed_between_the_last_file_and_the_end_it_is_finished(
    node: Node, bureau: LocalSigner, tmp_path: Path
) -> None:
    site = site_in(tmp_path)
    made = await Founding(node, bureau, charter_of(bureau), site.journal).run()
    made.save(site.file)
    done = await survey(node, site)
    assert done is not None
    assert done.deployment == made
    assert not site.journal.exists()


async def test_a_journal_goes_on_only_for_what_was_begun(
    chain: LocalChain, node: Node, bureau: LocalSigner, tmp_path: Path
) -> None:
    site = site_in(tmp_path)
    await Founding(node, bureau, charter_of(bureau), site.journal).run()
    with pytest.raises(DeploymentFailed, match="admin_delay was 60, now 61"):
        await deploy(node, bureau, replace(charter_of(bureau), admin_delay=61), site)
    other = rich(chain, LocalSigner.generate())
    charter = charter_of(bureau)
    with pytest.raises(DeploymentFailed, match="bureau's key was"):
        await deploy(node, other, charter, site)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"charter": 1}'])
async def test_a_broken_journal_is_not_gone_on_with(node: Node, bureau: LocalSigner, tmp_path: Path, text: str) -> None:
    site = site_in(tmp_path)
    site.journal.write_text(text)
    with pytest.raises(DeploymentFailed, match="move it away"):
        await deploy(node, bureau, charter_of(bureau), site)


async def test_a_key_that_was_used_elsewhere_meanwhile_is_noticed(
    chain: LocalChain, node: Node, bureau: LocalSigner, tmp_path: Path
) -> None:
    site, life = site_in(tmp_path), Life(2)
    dying = DyingNode(chain.url, life)
    with pytest.raises(Killed):
        await deploy(dying, bureau, charter_of(bureau), site)
    await dying.close()
    other = await deploy(node, bureau, charter_of(bureau), site_in(_new(tmp_path / "other")))
    assert other.deployment.ledger
    with pytest.raises(DeploymentFailed, match="was used for something else"):
        await deploy(node, bureau, charter_of(bureau), site)


async def test_a_node_that_refuses_is_asked_again_with_the_same_bytes(
    chain: LocalChain, bureau: LocalSigner, tmp_path: Path
) -> None:
    class Refusing(Node):
        async def send(self, raw: bytes) -> bytes:
            raise NodeRefused("eth_sendRawTransaction", -32000, f"the pool is full, no room for {len(raw)} bytes")

    refusing, site = Refusing(chain.url), site_in(tmp_path)
    with pytest.raises(DeploymentFailed, match="the pool is full"):
        await deploy(refusing, bureau, charter_of(bureau), site)
    await refusing.close()
    before = Journal.read(site.journal, charter_of(bureau))
    assert before is not None
    node = Node(chain.url)
    await Founding(node, bureau, charter_of(bureau), site.journal).run()
    await node.close()
    after = Journal.read(site.journal, charter_of(bureau))
    assert after is not None
    assert after.signed[:1] == before.signed


async def test_a_ledger_follows_another_one(node: Node, bureau: LocalSigner, tmp_path: Path) -> None:
    first = (await deploy(node, bureau, charter_of(bureau), site_in(_new(tmp_path / "first")))).deployment
    charter = replace(charter_of(bureau), predecessor=first, retire=True)
    second = (await deploy(node, bureau, charter, site_in(_new(tmp_path / "second")))).deployment
    assert (second.registry, second.access_manager, second.block) == (first.registry, first.access_manager, first.block)
    assert second.ledger != first.ledger
    await verify(node, second)
    assert Deployment.load(tmp_path / "second" / "deployment.json").succession == (second, first)


def test_the_same_is_planned_every_time(bureau: LocalSigner) -> None:
    charter = charter_of(bureau)
    assert make_plan(bureau.address, 3, charter) == make_plan(bureau.address, 3, charter)
    assert make_plan(bureau.address, 3, charter).ledger != make_plan(bureau.address, 4, charter).ledger


def is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def prepared(chain: LocalChain, folder: Path) -> list[str]:
    """Give the command that deploys with a key file of little work, which has money."""
    password = folder / "password"
    password.write_text("secret")
    password.chmod(0o600)
    key = KeyFileSigner.create(folder / "keys" / "bureau.json", "secret", work=2)
    rich(chain, key)
    return ["deploy", "--node", chain.url, "--data", str(folder), "--password-file", str(password), "--json"]


def test_the_command_answers_in_json(chain: LocalChain, tmp_path: Path) -> None:
    command = prepared(chain, tmp_path)
    done = CliRunner().invoke(build(command), command)
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["ledger"] == Deployment.load(tmp_path / "deployment.json").name
    again = CliRunner().invoke(build(command), command)
    assert again.exit_code == 2
    assert "is there already" in json.loads(again.stdout)["message"]


def test_the_command_makes_a_key_and_says_where_money_is_due(chain: LocalChain, tmp_path: Path) -> None:
    command = ["deploy", "--node", chain.url, "--data", str(tmp_path / "new"), "--password-file", str(tmp_path / "pw")]
    done = CliRunner().invoke(build(command), command)
    assert done.exit_code == 2
    made = json.loads((tmp_path / "new" / "keys" / "bureau.json").read_text())["address"].removeprefix("0x").lower()
    assert made in done.stderr
    assert (tmp_path / "pw").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--registrar", "0x12"], "is no address"),
        (["--retire-predecessor"], "needs --predecessor"),
        (["--predecessor", "nothing.json"], "is not there"),
        (["--expect-chain-id", "1"], "not of 1"),
    ],
)
def test_the_command_says_what_is_wrong(chain: LocalChain, tmp_path: Path, options: list[str], words: str) -> None:
    command = [*prepared(chain, tmp_path), *options]
    done = CliRunner().invoke(build(command), command)
    assert done.exit_code == 2
    assert words in json.loads(done.stdout)["message"]


def test_a_process_killed_after_any_line_is_gone_on_with(tmp_path: Path) -> None:
    with LocalChain(auto_mine=False, interval=0.2) as chain:
        command = [sys.executable, "-m", "verifier", *prepared(chain, tmp_path)]
        for line in range(1, STEPS, 2):
            with subprocess.Popen(
                command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as process:
                assert process.stderr is not None
                for _ in range(line):
                    process.stderr.readline()
                process.send_signal(signal.SIGKILL)
            assert not (tmp_path / "deployment.json").exists()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        nonce = chain.rpc("eth_getTransactionCount", _bureau(tmp_path), "latest")
        assert int(nonce, 16) == STEPS
        assert answer["ledger"] == Deployment.load(tmp_path / "deployment.json").name


def _bureau(folder: Path) -> str:
    address: str = json.loads((folder / "keys" / "bureau.json").read_text())["address"]
    return "0x" + address.removeprefix("0x")


async def test_contracts_that_are_not_ours_are_told(
    chain: LocalChain, node: Node, bureau: LocalSigner, tmp_path: Path
) -> None:
    made = await deploy(node, bureau, charter_of(bureau), site_in(tmp_path))
    chain.rpc("hardhat_setCode", to_hex(made.deployment.ledger), "0x00")
    with pytest.raises((Refused, ChainChanged), match="instance of the ledger"):
        await survey(node, site_in(tmp_path))
