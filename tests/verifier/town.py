"""A small town on a real chain: one agency that issues, with sender and indexer that work when they are told to.

What is issued once for a whole module is copied for each test (`Town.copy`): the same chain and keys, a database of
the test's own to be damaged.
"""

from __future__ import annotations

import asyncio
import csv
import json
import shutil
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from click.testing import Result
from sqlalchemy import Connection, create_engine
from typer.testing import CliRunner

from chain.administration import Administration, register_agency
from chain.deploying import deploy
from chain.deployment import Deployment
from chain.founding import Founding
from chain.indexer import Indexer
from chain.journal import Charter
from chain.node import Node
from chain.sender import Sender
from chain.signer import LocalSigner
from ecert.draft import lint
from ecert.facts import Status
from ecert.fields import Words
from store.database import Database
from tests.local_chain import LocalChain
from tests.tables import give_tables
from tests.verifier.test_issuing import HEADER, HEALTH, citizen_id, row
from verifier.cli import build
from verifier.keys.keyring import Keyring, LedgerKey
from verifier.keys.ledger_keys import ledger_signers
from verifier.ledger_view import LedgerView
from verifier.services.agencies import Desk, accreditation, make_keys, own_key, own_operators
from verifier.services.issuance import IssuanceOrder, Told
from verifier.services.issuing import issue
from verifier.services.office import Office
from verifier.services.online_batches import OnlineBatches
from verifier.services.progress import Stage
from verifier.services.single_issuing import SingleIssuing
from verifier.services.status import change_status
from verifier.services.status_order import Action, StatusOrder, StatusOutcome
from verifier.services.table_issuance import Order, TableOutcome

AGENCY = "HEALTH-7"
Answer = TypeVar("Answer")


class Quiet:
    """Shows no progress."""

    def begin(self, stage: Stage, total: int | None) -> None:
        del stage, total

    def reach(self, done: int) -> None:
        del done

    def note(self, said: str | Words) -> None:
        del said


@dataclass(kw_only=True)
class Town:
    """`shift` is how far the chain's clock has run ahead of ours: it moves a second with each block."""

    chain: LocalChain
    folder: Path
    deployment: Deployment
    bureau: LocalSigner
    admin: LocalSigner

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'ecert.sqlite'}"

    @property
    def keyring(self) -> Keyring:
        return Keyring(self.folder / "keys", self.folder / "keys" / "passwords")

    def now(self) -> int:
        """The later of our clock and the chain's."""
        return max(int(time.time()), int(self.chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16))

    def work(self, database: Database, *, send: bool = True, index: bool = True) -> None:
        """Let the sender send what is waiting, and the indexer read what happened, once."""

        async def once() -> None:
            node = Node(self.chain.url)
            if send:
                sender = Sender(database, node, self.deployment, ledger_signers(self.keyring), clock=self.now)
                while await sender.step():
                    pass
                ended = asyncio.Event()
                ended.set()
                await sender.run(ended)  # gives its keys back
            if index:
                await self.index(database, node)
            await node.close()

        asyncio.run(once())

    async def index(self, database: Database, node: Node) -> None:
        for deployment in self.deployment.succession:
            indexer = Indexer(database, node, deployment, clock=self.now)
            while await indexer.step():
                pass

    def office(self, database: Database, *, send: bool = True) -> Office:
        return Office(
            database=database,
            view=LedgerView(database, self.deployment.names),
            keyring=self.keyring,
            ledgers=self.deployment.names,
            status_base="https://status.example",
            late_seconds=28,
            clock=self.now,
            pause=lambda _: self.work(database, send=send),
            progress=Quiet(),
        )

    def table(self, *numbers: int) -> Path:
        path = self.folder / f"health-{numbers[0]}.csv"
        path.write_text("\n".join([HEADER, *(row(n) for n in numbers), ""]), encoding="utf-8")
        return path

    def order(self, *numbers: int, **options: Any) -> Order:
        return Order(
            file=self.table(*numbers),
            certificate_type=HEALTH,
            agency=AGENCY,
            folder=self.folder / "certificates",
            **{"batch_size": 5, "timeout": 600.0, **options},
        )

    def issue(self, *numbers: int, send: bool = True, **options: Any) -> TableOutcome:
        with Database.open(self.url) as database:
            return issue(self.office(database, send=send), self.order(*numbers, **options))

    def issue_one(self, number: int, *, supersedes: tuple[int, ...] = (), close: bool = True) -> int:
        """Issue one certificate as the API does, into a batch of no job; give its serial."""
        said = {
            "holder_name": "罗文超",
            "holder_id": citizen_id(number),
            "certificate_number": f"42011120170{number:07d}",
            "work_category": "食品",
            "examined_by": "某市疾病预防控制中心",
        }
        order = IssuanceOrder(
            agency=AGENCY,
            linted=lint(HEALTH, said, valid_from="2026-05-17", valid_until="2036-05-16"),
            version=2 if supersedes else 1,
            supersedes=supersedes,
        )
        with Database.open(self.url) as database:
            office = self.office(database)
            answered = asyncio.run(SingleIssuing(office, batch_size=100).issue(order))
            assert isinstance(answered, Told)
            if close:
                OnlineBatches(office=office, seconds=0).close_due()
        serial = answered.said["serial"]
        assert isinstance(serial, int)
        return serial

    def status(self, serial: int) -> Status:
        """The status of a certificate as our copy of the ledger has it."""
        with Database.open(self.url) as database:
            copies = self.office(database).copies()
        assert copies is not None
        return copies.covering(AGENCY, serial).status(AGENCY, serial)

    def change(self, action: Action, *serials: int, wait: bool = True) -> StatusOutcome:
        with Database.open(self.url) as database:
            order = StatusOrder(action=action, agency=AGENCY, serials=serials, wait=wait, timeout=600.0)
            return change_status(self.office(database), order)

    def step(self, *, send: bool = True, index: bool = True) -> None:
        with Database.open(self.url) as database:
            self.work(database, send=send, index=index)

    def command(self, *arguments: str) -> Result:
        command = [*arguments, "--data", str(self.folder)]
        return CliRunner().invoke(build(command), command)

    def fsck(self) -> list[dict[str, str]]:
        """Run `ecert fsck` and give the differences."""
        result = self.command("fsck", "--json")
        answer = json.loads(result.stdout)
        assert result.exit_code == (1 if answer["differences"] else 0), result.output
        found: list[dict[str, str]] = answer["differences"]
        return found

    def damage(self, statement: str) -> None:
        """Change rows behind everybody's back; foreign keys and checks look away."""
        engine = create_engine(self.url)
        with engine.begin() as connection:
            unchecked(connection)
            changed = connection.exec_driver_sql(statement)
            assert changed.rowcount > 0
        engine.dispose()

    def certificates(self) -> dict[int, Path]:
        return {int(path.name.split(".")[0]): path for path in self.folder.rglob("*.ecert.json")}

    def results(self, outcome: TableOutcome) -> list[dict[str, str]]:
        assert outcome.results is not None
        with outcome.results.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def copy(self, folder: Path) -> Town:
        """Give the same town with files of its own."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Town(chain=self.chain, folder=folder, deployment=self.deployment, bureau=self.bureau, admin=self.admin)

    def charter(self) -> Charter:
        """What the next ledger will be."""
        bureau = self.bureau.address
        return Charter(admin_delay=0, registrar=bureau, guardian=bureau, predecessor=self.deployment, retire=True)

    def succeeded(self) -> Town:
        """Retire the ledger in favour of a new one, and give the town as it goes on with that."""
        charter = self.charter()

        async def follow() -> Deployment:
            node = Node(self.chain.url)
            journal = self.folder / "deployment.json.journal"
            deployment = await Founding(node, self.bureau, charter, journal).run()
            await node.close()
            return deployment

        deployment = asyncio.run(follow())
        deployment.save(self.folder / "deployment.json")
        return replace(self, deployment=deployment)

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run(work)


def unchecked(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")


def found_town(chain: LocalChain, folder: Path) -> Town:
    """Deploy, admit one agency with all its keys, and make an empty database that has read the chain."""
    keyring = Keyring(folder / "keys", folder / "keys" / "passwords")
    make_keys(keyring, AGENCY, work=2)
    bureau, admin = LocalSigner.generate(), LocalSigner.generate()
    ledger_keys = [keyring.address(AGENCY, purpose) for purpose in LedgerKey]
    for address in (bureau.address, admin.address, *ledger_keys):
        chain.rpc("hardhat_setBalance", "0x" + address.hex(), hex(10**22))

    async def found() -> Deployment:
        node = Node(chain.url)
        deployment = await deploy(node, bureau)
        desk = Desk(node=node, deployment=deployment)
        since = await desk.now()
        await Administration(node, deployment).carry_out(bureau, [register_agency(AGENCY, "Health", admin.address)])
        await desk.carry_out(bureau, accreditation(AGENCY, [HEALTH], since=since, until=None))
        await desk.carry_out(admin, [own_key(keyring, AGENCY), *own_operators(keyring, AGENCY)])
        await node.close()
        return deployment

    deployment = asyncio.run(found())
    deployment.save(folder / "deployment.json")
    (folder / "ecert.toml").write_text(
        f'node_urls = ["{chain.url}"]\nstatus_base = "https://status.example"\n', encoding="utf-8"
    )
    town = Town(chain=chain, folder=folder, deployment=deployment, bureau=bureau, admin=admin)
    give_tables(town.url)
    town.step(send=False)
    return town


@contextmanager
def undone(town: Town, folder: Path) -> Iterator[Town]:
    """Give the town with files of its own; what is done on its chain meanwhile is undone at the end.

    The chain's clock goes back with its blocks; it is put to ours first, which has gone on since.
    """
    remembered = town.chain.snapshot()
    town.chain.rpc("evm_setNextBlockTimestamp", town.now() + 1)
    town.chain.mine()
    yield town.copy(folder)
    town.chain.roll_back(remembered)


def lose(town: Town) -> None:
    """Lose the database."""
    for path in town.folder.glob("ecert.sqlite*"):
        path.unlink()


def rebuild(town: Town, *options: str, code: int = 0) -> dict[str, Any]:
    """Run `ecert rebuild` and give its answer."""
    result = town.command("rebuild", "--json", *options)
    assert result.exit_code == code, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer
