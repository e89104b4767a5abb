"""Headers and seals of a live QBFT network, recorded; and what forgers would make of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
import rlp
from eth_keys.datatypes import PrivateKey

from chain.errors import NodeInconsistent, QuorumMissing
from chain.headers import EXTRA, extra_of, fields_of, hash_of, with_extra
from chain.node import Node
from chain.seals import Sealers, is_sealed, quorum, read_seals
from tests.local_chain import LocalChain

VECTORS = Path(__file__).parents[1] / "vectors" / "qbft"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A header, and the validators after it, as a node of the network told them."""

    number: int
    hash: bytes
    header: bytes
    validators_after: frozenset[bytes]


def unhexed(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def recorded() -> list[Recorded]:
    return [
        Recorded(
            number=one["number"],
            hash=unhexed(one["hash"]),
            header=unhexed(one["rlp"]),
            validators_after=frozenset(map(unhexed, one["validators"])),
        )
        for one in json.loads((VECTORS / "network.json").read_text())["headers"]
    ]


NETWORK = recorded()
FOUR = NETWORK[0].validators_after


@pytest.fixture(scope="module")
def sealers() -> Sealers:
    return Sealers()


def round_of(header: bytes) -> int:
    _, _, _, number, _ = extra_of(fields_of(header))
    return int.from_bytes(number, "big")


def resealed(header: bytes, seals: list[bytes]) -> bytes:
    return bytes(rlp.encode(with_extra(fields_of(header), round_number=None, seals=seals)))


def test_every_recorded_header_has_its_hash_whatever_its_round() -> None:
    assert [one.number for one in NETWORK] == list(range(157))
    assert all(hash_of(one.header) == one.hash for one in NETWORK)
    assert {round_of(one.header) for one in NETWORK} == {0, 1, 2}


def test_a_header_names_those_who_seal_it_and_the_set_after_it_seals_the_next() -> None:
    for before, after in pairwise(NETWORK):
        assert read_seals(after.header).validators == before.validators_after


def test_every_recorded_block_of_four_validators_has_a_quorum(sealers: Sealers) -> None:
    trusted, three = FOUR, []
    for one in NETWORK[1:]:
        if len(read_seals(one.header).validators) < 4:
            three.append(one.number)
            continue
        trusted = sealers.prove(one.header, trusted)
    assert three == list(range(147, 154))
    assert trusted == FOUR


def test_seals_of_three_validators_prove_nothing(sealers: Sealers) -> None:
    with pytest.raises(QuorumMissing, match="has 3 validators, and seals of fewer than 4 prove nothing"):
        sealers.prove(NETWORK[147].header, FOUR)


@pytest.mark.parametrize(("validators", "needed"), [(4, 3), (5, 4), (6, 4), (7, 5), (10, 7), (20, 14), (21, 14)])
def test_a_quorum_is_two_thirds_rounded_up(validators: int, needed: int) -> None:
    assert quorum(validators) == needed


def test_the_known_headers_have_the_known_seal_hashes_and_rounds(sealers: Sealers) -> None:
    for one in json.loads((VECTORS / "rounds.json").read_text())["headers"]:
        header = unhexed(one["headerRlp"])
        sealed = read_seals(header)
        assert (round_of(header), sealed.seal_hash) == (one["round"], unhexed(one["sealHash"]))
        assert hash_of(header) == unhexed(one["blockHash"])
        assert sealed.validators == frozenset(map(unhexed, one["validators"]))
        assert len(sealers.of(sealed)) == len(sealed.seals)


def test_two_seals_of_four_are_too_few(sealers: Sealers) -> None:
    header = NETWORK[20].header
    seals = extra_of(fields_of(header))[4]
    with pytest.raises(QuorumMissing, match="sealed by 2 of its validators, and 3 must"):
        sealers.prove(resealed(header, seals[:2]), FOUR)


def test_a_seal_counts_once_however_often_it_is_there(sealers: Sealers) -> None:
    header = NETWORK[20].header
    seals = extra_of(fields_of(header))[4]
    with pytest.raises(QuorumMissing, match="sealed by 2"):
        sealers.prove(resealed(header, [*seals[:2], seals[0], seals[1]]), FOUR)


def test_seals_of_another_block_or_another_round_count_for_nothing(sealers: Sealers) -> None:
    header, other = NETWORK[20].header, NETWORK[21].header
    with pytest.raises(QuorumMissing, match="sealed by 0"):
        sealers.prove(resealed(header, extra_of(fields_of(other))[4]), FOUR)
    moved = bytes(rlp.encode(with_extra(fields_of(header), round_number=b"\x05", seals=extra_of(fields_of(header))[4])))
    assert hash_of(moved) == NETWORK[20].hash
    with pytest.raises(QuorumMissing, match="sealed by 0"):
        sealers.prove(moved, FOUR)


def test_a_header_that_names_validators_of_its_own_is_no_evidence(sealers: Sealers) -> None:
    strangers = [PrivateKey(bytes([number]) * 32) for number in range(1, 5)]
    fields = fields_of(NETWORK[20].header)
    vanity, _, vote, round_number, _ = extra_of(fields)
    own = [key.public_key.to_canonical_address() for key in strangers]
    fields[EXTRA] = rlp.encode([vanity, own, vote, round_number, []])
    digest = read_seals(rlp.encode(fields)).seal_hash
    fields[EXTRA] = rlp.encode(
        [vanity, own, vote, round_number, [key.sign_msg_hash(digest).to_bytes() for key in strangers]]
    )
    forged = bytes(rlp.encode(fields))
    assert sealers.prove(forged, frozenset(own)) == frozenset(own)
    with pytest.raises(QuorumMissing, match="those that we know did not seal"):
        sealers.prove(forged, FOUR)


@pytest.mark.parametrize("junk", [b"", b"\xc0", b"\xff" * 40, rlp.encode([b"x"] * 15), rlp.encode([[b"x"]] * 15)])
def test_what_is_no_header_is_refused(junk: bytes) -> None:
    with pytest.raises(NodeInconsistent):
        read_seals(junk)


def test_seals_that_are_no_signatures_are_nobody_s(sealers: Sealers) -> None:
    junk = [bytes(65), b"\xff" * 65, b"\x01" * 64 + b"\x63"]
    with pytest.raises(QuorumMissing, match="sealed by 0"):
        sealers.prove(resealed(NETWORK[20].header, junk), FOUR)


async def test_a_development_chain_s_hashes_are_those_of_their_fields(local_chain: LocalChain, node: Node) -> None:
    local_chain.mine(2)
    for header in (await node.latest(), *(await node.blocks([0, 1]))):
        assert header.rlp is not None
        assert not is_sealed(header.rlp)
        assert hash_of(header.rlp) == header.hash
