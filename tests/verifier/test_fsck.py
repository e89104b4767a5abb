"""`ecert fsck` is clean after real work, and finds and names every kind of damage that is done by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local_chain import LocalChain
from tests.verifier.town import AGENCY, Town, found_town
from verifier.services.status_order import Action


@pytest.fixture(scope="module", name="issued")
def issued_(chain: LocalChain, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Three batches of health certificates, one revoked, one suspended, one suspended and reinstated."""
    town = found_town(chain, tmp_path_factory.mktemp("town"))
    assert town.issue(*range(12)).complete
    town.change(Action.REVOKE, 1)
    town.change(Action.SUSPEND, 2, 3)
    town.change(Action.REINSTATE, 3)
    return town


@pytest.fixture(name="town")
def town_(issued: Town, tmp_path: Path) -> Town:
    return issued.copy(tmp_path / "town")


def test_what_was_really_issued_is_clean(town: Town) -> None:
    result = town.command("fsck", "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["state"], answer["differences"]) == (0, "clean", []), result.output
    assert answer["checked"]["certificates"] == 12
    assert answer["checked"]["batches"] == answer["checked"]["anchored batches"] == 3
    assert answer["checked"]["calls"] == 6
    assert answer["checked"]["files"] == 12
    assert town.command("fsck").stdout.startswith("no differences; compared: ")


def test_what_is_under_way_is_clean(town: Town) -> None:
    town.issue(*range(20, 25), wait=False)
    assert town.fsck() == []


INVENTED = """
    INSERT INTO events
    SELECT ledger_id, block + {blocks}, log + 7, contract, sequence + 100, time, name, agency, serial, "transaction",
           head, body
    FROM events WHERE name = 'StatusChanged' LIMIT 1
"""
DAMAGE = {
    "a leaf": ("UPDATE certificates SET leaf = zeroblob(32) WHERE serial = 4", {"certificate_leaf", "batch_root"}),
    "a leaf's length": (
        "UPDATE certificates SET leaf = zeroblob(33) WHERE serial = 4",
        {"certificate_leaf", "batch_root"},
    ),
    "hashes of subtrees": ("UPDATE subtrees SET hashes = zeroblob(32)", {"batch_subtrees"}),
    "a row": ("DELETE FROM certificates WHERE serial = 4", {"certificate_missing", "batch_root"}),
    "all rows of a batch": ("DELETE FROM certificates WHERE serial < 5", {"certificate_missing"}),
    "a signature": (
        "UPDATE certificates SET jwt = (SELECT jwt FROM certificates WHERE serial = 5) WHERE serial = 4",
        {"certificate_serial", "certificate_leaf", "file_altered"},
    ),
    "what is disclosed": (
        "UPDATE certificates SET disclosures = (SELECT disclosures FROM certificates WHERE serial = 5) WHERE serial=4",
        {"certificate_sealed"},
    ),
    "the number of its key": (
        "UPDATE certificates SET disclosures = CAST(x'09' || substr(disclosures, 2) AS BLOB) WHERE serial = 4",
        {"certificate_sealed"},
    ),
    "a certificate's form": ("UPDATE certificates SET jwt = 'x' WHERE serial = 4", {"certificate_malformed"}),
    "what it is found by": ("DELETE FROM lookups WHERE serial = 4", {"certificate_lookup"}),
    "what another is found by": (
        "UPDATE lookups SET serial = 5 WHERE serial = 4",
        {"certificate_lookup"},
    ),
    "a number": ("UPDATE certificates SET number_index = zeroblob(32) WHERE serial = 4", {"certificate_number"}),
    "a type": ("UPDATE certificates SET certificate_type = zeroblob(32) WHERE serial = 4", {"certificate_type"}),
    "a number given up": ("UPDATE certificates SET live = 0 WHERE serial = 4", {"certificate_live"}),
    "a number kept": ("UPDATE certificates SET live = 1 WHERE serial = 1", {"certificate_live"}),
    "a row's batch": (
        "UPDATE certificates SET batch_id = (SELECT max(id) FROM batches) WHERE serial = 4",
        {"certificate_missing", "certificate_stray", "batch_root"},
    ),
    "a root": ("UPDATE batches SET root = zeroblob(32) WHERE first_serial = 5", {"batch_root", "batch_not_anchored"}),
    "a count": (
        "UPDATE batches SET count = 4 WHERE first_serial = 5",
        {"batch_root", "batch_not_anchored", "certificate_stray"},
    ),
    "a batch that was voided": (
        "UPDATE batches SET state = 'void', void_reason = 'x' WHERE first_serial = 5",
        {"batch_anchored", "batch_missing", "certificate_live"},
    ),
    "the next serial": ("UPDATE issuers SET next_serial = 3", {"next_serial"}),
    "an event's body": (
        "UPDATE events SET body = replace(body, '\"count\":5', '\"count\":6') WHERE name = 'BatchAnchored'",
        {"event_altered"},
    ),
    "an event's head": ("UPDATE events SET head = zeroblob(32) WHERE name = 'StatusChanged'", {"event_altered"}),
    "an event's agency": ("UPDATE events SET agency = 'OTHER' WHERE name = 'StatusChanged'", {"event_altered"}),
    "an event's transaction": (
        "UPDATE events SET \"transaction\" = zeroblob(32) WHERE name = 'StatusChanged'",
        {"event_altered"},
    ),
    "a missing event": (
        "DELETE FROM events WHERE sequence = (SELECT max(sequence) FROM events WHERE contract = 'ledger')",
        {"event_missing"},
    ),
    "an invented event": (INVENTED.format(blocks=1), {"event_invented"}),
    "an event of the future": (INVENTED.format(blocks=100_000), {"event_invented"}),
    "a block's hash": (
        "UPDATE blocks SET hash = zeroblob(32) WHERE number = (SELECT min(number) FROM blocks)",
        {"block"},
    ),
    "the cursor's block": ("UPDATE cursors SET block = block - 1", {"cursor", "event_invented"}),
    "the cursor's head": ("UPDATE cursors SET ledger_head = zeroblob(32)", {"cursor"}),
    "the cursor's count": ("UPDATE cursors SET registry_sequence = registry_sequence - 1", {"cursor"}),
    "the cursor's settled block": ("UPDATE cursors SET settled_block = block + 5", {"cursor"}),
    "where reading began": ("UPDATE cursors SET start_ledger_head = zeroblob(32)", {"cursor"}),
    "what was pinned": ("UPDATE pins SET genesis = zeroblob(32)", {"pins"}),
    "nothing pinned": ("DELETE FROM pins", {"pins"}),
    "a call that has failed": (
        "UPDATE calls SET state = 'failed' WHERE kind = 'suspend'",
        {"call_failed"},
    ),
    "an anchor that has failed": (
        "UPDATE calls SET state = 'failed' WHERE kind = 'anchor' AND \"order\" = 5",
        {"call_failed", "batch_call"},
    ),
    "a call that is settled": (
        "UPDATE calls SET args = replace(args, '[1]', '[1,9]') WHERE kind = 'revoke'",
        {"call_settled", "certificate_live"},
    ),
    "a call's arguments": ("UPDATE calls SET args = '{' WHERE kind = 'suspend'", {"call_unreadable"}),
    "a call's sense": ("UPDATE calls SET args = '{\"serials\": 7}' WHERE kind = 'suspend'", {"call_unreadable"}),
    "a call's transaction": (
        "UPDATE calls SET tx_hash = zeroblob(32) WHERE kind = 'suspend'",
        {"call_transaction"},
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found_and_named(town: Town, name: str) -> None:
    statement, kinds = DAMAGE[name]
    town.damage(statement)
    found = town.fsck()
    assert {one["kind"] for one in found} == kinds, found
    assert all(one["place"] and one["message"] for one in found)


def test_a_difference_is_said_with_its_place(town: Town) -> None:
    town.damage("UPDATE certificates SET leaf = zeroblob(32) WHERE serial = 4")
    result = town.command("fsck")
    assert result.exit_code == 1
    assert f"certificate {AGENCY} 4: its row has another leaf than it says" in result.stdout
    assert "2 differences; compared: " in result.stdout


def test_one_difference_is_one(town: Town) -> None:
    town.certificates()[4].unlink()
    assert town.command("fsck").stdout.splitlines()[-1].startswith("1 difference; compared: ")


def test_a_file_that_was_lost_or_changed_is_found(town: Town) -> None:
    files = town.certificates()
    files[4].unlink()
    files[5].write_bytes(files[6].read_bytes())
    files[7].unlink()
    files[7].mkdir()
    found = town.fsck()
    assert [(one["kind"], one["place"]) for one in found] == [
        ("file_missing", f"file {files[4]}"),
        ("file_altered", f"file {files[5]}"),
        ("file_unreadable", f"file {files[7]}"),
    ]


def test_a_batch_without_any_file_is_found_once(town: Town) -> None:
    for serial, path in town.certificates().items():
        if 5 <= serial < 10:
            path.unlink()
    (found,) = town.fsck()
    assert (found["kind"], found["place"].endswith("at serial 5")) == ("file_missing", True)


def test_what_was_withdrawn_need_not_have_a_file_and_if_it_has_it_is_what_is_stored(town: Town) -> None:
    files = town.certificates()
    for serial in (1, 2, 3):
        files[serial].unlink()
    assert town.fsck() == []
    files[1].write_bytes(files[4].read_bytes())
    assert [one["kind"] for one in town.fsck()] == ["file_altered"]


def test_without_the_folder_of_certificates_no_file_is_missing(town: Town) -> None:
    shutil.rmtree(town.folder / "certificates")
    assert town.fsck() == []


def test_files_that_are_not_handed_out_yet_are_not_missing(town: Town) -> None:
    town.issue(*range(40, 45), wait=False)
    assert town.fsck() == []


def test_a_contested_ledger_is_said(town: Town) -> None:
    town.damage("UPDATE cursors SET contested = 3")
    (found,) = town.fsck()
    assert found["kind"] == "evidence"
    assert "contested from block 3 on, and there is evidence against nothing" in found["message"]


def test_a_lost_batch_is_missing(town: Town) -> None:
    town.damage("DELETE FROM certificates WHERE serial >= 5 AND serial < 10")
    town.damage("DELETE FROM batches WHERE first_serial = 5")
    (found,) = town.fsck()
    assert found["kind"] == "batch_missing"
    assert found["message"].startswith("the chain has serials 5 to 9 (block ")


def test_a_settled_call_that_never_happened_is_found(town: Town) -> None:
    town.issue(*range(30, 33), wait=False)
    town.damage("UPDATE calls SET state = 'settled' WHERE state = 'queued'")
    assert {one["kind"] for one in town.fsck()} == {"call_settled", "batch_not_anchored"}


def test_a_contract_that_does_not_act_as_it_says_is_found(town: Town, chain: LocalChain) -> None:
    before = chain.snapshot()
    try:
        _turn_statuses_round(town, chain)
        kinds = {one["kind"] for one in town.fsck()}
    finally:
        chain.roll_back(before)
    assert "contract_status" in kinds


def _turn_statuses_round(town: Town, chain: LocalChain) -> None:
    """Find the one storage slot that holds the agency's first word of statuses, and empty it."""
    ledger = "0x" + town.deployment.ledger.hex()
    word = (1 << 2) | (2 << 4)  # 1 revoked, 2 suspended
    code = AGENCY.encode().ljust(32, b"\0")
    slots = _nested_slots(code, 0)
    for slot in slots:
        if int(chain.rpc("eth_getStorageAt", ledger, slot, "latest"), 16) == word:
            chain.rpc("hardhat_setStorageAt", ledger, slot, "0x" + "00" * 32)
            chain.mine()
            return
    pytest.fail("the word of statuses is in no slot that was looked at")


def _nested_slots(code: bytes, number: int) -> Iterator[str]:
    from eth_hash.auto import keccak  # noqa: PLC0415

    for base in range(32):
        outer = keccak(code + base.to_bytes(32, "big"))
        yield "0x" + keccak(number.to_bytes(32, "big") + outer).hex()


def test_a_chain_that_is_another_one_cannot_be_compared(town: Town) -> None:
    path = town.folder / "deployment.json"
    said = json.loads(path.read_text())
    path.write_text(json.dumps(said | {"genesis": "0x" + "00" * 32}))
    result = town.command("fsck", "--json")
    assert (result.exit_code, json.loads(result.stdout)["state"]) == (2, "stopped")


def test_a_node_that_is_away_cannot_be_compared(town: Town) -> None:
    (town.folder / "ecert.toml").write_text('node_urls = ["http://127.0.0.1:9"]\n')
    assert town.command("fsck").exit_code == 2


def test_a_database_that_has_read_nothing_cannot_be_compared(town: Town) -> None:
    town.damage("DELETE FROM cursors")
    result = town.command("fsck")
    assert result.exit_code == 2
    assert "nothing can be compared" in result.stderr


def test_blocks_that_are_not_read_yet_are_counted(town: Town, chain: LocalChain) -> None:
    chain.mine(3)
    answer = json.loads(town.command("fsck", "--json").stdout)
    assert answer["differences"] == []
    behind = answer["blocks_behind"]
    assert behind >= 3
    assert f"{behind} blocks behind the chain; these were compared with nothing; a few" in town.command("fsck").stdout


def test_one_block_is_one_block(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    async def one(*_: object) -> int:
        return 1

    monkeypatch.setattr("verifier.commands.fsck.check_everything", one)
    said = town.command("fsck").stdout
    assert "1 block behind the chain; it was compared with nothing; a few are usual while the service runs" in said
