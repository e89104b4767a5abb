"""The trust file: what it says is read in one form only, and relied on only where enough pinned roots signed it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ecert import base64url, strict_json
from ecert.agency_copy import Accredited, AgencyCopy, Standing
from ecert.errors import MalformedError, MalformedTrust, UntrustedRoots
from ecert.events import Reading
from ecert.facts import KeyFacts
from ecert.jwks import KeySet, PublishedKey
from ecert.suite import SigningKey, thumbprint
from ecert.trust import Checkpoint, Roots, Trust, TrustedContract, TrustedLedger, Validators
from ecert.trust_file import MAX_SIZE, TrustFile
from ecert.trust_json import trust_from_json, trust_to_json
from ecert.verdict import Reason
from tests.ecert.cases import Case

KEYS = sorted((SigningKey.from_secret(number) for number in (51, 52, 53)), key=lambda key: key.kid)
NEW_KEYS = sorted((SigningKey.from_secret(number) for number in (54, 55)), key=lambda key: key.kid)
AGENCY_KEY = SigningKey.from_secret(56)
CHECKPOINT = Checkpoint(
    block=70,
    hash=b"\x07" * 32,
    time=7000,
    registry=Reading(sequence=5, head=b"\x05" * 32),
    ledger=Reading(sequence=9, head=b"\x09" * 32),
)
AGENCY = AgencyCopy(
    code="HOUSING-1",
    name="Housing",
    keys={
        AGENCY_KEY.kid: KeyFacts(
            kid=AGENCY_KEY.kid, suite=1, public_key=AGENCY_KEY.public_key, added=5, retired=8, compromised_since=6
        )
    },
    accredited={
        b"\x01" * 32: (
            Accredited(since=1, until=2, block=CHECKPOINT.block),
            Accredited(since=3, until=None, block=CHECKPOINT.block),
        )
    },
    standings=(Standing(suspended=True, doubt_since=4, block=CHECKPOINT.block),),
)


def roots(keys: list[SigningKey], threshold: int = 2) -> Roots:
    return Roots(threshold=threshold, keys=tuple(key.public_key for key in keys))


def ledger(number: int, *, sealed: bool = True) -> TrustedLedger:
    validators = frozenset(bytes([each]) * 20 for each in range(4))
    return TrustedLedger(
        chain_id=31337,
        genesis=b"\x03" * 32,
        registry=TrustedContract(address=b"\x01" * 20, instance=b"\x02" * 32, code_hash=b"\x03" * 32),
        ledger=TrustedContract(address=bytes([number]) * 20, instance=b"\x05" * 32, code_hash=b"\x06" * 32),
        checkpoint=CHECKPOINT,
        validators=(Validators(from_block=1, addresses=validators),) if sealed else (),
        agencies=(AGENCY, AgencyCopy(code="HEALTH-7", name="Health")),
    )


TRUST = Trust(
    version=1,
    iat=7001,
    exp=9000,
    previous=None,
    roots=roots(KEYS),
    ledgers=(ledger(4), ledger(5, sealed=False)),
    status_bases=("https://status.example",),
    receipt_keys=KeySet(keys=(PublishedKey(public_key=KEYS[0].public_key, since=1),)),
    status_keys=KeySet(keys=(PublishedKey(public_key=KEYS[1].public_key, since=1, retired=2),)),
)
JSON = trust_to_json(TRUST)


def signed(trust: Trust, *keys: SigningKey) -> TrustFile:
    file = TrustFile.unsigned(trust)
    for key in keys:
        file = file.signed_by(key)
    return file


def changed(said: Any, at: tuple[str | int, ...], value: object) -> Any:
    whole = copy.deepcopy(said)
    place = whole
    for step in at[:-1]:
        place = place[step]
    if value is KeyError:
        del place[at[-1]]
    else:
        place[at[-1]] = value
    return whole


def places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield (*at, name)
        yield from places(each, (*at, name))


class TestWhatItSays:
    def test_is_read_back_as_it_was_written(self) -> None:
        assert trust_to_json(trust_from_json(JSON, "trust")) == JSON

    def test_agencies_are_told_as_of_the_checkpoint(self) -> None:
        told = trust_from_json(JSON, "trust").ledgers[0]
        assert told.agencies == (AGENCY, AgencyCopy(code="HEALTH-7", name="Health"))

    def test_agencies_are_those_of_the_copies_that_it_is_made_of(self) -> None:
        bare = replace(TRUST, ledgers=tuple(replace(each, agencies=()) for each in TRUST.ledgers))
        copies = {each.name: each.copy() for each in TRUST.ledgers}
        assert bare != TRUST
        assert bare.telling(copies) == TRUST

    def test_nothing_of_another_kind_or_missing_or_added_is_taken_for_it(self) -> None:
        wrong = [None, True, -1, 1.5, "", "0x", "AAA", [], {}, KeyError]
        for at in places(JSON):
            for value in wrong:
                other = changed(JSON, at, value)
                try:
                    read = trust_from_json(other, "trust")
                except MalformedError as error:
                    assert error.place.startswith("trust")  # noqa: PT017
                else:
                    assert trust_to_json(read) == other

    @pytest.mark.parametrize(
        ("at", "value", "place"),
        [
            (("more",), 1, "trust"),
            (("version",), 0, "trust.previous"),
            (("version",), 2, "trust.previous"),
            (("previous",), "AAAA", "trust.previous"),
            (("exp",), 7001, "trust.exp"),
            (("ledgers",), [], "trust.ledgers"),
            (("ledgers",), [JSON["ledgers"][0], JSON["ledgers"][0]], "trust.ledgers"),  # type: ignore[index]
            (("roots", "threshold"), 0, "trust.roots.threshold"),
            (("roots", "threshold"), 4, "trust.roots.threshold"),
            (("roots", "keys", 0, "crv"), "P-384", "trust.roots.keys[0].crv"),
            (("ledgers", 0, "genesis"), "0x" + "AB" * 32, "trust.ledgers[0].genesis"),
            (("ledgers", 0, "genesis"), "0x" + "ag" * 32, "trust.ledgers[0].genesis"),
            (("ledgers", 0, "consensus", "type"), "clique", "trust.ledgers[0].consensus.type"),
            (("ledgers", 0, "consensus", "validators"), [], "trust.ledgers[0].consensus.validators"),
            (
                ("ledgers", 0, "consensus", "validators", 0, "addresses"),
                ["0x" + f"{each}" * 40 for each in range(3)],
                "trust.ledgers[0].consensus.validators[0].addresses",
            ),
        ],
    )
    def test_what_is_wrong_is_named_with_its_place(self, at: tuple[str | int, ...], value: object, place: str) -> None:
        with pytest.raises(MalformedTrust) as refused:
            trust_from_json(changed(JSON, at, value), "trust")
        assert refused.value.place == place

    def test_roots_stand_in_the_order_of_their_thumbprints_each_once(self) -> None:
        keys = JSON["roots"]["keys"]  # type: ignore[index,call-overload]
        for others in ([*reversed(keys)], [keys[0], keys[0]]):
            with pytest.raises(MalformedTrust, match="order of their thumbprints"):
                trust_from_json(changed(JSON, ("roots", "keys"), others), "trust")

    def test_the_fingerprint_is_of_threshold_and_keys(self) -> None:
        kids = [base64url.encode(key.kid) for key in KEYS]
        said = json.dumps({"keys": kids, "threshold": 2}, separators=(",", ":"))
        assert strict_json.canonical({"keys": kids, "threshold": 2}) == said  # type: ignore[dict-item]
        found = {roots(KEYS).fingerprint, roots(KEYS, 3).fingerprint, roots(KEYS[:2]).fingerprint}
        assert len(found) == 3
        assert TRUST.roots.kids == {thumbprint(key.public_key): key.public_key for key in KEYS}


class TestWithoutAFactsFile:
    def test_a_certificate_s_batch_is_not_known_and_that_is_held_against_nobody(self) -> None:
        absent = Case.good().but(batch=None)
        assert absent.judged().reasons == (Reason.NOT_ANCHORED,)
        verdict = absent.but(complete=False).judged()
        assert (verdict.result, verdict.reasons) == ("UNKNOWN", (Reason.PROOF_MISSING,))

    def test_the_copy_knows_the_agencies_and_says_that_it_is_not_complete(self) -> None:
        copied = TRUST.ledgers[0].copy()
        assert copied.agency("HOUSING-1") == AGENCY
        assert copied.as_of.block == copied.settled_block == CHECKPOINT.block
        assert not copied.complete
        assert copied.ledger == TRUST.ledgers[0].name


class TestWhoSeals:
    def test_is_the_last_set_that_began_by_then(self) -> None:
        first, second = (Validators(from_block=at, addresses=frozenset({bytes(20)})) for at in (10, 20))
        other = replace(second, addresses=frozenset({b"\x01" * 20}))
        both = replace(TRUST.ledgers[0], validators=(first, other))
        assert [both.sealers(at) for at in (9, 10, 19, 20, 99)] == [
            frozenset(),
            first.addresses,
            first.addresses,
            other.addresses,
            other.addresses,
        ]


class TestTheFile:
    def test_says_what_a_registry_says_in_any_form(self) -> None:
        accredited = {b"\x01" * 32: (Accredited(since=2**53, until=2**64 - 2, block=CHECKPOINT.block),)}
        agency = replace(AGENCY, name="Cafe\u0301", accredited=accredited)
        trust = replace(TRUST, ledgers=(replace(TRUST.ledgers[0], agencies=(agency,)),))
        (read,) = TrustFile.read(TrustFile.unsigned(trust).to_text()).trust.ledgers[0].agencies
        assert read.name == "Caf\u00e9"
        assert read.accredited[b"\x01" * 32][0].until == strict_json.MAX_INTEGER

    def test_has_one_spelling(self) -> None:
        whole = json.loads(signed(TRUST, KEYS[0]).to_text())
        payload = json.loads(base64url.decode(whole["payload"]))
        for other in (json.dumps(payload), strict_json.canonical(payload) + " "):
            with pytest.raises(MalformedTrust, match="RFC 8785"):
                TrustFile.read(json.dumps(whole | {"payload": base64url.encode(other.encode())}))

    def test_is_read_back_with_its_signatures(self) -> None:
        file = signed(TRUST, KEYS[2], KEYS[0])
        read = TrustFile.read(file.to_text())
        assert read.to_text() == file.to_text()
        assert read.hash == file.hash
        assert read.signers(TRUST.roots) == (KEYS[0].kid, KEYS[2].kid)

    def test_tells_who_else_has_signed_it(self) -> None:
        assert signed(TRUST, KEYS[0], NEW_KEYS[0]).others == (NEW_KEYS[0].kid,)

    def test_is_relied_on_where_enough_of_the_pinned_roots_signed_it(self) -> None:
        assert signed(TRUST, KEYS[0], KEYS[2]).rely(TRUST.roots.fingerprint) == TRUST

    @pytest.mark.parametrize("keys", [[], KEYS[:1], [KEYS[0], KEYS[0]], [KEYS[0], *NEW_KEYS]])
    def test_too_few_roots_are_too_few(self, keys: list[SigningKey]) -> None:
        with pytest.raises(UntrustedRoots, match="of its roots, and 2 must"):
            signed(TRUST, *keys).rely(TRUST.roots.fingerprint)

    def test_other_roots_than_those_that_were_pinned_do_not_count(self) -> None:
        other = replace(TRUST, roots=roots(NEW_KEYS))
        with pytest.raises(UntrustedRoots, match="roots are"):
            signed(other, *NEW_KEYS).rely(TRUST.roots.fingerprint)

    def test_a_signature_over_something_else_is_found_out(self) -> None:
        other = signed(replace(TRUST, exp=9001), KEYS[0], KEYS[1])
        forged = replace(TrustFile.unsigned(TRUST), signatures=other.signatures)
        with pytest.raises(UntrustedRoots, match="not its own"):
            forged.rely(TRUST.roots.fingerprint)

    @pytest.mark.parametrize(
        ("at", "value"),
        [
            (("more",), 1),
            (("payload",), KeyError),
            (("payload",), "A"),
            (("payload",), base64url.encode(b"\xff")),
            (("payload",), base64url.encode(b'{"a":1,"a":1}')),
            (("signatures", 0, "more"), 1),
            (("signatures", 0, "signature"), "A"),
            (("signatures", 0, "protected"), base64url.encode(b"{}")),
            (("signatures", 0, "protected"), base64url.encode(b'{"alg":"none","kid":"AAAA","typ":"ecert-trust+json"}')),
        ],
    )
    def test_what_is_none_is_refused(self, at: tuple[str | int, ...], value: object) -> None:
        whole = json.loads(signed(TRUST, KEYS[0]).to_text())
        with pytest.raises(MalformedTrust):
            TrustFile.read(json.dumps(changed(whole, at, value)))

    def test_two_signatures_of_one_key_are_refused(self) -> None:
        whole = json.loads(signed(TRUST, KEYS[0]).to_text())
        whole["signatures"] *= 2
        with pytest.raises(MalformedTrust, match="two of one key"):
            TrustFile.read(json.dumps(whole))

    def test_one_that_is_too_large_is_not_even_read(self) -> None:
        with pytest.raises(MalformedTrust, match="longer than"):
            TrustFile.read(" " * (MAX_SIZE + 1))


class TestTheNextVersion:
    BEFORE = signed(TRUST, *KEYS)
    NEXT = replace(TRUST, version=2, previous=BEFORE.hash)

    def test_is_followed_where_both_versions_roots_signed_it(self) -> None:
        assert signed(self.NEXT, *KEYS[1:]).follow(self.BEFORE) == self.NEXT
        other = replace(self.NEXT, roots=roots(NEW_KEYS))
        assert signed(other, *KEYS[1:], *NEW_KEYS).follow(self.BEFORE) == other

    def test_one_may_be_missed_in_between(self) -> None:
        later = replace(self.NEXT, version=3, previous=bytes(32))
        assert signed(later, *KEYS[:2]).follow(self.BEFORE) == later

    def test_new_roots_alone_decide_nothing(self) -> None:
        other = replace(self.NEXT, roots=roots(NEW_KEYS))
        with pytest.raises(UntrustedRoots, match="signed by 1 of version 1's roots"):
            signed(other, KEYS[0], *NEW_KEYS).follow(self.BEFORE)
        with pytest.raises(UntrustedRoots, match="signed by 1 of its roots"):
            signed(other, *KEYS, NEW_KEYS[0]).follow(self.BEFORE)

    def test_it_names_the_one_before(self) -> None:
        with pytest.raises(UntrustedRoots, match="follows another version 1"):
            signed(replace(self.NEXT, previous=bytes(32)), *KEYS).follow(self.BEFORE)

    @pytest.mark.parametrize("version", [1, 2])
    def test_an_older_one_or_the_same_is_not_taken_for_newer(self, version: int) -> None:
        before = signed(self.NEXT, *KEYS)
        same = replace(self.NEXT, version=version, previous=None if version == 1 else bytes(32))
        with pytest.raises(UntrustedRoots, match="known already"):
            signed(same, *KEYS).follow(before)
