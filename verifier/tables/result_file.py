"""What came of each row of a table, as a table: line, number, serial, file, status.

Cells are harmless to spreadsheets (`verifier.tables.cells`).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from verifier.faults import RowFault
from verifier.services.anchoring import Anchored
from verifier.services.handing_out import file_name
from verifier.tables.cells import harmless
from verifier.tables.rows import Table
from verifier.written_files import writing

COLUMNS = ("line", "number", "serial", "file", "status")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResults:
    """Line -> serial; line -> why it is bad; what came of the serials; where the files are."""

    serials: Mapping[int, int]
    bad: Mapping[int | None, str]
    anchored: Anchored
    folder: Path

    def of_line(self, line: int | None) -> tuple[str, str, str]:
        """Give serial, file and status: handed_out, waiting, withdrawn:..., withheld:..., bad:... or not_issued."""
        serial = None if line is None else self.serials.get(line)
        if serial is None:
            return "", "", f"bad:{self.bad[line]}" if line in self.bad else "not_issued"
        for word, kept in (("withdrawn", self.anchored.withdrawn), ("withheld", self.anchored.withheld)):
            if serial in kept:
                return str(serial), "", f"{word}:{'+'.join(kept[serial])}"
        if any(serial in serials for serials in self.anchored.serials):
            return str(serial), str(self.folder / file_name(serial)), "handed_out"
        return str(serial), "", "waiting"


def write_results(path: Path, table: Table, number: str, results: RowResults) -> None:
    """Write the table of results, whole or not at all; `number` names the column of certificate numbers."""
    with writing(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in table.rows():
            shown = "" if isinstance(row, RowFault) else row.cells.get(number, "")
            serial, name, status = results.of_line(row.line)
            writer.writerow((row.line, harmless(shown), serial, harmless(name), harmless(status)))
