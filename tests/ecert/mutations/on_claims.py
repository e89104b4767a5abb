"""Other claims, unsigned or signed by whoever has some key: what nobody anchored is not valid."""

from __future__ import annotations

from hashlib import sha256
from random import Random
from typing import Any

from ecert import base64url
from ecert.certificate import Issuer
from tests.ecert.attacking import Attack, Parts
from tests.ecert.mutations.entered import mutation, some_key
from tests.ecert.specimens import (
    AGENCY,
    BASE,
    LEDGER,
    OTHER_AGENCY,
    REPLACED,
    REPLACING,
    Specimen,
    world,
)


def _forged(random: Random, specimen: Specimen, **claims: Any) -> Attack:
    """Write other claims: unsigned, or signed with any of the keys."""
    parts = Parts(specimen)
    if random.random() < 1 / 3:
        parts.claim(**claims)
    else:
        parts.sign(some_key(random, specimen), **claims)
    return parts.attack()


@mutation
def other_serial(random: Random, specimen: Specimen) -> Attack:
    serial = random.choice([specimen.signed.serial + 1, REPLACED, REPLACING, 10**6, random.randrange(60)])
    uri = f"{specimen.payload['status']['status_list']['uri'].rpartition('/')[0]}/{serial // 131072}"
    status = {"status_list": {"idx": serial % 131072, "uri": uri}}
    return _forged(random, specimen, serial=serial, status=random.choice([status, specimen.payload["status"]]))


def _elsewhere(random: Random, specimen: Specimen, issuer: Issuer) -> Attack:
    _, chain_id, address = issuer.ledger.split(":")
    uri = f"{BASE}/status/{chain_id}/{address}/{issuer.agency}/0"
    status = {"status_list": {"idx": specimen.signed.serial, "uri": uri}}
    return _forged(
        random, specimen, iss=str(issuer), status=random.choice([status, status, specimen.payload["status"]])
    )


@mutation
def other_agency(random: Random, specimen: Specimen) -> Attack:
    among = {AGENCY, OTHER_AGENCY, "12420100MB9A00030T", "REGISTRY-3"} - {specimen.certificate.iss.agency}
    return _elsewhere(random, specimen, Issuer(ledger=LEDGER, agency=random.choice(sorted(among))))


@mutation
def other_ledger(random: Random, specimen: Specimen) -> Attack:
    ledger = random.choice([LEDGER.replace("31337", "1"), f"eip155:31337:0x{random.randbytes(20).hex()}"])
    return _elsewhere(random, specimen, Issuer(ledger=ledger, agency=specimen.certificate.iss.agency))


@mutation
def other_instance(random: Random, specimen: Specimen) -> Attack:
    """What was anchored on a rehearsal of the same name, keys and serials, judged by this ledger; or the reverse."""
    if random.random() < 1 / 2:
        return Attack(data=random.choice(world().rehearsed).file)
    return Attack(data=specimen.file, ledger=world().rehearsal)


@mutation
def facts_of_another_batch(random: Random, specimen: Specimen) -> Attack:
    """As if the service had asked the ledger about another one. (Of the same batch they may well be the same facts.)"""
    batch_of = world().ledger.batch
    own = batch_of(specimen.certificate.iss.agency, specimen.signed.serial)
    others = [each for each in world().good if batch_of(each.certificate.iss.agency, each.signed.serial) != own]
    return Attack(data=specimen.file, facts=world().ledger.facts(random.choice(others).certificate))


@mutation
def other_type(random: Random, specimen: Specimen) -> Attack:
    vct = random.choice(
        [each.certificate_type.vct for each in world().specimens if each.certificate_type != specimen.certificate_type]
        + ["urn:ecert:type:nobody:anything:1"]
    )
    return _forged(random, specimen, vct=vct)


@mutation
def other_times(random: Random, specimen: Specimen) -> Attack:
    midnight = specimen.payload["nbf"] + 86_400 * random.randrange(-1000, 1000)
    claims = random.choice([{"nbf": midnight}, {"exp": midnight}, {"iat": midnight}, {"exp": None}, {"legacy": True}])
    return _forged(random, specimen, **claims)


@mutation
def other_slots(random: Random, specimen: Specimen) -> Attack:
    """The same digests under other names, or in another order."""
    slots, digests = list(specimen.payload["slots"]), list(specimen.payload["fields"]["_sd"])
    random.shuffle(random.choice([slots, digests]))
    return _forged(random, specimen, slots=slots, fields={"_sd": digests})


@mutation
def other_digests(random: Random, specimen: Specimen) -> Attack:
    """Another value with the digest for it: a certificate that is right in itself, but nobody anchored."""
    parts = Parts(specimen)
    at = random.randrange(len(parts.disclosures))
    salt, name, _ = specimen.contents[at]
    parts.disclose(at, [salt, name, "另一人"])
    digests = dict(zip(specimen.payload["slots"], specimen.payload["fields"]["_sd"], strict=True))
    digests[name] = base64url.encode(sha256(parts.disclosures[at].encode()).digest())
    slots = sorted(digests, key=digests.__getitem__)
    parts.sign(some_key(random, specimen), slots=slots, fields={"_sd": [digests[slot] for slot in slots]})
    return parts.attack()


@mutation
def status_pointing_elsewhere(random: Random, specimen: Specimen) -> Attack:
    entry = dict(specimen.payload["status"]["status_list"])
    entry["idx"] = random.choice([entry["idx"], entry["idx"] + 1, str(entry["idx"]), True])
    entry["uri"] = random.choice(
        [
            "https://else.example/status/0",
            f"{entry['uri']}1",
            f"https://else.example{entry['uri'].removeprefix(BASE)}",
            f"{BASE}?{entry['uri'].removeprefix(BASE)}",
            f"javascript:{entry['uri']}",
        ]
    )
    return _forged(random, specimen, status={"status_list": entry})


@mutation
def unknown_claims(random: Random, specimen: Specimen) -> Attack:
    name = random.choice(["sub", "vc", "_sd", "...", "holder", "valid_until", "fields ", "crit"])
    return _forged(random, specimen, **{name: random.choice([None, "x", [], {"_sd": []}])})
