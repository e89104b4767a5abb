"""Vectors of checks 2 to 5: ledger, agency, key, signature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ecert import base64url
from ecert.certificate import Issuer
from ecert.facts import Facts
from ecert.verdict import Reason
from vectors.world import (
    AGENCY,
    ANCHORED,
    KEY,
    OTHER_KEY,
    OTHER_LEDGER,
    SIGNED,
    facts_of,
    file_of,
    forged,
    issue,
    with_key,
    with_time,
)
from vectors.writing import vector

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The number of points of P-256."""
_BEHIND = SIGNED + 599
"""Block time of facts that may not know a certificate of SIGNED yet; one second later they must."""


def issuer() -> Iterator[dict[str, Any]]:
    """Give all of them."""
    yield from _ledger_and_agency()
    yield from _keys()
    yield from _signatures()


def _ledger_and_agency() -> Iterator[dict[str, Any]]:
    elsewhere = issue(issuer=Issuer(ledger=OTHER_LEDGER, agency=AGENCY))
    text, facts = file_of(elsewhere), facts_of(elsewhere.leaf)
    about = "it names a ledger that is not ours, so nothing of ours is about it"
    yield vector("another-ledger", about, text, facts, "INVALID untrusted_ledger")
    ours = replace(facts, ledger=OTHER_LEDGER)
    about = "the same certificate, judged by who trusts that ledger"
    yield vector("the-ledger-it-names", about, text, ours, "VALID", nearly=Reason.UNTRUSTED_LEDGER)
    signed = issue()
    text = file_of(signed)
    bare = Facts(as_of=facts_of(signed.leaf).as_of, ledger=facts.ledger, agency_known=False)
    about = "no such agency, on facts of 600 seconds after the signing"
    yield vector("no-agency", about, text, with_time(bare, SIGNED + 600), "INVALID unknown_agency", now=SIGNED + 610)
    yield vector(
        "no-agency-yet",
        "no such agency, but one second earlier our copy may be behind",
        text,
        with_time(bare, _BEHIND),
        "UNKNOWN unknown_agency",
        now=SIGNED + 610,
    )
    about = "the agency alone is known: all that hangs on a key and a batch is missing"
    known = replace(with_time(bare, SIGNED + 600), agency_known=True)
    expected = "INVALID unknown_key not_anchored not_accredited"
    yield vector("agency-alone", about, text, known, expected, now=SIGNED + 610, nearly=Reason.UNKNOWN_AGENCY)


def _keys() -> Iterator[dict[str, Any]]:
    signed = issue()
    text, facts = file_of(signed), facts_of(signed.leaf)
    unknown = "INVALID unknown_key"
    yield vector("no-key", "the agency has no key of that id", text, replace(facts, key=None), unknown)
    behind = replace(with_time(facts, _BEHIND), key=None)
    about = "facts of 599 seconds after the signing may not have the key yet"
    yield vector("no-key-yet", about, text, behind, "UNKNOWN unknown_key", now=SIGNED + 610)
    late = with_key(facts, added=ANCHORED + 1)
    yield vector("key-added-after", "the key was added one second after the batch", text, late, unknown)
    suite = with_key(facts, suite=2)
    yield vector("key-of-another-suite", "the ledger has the key under another suite", text, suite, unknown)
    swapped = with_key(facts, public_key=OTHER_KEY.public_key)
    about = "the ledger's bytes are another key: its id is computed, not believed"
    yield vector("key-id-not-of-the-key", about, text, swapped, unknown)
    junk = with_key(facts, public_key=b"\x04" + bytes(64))
    yield vector("key-no-point", "the ledger's bytes are no point of the curve", text, junk, unknown)
    for name, reason in (("retired", Reason.KEY_RETIRED), ("compromised_since", Reason.KEY_COMPROMISED)):
        word = reason.removeprefix("key_")
        at = with_key(facts, **{name: ANCHORED})
        yield vector(f"key-{word}", f"{word} in the second of the batch", text, at, f"INVALID {reason}")
        after = with_key(facts, **{name: ANCHORED + 1})
        yield vector(f"key-{word}-after", f"{word} one second after the batch", text, after, "VALID", nearly=reason)
    both = with_key(facts, retired=ANCHORED, compromised_since=ANCHORED - 100)
    expected = "INVALID key_compromised key_retired"
    yield vector("key-retired-and-compromised", "both stand in one check", text, both, expected)
    unanchored = with_key(replace(facts, batch=None), retired=facts.as_of.time)
    about = "without a batch the key must be good at the facts' block"
    yield vector("key-retired-no-batch", about, text, unanchored, "INVALID key_retired not_anchored")


def _signatures() -> Iterator[dict[str, Any]]:
    signed = issue()
    message, _, signature = signed.jwt.rpartition(".")
    raw = base64url.decode(signature)
    mirrored = raw[:32] + (_ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    table = (
        ("flipped", bytes([raw[0] ^ 1]) + raw[1:], "one bit flipped"),
        ("zero", bytes(64), "r and s are 0"),
        ("of-another-key", OTHER_KEY.sign(message.encode()), "signed by another key of nobody's"),
        ("of-another-message", KEY.sign(b"another message"), "the agency's, over something else"),
    )
    for name, forgery, about in table:
        bad = forged(signed, f"{message}.{base64url.encode(forgery)}")
        own = facts_of(bad.leaf)
        yield vector(f"signature-{name}", f"{about}; anchored so", file_of(bad), own, "INVALID bad_signature")
    bad = forged(signed, f"{message}.{base64url.encode(bytes([raw[0] ^ 1]) + raw[1:])}")
    about = "one bit flipped after it was anchored"
    expected = "INVALID bad_signature not_in_batch"
    yield vector("signature-changed", about, file_of(bad), facts_of(signed.leaf), expected)
    twin = forged(signed, f"{message}.{base64url.encode(mirrored)}")
    about = "ECDSA's other signature (r, n - s) verifies, but it is not what was anchored"
    facts = facts_of(signed.leaf)
    yield vector("signature-mirrored", about, file_of(twin), facts, "INVALID not_in_batch", nearly=Reason.BAD_SIGNATURE)
