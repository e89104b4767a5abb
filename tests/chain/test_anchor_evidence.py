"""Evidence of an anchor: what proves it, and that nothing else does. Each test spoils one thing alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth_hash.auto import keccak
from eth_keys.constants import SECPK1_N

from chain.anchor_evidence import MAX_HEADER, AnchorEvidence, claimed_height, prove, prove_block
from chain.errors import AnchorUnproved, Unproved
from chain.headers import EXTRA, MIX_HASH, NUMBER, TIME, extra_of, fields_of, hash_of, with_extra
from chain.receipt_rlp import TYPES
from chain.receipt_trie import ReceiptTrie, receipt_at
from chain.seals import read_seals
from ecert import strict_json
from ecert.errors import MalformedEvidence
from ecert.events import BatchAnchored, Place
from tests.chain.evidence_draft import VECTORS, judge, recorded_headers, recorded_receipts
from vectors.anchor_draft import (
    AGENCY,
    INSTANCE,
    LEDGER,
    NUMBER_OF_BLOCK,
    STRANGERS,
    TIME_OF_BLOCK,
    VALIDATORS,
    Draft,
    addresses,
)


def refused(evidence: AnchorEvidence, reason: Unproved, **how: Any) -> str:
    with pytest.raises(AnchorUnproved) as caught:
        judge(evidence, **how)
    assert caught.value.reason is reason
    return str(caught.value)


def sealed_by(header: bytes, seals: list[bytes]) -> bytes:
    return bytes(rlp.encode(with_extra(fields_of(header), round_number=None, seals=seals)))


def seals_of(header: bytes) -> list[bytes]:
    return extra_of(fields_of(header))[4]


def resealed(fields: list[bytes]) -> bytes:
    """The same validators seal whatever header they are shown."""
    digest = read_seals(rlp.encode(fields)).seal_hash
    return sealed_by(rlp.encode(fields), [key.sign_msg_hash(digest).to_bytes() for key in VALIDATORS])


def changed(evidence: AnchorEvidence, node: int, at: int) -> AnchorEvidence:
    nodes = [bytearray(one) for one in evidence.proof]
    nodes[node][at] ^= 1
    return replace(evidence, proof=tuple(map(bytes, nodes)))


def test_what_the_ledger_said_is_proved_with_its_block() -> None:
    evidence = Draft().evidence()
    proved = judge(evidence)
    assert proved.event == BatchAnchored(
        place=Place(block=NUMBER_OF_BLOCK, time=TIME_OF_BLOCK, sequence=9),
        agency=AGENCY,
        certificate_type=keccak(b"type"),
        suite=1,
        root=keccak(b"root"),
        first_serial=40,
        count=5,
    )
    assert (proved.block, proved.time) == (NUMBER_OF_BLOCK, TIME_OF_BLOCK)
    assert proved.block_hash == hash_of(evidence.header)


@pytest.mark.parametrize("draft", [Draft(kind=bytes([kind])) for kind in TYPES])
def test_receipts_of_every_known_type_prove(draft: Draft) -> None:
    assert judge(draft.evidence()).event == judge(Draft().evidence()).event


@pytest.mark.parametrize(
    "draft",
    [
        Draft(receipts=1, index=0),
        Draft(receipts=300, index=0x7F),
        Draft(receipts=300, index=0x80),
        Draft(receipts=300, index=299),
        Draft(round=b"\x02"),
        Draft(logs_before=0),
        Draft(sealers=VALIDATORS[1:]),
    ],
)
def test_any_place_any_round_and_a_bare_quorum_prove(draft: Draft) -> None:
    assert judge(draft.evidence()).event.first_serial == 40


# 1 to 3: the header


def test_a_header_that_is_no_strict_rlp_proves_nothing() -> None:
    evidence = Draft().evidence()
    for header in (evidence.header + b"\0", evidence.header[:-1], b"", b"\xc0", b"\x80"):
        refused(replace(evidence, header=header), Unproved.HEADER)


def test_a_header_in_another_spelling_proves_nothing() -> None:
    evidence = Draft(number=b"\x7f").evidence()
    assert judge(evidence, after=0).block == 0x7F
    fields = fields_of(evidence.header)
    items = [rlp.encode(one) for one in fields]
    for at, spelling in ((NUMBER, b"\x81\x7f"), (TIME, b"\xb8\x04" + fields[TIME])):
        body = b"".join([*items[:at], spelling, *items[at + 1 :]])
        header = b"\xf9" + len(body).to_bytes(2) + body
        refused(replace(evidence, header=header), Unproved.HEADER, after=0)
    body = b"".join(items)
    refused(replace(evidence, header=b"\xfa" + len(body).to_bytes(3) + body), Unproved.HEADER, after=0)


@pytest.mark.parametrize(("at", "number"), [(NUMBER, b"\0\xc8"), (TIME, b"\x01" * 9)])
def test_a_number_with_zeros_before_it_or_too_long_proves_nothing(at: int, number: bytes) -> None:
    fields = fields_of(Draft().header())
    fields[at] = number
    refused(replace(Draft().evidence(), header=resealed(fields)), Unproved.HEADER)


def test_a_header_that_is_nested_without_end_proves_nothing() -> None:
    header = b"\xc0"
    for _ in range(5_000):
        size = len(header)
        length = size.to_bytes((size.bit_length() + 7) // 8)
        header = (bytes([0xC0 + size]) if size < 56 else bytes([0xF7 + len(length)]) + length) + header
    refused(replace(Draft().evidence(), header=header), Unproved.HEADER)


@pytest.mark.parametrize("members", [(b"\x01",), (b"\x01", b"\x02")])
def test_extra_data_of_more_than_five_members_prove_nothing(members: tuple[bytes, ...]) -> None:
    refused(Draft(more_extra=members).evidence(), Unproved.EXTRA_DATA)


def test_extra_data_of_fewer_or_other_members_prove_nothing() -> None:
    fields = fields_of(Draft().header())
    vanity, named, vote, round_number, seals = extra_of(fields)
    for extra in (
        [vanity, named, vote, round_number],
        [vanity, [one[1:] for one in named], vote, round_number, seals],
        [vanity, named, vote, [], seals],
        [vanity, named, vote, round_number, [one[1:] for one in seals]],
        b"abcde",
    ):
        header = rlp.encode([*fields[:EXTRA], rlp.encode(extra), *fields[EXTRA + 1 :]])
        refused(replace(Draft().evidence(), header=bytes(header)), Unproved.EXTRA_DATA)
    trailing = rlp.encode([*fields[:EXTRA], fields[EXTRA] + b"\0", *fields[EXTRA + 1 :]])
    refused(replace(Draft().evidence(), header=bytes(trailing)), Unproved.EXTRA_DATA)


def test_a_block_of_another_kind_of_network_proves_nothing() -> None:
    fields = fields_of(Draft().header())
    fields[MIX_HASH] = bytes(32)
    refused(replace(Draft().evidence(), header=resealed(fields)), Unproved.NOT_SEALED)


# 4, 5: the seals


def test_fewer_than_four_validators_prove_nothing() -> None:
    three = VALIDATORS[:3]
    refused(Draft(sealers=three, named=addresses(three)).evidence(), Unproved.TOO_FEW_VALIDATORS, keys=three)


def test_two_seals_of_four_are_too_few() -> None:
    assert "2 of 4 have, and it takes 3" in refused(Draft(sealers=VALIDATORS[:2]).evidence(), Unproved.TOO_FEW_SEALS)


def test_a_validator_counts_once_however_often_and_however_it_sealed() -> None:
    evidence = Draft(sealers=VALIDATORS[:2]).evidence()
    first, second = seals_of(evidence.header)
    s, parity = int.from_bytes(first[32:64]), first[64]
    twin = first[:32] + (SECPK1_N - s).to_bytes(32) + bytes([parity ^ 1])
    header = sealed_by(evidence.header, [first, second, first, twin])
    assert "2 of 4 have" in refused(replace(evidence, header=header), Unproved.TOO_FEW_SEALS)


def test_seals_of_strangers_count_for_nothing() -> None:
    evidence = Draft(sealers=(*VALIDATORS[:2], *STRANGERS)).evidence()
    assert "2 of 4 have" in refused(evidence, Unproved.TOO_FEW_SEALS)


def test_the_list_in_the_header_is_no_evidence() -> None:
    evidence = Draft(sealers=STRANGERS, named=addresses(STRANGERS)).evidence()
    assert judge(evidence, keys=STRANGERS).event.agency == AGENCY
    assert "0 of 4 have" in refused(evidence, Unproved.TOO_FEW_SEALS)


def test_a_list_that_was_put_into_a_sealed_header_spoils_its_seals() -> None:
    evidence = Draft().evidence()
    fields = fields_of(evidence.header)
    vanity, _, vote, round_number, seals = extra_of(fields)
    fields[EXTRA] = rlp.encode([vanity, list(addresses(STRANGERS)), vote, round_number, seals])
    refused(replace(evidence, header=bytes(rlp.encode(fields))), Unproved.TOO_FEW_SEALS)


def test_validators_who_are_trusted_prove_whomever_the_header_names() -> None:
    """One was voted in since the list that the verifier has; those on it are as many as it takes."""
    evidence = Draft(named=(*addresses(VALIDATORS), *addresses(STRANGERS[:1]))).evidence()
    assert judge(evidence).event.agency == AGENCY


@pytest.mark.parametrize("at", [NUMBER, TIME, 0, 3])
def test_no_field_of_a_sealed_header_can_be_changed(at: int) -> None:
    evidence = Draft().evidence()
    fields = fields_of(evidence.header)
    fields[at] = bytes([fields[at][0] ^ 1]) + fields[at][1:]
    refused(replace(evidence, header=bytes(rlp.encode(fields))), Unproved.TOO_FEW_SEALS)


def test_a_seal_is_of_its_round_although_the_block_s_hash_is_not() -> None:
    evidence = Draft(round=b"\x01").evidence()
    seals = seals_of(evidence.header)
    moved = bytes(rlp.encode(with_extra(fields_of(evidence.header), round_number=b"", seals=seals)))
    assert hash_of(moved) == judge(evidence).block_hash
    refused(replace(evidence, header=moved), Unproved.TOO_FEW_SEALS)


def test_seals_that_are_no_signatures_are_nobody_s() -> None:
    evidence = Draft().evidence()
    header = sealed_by(evidence.header, [bytes(65), b"\xff" * 65, b"\x01" * 64 + b"\x63"])
    refused(replace(evidence, header=header), Unproved.TOO_FEW_SEALS)


# 6: the checkpoint


@pytest.mark.parametrize("after", [NUMBER_OF_BLOCK, NUMBER_OF_BLOCK + 1])
def test_a_block_at_or_below_the_checkpoint_proves_nothing(after: int) -> None:
    refused(Draft().evidence(), Unproved.NOT_AFTER_CHECKPOINT, after=after)


# 7, 8: the receipt


def test_a_proof_with_any_byte_of_a_node_changed_proves_nothing() -> None:
    evidence = Draft(receipts=40, index=20).evidence()
    assert len(evidence.proof) > 2
    for node, content in enumerate(evidence.proof):
        for at in range(0, len(content), 7):
            refused(changed(evidence, node, at), Unproved.RECEIPT_PROOF)


@pytest.mark.parametrize("receipts", [1, 3, 300])
def test_a_proof_is_of_its_index_alone(receipts: int) -> None:
    evidence = Draft(receipts=receipts, index=receipts - 1).evidence()
    for other in {*range(receipts + 3), 2**52} - {receipts - 1}:
        refused(replace(evidence, receipt=other), Unproved.RECEIPT_PROOF)


def test_a_proof_has_every_node_once_in_order_and_no_other() -> None:
    evidence = Draft(receipts=40, index=20).evidence()
    nodes = evidence.proof
    for proof in ((), nodes[:-1], nodes[1:], (*nodes, nodes[-1]), (*nodes, b""), (nodes[0], *nodes), nodes[::-1]):
        refused(replace(evidence, proof=proof), Unproved.RECEIPT_PROOF)


@pytest.mark.parametrize("kind", [b"\x00", b"\x05", b"\x7f", b"\x80", b"\xbf", b"\x01\x01"])
def test_a_receipt_of_no_known_type_proves_nothing(kind: bytes) -> None:
    refused(Draft(kind=kind).evidence(), Unproved.RECEIPT)


# 9 to 14: what the receipt says


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (Draft(status=b""), Unproved.REVERTED),
        (Draft(status=b"\x02"), Unproved.RECEIPT),
        (Draft(status=bytes(32)), Unproved.RECEIPT),
        (Draft(address=b"\x05" * 20), Unproved.OTHER_CONTRACT),
        (Draft(address=LEDGER + b"\0"), Unproved.RECEIPT),
        (Draft(topic=keccak(b"another event")), Unproved.NO_ANCHOR),
        (Draft(more_topics=(bytes(32),)), Unproved.NO_ANCHOR),
        (Draft(more_topics=(bytes(31),)), Unproved.RECEIPT),
        (Draft(more_data=bytes(32)), Unproved.NO_ANCHOR),
        (Draft(more_data=b"\0"), Unproved.NO_ANCHOR),
        (Draft(suite=2**16), Unproved.NO_ANCHOR),
        (Draft(agency=b"\xff"), Unproved.NO_ANCHOR),
        (Draft(instance=keccak(b"another")), Unproved.OTHER_INSTANCE),
        (Draft(said_time=TIME_OF_BLOCK - 1), Unproved.OTHER_TIME),
    ],
)
def test_a_receipt_that_says_anything_else_proves_nothing(draft: Draft, reason: Unproved) -> None:
    refused(draft.evidence(), reason)


@pytest.mark.parametrize(
    ("log", "reason"), [(0, Unproved.OTHER_CONTRACT), (2, Unproved.NO_SUCH_LOG), (2**52, Unproved.NO_SUCH_LOG)]
)
def test_another_log_of_the_receipt_proves_nothing(log: int, reason: Unproved) -> None:
    refused(replace(Draft().evidence(), log=log), reason)


# The recorded network


FOUR = read_seals(recorded_headers()[20]).validators


@pytest.mark.parametrize("number", [128, 134, 140])
def test_recorded_receipts_are_proved_under_recorded_seals(number: int) -> None:
    block, receipts = prove_block(recorded_headers()[number], FOUR), recorded_receipts()[number]
    trie = ReceiptTrie.of(receipts)
    for index, receipt in enumerate(receipts):
        assert receipt_at(block.receipts_root, index, trie.proof(index)) == receipt
        evidence = AnchorEvidence(header=recorded_headers()[number], receipt=index, log=0, proof=trie.proof(index))
        said = {"validators": FOUR, "after": number - 1, "instance": INSTANCE}
        with pytest.raises(AnchorUnproved) as caught:
            prove(evidence, ledger=LEDGER, **said)
        assert caught.value.reason is Unproved.OTHER_CONTRACT
        with pytest.raises(AnchorUnproved) as caught:  # it is another contract's event, and all before it was right
            prove(evidence, ledger=bytes.fromhex("d435eb7f7ea85b7b1fe56e7bd8c617f6823ab4e4"), **said)
        assert caught.value.reason is Unproved.NO_ANCHOR


def test_every_recorded_block_of_four_validators_is_proved() -> None:
    for header in recorded_headers()[1:]:
        if len(read_seals(header).validators) == len(FOUR):
            assert prove_block(header, FOUR).hash == hash_of(header)


def test_while_one_was_voted_out_two_seals_made_a_block_and_prove_nothing_to_who_trusts_four() -> None:
    """Nor anything to who trusts the three: one liar of them and one that was cut off would be enough."""
    of_three = [one for one in recorded_headers()[1:] if len(read_seals(one).validators) == len(FOUR) - 1]
    of_two_seals = [one for one in of_three if len(read_seals(one).seals) == len(FOUR) - 2]
    assert of_two_seals
    for headers, validators, reason in (
        (of_two_seals, FOUR, Unproved.TOO_FEW_SEALS),
        (of_three, read_seals(of_three[0]).validators, Unproved.TOO_FEW_VALIDATORS),
    ):
        for header in headers:
            with pytest.raises(AnchorUnproved) as caught:
                prove_block(header, validators)
            assert caught.value.reason is reason


def test_the_page_has_the_steps_in_their_order() -> None:
    page = (Path(__file__).parents[2] / "docs" / "format.md").read_text("utf-8")
    start = page.index("| # | what must hold | reason otherwise |")
    rows = [line.strip("|").split("|") for line in page[start : page.index("\n\n", start)].splitlines()[2:]]
    assert [(int(row[0]), row[-1].strip()) for row in rows] == [
        (number, f"`{reason.value}`") for number, reason in enumerate(Unproved, 1)
    ]
    assert f"at most {MAX_HEADER} bytes" in page


@pytest.mark.parametrize("number", [0, 1, 140])
def test_the_height_that_a_header_claims_can_be_had_before_anybody_is_trusted(number: int) -> None:
    assert claimed_height(recorded_headers()[number]) == number
    with pytest.raises(AnchorUnproved, match="the block header is none"):
        claimed_height(recorded_headers()[number] + b"\0")


# The vectors


def vectors() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = json.loads((VECTORS.parent / "anchor_evidence.json").read_text())["vectors"]
    return made


@pytest.mark.parametrize("vector", vectors(), ids=lambda one: one["name"])
def test_vectors_of_anchor_evidence(vector: dict[str, Any]) -> None:
    evidence = AnchorEvidence.from_json(vector["evidence"])
    asked = {
        "validators": frozenset(bytes.fromhex(one[2:]) for one in vector["validators"]),
        "after": vector["after"],
        "ledger": bytes.fromhex(vector["ledger"][2:]),
        "instance": bytes.fromhex(vector["instance"][2:]),
    }
    if vector["refused"] is not None:
        with pytest.raises(AnchorUnproved) as caught:
            prove(evidence, **asked)
        assert caught.value.reason == vector["refused"]
        return
    proved, said = prove(evidence, **asked), vector["proved"]
    event = proved.event
    assert (proved.block, proved.time, event.place.sequence) == (said["block"], said["time"], said["sequence"])
    assert (event.agency, event.suite) == (said["agency"], said["suite"])
    assert (event.first_serial, event.count) == (said["first_serial"], said["count"])
    assert [f"0x{one.hex()}" for one in (proved.block_hash, event.certificate_type, event.root)] == [
        said["hash"],
        said["certificate_type"],
        said["root"],
    ]


def test_every_reason_has_a_vector() -> None:
    assert {one["refused"] for one in vectors()} == {None, *Unproved}


# The file's form


def test_evidence_is_read_as_it_was_written() -> None:
    evidence = Draft().evidence()
    text = strict_json.canonical(evidence.to_json())
    assert AnchorEvidence.from_json(strict_json.loads(text, "x")) == evidence
    assert set(evidence.to_json()) == {"header", "receipt"}


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ((), [], ""),
        (("header",), None, ".header"),
        (("header",), "AB", ".header"),
        (("header",), "AA==", ".header"),
        (("header",), "A" * (MAX_HEADER // 3 * 4 + 4), ".header"),
        (("seals",), "AA", ".seals"),
        (("receipt",), [], ".receipt"),
        (("receipt", "index"), -1, ".receipt.index"),
        (("receipt", "index"), True, ".receipt.index"),
        (("receipt", "index"), "0", ".receipt.index"),
        (("receipt", "log"), None, ".receipt.log"),
        (("receipt", "proof"), "AA", ".receipt.proof"),
        (("receipt", "proof"), ["AA", 5], ".receipt.proof[1]"),
        (("receipt", "proof"), ["AA", "A"], ".receipt.proof[1]"),
        (("receipt", "root"), "AA", ".receipt.root"),
    ],
)
def test_what_is_not_of_its_form_is_refused_with_its_place(path: tuple[str, ...], value: Any, place: str) -> None:
    whole: Any = Draft().evidence().to_json()
    if path:
        within = whole if len(path) == 1 else whole[path[0]]
        within[path[-1]] = value
    with pytest.raises(MalformedEvidence) as caught:
        AnchorEvidence.from_json(whole if path else value)
    assert caught.value.place == f"header.ecert.evidence{place}"


@pytest.mark.parametrize(("outer", "name"), [(None, "header"), (None, "receipt"), ("receipt", "index")])
def test_what_is_missing_is_named(outer: str | None, name: str) -> None:
    whole: Any = Draft().evidence().to_json()
    del (whole[outer] if outer else whole)[name]
    with pytest.raises(MalformedEvidence, match=name):
        AnchorEvidence.from_json(whole)
