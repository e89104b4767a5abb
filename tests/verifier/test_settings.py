"""Settings: from the environment and a file, refused with a remedy where they are not right."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from verifier.errors import SettingsRefused
from verifier.settings import load_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ECERT_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


def write(folder: Path, text: str) -> None:
    (folder / "ecert.toml").write_text(text, encoding="utf-8")


def test_everything_has_a_default_inside_the_data_directory(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path}/ecert.sqlite"
    assert settings.deployment_file == tmp_path / "deployment.json"
    assert settings.passwords_file == tmp_path / "keys" / "passwords"
    assert settings.host == "127.0.0.1"
    assert settings.settled_depth is None


def test_the_file_is_read_and_the_environment_goes_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, 'port = 0\nmax_age = 60\nnode_urls = ["http://a.example:1", "https://b.example"]\n')
    monkeypatch.setenv("ECERT_MAX_AGE", "120")
    settings = load_settings(tmp_path)
    assert (settings.port, settings.max_age) == (0, 120)
    assert settings.node_urls == ("http://a.example:1", "https://b.example")


def test_node_urls_in_the_environment_are_separated_by_commas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECERT_NODE_URLS", "http://a.example, http://b.example")
    assert load_settings(tmp_path).node_urls == ("http://a.example", "http://b.example")


def test_an_indexer_may_be_silent_for_as_long_as_its_nodes_may_hang(tmp_path: Path) -> None:
    assert load_settings(tmp_path).late_seconds == 28
    write(tmp_path, 'node_urls = ["http://a.example", "http://b.example"]\npoll_seconds = 2\n')
    assert load_settings(tmp_path).late_seconds == 40


def test_the_data_directory_comes_from_the_option_then_the_environment_then_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsRefused, match="--data DIR or set ECERT_DATA"):
        load_settings()
    (tmp_path / "data").mkdir()
    assert load_settings().data_dir == tmp_path / "data"
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("ECERT_DATA", str(tmp_path / "other"))
    assert load_settings().data_dir == tmp_path / "other"
    assert load_settings(tmp_path).data_dir == tmp_path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 80", "did you mean port"),
        ("colour = 1", "known are"),
        ("port = 70000", "port"),
        ('port = "many"', "port"),
        ("port = ", "not TOML"),
        ('status_base = "ftp://x.example"', "status_base"),
        ('status_base = "https://x.example/"', "slash"),
        ('node_urls = ["localhost:8545"]', "node_urls"),
        ('node_urls = ["http://user:word@x.example"]', "node_urls"),
        ("node_urls = []", "node_urls"),
        ('signer_url = "http://signer.example"', "belong together"),
        ('signer_keys = ["0x1111111111111111111111111111111111111111"]', "belong together"),
        ('signer_url = "http://s.example"\nsigner_keys = ["0x11"]', "40 hexadecimal digits"),
        ('signer_url = "http://user:word@s.example"\nsigner_keys = []', "signer_url"),
        ("max_age = 0", "max_age"),
        ("settled_depth = -1", "settled_depth"),
    ],
)
def test_what_is_wrong_in_the_file_is_refused_and_named(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, text)
    with pytest.raises(SettingsRefused, match=said):
        load_settings(tmp_path)


def test_an_unknown_variable_is_refused_and_the_likely_one_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECERT_MAX_AEG", "5")
    with pytest.raises(SettingsRefused, match="ECERT_MAX_AGE"):
        load_settings(tmp_path)


def test_a_data_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="is not there"):
        load_settings(tmp_path / "nowhere")


def test_a_file_that_anybody_can_change_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "port = 1")
    (tmp_path / "ecert.toml").chmod(0o666)
    with pytest.raises(SettingsRefused, match="chmod"):
        load_settings(tmp_path)


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1


def test_an_address_for_status_lists_must_be_chosen_before_anything_is_issued(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="status_base"):
        load_settings(tmp_path).required_status_base()
    write(tmp_path, 'status_base = "https://status.example/ecert"')
    assert load_settings(tmp_path).required_status_base() == "https://status.example/ecert"


def test_status_lists_must_live_long_enough_to_be_made_again(tmp_path: Path) -> None:
    write(tmp_path, "status_ttl = 60\nstatus_lifetime = 119\n")
    with pytest.raises(SettingsRefused, match="at least twice status_ttl"):
        load_settings(tmp_path)
