"""The whole path on a real chain: a table, the sender, the contracts, the indexer, our verifier, a withdrawal.

Sender and indexer run beside the service, as `ecert serve` runs them.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chain.administration import ANCHOR, STATUS, Administration, accredit, add_key, register_agency, set_operator
from chain.deploying import deploy
from chain.deployment import Deployment
from chain.indexer import Indexer
from chain.node import Node
from chain.sender import Sender
from chain.signer import LocalSigner
from ecert.judging import judge
from ecert.parsing import parse
from ecert.suite import SUITE
from ecert.types import bundled_types
from ecert.verdict import Reason, Result
from store.database import Database
from tests.local_chain import LocalChain
from tests.tables import give_tables
from tests.verifier.office import AGENCY, Notes
from tests.verifier.test_issuing import HEADER, HEALTH, row
from verifier.faults import IssuingStopped
from verifier.keys.keyring import Keyring, LedgerKey
from verifier.keys.ledger_keys import create_ledger_key, ledger_signers
from verifier.ledger_view import LedgerView
from verifier.services.issuing import issue
from verifier.services.office import Office
from verifier.services.status import change_status
from verifier.services.status_order import Action, StatusOrder
from verifier.services.table_issuance import Order

PATIENCE = 300.0


@pytest.fixture(name="chain", scope="module")
def chain_() -> Iterator[LocalChain]:
    with LocalChain(auto_mine=False, interval=0.5) as chain:
        yield chain


@pytest.fixture(name="office")
def office_(tmp_path: Path, chain: LocalChain) -> Iterator[Office]:
    keyring = Keyring(tmp_path / "keys", tmp_path / "keys" / "passwords")
    passwords = keyring.add_passwords(AGENCY)
    keyring.create_certificate_key(AGENCY, passwords.certificate or "")
    for purpose in LedgerKey:
        create_ledger_key(keyring, AGENCY, purpose, work=2)
    deployment = asyncio.run(found(chain, keyring))
    url = f"sqlite:///{tmp_path / 'ecert.sqlite'}"
    give_tables(url)
    with Database.open(url) as database, serving(chain, database, deployment, keyring):
        yield Office(
            database=database,
            view=LedgerView(database, deployment.names),
            keyring=keyring,
            ledgers=deployment.names,
            status_base="https://status.example",
            late_seconds=28,
            clock=lambda: int(time.time()),
            pause=time.sleep,
            progress=Notes(),
        )


async def found(chain: LocalChain, keyring: Keyring) -> Deployment:
    """Deploy the contracts and put the agency, its key and its operators on them."""
    bureau, admin = LocalSigner.generate(), LocalSigner.generate()
    addresses = {purpose: keyring.address(AGENCY, purpose) for purpose in LedgerKey}
    for address in (bureau.address, admin.address, *addresses.values()):
        chain.rpc("hardhat_setBalance", "0x" + address.hex(), hex(10**22))
    node = Node(chain.url)
    try:
        deployment = await deploy(node, bureau)
        administration = Administration(node, deployment)
        since = (await node.latest()).time
        await administration.carry_out(
            bureau,
            [
                register_agency(AGENCY, "An agency", admin.address),
                accredit(AGENCY, HEALTH.vct_hash, since=since),
            ],
        )
        key = keyring.certificate_key(AGENCY)
        await administration.carry_out(
            admin,
            [
                add_key(AGENCY, key.kid, SUITE, key.public_key),
                set_operator(AGENCY, addresses[LedgerKey.ANCHOR], ANCHOR),
                set_operator(AGENCY, addresses[LedgerKey.STATUS], STATUS),
            ],
        )
        return deployment
    finally:
        await node.close()


@contextmanager
def serving(chain: LocalChain, database: Database, deployment: Deployment, keyring: Keyring) -> Iterator[None]:
    """Let sender and indexer run in a thread of their own."""
    ended = threading.Event()

    async def serve() -> None:
        node = Node(chain.url)
        stop = asyncio.Event()
        sender = Sender(database, node, deployment, ledger_signers(keyring))
        indexer = Indexer(database, node, deployment)
        workers = [asyncio.create_task(sender.run(stop)), asyncio.create_task(indexer.run(stop))]
        await asyncio.to_thread(ended.wait)
        stop.set()
        await asyncio.gather(*workers)
        await node.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_a_table_is_anchored_verified_handed_out_and_withdrawn(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "health.csv"
    file.write_text("\n".join([HEADER, *(row(n) for n in range(25)), ""]), encoding="utf-8")
    folder = tmp_path / "certificates"
    order = Order(file=file, certificate_type=HEALTH, agency=AGENCY, folder=folder, batch_size=10, timeout=PATIENCE)
    outcome = issue(office, order)
    assert (outcome.issued, outcome.handed_out, outcome.complete) == (25, 25, True)

    revoked = change_status(
        office,
        StatusOrder(action=Action.REVOKE, agency=AGENCY, serials=(3, 12), reason="a test", timeout=PATIENCE),
    )
    assert revoked.complete
    verdicts = {}
    copy = office.copy()
    assert copy is not None
    for path in folder.rglob("*.ecert.json"):
        certificate = parse(path.read_bytes())
        verdict = judge(certificate, copy.facts(certificate), now=int(time.time()), certificate_type=HEALTH)
        verdicts[certificate.serial] = (verdict.result, verdict.reasons)
    expected = dict.fromkeys(range(25), (Result.VALID, ()))
    assert verdicts == expected | dict.fromkeys((3, 12), (Result.INVALID, (Reason.REVOKED,)))

    again = issue(office, order)
    assert again.issued == 25
    assert again.complete
    assert again.withdrawn == dict.fromkeys((3, 12), (Reason.REVOKED,))
    with pytest.raises(IssuingStopped, match="final"):
        change_status(office, StatusOrder(action=Action.REINSTATE, agency=AGENCY, serials=(3,)))

    other = Order(file=file, certificate_type=bundled_types()["health-statement"], agency=AGENCY, folder=folder)
    with pytest.raises(Exception, match="these are the columns of health-certificate"):
        issue(office, other)
