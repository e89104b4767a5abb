"""Evidence is looked at: it must prove that validators lied, and the cursor must stand where it begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import rlp
from eth_keys.datatypes import PrivateKey

from chain.headers import EXTRA, NUMBER, fields_of, hash_of
from chain.seals import read_seals
from store import cursors, evidence
from store.database import Database
from store.records import Evidence
from tests.chain.test_seals import NETWORK
from tests.store.makers import LEDGER, start
from tests.tables import give_tables
from verifier.agreement.evidence_rows import compare_evidence
from verifier.agreement.findings import Findings

KEYS = [PrivateKey(bytes([number]) * 32) for number in range(1, 5)]


def header(height: int, vanity: bytes, sealers: int = 4) -> bytes:
    """A header of that height, sealed by some of four validators."""
    fields = fields_of(NETWORK[1].header)
    fields[NUMBER] = height.to_bytes(2, "big").lstrip(b"\0")
    extra = [vanity * 32, [key.public_key.to_canonical_address() for key in KEYS], [], b"", []]
    fields[EXTRA] = rlp.encode(extra)
    digest = read_seals(rlp.encode(fields)).seal_hash
    extra[4] = [key.sign_msg_hash(digest).to_bytes() for key in KEYS[:sealers]]
    fields[EXTRA] = rlp.encode(extra)
    return bytes(rlp.encode(fields))


def against(height: int, vanity: bytes, *, sealers: int = 4) -> Evidence:
    found = header(height, vanity, sealers)
    return Evidence(ledger=LEDGER, height=height, hash=hash_of(found), header=found, source="a node", found_at=1)


PAIR = [against(12, b"a"), against(12, b"b")]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    url = f"sqlite:///{tmp_path / 'ecert.sqlite'}"
    give_tables(url)
    return Database.open(url)


def compared(database: Database, kept: list[Evidence], *, contested: int | None = -1) -> Findings:
    """Keep evidence; `contested`: what is written over what the cursor says."""
    with database, database.begin() as connection:
        cursors.start(connection, start())
        evidence.keep(connection, kept)
        cursor = cursors.read_known(connection, LEDGER)
        findings = Findings()
        compare_evidence(connection, cursor if contested == -1 else replace(cursor, contested=contested), findings)
    return findings


def test_no_evidence_is_no_difference(database: Database) -> None:
    assert compared(database, []).differences == []


def test_good_evidence_says_that_the_ledger_is_contested(database: Database) -> None:
    findings = compared(database, [*PAIR, against(14, b"a"), against(14, b"b"), against(14, b"c", sealers=3)])
    assert [one.kind for one in findings.differences] == ["contested"]
    assert "two blocks of height 12" in findings.differences[0].said
    assert findings.checked["evidence"] == 5


BAD: dict[str, tuple[Callable[[], list[Evidence]], str]] = {
    "alone": (lambda: PAIR[:1], "one header alone proves nothing"),
    "without a header": (lambda: [PAIR[0], replace(PAIR[1], header=None)], "its header is not there"),
    "another header": (lambda: [PAIR[0], replace(PAIR[1], header=PAIR[0].header)], "another hash"),
    "another height": (lambda: [PAIR[0], replace(against(13, b"b"), height=12)], "another height"),
    "no header": (lambda: [PAIR[0], replace(PAIR[1], header=b"\1")], "a header"),
    "too few seals": (lambda: [PAIR[0], against(12, b"b", sealers=2)], "2 of its validators sealed it, and 3 must"),
}


@pytest.mark.parametrize("name", BAD)
def test_evidence_that_proves_nothing_is_found(database: Database, name: str) -> None:
    kept, said = BAD[name]
    found = [one for one in compared(database, kept()).differences if one.kind == "evidence"]
    assert len(found) == 1
    assert said in found[0].said


@pytest.mark.parametrize(("contested", "said"), [(None, "is not contested"), (13, "contested from block 13 on")])
def test_a_cursor_that_does_not_stand_where_the_evidence_begins_is_found(
    database: Database, contested: int | None, said: str
) -> None:
    (found,) = compared(database, PAIR, contested=contested).differences
    assert found.kind == "evidence"
    assert said in found.said
    assert "evidence against blocks from 12 on" in found.said
