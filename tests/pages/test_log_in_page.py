"""`/login` as people use it, in a real browser."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, Page, expect
from typer.testing import CliRunner

from tests.verifier.shelf import Shelf
from verifier.cli import build

pytestmark = pytest.mark.xdist_group("pages")

PASSWORD = "correct horse battery"


def ecert(shelf: Shelf, *words: str) -> str:
    ran = CliRunner().invoke(build(list(words)), [*words, "--data", str(shelf.folder)])
    assert ran.exit_code == 0, ran.output
    return ran.stdout


@pytest.fixture(scope="module", name="once")
def once_(shelf: Shelf) -> str:
    """The one-time password of `clerk-1`."""
    ecert(shelf, "organisation", "add", "TAX", "Tax office")
    added = ecert(shelf, "account", "add", "clerk-1", "--organisation", "TAX", "--role", "clerk", "--json")
    return str(json.loads(added)["one_time_password"])


def log_in(page: Page, address: str, password: str, new_password: str | None = None) -> None:
    page.goto(f"{address}/login?lang=en")
    page.fill("#name", "clerk-1")
    page.fill("#password", password)
    if new_password is not None:
        page.click("summary")
        page.fill("#new_password", new_password)
        page.fill("#again", new_password)
    page.click("button")
    expect(page.locator("h1")).to_have_text("You are logged in", timeout=60_000)


def test_a_log_out_that_did_not_end_the_session_does_not_look_like_one(
    browser: Browser, address: str, once: str
) -> None:
    context = browser.new_context(locale="en-GB")
    old = context.new_page()
    log_in(old, address, once, PASSWORD)
    new = context.new_page()
    new.goto(f"{address}/login?lang=en")
    new.click("button")
    expect(new.locator("#password")).to_be_visible()
    log_in(new, address, PASSWORD)
    old.click("button")  # its form is that of the session before
    expect(old.locator(".problem")).to_contain_text("You are still logged in")
    expect(old.locator("h1")).to_have_text("You are logged in")
    expect(old.locator("#password")).to_have_count(0)
    old.click("button")
    expect(old.locator("#password")).to_be_visible()
    new.reload()
    expect(new.locator("#password")).to_be_visible()
    context.close()
