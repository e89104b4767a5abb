"""Vectors of anchor evidence: what proves an anchor, and for each step what breaks that one alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import rlp
from eth_hash.auto import keccak

from chain.anchor_evidence import AnchorEvidence, Proved, prove
from chain.answers import to_hex
from chain.errors import AnchorUnproved
from chain.headers import EXTRA, MIX_HASH, extra_of, fields_of, with_extra
from chain.seals import read_seals
from vectors.anchor_draft import (
    INSTANCE,
    LEDGER,
    NUMBER_OF_BLOCK,
    STRANGERS,
    TIME_OF_BLOCK,
    VALIDATORS,
    Draft,
    addresses,
)

_CHECKPOINT = NUMBER_OF_BLOCK - 1
_GOOD = Draft().evidence()
_MANY = Draft(receipts=40, index=20).evidence()


def anchors() -> Iterator[dict[str, Any]]:
    """Give the vectors: those that prove first, then the others in the order of the steps."""
    yield _vector("of_three", "the second of three receipts, its second log", _GOOD, "")
    yield _vector("alone", "the only receipt of its block", Draft(receipts=1, index=0).evidence(), "")
    yield _vector("index_127", "an index of one byte", Draft(receipts=200, index=127).evidence(), "")
    yield _vector("index_128", "an index of two bytes", Draft(receipts=200, index=128).evidence(), "")
    yield _vector("type_2", "a receipt of type 2", Draft(kind=b"\x02").evidence(), "")
    yield _vector("round_1", "sealed in a second round", Draft(round=b"\x01").evidence(), "")
    yield _vector("three_seals", "a quorum and no more", Draft(sealers=VALIDATORS[1:]).evidence(), "")
    named = (*addresses(VALIDATORS), *addresses(STRANGERS[:1]))
    yield _vector("named_others", "the header names another who is not trusted", Draft(named=named).evidence(), "")
    yield from _headers()
    yield from _proofs()
    yield from _logs()


def _headers() -> Iterator[dict[str, Any]]:
    header, fields = _GOOD.header, fields_of(_GOOD.header)
    seals = extra_of(fields)[4]
    yield _header("trailing_byte", "a byte after the header", header + b"\0", "header")
    zeros = _resealed([*fields[:8], b"\0\xc8", *fields[9:]])
    yield _header("number_with_zeros", "zeros before the block number", zeros, "header")
    other = _resealed([*fields[:MIX_HASH], bytes(32), *fields[MIX_HASH + 1 :]])
    yield _header("other_mix_hash", "a block of another kind of network", other, "not_sealed")
    yield _vector("six_extra_data", "a sixth thing in extra data", Draft(more_extra=(b"",)).evidence(), "extra_data")
    three = {"validators": VALIDATORS[:3]}
    yield _vector("three_validators", "three are trusted", _GOOD, "too_few_validators", **three)
    two = Draft(sealers=VALIDATORS[:2]).evidence()
    yield _vector("two_seals", "two of four", two, "too_few_seals")
    yield _header(
        "one_seal_twice", "two of four, one of them twice", _with_seals([*seals[:2], seals[0]]), "too_few_seals"
    )
    strange = Draft(sealers=(*VALIDATORS[:2], *STRANGERS)).evidence()
    yield _vector("seals_of_strangers", "two of four, and four whom nobody trusts", strange, "too_few_seals")
    own = Draft(sealers=STRANGERS, named=addresses(STRANGERS)).evidence()
    yield _vector("names_its_own", "the header names those who sealed it", own, "too_few_seals")
    moved = bytes(rlp.encode(with_extra(fields, round_number=b"\x01", seals=seals)))
    yield _header("another_round", "seals of another round; the block hash is the same", moved, "too_few_seals")
    at = {"after": NUMBER_OF_BLOCK}
    yield _vector("at_the_checkpoint", "a block that is not above the checkpoint", _GOOD, "not_after_checkpoint", **at)


def _proofs() -> Iterator[dict[str, Any]]:
    nodes = _MANY.proof
    flipped = bytes([*nodes[-1][:-1], nodes[-1][-1] ^ 1])
    for name, about, proof in (
        ("node_changed", "the last node changed", (*nodes[:-1], flipped)),
        ("node_missing", "the first node missing", nodes[1:]),
        ("node_twice", "the last node twice", (*nodes, nodes[-1])),
        ("nodes_turned_round", "the nodes from the leaf up", nodes[::-1]),
    ):
        yield _vector(name, about, replace(_MANY, proof=proof), "receipt_proof")
    yield _vector("other_index", "the proof of another receipt", replace(_MANY, receipt=21), "receipt_proof")
    yield _vector("type_5", "a receipt of no known type", Draft(kind=b"\x05").evidence(), "receipt")
    yield _vector("reverted", "status 0", Draft(status=b"").evidence(), "reverted")


def _logs() -> Iterator[dict[str, Any]]:
    yield _vector("no_such_log", "a log beyond the last one", replace(_GOOD, log=2), "no_such_log")
    yield _vector("other_log", "another contract's log", replace(_GOOD, log=0), "other_contract")
    yield _vector(
        "other_address", "the same event of another", Draft(address=b"\x05" * 20).evidence(), "other_contract"
    )
    yield _vector("other_event", "another event", Draft(topic=keccak(b"other")).evidence(), "no_anchor")
    yield _vector("four_topics", "a topic too many", Draft(more_topics=(bytes(32),)).evidence(), "no_anchor")
    yield _vector("nine_words", "a word too many", Draft(more_data=bytes(32)).evidence(), "no_anchor")
    yield _vector("large_suite", "a suite beyond 16 bits", Draft(suite=2**16).evidence(), "no_anchor")
    yield _vector("other_instance", "another instance", Draft(instance=keccak(b"other")).evidence(), "other_instance")
    yield _vector("other_time", "a second earlier", Draft(said_time=TIME_OF_BLOCK - 1).evidence(), "other_time")


def _header(name: str, about: str, header: bytes, expected: str) -> dict[str, Any]:
    return _vector(name, about, replace(_GOOD, header=header), expected)


def _with_seals(seals: list[bytes]) -> bytes:
    return bytes(rlp.encode(with_extra(fields_of(_GOOD.header), round_number=None, seals=seals)))


def _resealed(fields: list[bytes]) -> bytes:
    digest = read_seals(rlp.encode(fields)).seal_hash
    vanity, named, vote, round_number, _ = extra_of(fields)
    seals = [key.sign_msg_hash(digest).to_bytes() for key in VALIDATORS]
    extra = rlp.encode([vanity, named, vote, round_number, seals])
    return bytes(rlp.encode([*fields[:EXTRA], extra, *fields[EXTRA + 1 :]]))


def _vector(
    name: str,
    about: str,
    evidence: AnchorEvidence,
    expected: str,
    *,
    validators: tuple[Any, ...] = VALIDATORS,
    after: int = _CHECKPOINT,
) -> dict[str, Any]:
    """Make one vector. `expected`: the reason for which it proves nothing, or nothing: it is known before."""
    trusted = addresses(validators)
    proved, found = None, ""
    try:
        proved = prove(evidence, validators=frozenset(trusted), after=after, ledger=LEDGER, instance=INSTANCE)
    except AnchorUnproved as error:
        found = error.reason.value
    if found != expected:
        raise AssertionError(f"{name}: {expected or 'proof'} was expected, {found or 'proof'} found")
    return {
        "name": name,
        "about": about,
        "evidence": evidence.to_json(),
        "validators": [to_hex(one) for one in trusted],
        "after": after,
        "ledger": to_hex(LEDGER),
        "instance": to_hex(INSTANCE),
        "refused": expected or None,
        "proved": None if proved is None else _to_json(proved),
    }


def _to_json(proved: Proved) -> dict[str, Any]:
    event = proved.event
    return {
        "block": proved.block,
        "hash": to_hex(proved.block_hash),
        "time": proved.time,
        "sequence": event.place.sequence,
        "agency": event.agency,
        "certificate_type": to_hex(event.certificate_type),
        "suite": event.suite,
        "root": to_hex(event.root),
        "first_serial": event.first_serial,
        "count": event.count,
    }
