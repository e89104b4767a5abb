"""The Token Status List: the draft's own vectors, our lists, and what is refused."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecert import base64url
from ecert.certificate import Value
from ecert.errors import MalformedToken
from ecert.facts import Status
from ecert.members import Members
from ecert.status_list import StatusList, decode, encode

# draft-ietf-oauth-status-list, sections 4.1 and 4.2: sixteen entries of one bit, twelve of two.
ONE_BIT = ("eNrbuRgAAhcBXQ", "b9a3", [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1])
TWO_BITS = ("eNo76fITAAPfAgc", "c944f9", [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3])
# Appendix "Test vectors": 2^20 entries, all 0 but these.
MILLION_OF_1_BIT = (
    "eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAA"
    "AJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAAAACAZC8L2AEb"
)
MILLION_OF_2_BITS = (
    "eNrt2zENACEQAEEuoaBABP5VIO01fCjIHTMStt9ovGVIAAAAAABAbiEBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEB5"
    "WwIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAID0ugQAAAAAAAAAAAAAAAAAQG12SgAAAAAAAAAAAAAAAAAAAAAAAAAAAOCSIQEAAAAAAAAAAAAAAAAAAAAAAAD8ExIA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAwJEuAQAAAAAAAAAAAAAAAAAAAAAAAMB9SwIAAAAAAAAAAAAAAAAAAACoYUoA"
    "AAAAAAAAAAAAAEBqH81gAQw"
)
ENTRIES = [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345]
OF_2_BITS = [1, 2, 1, 3, 1, 1, 2, 1, 1, 2, 3]


def claim(bits: Value, lst: Value) -> Members:
    return Members({"bits": bits, "lst": lst}, "status_list", MalformedToken)


def entries(status_list: StatusList) -> list[int]:
    return [status_list.status(index) for index in range(len(status_list))]


class TestVectorsOfTheDraft:
    @pytest.mark.parametrize(("bits", "vector"), [(1, ONE_BIT), (2, TWO_BITS)])
    def test_its_short_lists_are_read_and_written_alike(self, bits: int, vector: tuple[str, str, list[int]]) -> None:
        lst, packed, expected = vector
        read = decode(claim(bits, lst))
        assert entries(read) == expected
        assert read.packed.hex() == packed
        assert read.to_json() == {"bits": bits, "lst": lst}

    @pytest.mark.parametrize(
        ("bits", "lst", "expected"),
        [
            (1, MILLION_OF_1_BIT, dict.fromkeys(ENTRIES, 1)),
            (2, MILLION_OF_2_BITS, dict(zip(ENTRIES, OF_2_BITS, strict=True))),
        ],
    )
    def test_its_lists_of_a_million_are_read(self, bits: int, lst: str, expected: dict[int, int]) -> None:
        read = decode(claim(bits, lst))
        assert len(read) == 2**20
        assert {index: read.status(index) for index in expected} == expected
        rest = bytearray(read.packed)
        for index, status in expected.items():
            rest[index * bits // 8] ^= status << index * bits % 8
        assert not any(rest)


class TestOurLists:
    def test_one_has_131072_entries_of_two_bits(self) -> None:
        made = encode({})
        assert (len(made), made.bits, len(made.packed)) == (131_072, 2, 32_768)
        assert made.status(131_071) == 0

    def test_a_superseded_certificate_is_written_as_invalid(self) -> None:
        size = 131_072
        made = encode(
            {
                size: Status.REVOKED,
                size + 1: Status.SUSPENDED,
                size + 2: Status.SUPERSEDED,
                size + 3: Status.VALID,
                2 * size - 1: Status.REVOKED,
            }
        )
        assert [made.status(index) for index in (0, 1, 2, 3, 4, size - 1)] == [1, 2, 1, 0, 0, 1]

    @given(st.dictionaries(st.integers(0, 131_071), st.sampled_from(Status), max_size=50))
    def test_what_is_written_is_read_back(self, statuses: dict[int, Status]) -> None:
        made = encode(statuses)
        read = decode(Members(made.to_json(), "status_list", MalformedToken))
        assert read == made
        written = {Status.SUPERSEDED: 1}
        assert all(read.status(index) == written.get(status, status) for index, status in statuses.items())

    @pytest.mark.parametrize("index", [-1, 131_072])
    def test_there_is_no_entry_beyond_it(self, index: int) -> None:
        with pytest.raises(IndexError):
            encode({}).status(index)


class TestRefusals:
    @pytest.mark.parametrize("bits", [0, 3, 16, True, "2", None])
    def test_bits_other_than_1_2_4_and_8(self, bits: Value) -> None:
        with pytest.raises(MalformedToken) as refused:
            decode(claim(bits, TWO_BITS[0]))
        assert refused.value.place == "status_list.bits"

    @pytest.mark.parametrize(
        "lst",
        [
            None,
            "eNo76fITAAPfAgc=",
            "not base64!",
            base64url.encode(b"no zlib"),
            base64url.encode(zlib.compress(b"\1")[:-1]),
            base64url.encode(zlib.compress(b"\1") + b"more"),
            base64url.encode(zlib.compress(bytes(2**20 // 4 + 1))),
        ],
    )
    def test_what_is_not_one_zlib_stream_of_at_most_a_million_entries(self, lst: Value) -> None:
        with pytest.raises(MalformedToken) as refused:
            decode(claim(2, lst))
        assert refused.value.place == "status_list.lst"

    def test_a_small_stream_that_unfolds_to_gigabytes_is_not_unfolded(self) -> None:
        with pytest.raises(MalformedToken, match="more than"):
            decode(claim(2, base64url.encode(zlib.compress(bytes(2**26)))))
