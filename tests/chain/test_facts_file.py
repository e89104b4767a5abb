"""The facts file: what an offline verifier knows of a ledger, proved event by event by the running heads."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chain.administration import (
    add_key,
    doubt_agency,
    end_accreditation,
    lift_doubt,
    reinstate_agency,
    remove_operator,
    retire_key,
    revoke_key,
    suspend_agency,
)
from chain.errors import FactsUnfit
from chain.event_fields import EVENTS
from chain.facts_export import Earlier, FactsExport
from chain.facts_file import FactsReader, FactsWriter, read_copies
from chain.network import find_network
from ecert.events import Reading
from ecert.facts import Status
from ecert.jwks import KeySet
from ecert.ledger_copy import LedgerCopy
from ecert.suite import SigningKey
from ecert.trust import Checkpoint, Roots, Trust, TrustedContract, TrustedLedger
from store import cursors, events
from tests.chain.world import AGENCY, OTHER_AGENCY, TITLE, World

KEY, OTHER_KEY = SigningKey.from_secret(61), SigningKey.from_secret(62)
Lines = list[Any]


async def everything(world: World) -> None:
    """Let every kind of event happen."""
    await world.administration.carry_out(
        world.admin,
        [
            add_key(AGENCY, KEY.kid, 1, KEY.public_key),
            add_key(AGENCY, OTHER_KEY.kid, 1, OTHER_KEY.public_key),
            retire_key(AGENCY, KEY.kid),
            revoke_key(AGENCY, OTHER_KEY.kid, compromised_since=5),
            remove_operator(OTHER_AGENCY, world.clerk.address),
        ],
    )
    await world.administration.carry_out(
        world.bureau,
        [
            suspend_agency(OTHER_AGENCY),
            reinstate_agency(OTHER_AGENCY),
            doubt_agency(OTHER_AGENCY, 7),
            lift_doubt(OTHER_AGENCY),
            end_accreditation(OTHER_AGENCY, TITLE),
        ],
    )
    await world.finish(
        world.anchor(0, 10),
        world.add("suspend", serials=[1, 2, 3]),
        world.add("reinstate", serials=[2]),
        world.add("revoke", serials=[3]),
        world.add("supersede", old=4, successors=[5, 6]),
    )


async def export(
    world: World, path: Path, until: int, earlier: tuple[Path, TrustedLedger] | None = None
) -> TrustedLedger:
    """Write a facts file of the world's ledger; give what a trust file would say of it."""
    with path.open("wb") as out:
        writer = FactsWriter(out)
        making = FactsExport(node=world.node, network=await find_network(world.node), out=writer, reach=lambda _: None)
        if earlier is None:
            at, validators = await making.write(world.deployment, until, None)
        else:
            known, ledger = earlier
            with known.open("rb") as file:
                goes_on = Earlier(facts=FactsReader(file), ledger=ledger)
                at, validators = await making.write(world.deployment, until, goes_on)
        writer.close()
    return trusted(world, at, validators)


def trusted(world: World, at: Checkpoint, validators: Any = ()) -> TrustedLedger:
    deployment, code = world.deployment, bytes(32)
    return TrustedLedger(
        chain_id=deployment.chain_id,
        genesis=deployment.genesis,
        registry=TrustedContract(address=deployment.registry, instance=deployment.registry_instance, code_hash=code),
        ledger=TrustedContract(address=deployment.ledger, instance=deployment.ledger_instance, code_hash=code),
        checkpoint=at,
        validators=validators,
        agencies=(),
    )


def trust(*ledgers: TrustedLedger) -> Trust:
    return Trust(
        version=1,
        iat=1,
        exp=2,
        previous=None,
        roots=Roots(threshold=1, keys=(KEY.public_key,)),
        ledgers=ledgers,
        status_bases=(),
        receipt_keys=KeySet(keys=()),
        status_keys=KeySet(keys=()),
    )


def lines_of(path: Path) -> Lines:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def written(path: Path, lines: Lines) -> Path:
    path.write_bytes(gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines)))
    return path


async def test_every_event_is_in_it_and_makes_the_copy_that_the_service_has(world: World, tmp_path: Path) -> None:
    await everything(world)
    cursor = world.cursor
    ledger = await export(world, tmp_path / "facts.bin", cursor.block)
    assert ledger.checkpoint.registry == Reading(sequence=cursor.registry_sequence, head=cursor.registry_head)
    assert ledger.checkpoint.ledger == Reading(sequence=cursor.ledger_sequence, head=cursor.ledger_head)
    copy = read_copies(tmp_path / "facts.bin", trust(ledger))[world.deployment.name]
    empty = LedgerCopy.empty(ledger.name, ledger.as_of)
    with world.database.read() as connection:
        ours = empty.advance(events.stream(connection, ledger.name), ledger.as_of, cursor.block)
    assert copy == ours
    assert [copy.status(AGENCY, serial) for serial in range(1, 5)] == [
        Status.SUSPENDED,
        Status.VALID,
        Status.REVOKED,
        Status.SUPERSEDED,
    ]
    names = {line[3] for line in lines_of(tmp_path / "facts.bin") if isinstance(line, list)}
    assert names == EVENTS.keys() - {"AgencyAdminSet", "LedgerRetired"}


async def test_an_earlier_one_is_gone_on_with_and_gives_the_same_file(world: World, tmp_path: Path) -> None:
    await world.finish(world.anchor(0, 10))
    first = await export(world, tmp_path / "first.bin", world.cursor.block)
    await world.finish(world.add("revoke", serials=[3]))
    until = world.cursor.block
    gone_on = await export(world, tmp_path / "second.bin", until, (tmp_path / "first.bin", first))
    anew = await export(world, tmp_path / "anew.bin", until)
    assert gone_on == anew
    assert (tmp_path / "second.bin").read_bytes() == (tmp_path / "anew.bin").read_bytes()


async def test_nothing_new_gives_the_same_once_more(world: World, tmp_path: Path) -> None:
    await world.finish(world.anchor(0, 10))
    until = world.cursor.block
    first = await export(world, tmp_path / "first.bin", until)
    assert await export(world, tmp_path / "second.bin", until, (tmp_path / "first.bin", first)) == first


async def test_one_of_another_history_is_not_gone_on_with(world: World, tmp_path: Path) -> None:
    await world.finish(world.anchor(0, 10))
    first = await export(world, tmp_path / "first.bin", world.cursor.block)
    lines = lines_of(tmp_path / "first.bin")
    lines[-1]["hash"] = "0x" + "ab" * 32
    other = replace(first, checkpoint=replace(first.checkpoint, hash=b"\xab" * 32))
    with pytest.raises(FactsUnfit, match="another one on the node's chain"):
        await export(
            world, tmp_path / "second.bin", world.cursor.block, (written(tmp_path / "other.bin", lines), other)
        )


async def test_an_event_that_is_changed_dropped_added_or_moved_is_found_out(world: World, tmp_path: Path) -> None:
    await everything(world)
    ledger = await export(world, tmp_path / "facts.bin", world.cursor.block)
    lines = lines_of(tmp_path / "facts.bin")
    spoiled: list[Lines] = []
    for place in range(1, len(lines) - 1):
        contract, block, time, name, fields = lines[place]
        other = "ledger" if contract == "registry" else "registry"
        low = fields[:-1] + ("1" if fields[-1] == "0" else "0")
        changes = (
            [other, block, time, name, fields],
            [contract, block, time + 1, name, fields],
            [contract, block, time, "KeyRetired" if name != "KeyRetired" else "KeyAdded", fields],
            [contract, block, time, name, low],
            [contract, block, time, name, fields[:-2]],
            [contract, block, time, name, fields + "00" * 32],
        )
        spoiled.extend([*lines[:place], changed, *lines[place + 1 :]] for changed in changes)
        spoiled.append([*lines[:place], *lines[place + 1 :]])
        spoiled.append([*lines[: place + 1], *lines[place:]])
        if place > 1 and lines[place - 1][0] == contract:
            before = lines[place - 1]
            swapped = [[contract, before[1], *lines[place][2:]], [contract, block, *before[2:]]]
            spoiled.append([*lines[: place - 1], *swapped, *lines[place + 1 :]])
    for each in spoiled:
        with pytest.raises(FactsUnfit):
            read_copies(written(tmp_path / "spoiled.bin", each), trust(ledger))
    assert read_copies(written(tmp_path / "spoiled.bin", lines), trust(ledger))


def _with_code(lines: Lines, code: bytes) -> Lines:
    """Give the first agency another code."""
    place = next(at for at, line in enumerate(lines) if isinstance(line, list) and line[3] == "AgencyRegistered")
    changed = [*lines[place][:4], "0x" + code.ljust(32, b"\0").hex() + lines[place][4][66:]]
    return [*lines[:place], changed, *lines[place + 1 :]]


SHAPES: dict[str, Callable[[Lines], Lines]] = {
    "nothing": lambda _: [],
    "no beginning": lambda lines: lines[1:],
    "another ledger": lambda lines: [{"ledger": "eip155:31337:0x" + "00" * 20}, *lines[1:]],
    "no end": lambda lines: lines[:-1],
    "more than the ledger": lambda lines: [*lines, lines[0]],
    "an end of another block": lambda lines: [*lines[:-1], {**lines[-1], "block": 1}],
    "an event after the checkpoint": lambda lines: [*lines[:-2], [lines[-2][0], 10**6, *lines[-2][2:]], lines[-1]],
    "a block before the one before": lambda lines: [*lines[:-2], [lines[-2][0], 0, *lines[-2][2:]], lines[-1]],
    "an event of a library": lambda lines: [*lines[:1], [*lines[1][:3], "AuthorityUpdated", lines[1][4]], *lines[2:]],
    "a line of four": lambda lines: [lines[0], lines[1][:4], *lines[2:]],
    "a contract of another name": lambda lines: [lines[0], ["other", *lines[1][1:]], *lines[2:]],
    "fields that are not hexadecimal": lambda lines: [lines[0], [*lines[1][:4], "0xzz"], *lines[2:]],
    "a time beyond all": lambda lines: [lines[0], [*lines[1][:2], 2**256, *lines[1][3:]], *lines[2:]],
    "a negative time": lambda lines: [lines[0], [*lines[1][:2], -1, *lines[1][3:]], *lines[2:]],
    "an agency's code of odd bytes": lambda lines: _with_code(lines, b"\xffHOUSING"),
    "an agency's code that moves the cursor": lambda lines: _with_code(lines, b"\x1b[2K\rVALID"),
    "an agency's code of nothing": lambda lines: _with_code(lines, b""),
    "a number for a line": lambda lines: [lines[0], 5, *lines[1:]],
}


async def test_what_is_no_facts_file_is_refused_as_such(world: World, tmp_path: Path) -> None:
    await world.finish(world.anchor(0, 10))
    ledger = await export(world, tmp_path / "facts.bin", world.cursor.block)
    whole, lines = (tmp_path / "facts.bin").read_bytes(), lines_of(tmp_path / "facts.bin")
    for change in SHAPES.values():
        with pytest.raises(FactsUnfit):
            read_copies(written(tmp_path / "other.bin", change(lines)), trust(ledger))
    deep = gzip.compress(b"[" * 100_000)
    long = gzip.compress(b"0" * ((1 << 24) + 1))
    cut_off = [whole[:length] for length in range(0, len(whole), 97)]
    for content in (
        b"",
        b"not gzip",
        deep,
        long,
        whole[:-1],
        whole + b"x",
        whole[:30] + b"\xff" + whole[31:],
        *cut_off,
    ):
        (tmp_path / "other.bin").write_bytes(content)
        with pytest.raises(FactsUnfit):
            read_copies(tmp_path / "other.bin", trust(ledger))


async def test_of_a_file_without_end_no_more_is_read_than_the_trust_file_has(world: World, tmp_path: Path) -> None:
    await world.finish(world.anchor(0, 10))
    ledger = await export(world, tmp_path / "facts.bin", world.cursor.block)
    lines = lines_of(tmp_path / "facts.bin")
    endless = written(tmp_path / "endless.bin", [*lines[:-1], *[lines[-2]] * 100])
    with pytest.raises(FactsUnfit, match="more events"):
        read_copies(endless, trust(ledger))


async def test_it_goes_with_one_trust_file_only(world: World, tmp_path: Path) -> None:
    await world.finish(world.anchor(0, 10))
    until = world.cursor.block
    ledger = await export(world, tmp_path / "facts.bin", until)
    at = ledger.checkpoint
    for other in (
        replace(at, block=at.block + 1),
        replace(at, hash=bytes(32)),
        replace(at, time=at.time + 1),
        replace(at, registry=replace(at.registry, head=bytes(32))),
        replace(at, ledger=replace(at.ledger, sequence=at.ledger.sequence + 1)),
    ):
        with pytest.raises(FactsUnfit):
            read_copies(tmp_path / "facts.bin", trust(replace(ledger, checkpoint=other)))
    instance = replace(ledger.ledger, instance=bytes(32))
    with pytest.raises(FactsUnfit):
        read_copies(tmp_path / "facts.bin", trust(replace(ledger, ledger=instance)))


async def test_where_events_stand_in_a_block_is_what_the_database_has_too(world: World) -> None:
    await world.finish(world.anchor(0, 10))
    before = world.cursor
    await world.finish(world.add("revoke", serials=[3]))
    with world.database.read() as connection:
        start = cursors.origin(connection, before.ledger)
        assert events.reached(connection, start, before.block) == (
            Reading(sequence=before.registry_sequence, head=before.registry_head),
            Reading(sequence=before.ledger_sequence, head=before.ledger_head),
        )
        assert events.reached(connection, start, 0)[0].sequence == 0


def test_the_writer_leaves_the_file_open() -> None:
    out = io.BytesIO()
    writer = FactsWriter(out)
    writer.begin("a ledger")
    writer.close()
    assert gzip.decompress(out.getvalue()) == b'{"ledger":"a ledger"}\n'
