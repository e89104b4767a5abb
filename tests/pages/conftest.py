"""A real Chromium, and the page `/check` of a real service in front of it."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.verifier.recorder import made_keys
from tests.verifier.shelf import Shelf, stock
from tests.verifier.test_workers import running

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
EXPECTED = re.compile(r"Failed to load resource: (net::ERR_FAILED|.*status of 422)")
"""What the browser itself notes of answers that tests ask for: a refused request, a connection that is cut."""
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with the module: while it is open its event loop runs in this thread, and no asynchronous test can."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: pages are not tested")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """A data directory with a few certificates; its node is away, which the page does not mind."""
    folder = tmp_path_factory.mktemp("pages")
    shelf = stock(folder)
    made_keys(folder)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        node = nobody.getsockname()[1]
    (folder / "ecert.toml").write_text(
        f'port = 0\noffice_port = 0\nnode_urls = ["http://127.0.0.1:{node}"]\nmax_age = 86400\n'
    )
    return shelf


@pytest.fixture(scope="module")
def address(shelf: Shelf) -> Iterator[str]:
    with running(shelf.folder, "api") as program:
        program.until(lambda: ADDRESS.search(program.said()), "an address")
        found = ADDRESS.search(program.said())
        assert found is not None
        yield found[0]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A counter's screen; the test fails if the page says anything on the browser's console."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-GB")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: None if EXPECTED.search(message.text) else said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


@pytest.fixture
def certificate(shelf: Shelf, tmp_path: Path) -> Path:
    path = tmp_path / "licence.ecert.json"
    path.write_bytes(shelf.files[0])
    return path
