"""What certificates disclose is sealed, each for its place, and opens with the key that its first byte names."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from store.records import CertificateRecord
from verifier.faults import CannotOpen, KeyringError
from verifier.keys.field_key import FieldKeys

SHOWN = "WyJhIl0~WyJiIl0"


@pytest.fixture(name="fields")
def fields_(tmp_path: Path) -> FieldKeys:
    return FieldKeys(tmp_path / "service")


def stored(fields: FieldKeys, *, number: int | None = None, shown: str = SHOWN) -> CertificateRecord:
    used = fields.keys.newest() if number is None else number
    return CertificateRecord(
        ledger="eip155:1:0x1",
        agency="HOUSING-1",
        serial=7,
        batch=1,
        position=7,
        certificate_type=bytes(32),
        number_index=None,
        live=True,
        line=None,
        leaf=bytes(32),
        jwt="a.b.c",
        disclosures=fields.seal(shown, number=used, ledger="eip155:1:0x1", agency="HOUSING-1", serial=7),
    )


def test_what_is_sealed_opens_as_it_was(fields: FieldKeys) -> None:
    record = stored(fields)
    assert b"WyJh" not in record.disclosures
    assert fields.open(record) == SHOWN
    assert fields.compact(record) == b"a.b.c~WyJhIl0~WyJiIl0~"
    assert fields.signed(record).compact().encode() == fields.compact(record)


def test_a_certificate_that_discloses_nothing_opens_too(fields: FieldKeys) -> None:
    record = stored(fields, shown="")
    assert fields.compact(record) == b"a.b.c~"
    assert fields.signed(record).disclosures == ()


def test_rows_from_before_lie_open(fields: FieldKeys) -> None:
    record = replace(stored(fields), disclosures=b"\0" + SHOWN.encode())
    assert fields.open(record) == SHOWN


def test_the_same_is_never_sealed_twice_alike(fields: FieldKeys) -> None:
    assert stored(fields).disclosures != stored(fields).disclosures


def test_a_text_in_another_place_does_not_open(fields: FieldKeys) -> None:
    record = stored(fields)
    for moved in (
        replace(record, serial=8),
        replace(record, agency="HOUSING-2"),
        replace(record, ledger="eip155:1:0x2"),
    ):
        with pytest.raises(CannotOpen, match="cannot be opened"):
            fields.open(moved)


def test_a_text_that_was_changed_or_cut_does_not_open(fields: FieldKeys) -> None:
    sealed = stored(fields).disclosures
    for changed in (sealed[:-1], sealed[:1] + bytes(28), sealed[:5], sealed[:1], sealed[:20] + b"x" + sealed[21:]):
        with pytest.raises(CannotOpen):
            fields.open(replace(stored(fields), disclosures=changed))


def test_a_text_under_another_number_does_not_open(fields: FieldKeys) -> None:
    record = stored(fields)
    fields.keys.make(2)
    with pytest.raises(CannotOpen):
        fields.open(replace(record, disclosures=b"\2" + record.disclosures[1:]))


def test_a_key_that_is_not_here_is_named(fields: FieldKeys, tmp_path: Path) -> None:
    record = stored(fields)
    with pytest.raises(KeyringError, match=r"field key 1 is not here \(.*field-1\.key is missing\)"):
        FieldKeys(tmp_path / "elsewhere").open(record)


def test_both_of_two_keys_open_what_they_sealed(fields: FieldKeys, tmp_path: Path) -> None:
    first = stored(fields)
    fields.keys.make(2)
    second = stored(fields)
    assert (first.disclosures[0], second.disclosures[0]) == (1, 2)
    again = FieldKeys(tmp_path / "service")
    assert again.open(first) == again.open(second) == SHOWN


def test_its_files_are_their_owners_alone(fields: FieldKeys) -> None:
    fields.keys.newest()
    assert stat.S_IMODE(fields.keys.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(fields.keys.file(1).stat().st_mode) == 0o600
