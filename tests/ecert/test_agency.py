import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecert import agency
from ecert.certificate import Issuer
from ecert.errors import MalformedAgency

ADDRESS = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
ISSUER = Issuer(ledger=f"eip155:31337:{ADDRESS}", agency="11420100MB9A000148")


@given(st.from_regex(r"[A-Z0-9-]{1,17}", fullmatch=True))
def test_a_code_survives_the_ledger(code: str) -> None:
    word = agency.to_bytes32(code)
    assert len(word) == 32
    assert agency.from_bytes32(word) == code


@pytest.mark.parametrize("code", ["11420100MB9A000148", "DEMO-AGENCY-000001", "A" * 32, "-", "HOUSING"])
def test_codes_of_many_countries_are_good(code: str) -> None:
    assert agency.check_agency(code) == code


@pytest.mark.parametrize("code", ["", "a", "A" * 33, "A B", "Ä", "11420100MB9A000149", "11420100MB9A000158", "A\n"])
def test_what_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(MalformedAgency):
        agency.check_agency(code)


@pytest.mark.parametrize("word", [b"A", bytes(32), b"\0A".ljust(32, b"\0"), b"A\0B".ljust(32, b"\0"), b"\xff" * 32])
def test_a_word_that_no_code_gives_is_refused(word: bytes) -> None:
    with pytest.raises(MalformedAgency):
        agency.from_bytes32(word)


def test_a_ledger_is_named_in_lower_case() -> None:
    assert agency.ledger_name(31337, ADDRESS.upper().replace("0X", "0x")) == f"eip155:31337:{ADDRESS}"
    assert agency.ledger_name(31337, bytes.fromhex(ADDRESS[2:])) == f"eip155:31337:{ADDRESS}"
    ledger = agency.parse_ledger(f"eip155:0:{ADDRESS}")
    assert (ledger.chain_id, ledger.address) == (0, bytes.fromhex(ADDRESS[2:]))


@pytest.mark.parametrize(
    "name",
    [
        f"eip155:31337:{ADDRESS.upper().replace('0X', '0x')}",
        f"EIP155:31337:{ADDRESS}",
        f"eip155:031337:{ADDRESS}",
        f"eip155:18446744073709551616:{ADDRESS}",
        f"eip155::{ADDRESS}",
        f"eip155:1:{ADDRESS}0",
        f"eip155:1:{ADDRESS[2:]}",
        f"bip122:1:{ADDRESS}",
        f"eip155:１:{ADDRESS}",
        "",
    ],
)
def test_other_names_are_no_ledger(name: str) -> None:
    with pytest.raises(MalformedAgency):
        agency.parse_ledger(name)


def test_an_issuer_is_a_ledger_and_a_code() -> None:
    assert agency.parse_issuer(str(ISSUER)) == ISSUER


@pytest.mark.parametrize(
    "text", ["", ISSUER.ledger, f"{ISSUER.ledger}/", f"{ISSUER}/A", f"{ISSUER.ledger}/{'A' * 200}"]
)
def test_other_texts_are_no_issuer(text: str) -> None:
    with pytest.raises(MalformedAgency):
        agency.parse_issuer(text)


def test_a_status_list_follows_from_issuer_and_serial() -> None:
    assert agency.status_place(ISSUER, 131_071) == f"/status/31337/{ADDRESS}/{ISSUER.agency}/0"
    assert agency.status_uri("https://x.example", ISSUER, 131_072) == (
        f"https://x.example/status/31337/{ADDRESS}/{ISSUER.agency}/1"
    )


@pytest.mark.parametrize("base", ["https://x.example", "http://127.0.0.1:8080/a/b-c", "http://[::1]:1"])
def test_a_status_base_is_a_plain_web_address(base: str) -> None:
    assert agency.is_status_base(base)


@pytest.mark.parametrize(
    "base",
    ["", "https://x/", "ftp://x", "https://x?y", "https://x#y", "https://u@x", "https://x y", "https://x/" + "a" * 512],
)
def test_no_other_address_is_a_status_base(base: str) -> None:
    assert not agency.is_status_base(base)
