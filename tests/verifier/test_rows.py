"""Reading an agency's table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.faults import RowFault, RowsRefused
from verifier.tables.columns import COMMON, Column
from verifier.tables.rows import Row, Table
from verifier.tables.survey import LONGEST_LINE, open_plain, survey

COLUMNS = (
    Column(name="holder_name", zh="姓名", needed=True),
    Column(name="holder_id", zh="公民身份号码", needed=True),
    Column(name="remarks", zh="备注", needed=False),
    *COMMON,
)
HEADER = "holder_name,holder_id,remarks,valid_from,valid_until"
RIGHT = "罗文超,42010619960929978X,,2026-05-17,2027-05-16"


def table_of(data: bytes) -> Table:
    file = io.BytesIO(data)
    return Table(file, survey(file, "t.csv"), COLUMNS)


def read(data: bytes | str, encoding: str = "utf-8") -> list[Row | RowFault]:
    return list(table_of(data if isinstance(data, bytes) else data.encode(encoding)).rows())


def refused(data: bytes | str) -> tuple[RowFault, ...]:
    with pytest.raises(RowsRefused) as caught:
        read(data)
    return caught.value.faults


def only_row(data: bytes | str, encoding: str = "utf-8") -> Row:
    (row,) = read(data, encoding)
    assert isinstance(row, Row)
    return row


def only_fault(data: bytes | str) -> RowFault:
    (fault,) = (each for each in read(data) if isinstance(each, RowFault))
    return fault


EXPECTED = {
    "holder_name": "罗文超",
    "holder_id": "42010619960929978X",
    "remarks": "",
    "valid_from": "2026-05-17",
    "valid_until": "2027-05-16",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_a_row_reads_the_same_however_the_spreadsheet_wrote_it(encoding: str, end: str, last: bool) -> None:  # noqa: FBT001
    row = only_row(HEADER + end + RIGHT + (end if last else ""), encoding)
    assert row.cells == EXPECTED
    assert row.line == 2


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_the_header_says_what_the_delimiter_is(delimiter: str) -> None:
    assert only_row(f"{HEADER}\n{RIGHT}\n".replace(",", delimiter)).cells == EXPECTED


def test_a_quoted_header_with_semicolons_is_read() -> None:
    header = ";".join(f'"{name}"' for name in HEADER.split(","))
    assert only_row(f"{header}\n{RIGHT.replace(',', ';')}\n").cells == EXPECTED


def test_a_note_about_the_delimiter_above_the_header_is_passed_over() -> None:
    row = only_row(f"sep=;\n{HEADER}\n{RIGHT}\n".replace(",", ";"))
    assert (row.line, row.cells) == (3, EXPECTED)


def test_columns_may_carry_their_chinese_names() -> None:
    assert only_row(f"姓名,公民身份号码, 备注 ,有效期起,有效期至\n{RIGHT}\n").cells == EXPECTED


def test_empty_columns_and_rows_at_the_end_are_passed_over() -> None:
    assert only_row(f"{HEADER},,\n{RIGHT},,\n,,,,,,\n\n\r\n\x1a").cells == EXPECTED


def test_a_quoted_cell_may_hold_delimiters_quotes_and_line_breaks_and_lines_are_still_counted() -> None:
    rows = read(f'{HEADER}\n"罗,""文\n超",1,x,2026-05-17,\n\n{RIGHT}\n')
    assert [(row.line, row.cells["holder_name"]) for row in rows if isinstance(row, Row)] == [
        (2, '罗,"文\n超'),
        (5, "罗文超"),
    ]


def test_outer_spaces_of_cells_are_removed() -> None:
    assert only_row(f"{HEADER}\n" + RIGHT.replace(",", " ,\u3000") + "\n").cells == EXPECTED


def test_rows_can_be_read_twice() -> None:
    table = table_of(f"{HEADER}\n{RIGHT}\n".encode())
    assert list(table.rows()) == list(table.rows())


def test_a_missing_column_is_named() -> None:
    (fault,) = refused("holder_name,remarks,valid_from,valid_until\n")
    assert (fault.file, fault.line, fault.field, fault.reason) == ("t.csv", 1, "holder_id", "missing_column")
    assert "公民身份号码" in fault.zh


def test_an_unknown_column_is_named_with_a_suggestion() -> None:
    (fault,) = refused(f"{HEADER},remark\n")
    assert (fault.line, fault.field, fault.reason) == (1, "remark", "unknown_column")
    assert "did you mean remarks?" in fault.en


def test_a_column_that_is_there_twice_is_named_even_under_its_other_name() -> None:
    (fault,) = refused(f"{HEADER},姓名\n")
    assert (fault.field, fault.reason) == ("holder_name", "duplicate_column")
    assert "columns 1 and 6" in fault.en


def test_a_column_without_a_name_among_others_is_an_error() -> None:
    (fault,) = refused(f",{HEADER}\n")
    assert fault.reason == "unnamed_column"


def test_all_faults_of_a_header_are_told_at_once() -> None:
    assert {fault.reason for fault in refused("holder_name,holder_name,x\n")} == {
        "duplicate_column",
        "unknown_column",
        "missing_column",
    }


@pytest.mark.parametrize("text", ["<html>404</html>\n", "{}\n", f"{RIGHT}\n"])
def test_a_line_that_names_no_column_is_one_fault_with_the_columns_that_are_due(text: str) -> None:
    (fault,) = refused(text)
    assert (fault.line, fault.reason) == (1, "no_header")
    assert "holder_name (姓名), holder_id (公民身份号码), valid_from" in fault.en
    assert "姓名、公民身份号码、有效期起" in fault.zh


@pytest.mark.parametrize(
    ("begin", "what"), [(b"PK\x03\x04", "Excel"), (b"\xd0\xcf\x11\xe0\xa1", "Office"), (b"%PDF-1.7\n", "PDF")]
)
def test_a_file_of_another_program_is_recognised(begin: bytes, what: str) -> None:
    (fault,) = refused(begin + bytes(100))
    assert (fault.line, fault.reason) == (None, "not_csv")
    assert what in fault.en
    assert what in fault.zh


@pytest.mark.parametrize("row", [RIGHT + ",x", "罗文超,1,2026-05-17,"])
def test_a_row_with_too_many_or_too_few_cells_is_a_fault_and_the_next_one_is_read(row: str) -> None:
    found = read(f"{HEADER}\n{row}\n{RIGHT}\n")
    assert isinstance(found[0], RowFault)
    assert (found[0].line, found[0].reason) == (2, "wrong_number_of_cells")
    assert isinstance(found[1], Row)


@pytest.mark.parametrize("kept", range(len(HEADER) + 2, len(f"{HEADER}\n{RIGHT}") - len("2027-05-16") + 1))
def test_a_file_cut_off_before_its_last_cell_is_never_half_a_row(kept: int) -> None:
    whole = f"{HEADER}\n{RIGHT}"
    fault = only_fault(whole[:kept])
    assert (fault.line, fault.reason) == (2, "truncated")


def test_a_file_cut_off_inside_quotes_says_so() -> None:
    fault = only_fault(f'{HEADER}\n{RIGHT}\n"罗文')
    assert (fault.line, fault.reason) == (3, "truncated")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_file_cut_off_inside_a_character_says_where(encoding: str) -> None:
    data = f"{HEADER}\n{RIGHT}\n{RIGHT}\n张".encode(encoding)[:-1]
    (fault,) = refused(data)
    assert (fault.line, fault.reason) == (4, "truncated")


def test_a_wrong_byte_in_utf8_is_placed_and_never_read_as_gb18030() -> None:
    data = bytearray(f"{HEADER}\n{RIGHT}\n{RIGHT}\n".encode())
    offset = len(f"{HEADER}\n{RIGHT}\n".encode()) + 1
    data[offset] = 0xFF
    (fault,) = refused(bytes(data))
    assert (fault.line, fault.reason) == (3, "wrong_encoding")
    assert f"byte {offset - 1} " in fault.en


def test_a_wrong_byte_in_the_first_cell_of_a_utf8_file_is_no_gb18030_either() -> None:
    data = f"{HEADER}\n".encode() + b"\xb5" + f"{RIGHT}\n{RIGHT}\n".encode()
    assert refused(data)[0].reason == "wrong_encoding"


def test_bytes_of_no_encoding_are_refused_with_their_place() -> None:
    (fault,) = refused(f"{HEADER}\n".encode() + b"\xff\xff\xff,1,,2026-01-01,\n")
    assert (fault.line, fault.reason) == (2, "wrong_encoding")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf16_is_named(encoding: str) -> None:
    data = ("\ufeff" if encoding == "utf-16-be" else "").encode(encoding) + HEADER.encode(encoding)
    assert refused(data)[0].reason == "wrong_encoding"


def test_a_character_that_was_lost_before_is_not_printed_on_a_certificate() -> None:
    fault = only_fault(f"{HEADER}\n" + RIGHT.replace("文", "\N{REPLACEMENT CHARACTER}") + "\n")
    assert (fault.line, fault.field, fault.reason) == (2, "holder_name", "broken_character")


def test_a_nul_byte_is_placed() -> None:
    (fault,) = refused(f"{HEADER}\n{RIGHT}\n".encode() + b"a\0b\n")
    assert (fault.line, fault.reason) == (3, "nul_byte")


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\n \r\n"])
def test_a_file_with_nothing_in_it_says_so(data: bytes) -> None:
    assert refused(data)[0].reason == "empty_file"


def test_a_quote_that_never_closes_ends_soon_with_the_line_where_it_opens() -> None:
    data = f'{HEADER}\n{RIGHT}\n"罗,' + f"{RIGHT}\n" * (LONGEST_LINE // 20)
    fault = only_fault(data)
    assert (fault.line, fault.reason) in {(3, "unclosed_quote"), (3, "cell_too_long")}


def test_wrong_quotes_are_placed() -> None:
    fault = only_fault(f'{HEADER}\n"罗"文,1,,2026-01-01,\n')
    assert (fault.line, fault.reason) == (2, "bad_quotes")


def test_old_line_ends_are_counted_and_kept_within_cells_as_line_feeds() -> None:
    rows = read(f'{HEADER}\r罗,1,"a\rb",2026-01-01,2026-01-02\r{RIGHT}\r')
    assert [(each.line, each.cells["remarks"]) for each in rows if isinstance(each, Row)] == [(2, "a\nb"), (4, "")]
    (fault,) = refused(f"{HEADER}\r{RIGHT}\r".encode() + b"a\0b\r")
    assert (fault.line, fault.reason) == (3, "nul_byte")
    (fault,) = refused(f"{HEADER}\r{RIGHT}\r".encode() + "罗".encode() * 3 + b"\xe7\xff,1\r")
    assert (fault.line, fault.reason) == (3, "wrong_encoding")


def test_an_endless_line_after_old_line_ends_is_refused() -> None:
    fault = only_fault(f"{HEADER}\r{RIGHT}\r{'x' * 2 * LONGEST_LINE}")
    assert (fault.line, fault.reason) == (3, "line_too_long")


def test_line_ends_that_are_mixed_are_said_in_our_own_words() -> None:
    fault = only_fault(f"{HEADER}\n{RIGHT}\r{RIGHT}\r\n")
    assert (fault.line, fault.reason) == (2, "bad_line_break")
    assert "one kind of line break" in fault.en
    assert "universal" not in fault.en


class Endless(io.RawIOBase):
    """A gigabyte that is nowhere: the same byte again and again, and a note of how much was asked for."""

    def __init__(self, unit: bytes, size: int) -> None:
        self._unit, self._size, self._at, self.read_so_far = unit, size, 0, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        assert whence == 0
        self._at = offset
        return offset

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert size >= 0, "nobody asks for all of it"
        count = min(size, self._size - self._at)
        start = self._at % len(self._unit)
        self._at += count
        self.read_so_far += count
        return (self._unit * (count // len(self._unit) + 2))[start : start + count]

    def readline(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert size >= 0, "no line is read without a limit"
        start = self._at
        piece = self.read(size)
        line = piece.split(b"\n", 1)[0] + b"\n" if b"\n" in piece else piece
        self._at = start + len(line)
        return line


@pytest.mark.parametrize(
    ("unit", "reason"), [(b"\0", "nul_byte"), (b"x", "line_too_long"), (b'{"a":[', "line_too_long")]
)
def test_a_gigabyte_of_anything_is_refused_after_one_piece(unit: bytes, reason: str) -> None:
    file = Endless(unit, 1 << 30)
    with pytest.raises(RowsRefused) as caught:
        survey(file, "huge.csv")  # type: ignore[arg-type]
    assert caught.value.faults[0].reason == reason
    assert file.read_so_far <= 2 << 20


def test_a_gigabyte_of_holes_on_the_disk_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sparse.csv"
    with path.open("wb") as file:
        file.write(f"{HEADER}\n{RIGHT}\n".encode())
        file.truncate(1 << 30)
    with open_plain(path) as opened, pytest.raises(RowsRefused) as caught:
        survey(opened, path.name)
    assert (caught.value.faults[0].line, caught.value.faults[0].reason) == (3, "nul_byte")


def test_a_folder_a_device_and_nothing_are_no_files(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/zero"), tmp_path / "absent.csv"):
        with pytest.raises(RowsRefused) as caught:
            open_plain(path)
        assert caught.value.faults[0].reason in {"not_a_file", "unreadable"}


CELL = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), exclude_characters="\ufffd\ufeff"), max_size=12
)


@given(
    rows=st.lists(st.lists(CELL, min_size=4, max_size=4).map(lambda cells: ["甲乙丙丁", *cells]), max_size=6),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
    delimiter=st.sampled_from([",", ";", "\t"]),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_a_spreadsheet_writes_is_what_is_read(
    rows: list[list[str]], encoding: str, delimiter: str, end: str, quoting: int
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(HEADER.split(","))
    writer.writerows(rows)
    found = read(text.getvalue(), encoding)
    assert [list(row.cells.values()) for row in found if isinstance(row, Row)] == [
        [cell.strip() for cell in row] for row in rows
    ]
    assert [row.line for row in found if isinstance(row, Row)] == list(range(2, len(rows) + 2))


@given(st.binary(max_size=400))
def test_any_bytes_end_in_rows_or_in_faults_with_a_place(data: bytes) -> None:
    for head in (b"", f"{HEADER}\n".encode()):
        try:
            found = read(head + data)
        except RowsRefused as error:
            found = list(error.faults)
        assert all(isinstance(each, Row) or each.reason for each in found)
