"""What a trust file says, as JSON: bytes of the chain are `0x` hex, all others base64url, times are seconds.

A registry takes what JSON of ours does not: names in any form of Unicode, accreditations beyond 2^53. Names are written
in NFC, and the latest time that can be written stands for all after it.
"""

from __future__ import annotations

from unicodedata import normalize

from ecert import base64url
from ecert.agency_copy import Accredited, AgencyCopy, Standing
from ecert.certificate import Value
from ecert.errors import MalformedKey, MalformedTrust
from ecert.events import Reading
from ecert.facts_json import key_from_json, key_to_json
from ecert.jwks import KeySet
from ecert.members import Members
from ecert.strict_json import MAX_INTEGER
from ecert.suite import from_jwk, thumbprint, to_jwk
from ecert.trust import Checkpoint, Roots, Trust, TrustedContract, TrustedLedger, Validators

_QBFT = "qbft"
_NO_SEALS = "none"
_FEWEST_VALIDATORS = 4


def trust_to_json(trust: Trust) -> dict[str, Value]:
    """Write it, of each agency what it says as of the checkpoint; what `trust_from_json` reads is written as it was."""
    return {
        "version": trust.version,
        "iat": trust.iat,
        "exp": trust.exp,
        "previous": None if trust.previous is None else base64url.encode(trust.previous),
        "roots": {"threshold": trust.roots.threshold, "keys": [to_jwk(key) for key in trust.roots.keys]},
        "ledgers": [_ledger_to_json(ledger) for ledger in trust.ledgers],
        "status_bases": list(trust.status_bases),
        "receipt_keys": trust.receipt_keys.to_json(),
        "status_keys": trust.status_keys.to_json(),
    }


def trust_from_json(value: Value, place: str) -> Trust:
    """Read it.

    Raises:
        MalformedTrust, MalformedToken: with the place.
    """
    said = Members(value, place, MalformedTrust)
    whole = said.as_dict()
    trust = Trust(
        version=said.number("version"),
        iat=said.number("iat"),
        exp=said.number("exp"),
        previous=said.maybe("previous", said.octets),
        roots=_roots(said.members("roots")),
        ledgers=said.each("ledgers", _ledger),
        status_bases=tuple(str(base) for base in said.items("status_bases")),
        receipt_keys=KeySet.from_json(whole.get("receipt_keys"), f"{place}.receipt_keys"),
        status_keys=KeySet.from_json(whole.get("status_keys"), f"{place}.status_keys"),
    )
    if not trust.ledgers:
        raise said.refusal("ledgers", "none")
    if len({ledger.name for ledger in trust.ledgers}) < len(trust.ledgers):
        raise said.refusal("ledgers", "one of them twice")
    if trust.version == 0 or (trust.version == 1) != (trust.previous is None):
        raise said.refusal("previous", "the first version, and it alone, follows no other")
    if trust.exp <= trust.iat:
        raise said.refusal("exp", "not after iat")
    if trust_to_json(trust) != whole:
        raise MalformedTrust(place, "has what does not belong there, or is not in its one form")
    return trust


def _ledger_to_json(ledger: TrustedLedger) -> Value:
    at = ledger.checkpoint
    return {
        "chain_id": ledger.chain_id,
        "genesis": _hex(ledger.genesis),
        "registry": _contract_to_json(ledger.registry),
        "ledger": _contract_to_json(ledger.ledger),
        "consensus": _consensus_to_json(ledger.validators),
        "checkpoint": {
            "block": at.block,
            "hash": _hex(at.hash),
            "time": at.time,
            "registry": {"sequence": at.registry.sequence, "head": _hex(at.registry.head)},
            "ledger": {"sequence": at.ledger.sequence, "head": _hex(at.ledger.head)},
        },
        "agencies": [_agency_to_json(agency, at.block) for agency in ledger.agencies],
    }


def _contract_to_json(contract: TrustedContract) -> Value:
    return {
        "address": _hex(contract.address),
        "instance": _hex(contract.instance),
        "code_hash": _hex(contract.code_hash),
    }


def _consensus_to_json(validators: tuple[Validators, ...]) -> Value:
    if not validators:
        return {"type": _NO_SEALS}
    sets: list[Value] = [
        {"from_block": each.from_block, "addresses": [_hex(address) for address in sorted(each.addresses)]}
        for each in validators
    ]
    return {"type": _QBFT, "validators": sets}


def _agency_to_json(agency: AgencyCopy, block: int) -> Value:
    return {
        "code": agency.code,
        "name": normalize("NFC", agency.name),
        "suspended": agency.suspended,
        "doubt_since": agency.doubt_since(block),
        "keys": [key_to_json(agency.keys[kid]) for kid in sorted(agency.keys)],
        "accreditations": [
            {
                "certificate_type": base64url.encode(certificate_type),
                "since": min(each.since, MAX_INTEGER),
                "until": None if each.until is None else min(each.until, MAX_INTEGER),
            }
            for certificate_type in sorted(agency.accredited)
            for each in agency.accredited[certificate_type]
        ],
    }


def _roots(said: Members) -> Roots:
    keys = tuple(_root(value, f"{said.place}.keys[{index}]") for index, value in enumerate(said.items("keys")))
    if [*keys] != sorted(set(keys), key=thumbprint):
        raise said.refusal("keys", "one of them twice, or not in the order of their thumbprints")
    threshold = said.number("threshold")
    if not 1 <= threshold <= len(keys):
        raise said.refusal("threshold", f"not 1 to {len(keys)}")
    return Roots(threshold=threshold, keys=keys)


def _root(value: Value, place: str) -> bytes:
    try:
        return from_jwk(value, place)
    except MalformedKey as error:
        raise MalformedTrust(error.place, error.why) from None


def _ledger(said: Members) -> TrustedLedger:
    at = said.members("checkpoint")
    block = at.number("block")
    return TrustedLedger(
        chain_id=said.number("chain_id"),
        genesis=_octets(said, "genesis", 32),
        registry=_contract(said.members("registry")),
        ledger=_contract(said.members("ledger")),
        checkpoint=Checkpoint(
            block=block,
            hash=_octets(at, "hash", 32),
            time=at.number("time"),
            registry=_reading(at.members("registry")),
            ledger=_reading(at.members("ledger")),
        ),
        validators=_consensus(said.members("consensus")),
        agencies=said.each("agencies", lambda agency: _agency(agency, block)),
    )


def _contract(said: Members) -> TrustedContract:
    return TrustedContract(
        address=_octets(said, "address", 20),
        instance=_octets(said, "instance", 32),
        code_hash=_octets(said, "code_hash", 32),
    )


def _reading(said: Members) -> Reading:
    return Reading(sequence=said.number("sequence"), head=_octets(said, "head", 32))


def _consensus(said: Members) -> tuple[Validators, ...]:
    kind = said.text("type")
    if kind == _NO_SEALS:
        return ()
    if kind != _QBFT:
        raise said.refusal("type", f"not {_QBFT} or {_NO_SEALS}")
    sets = said.each("validators", _validators)
    starts = [each.from_block for each in sets]
    if not sets or starts != sorted(set(starts)):
        raise said.refusal("validators", "none, or not in the order of their blocks")
    return sets


def _validators(said: Members) -> Validators:
    addresses = frozenset(_bytes(said, "addresses", item, 20) for item in said.items("addresses"))
    if len(addresses) < _FEWEST_VALIDATORS:
        raise said.refusal("addresses", f"fewer than {_FEWEST_VALIDATORS}: their seals prove nothing")
    return Validators(from_block=said.number("from_block"), addresses=addresses)


def _agency(said: Members, block: int) -> AgencyCopy:
    """Read an agency; `block` is that of which it is told."""
    accredited: dict[bytes, tuple[Accredited, ...]] = {}
    for certificate_type, each in said.each("accreditations", lambda one: _accreditation(one, block)):
        accredited[certificate_type] = (*accredited.get(certificate_type, ()), each)
    doubt, suspended = said.maybe("doubt_since", said.number), said.flag("suspended")
    standing = Standing(suspended=suspended, doubt_since=doubt, block=block)
    keys = said.each("keys", key_from_json)
    return AgencyCopy(
        code=said.text("code"),
        name=said.text("name"),
        keys={key.kid: key for key in keys},
        accredited=accredited,
        standings=(standing,) if suspended or doubt is not None else (),
    )


def _accreditation(said: Members, block: int) -> tuple[bytes, Accredited]:
    since, until = said.number("since"), said.maybe("until", said.number)
    return said.octets("certificate_type"), Accredited(since=since, until=until, block=block)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _octets(said: Members, name: str, length: int) -> bytes:
    return _bytes(said, name, said.text(name), length)


def _bytes(said: Members, name: str, text: Value, length: int) -> bytes:
    try:
        value = bytes.fromhex(text.removeprefix("0x")) if isinstance(text, str) else b""
    except ValueError:
        value = b""
    if len(value) != length or text != _hex(value):
        raise said.refusal(name, f"not 0x and {2 * length} digits of lower case")
    return value
