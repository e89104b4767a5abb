"""A data directory as an indexer leaves it: one agency, one batch of business licences on the ledger, and their files.

shelf = stock(folder)               # as of now
shelf.files[0]                      # bytes of a certificate file
shelf.change(0, Status.REVOKED)     # one block later
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from chain.deployment import Deployment
from ecert.agency import parse_issuer
from ecert.draft import lint
from ecert.events import AgencyAccredited, AgencyRegistered, BatchAnchored, Event, KeyAdded, Place, StatusChanged
from ecert.facts import Status
from ecert.issuing import SignedCertificate, salt_bytes, sign
from ecert.merkle import Tree
from ecert.suite import SUITE, SigningKey
from ecert.types import bundled_types
from store import cursors, events
from store.database import Database
from store.records import Block, Cursor, SeenEvent
from store.states import Contract
from tests.tables import give_tables
from verifier.matters import load_matters
from verifier.services.answering import Answering
from verifier.services.verifying import Verifying

LEDGER = "eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"
DEPLOYMENT = Deployment(
    chain_id=31337,
    genesis=bytes(32),
    access_manager=bytes(20),
    registry=b"\x01" * 20,
    ledger=bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3"),
    registry_instance=bytes(32),
    ledger_instance=bytes(32),
    block=1,
)
AGENCY = "MARKET-1"
AGENCY_NAME = "Market Registry of Try-out"
TYPE = bundled_types()["business-licence"]
KEY = SigningKey.from_secret(7)
DAY = 86_400
COUNT = 3
REGISTRY_EVENTS = AgencyRegistered | AgencyAccredited | KeyAdded


def row(number: int) -> dict[str, str]:
    return {
        "holder_name": f"示例贸易有限公司{number}",
        "holder_id": "91420111MAB3PRHM8E",
        "company_type": "有限责任公司",
        "legal_representative": "张三",
        "registered_capital": "壹佰万圆人民币",
        "established": "2020-05-03",
        "term": "长期",
        "address": "示例市示例路1号",
        "scope": "软件开发",
        "registration_office": "示例市登记机构",
    }


def signed(number: int, *, iat: int, key: SigningKey = KEY, valid_until: str | None = None) -> SignedCertificate:
    return sign(
        lint(TYPE, row(number), valid_from="2020-05-03", valid_until=valid_until),
        serial=number,
        iat=iat,
        issuer=parse_issuer(f"{LEDGER}/{AGENCY}"),
        status_base="https://ecert.example",
        key=key,
        salts=sha256(b"salt").digest()[:1] * salt_bytes(TYPE),
    )


@dataclass
class Shelf:
    folder: Path
    url: str
    now: int
    certificates: list[SignedCertificate] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)
    cursor: Cursor | None = None

    def open(self) -> Database:
        return Database.open(self.url)

    def mine(self, *made: Callable[[Place], Event], at: int | None = None) -> None:
        assert self.cursor is not None
        when = self.cursor.time + 1 if at is None else at
        number = self.cursor.block + 1
        counts = {Contract.REGISTRY: self.cursor.registry_sequence, Contract.LEDGER: self.cursor.ledger_sequence}
        seen = []
        for log, make in enumerate(made):
            probe = make(Place(block=number, time=when, sequence=0))
            contract = Contract.REGISTRY if isinstance(probe, REGISTRY_EVENTS) else Contract.LEDGER
            counts[contract] += 1
            event = make(Place(block=number, time=when, sequence=counts[contract]))
            seen.append(SeenEvent(contract=contract, event=event, head=bytes(32), transaction=bytes(32), log=log))
        after = replace(
            self.cursor,
            block=number,
            hash=_block_hash(number),
            time=when,
            settled_block=number,
            registry_sequence=counts[Contract.REGISTRY],
            ledger_sequence=counts[Contract.LEDGER],
        )
        header = Block(number=number, hash=_block_hash(number), parent=self.cursor.hash, time=when)
        with self.open() as database, database.begin() as connection:
            self.cursor = events.append(connection, self.cursor, after, seen=seen, headers=[header])

    def change(self, serial: int, status: Status) -> None:
        self.mine(lambda place: StatusChanged(place=place, agency=AGENCY, status=int(status), serials=(serial,)))


def stock(folder: Path, *, now: int | None = None) -> Shelf:
    """Fill a folder; the newest block is one second old at `now` (default: the real now)."""
    shelf = Shelf(
        folder=folder, url=f"sqlite:///{folder / 'ecert.sqlite'}", now=int(time.time()) if now is None else now
    )
    give_tables(shelf.url)
    DEPLOYMENT.save(folder / "deployment.json")
    begin = shelf.now - 100 * DAY
    with shelf.open() as database, database.begin() as connection:
        shelf.cursor = cursors.start(connection, _origin(begin))
    shelf.certificates = [signed(number, iat=begin + 10) for number in range(COUNT)]
    tree = Tree([certificate.leaf for certificate in shelf.certificates])
    shelf.files = [certificate.file(tree.path(index)) for index, certificate in enumerate(shelf.certificates)]
    shelf.mine(
        lambda place: AgencyRegistered(place=place, agency=AGENCY, name=AGENCY_NAME, admin=bytes(20)),
        lambda place: AgencyAccredited(
            place=place, agency=AGENCY, certificate_type=TYPE.vct_hash, since=begin, until=None
        ),
        lambda place: KeyAdded(
            place=place, agency=AGENCY, kid=KEY.kid, suite=SUITE, public_key=KEY.public_key, added=begin
        ),
        at=begin + 5,
    )
    shelf.mine(
        lambda place: BatchAnchored(
            place=place,
            agency=AGENCY,
            certificate_type=TYPE.vct_hash,
            suite=SUITE,
            root=tree.root,
            first_serial=0,
            count=COUNT,
        ),
        at=begin + 20,
    )
    shelf.mine(at=shelf.now - 1)
    return shelf


def with_header(file: bytes, **changes: object) -> bytes:
    """Give a certificate file with another JOSE header."""
    content = json.loads(file)
    padded = content["protected"] + "=" * (-len(content["protected"]) % 4)
    header = json.loads(base64.urlsafe_b64decode(padded)) | changes
    written = json.dumps(header, separators=(",", ":")).encode()
    content["protected"] = base64.urlsafe_b64encode(written).rstrip(b"=").decode()
    return json.dumps(content).encode()


def with_name_twice(file: bytes) -> bytes:
    return file.rstrip()[:-1] + b',"signature":"AAAA"}'


BAD_FILES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "not JSON": lambda _: b"%PDF-1.7 this is a document",
    "truncated": lambda file: file[: len(file) // 2],
    "wrong encoding": lambda file: file.decode().encode("utf-16"),
    "a byte order mark": lambda file: b"\xef\xbb\xbf" + file,
    "a byte that is not UTF-8": lambda file: file[:100] + b"\xff" + file[101:],
    "duplicate names": with_name_twice,
    "unknown algorithm": lambda file: with_header(file, alg="ES999"),
    "alg none": lambda file: with_header(file, alg="none"),
    "symmetric alg": lambda file: with_header(file, alg="HS256"),
    "nested too deep": lambda _: b"[" * 5000 + b"]" * 5000,
    "a bare number": lambda _: b"1",
    "too large": lambda _: b" " * (256 * 1024 + 1),
}


def _origin(begin: int) -> Cursor:
    return Cursor(
        ledger=LEDGER,
        block=0,
        hash=_block_hash(0),
        time=begin,
        settled_block=0,
        generation=0,
        registry_sequence=0,
        registry_head=bytes(32),
        ledger_sequence=0,
        ledger_head=bytes(32),
    )


def _block_hash(number: int) -> bytes:
    return sha256(b"block" + str(number).encode()).digest()


def answering_with(verifying: Verifying) -> Answering:
    """Answer with what comes along, and record nothing."""
    return Answering(verifying=verifying, matters=load_matters(None, verifying.types))
