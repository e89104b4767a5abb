"""Evidence to be judged: the recorded network's, and made-up validators' (`scripts/vectors/anchor_draft.py`)."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

from eth_keys.datatypes import PrivateKey

from chain.anchor_evidence import AnchorEvidence, Proved, prove
from chain.receipt_rlp import write_receipt

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from vectors.anchor_draft import INSTANCE, LEDGER, VALIDATORS, addresses

VECTORS = Path(__file__).parents[1] / "vectors" / "qbft"


@cache
def recorded_headers() -> tuple[bytes, ...]:
    """Every header of the recorded network, by number."""
    return tuple(bytes.fromhex(one["rlp"][2:]) for one in json.loads((VECTORS / "network.json").read_text())["headers"])


@cache
def recorded_receipts() -> dict[int, tuple[bytes, ...]]:
    """All receipts of some blocks of the recorded network."""
    blocks = json.loads((VECTORS / "receipts.json").read_text())["blocks"]
    return {one["number"]: tuple(map(write_receipt, one["receipts"])) for one in blocks}


def judge(evidence: AnchorEvidence, *, keys: tuple[PrivateKey, ...] = VALIDATORS, after: int = 199) -> Proved:
    """Ask whether it proves an anchor on the ledger, as one who trusts these keys does."""
    return prove(evidence, validators=frozenset(addresses(keys)), after=after, ledger=LEDGER, instance=INSTANCE)
