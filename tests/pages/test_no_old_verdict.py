"""What stands on `/check` is about what was put there last: no verdict outlives what it was about."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.pages.test_check_page import altered, answer, choose
from tests.verifier.shelf import Shelf

pytestmark = pytest.mark.xdist_group("pages")


def pick(page: Page, file: Path) -> None:
    """Choose a file as the browser's own dialogue does, which tells the page nothing where the choice is the same."""
    with page.expect_file_chooser():
        page.click("#certificate")
    browser = page.context.new_cdp_session(page)
    root = browser.send("DOM.getDocument")["root"]["nodeId"]
    found = browser.send("DOM.querySelector", {"nodeId": root, "selector": "#certificate"})["nodeId"]
    browser.send("DOM.setFileInputFiles", {"nodeId": found, "files": [str(file)]})


def drop_path(browser: CDPSession, page: Page, path: Path) -> None:
    """Drop a file or folder of this machine."""
    place = page.locator("#drop").bounding_box()
    assert place is not None
    carried = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.send(
            "Input.dispatchDragEvent", {"type": kind, "x": place["x"] + 20, "y": place["y"] + 20, "data": carried}
        )


def test_a_file_that_was_written_over_is_checked_anew_when_it_is_chosen_again(
    page: Page, address: str, shelf: Shelf, certificate: Path
) -> None:
    page.goto(f"{address}/check")
    pick(page, certificate)
    answer(page, "VALID")
    certificate.write_bytes(altered(shelf.files[0]))
    pick(page, certificate)
    answer(page, "INVALID")


def test_a_drop_that_brings_no_file_takes_the_old_verdict_away(page: Page, address: str, certificate: Path) -> None:
    choose(page, address, certificate)
    answer(page, "VALID")
    dropped = page.evaluate_handle(
        "() => { const carried = new DataTransfer(); carried.setData('text/plain', 'a mail'); return carried; }"
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": dropped})
    expect(page.locator("#answer .problem")).to_contain_text("Choose a file first")
    expect(page.locator("#answer [data-result]")).to_have_count(0)


@pytest.mark.parametrize(("language", "words"), [("en", "This file cannot be read"), ("zh", "无法读取该文件")])
def test_a_file_that_is_gone_and_a_folder_are_said_to_be_unreadable(
    page: Page, address: str, certificate: Path, language: str, words: str
) -> None:
    page.goto(f"{address}/check?lang={language}")
    page.set_input_files("#certificate", certificate)
    expect(page.locator("#answer [data-result=VALID]:visible")).to_be_visible(timeout=60_000)
    certificate.unlink()
    page.click("button:visible")
    expect(page.locator("#answer .problem")).to_contain_text(words)
    page.goto(f"{address}/check?lang={language}")
    drop_path(page.context.new_cdp_session(page), page, certificate.parent)
    expect(page.locator("#answer .problem")).to_contain_text(words)


def test_the_title_does_not_keep_the_verdict_before(
    page: Page, address: str, shelf: Shelf, certificate: Path, tmp_path: Path
) -> None:
    choose(page, address, certificate)
    answer(page, "VALID")
    with page.expect_navigation():  # as a form that is sent before its script has come
        page.evaluate("HTMLFormElement.prototype.submit.call(document.getElementById('check'))")
    expect(page).to_have_title("VALID · Check a certificate")
    forged = tmp_path / "forged.ecert.json"
    forged.write_bytes(altered(shelf.files[0]))
    page.set_input_files("#certificate", forged)
    answer(page, "INVALID")
    expect(page).to_have_title("Check a certificate")


def test_a_page_that_something_between_answers_with_is_not_shown(page: Page, address: str, certificate: Path) -> None:
    choose(page, address, certificate)
    answer(page, "VALID")
    page.route("**/check*", lambda route: route.fulfill(content_type="text/html", body="<h2>VALID licence of use</h2>"))
    page.click("button:visible")
    expect(page.locator("#answer .problem")).to_contain_text("The service did not answer")
    expect(page.locator("#answer")).not_to_contain_text("VALID")
