"""A registry that has issued the first titles of the sample, on a database of the test's own."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from ecert.certificate_type import CertificateType
from ecert.parsing import parse
from ecert.types import TypeCatalogue, bundled_types
from store import batches, certificates
from tests.verifier.office import AGENCY, City
from tests.verifier.test_issuing import Options, run
from verifier.services.at_rest import AtRest
from verifier.services.blind_indexes import said_by
from verifier.services.finding import Finding
from verifier.services.found import Found
from verifier.services.table_issuance import TableOutcome

TITLE = bundled_types()["real-estate-title"]
SAMPLE = Path(__file__).parents[2] / "samples" / "real-estate-title.csv"
OTHER_AGENCY = "HOUSING-2"


def sample(count: int) -> list[dict[str, str]]:
    """The first rows of the sample."""
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))[:count]


def holder_of(row: dict[str, str]) -> str:
    """The id of a row's first holder."""
    found: str = json.loads(row["holders"])[0]["id_number"]
    return found


def issue_titles(city: City, rows: list[dict[str, str]], **options: Any) -> TableOutcome:
    """Issue rows as titles."""
    path = city.folder / "titles.csv"
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    wanted: Options = {"certificate_type": TITLE, "batch_size": 100, **options}
    return run(city, path, **wanted)


def finding(city: City) -> Finding:
    """What the office finds with."""
    return Finding(city.database, [city.office.ledger], city.office.keyring.folder, TypeCatalogue.bundled())


def look_up(
    city: City,
    certificate_type: CertificateType,
    by: str,
    value: str,
    *,
    agency: str | None = None,
    serial: int | None = None,
) -> Found:
    """Look up in a reading of its own."""
    with finding(city).reading() as reading:
        return reading.look_up(certificate_type, by, value, agency=agency, serial=serial)


def by_document(
    city: City,
    sha256: bytes,
    types: Collection[CertificateType] = (TITLE,),
    *,
    agency: str | None = None,
    serial: int | None = None,
) -> Found:
    """Find by a document in a reading of its own."""
    with finding(city).reading() as reading:
        return reading.by_document(sha256, types, agency=agency, serial=serial)


def copy_to_another_agency(city: City, serial: int) -> None:
    """Let another agency of the same database hold what a certificate of ours says, under its own serial."""
    at_rest = AtRest.open(city.database, city.office.keyring.folder)
    with city.database.begin() as connection:
        record = certificates.read(connection, city.office.ledger, AGENCY, serial)
        assert record is not None
        signed = replace(at_rest.fields.signed(record), serial=0)
        said = said_by(parse(at_rest.fields.compact(record)))
        blind = at_rest.blind(OTHER_AGENCY, TITLE)
        row = at_rest.row(signed, said, ledger=city.office.ledger, blind=blind, number=None)
        begun = batches.begin(
            connection,
            ledger=city.office.ledger,
            agency=OTHER_AGENCY,
            certificate_type=TITLE.vct_hash,
            job=None,
            capacity=1,
            now=city.clock.now + 1000,
        )
        batches.fill(connection, begun.id, position=0, rows=[row], now=city.clock.now)
