"""The trie of receipts: every receipt proves itself, and nothing else can be proved."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
import rlp
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.answers import Json
from chain.errors import AnchorUnproved, NodeInconsistent, Unproved
from chain.headers import RECEIPTS_ROOT, fields_of
from chain.receipt_rlp import read_receipt, write_receipt
from chain.receipt_trie import ReceiptTrie, receipt_at
from tests.chain.evidence_draft import VECTORS, recorded_headers, recorded_receipts

EMPTY = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
"""The root that a block without transactions has."""

receipts = st.integers(1, 300).flatmap(
    lambda count: st.randoms(use_true_random=False).map(
        # Short ones make nodes that stand in the one above them, which no real receipt does.
        lambda random: [random.randbytes(random.choice((1, 5, 30, 60, 600))) for _ in range(count)]
    )
)


def nothing_at(root: bytes, index: int, proof: Sequence[bytes]) -> str:
    with pytest.raises(AnchorUnproved) as caught:
        receipt_at(root, index, proof)
    assert caught.value.reason is Unproved.RECEIPT_PROOF
    return caught.value.why


@settings(max_examples=40)
@given(receipts)
def test_every_index_proves_its_receipt(made: list[bytes]) -> None:
    trie = ReceiptTrie.of(made)
    assert [receipt_at(trie.root, index, trie.proof(index)) for index in range(len(made))] == made


@settings(max_examples=60)
@given(receipts, st.data())
def test_no_other_index_and_no_changed_proof_proves_anything(made: list[bytes], data: st.DataObject) -> None:
    trie, index = ReceiptTrie.of(made), data.draw(st.integers(0, len(made) - 1))
    proof = trie.proof(index)
    other = data.draw(st.integers(0, 2**20).filter(lambda one: one != index))
    # Short receipts may stand in the very node that the proof of another ends with.
    if other >= len(made) or trie.proof(other) != proof:
        nothing_at(trie.root, other, proof)
    else:
        assert receipt_at(trie.root, other, proof) == made[other]
    node = data.draw(st.integers(0, len(proof) - 1))
    at = data.draw(st.integers(0, len(proof[node]) - 1))
    flipped = bytearray(proof[node])
    flipped[at] ^= data.draw(st.integers(1, 255))
    nothing_at(trie.root, index, [*proof[:node], bytes(flipped), *proof[node + 1 :]])
    nothing_at(trie.root, index, [*proof[:node], *proof[node + 1 :]])
    nothing_at(trie.root, index, [*proof, data.draw(st.binary())])
    nothing_at(keccak(trie.root), index, proof)


@settings(max_examples=40)
@given(receipts, st.data())
def test_the_root_tells_of_every_receipt_and_of_their_order(made: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(made) - 1))
    root = ReceiptTrie.of(made).root
    assert ReceiptTrie.of([*made[:index], made[index] + b"\0", *made[index + 1 :]]).root != root
    assert ReceiptTrie.of(made[:-1]).root != root
    if made[index] != made[0]:
        swapped = [made[index], *made[1:index], made[0], *made[index + 1 :]]
        assert ReceiptTrie.of(swapped).root != root


def test_a_block_without_receipts_has_the_known_root_and_proves_nothing() -> None:
    assert ReceiptTrie.of([]).root == EMPTY
    nothing_at(EMPTY, 0, [])
    nothing_at(EMPTY, 0, [rlp.encode(b"")])
    nothing_at(b"", 0, [])


def test_recorded_receipts_make_the_roots_of_their_blocks() -> None:
    assert {number: len(found) for number, found in recorded_receipts().items()} == {128: 1, 134: 16, 140: 130, 148: 3}
    for number, found in recorded_receipts().items():
        assert ReceiptTrie.of(found).root == fields_of(recorded_headers()[number])[RECEIPTS_ROOT]


def leaf(path: str, value: bytes) -> list[bytes]:
    return [bytes.fromhex(path), value]


@pytest.mark.parametrize(
    "node",
    [
        [b"\x20\x80"],  # one item
        [b"\x20\x80", b"v", b"w"],  # three
        b"v" * 40,  # none
        [b"", b"v"],  # no kind
        [b"\x40\x80", b"v"],  # no such kind
        [b"\x21\x80", b"v"],  # digits in what only fills up
        [[b"\x20\x80"], b"v"],  # a path that is none
        [b"\x00", b"v" * 32],  # a stretch of no length
        [b"\x20\x80", b""],  # nothing there
        [b"\x20\x80", [b"v"]],  # a list there
        [b"\x20\x80\x01", b"v"],  # a longer path
        [b"\x38", b"v"],  # a shorter one
    ],
)
def test_a_node_that_is_none_proves_nothing(node: object) -> None:
    encoded = bytes(rlp.encode(node))
    nothing_at(keccak(encoded), 0, [encoded])
    good = bytes(rlp.encode(leaf("2080", b"v")))
    assert receipt_at(keccak(good), 0, [good]) == b"v"


def test_a_short_node_stands_in_the_one_above_it_and_a_long_one_is_named_by_its_hash() -> None:
    def under(child: object) -> bytes:
        return bytes(rlp.encode([b"" if nibble != 8 else child for nibble in range(16)] + [b""]))

    short, long = leaf("30", b"v"), leaf("30", b"v" * 40)
    for top, proof, value in (
        (under(short), [], b"v"),
        (under(keccak(rlp.encode(long))), [rlp.encode(long)], b"v" * 40),
    ):
        assert receipt_at(keccak(top), 0, [top, *proof]) == value
    named = under(keccak(rlp.encode(short)))
    assert "shorter than a hash" in nothing_at(keccak(named), 0, [named, rlp.encode(short)])
    put_in = under(long)
    assert "as long as a hash" in nothing_at(keccak(put_in), 0, [put_in])
    nothing_at(keccak(under(b"")), 0, [under(b"")])
    nothing_at(keccak(under(b"v")), 0, [under(b"v")])


def test_a_stretch_of_no_length_leads_nowhere() -> None:
    end = bytes(rlp.encode(leaf("2080", b"v" * 40)))
    assert receipt_at(keccak(end), 0, [end]) == b"v" * 40
    before = bytes(rlp.encode([b"\x00", keccak(end)]))
    nothing_at(keccak(before), 0, [before, end])


def test_a_node_that_is_no_strict_rlp_proves_nothing() -> None:
    for encoded in (
        rlp.encode(leaf("2080", b"v")) + b"\0",
        b"\xc5\x82\x20\x80\x81\x07",  # 0x07 as a text of one byte
        b"\xf8\x04\x82\x20\x80\x07",  # a long length of a short list
        b"\xc4\x82\x20\x80",  # too short
        b"",
    ):
        nothing_at(keccak(encoded), 0, [encoded])
    good = b"\xc4\x82\x20\x80\x07"
    assert receipt_at(keccak(good), 0, [good]) == b"\x07"


def test_nodes_nested_without_end_prove_nothing() -> None:
    for levels in (300, 400, 500, 2_000):
        inner = b"\xc0"
        for _ in range(levels):
            length = len(inner).to_bytes((len(inner).bit_length() + 7) // 8)
            inner = (bytes([0xC0 + len(inner)]) if len(inner) < 56 else bytes([0xF7 + len(length)]) + length) + inner
        body = b"\x80" * 8 + inner + b"\x80" * 8
        node = b"\xf9" + len(body).to_bytes(2) + body
        nothing_at(keccak(node), 0, [node])


# Receipts as nodes tell them


RECORDED: dict[str, Json] = json.loads((VECTORS / "receipts.json").read_text())["blocks"][0]["receipts"][0]


def test_a_receipt_is_written_as_it_stands_in_the_trie_and_read_again() -> None:
    written = write_receipt(RECORDED)
    (log,) = read_receipt(written).logs
    assert log.address.hex() == "d435eb7f7ea85b7b1fe56e7bd8c617f6823ab4e4"
    assert (len(log.topics), read_receipt(written).succeeded) == (3, True)
    assert not read_receipt(write_receipt(RECORDED | {"status": "0x0"})).succeeded
    for kind in range(1, 5):
        typed = write_receipt(RECORDED | {"type": hex(kind)})
        assert typed == bytes([kind]) + written
        assert read_receipt(typed) == read_receipt(written)
    assert write_receipt({name: value for name, value in RECORDED.items() if name != "type"}) == written


@pytest.mark.parametrize(
    "spoilt",
    [
        {"status": None},
        {"status": "1"},
        {"cumulativeGasUsed": None},
        {"logsBloom": "0x00"},
        {"logs": None},
        {"logs": [None]},
        {"logs": [{"address": "0x00", "topics": [], "data": "0x"}]},
        {"logs": [{"address": "0x" + "00" * 20, "topics": None, "data": "0x"}]},
        {"logs": [{"address": "0x" + "00" * 20, "topics": ["0x00"], "data": "0x"}]},
        {"logs": [{"address": "0x" + "00" * 20, "topics": []}]},
        {"type": "0x5"},
        {"type": 2},
    ],
)
def test_a_receipt_that_a_node_tells_wrongly_is_refused(spoilt: dict[str, Json]) -> None:
    with pytest.raises(NodeInconsistent):
        write_receipt(RECORDED | spoilt)


def test_what_is_no_receipt_at_all_is_refused() -> None:
    with pytest.raises(NodeInconsistent):
        write_receipt(None)
    log = [bytes(20), [bytes(32)], b""]
    whole: list[object] = [b"\x01", b"\x05", bytes(256), [log]]
    assert read_receipt(rlp.encode(whole)).succeeded
    for item in (
        b"",
        [],
        whole[:3],
        [*whole, b""],
        [*whole[:2], bytes(255), [log]],
        [*whole[:2], [], [log]],
        [*whole[:3], b""],
        [*whole[:3], [b"abc"]],
        [*whole[:3], [log[:2]]],
        [*whole[:3], [[*log, b""]]],
        [*whole[:3], [[bytes(20), b"", b""]]],
        [*whole[:3], [[bytes(20), [bytes(31)], b""]]],
        [*whole[:3], [[bytes(20), [[]], b""]]],
        [*whole[:3], [[bytes(20), [], []]]],
    ):
        with pytest.raises(AnchorUnproved) as caught:
            read_receipt(rlp.encode(item))
        assert caught.value.reason is Unproved.RECEIPT
    for trailing in (rlp.encode(whole) + b"\0", b"\x02" + rlp.encode(whole) + b"\0", b"\x02", b""):
        with pytest.raises(AnchorUnproved):
            read_receipt(trailing)
