"""Holding: whether the files of a lineage still have what the database has copied of it.

Where they do not, lines were cut off or taken away, or the folder is an older copy. Such a lineage is left as it is,
for `ecert audit verify`: whoever went on with it would give places away a second time that receipts name, close what
was cut as if it were whole, and move the database past what is missing.
"""

from __future__ import annotations

from store.verifications import Shipment
from verifier.record.lines import START, chained
from verifier.record.segments import RecordFolder, Segment


def holds(folder: RecordFolder, lineage: str, copied: Shipment | None) -> bool:
    """Tell whether all is there that was copied (None: nothing); a segment that was dropped counts. Raises OSError."""
    if copied is None:
        return True
    segment = Segment(lineage, copied.number)
    if not folder.lines(segment).exists():
        return folder.tombstone(segment).exists()
    with folder.lines(segment).open("rb") as file:
        content = file.read(copied.offset)
    lines = content.split(b"\n")[:-1]
    last = START
    for line in lines:
        last = chained(last, line)
    return (len(content), len(lines), last) == (copied.offset, copied.position, copied.hash)
