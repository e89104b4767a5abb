"""Sealing binds a content to its place, and codes name and open without being kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecert.check_digits import mod_97_10
from ecert.codes import Code, sealed_by
from ecert.errors import MalformedCode, SealBroken
from ecert.sealing import Sealer

KEY = bytes(range(32))
NONCE = bytes(12)


def test_what_is_sealed_opens_in_its_place_and_nowhere_else() -> None:
    sealed = Sealer(KEY).seal(b"content", nonce=NONCE, place=b"here")
    assert Sealer(KEY).open(sealed, place=b"here") == b"content"
    assert len(sealed) == len(b"content") + 28
    with pytest.raises(SealBroken):
        Sealer(KEY).open(sealed, place=b"there")
    with pytest.raises(SealBroken):
        Sealer(bytes(32)).open(sealed, place=b"here")
    for cut in range(len(sealed)):
        with pytest.raises(SealBroken):
            Sealer(KEY).open(sealed[:cut], place=b"here")


def test_a_new_key_is_of_one_sealer_alone() -> None:
    first, second = Sealer.with_new_key(), Sealer.with_new_key()
    sealed = first.seal(b"content", nonce=NONCE, place=b"here")
    assert first.open(sealed, place=b"here") == b"content"
    with pytest.raises(SealBroken):
        second.open(sealed, place=b"here")


def test_a_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="it has 32"):
        Sealer(b"short")


def test_the_check_digits_are_those_of_the_standard() -> None:
    assert mod_97_10("794") == "44"  # ISO 7064, the standard's own example
    assert [mod_97_10(number) for number in ("0", "1", "97")] == ["98", "95", "98"]


@given(st.integers(0, 10**29 - 1))
def test_a_code_is_read_as_it_is_printed(number: int) -> None:
    code = Code.make(number)
    assert int(code.digits) % 97 == 1
    assert [len(group) for group in code.printed().split()] == [4] * 8
    for written in (code.digits, code.printed(), code.printed().replace(" ", "-"), f" {code.printed()}\n"):
        assert Code.read(written) == code


def test_a_code_is_read_in_full_width_digits_and_any_dashes() -> None:
    code = Code.make(12345)
    wide = code.printed().translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    assert Code.read(wide.replace(" ", "\u3000")) == Code.read(code.printed().replace(" ", "\u2014")) == code


@given(st.integers(0, 10**29 - 1), st.integers(0, 31), st.integers(1, 9))
def test_every_mistyped_digit_is_told(number: int, place: int, more: int) -> None:
    digits = Code.make(number).digits
    wrong = digits[:place] + str((int(digits[place]) + more) % 10) + digits[place + 1 :]
    with pytest.raises(MalformedCode) as caught:
        Code.read(wrong)
    assert caught.value.place == "code"
    assert wrong not in str(caught.value)


@given(st.integers(0, 10**29 - 1), st.integers(0, 30))
def test_every_swap_of_neighbours_is_told(number: int, place: int) -> None:
    digits = Code.make(number).digits
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    if swapped != digits:
        with pytest.raises(MalformedCode):
            Code.read(swapped)


@pytest.mark.parametrize("text", ["", "1", "2" + "0" * 31, "1" * 31, "1" * 33, "x" * 32, "1 " * 500, "\u0661" * 32])
def test_what_is_no_code_is_told_by_its_form(text: str) -> None:
    with pytest.raises(MalformedCode, match="not 32 digits"):
        Code.read(text)


def test_name_and_key_tell_nothing_of_each_other_or_of_the_code() -> None:
    code = Code.make(7)
    assert len(code.name()) == len(code.key()) == 32
    assert len({code.name(), code.key(), Code.make(8).name(), Code.make(8).key()}) == 4
    assert code.digits not in repr(code)


def test_name_and_key_are_hkdf_of_the_digits() -> None:
    import hashlib  # noqa: PLC0415
    import hmac  # noqa: PLC0415

    code = Code.make(7)
    secret = hmac.digest(bytes(32), code.digits.encode(), hashlib.sha256)
    assert code.name() == hmac.digest(secret, b"ecert code name\x01", hashlib.sha256)
    assert code.key() == hmac.digest(secret, b"ecert code key\x01", hashlib.sha256)


def test_a_code_opens_what_was_sealed_by_it_and_no_other_does() -> None:
    code, other = Code.make(1), Code.make(2)
    sealed = sealed_by(code).seal(b"certificate", nonce=NONCE, place=code.name())
    assert sealed_by(Code.read(code.printed())).open(sealed, place=code.name()) == b"certificate"
    with pytest.raises(SealBroken):
        sealed_by(other).open(sealed, place=code.name())
