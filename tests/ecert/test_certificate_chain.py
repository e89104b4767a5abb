"""What `x5c` may begin with; that its key is the one of `kid` is tested with the header."""

from __future__ import annotations

import warnings
from base64 import b64encode

import pytest

from ecert.certificate_chain import key_of_first
from ecert.errors import MalformedKey
from tests.ecert.parsers import PARSERS

GOOD, OF_ANOTHER_CURVE = PARSERS["x5c"].seeds()
SERIAL = bytes.fromhex("020102 020101")  # version 3, serial number 1


def key_of(der: bytes) -> bytes:
    return key_of_first([b64encode(der).decode()])


def test_the_key_of_the_first_certificate_is_given() -> None:
    assert key_of(GOOD)[0] == 4


def test_a_key_on_no_curve_of_ours_is_refused() -> None:
    with pytest.raises(MalformedKey):
        key_of(OF_ANOTHER_CURVE)


@pytest.mark.parametrize("number", ["020100", "0201ff"])
@pytest.mark.parametrize("how", ["error", "ignore"])
def test_a_serial_number_below_one_is_refused_whether_warnings_are_errors_or_not(number: str, how: str) -> None:
    assert GOOD.count(SERIAL) == 1
    spoiled = GOOD.replace(SERIAL, SERIAL[:3] + bytes.fromhex(number))
    with warnings.catch_warnings():
        warnings.simplefilter("error" if how == "error" else "ignore")
        with pytest.raises(MalformedKey):
            key_of(spoiled)
