"""`/check` as people use it, in a real browser."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from ecert.types import bundled_types
from tests.ecert.making import FORGED, SALT, digest_of, disclosure
from tests.verifier.shelf import AGENCY_NAME, Shelf

pytestmark = pytest.mark.xdist_group("pages")


def answer(page: Page, word: str) -> None:
    expect(page.locator("#answer h2:visible")).to_have_text(word, timeout=60_000)


def choose(page: Page, address: str, file: Path) -> None:
    page.goto(f"{address}/check")
    page.set_input_files("#certificate", file)


def altered(file: bytes) -> bytes:
    certificate = json.loads(file)
    shown = certificate["header"]["disclosures"]
    for at, encoded in enumerate(shown):
        salt, name, _ = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        if name == "scope":
            changed = json.dumps([salt, name, "银行业务"], ensure_ascii=False).encode()
            shown[at] = base64.urlsafe_b64encode(changed).decode().rstrip("=")
    return json.dumps(certificate).encode()


def saying(values: Mapping[str, str | None], *, vct: str) -> bytes:
    """Make a certificate file of nobody we know that says this."""
    shown = {disclosure(SALT, name, value): name for name, value in values.items()}
    slots = dict(sorted((digest_of(text), name) for text, name in shown.items()))
    claims = {"vct": vct, "slots": list(slots.values()), "fields": {"_sd": list(slots)}}
    return FORGED.but(claims=claims, disclosures=tuple(shown)).file()


def test_a_chosen_file_is_answered_in_place_and_announced(page: Page, address: str, certificate: Path) -> None:
    choose(page, address, certificate)
    answer(page, "VALID")
    assert page.url == f"{address}/check"
    region = page.locator("#answer")
    assert region.get_attribute("aria-live") == "polite"
    expect(region.locator("svg:visible")).to_be_visible()
    expect(region).to_contain_text("Business licence")


def drop(page: Page, *files: bytes) -> None:
    dropped = page.evaluate_handle(
        """texts => { const carried = new DataTransfer();
                      texts.forEach((text, at) => carried.items.add(new File([text], `licence-${at}.ecert.json`)));
                      return carried; }""",
        [file.decode() for file in files],
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": dropped})


def test_a_dropped_file_is_answered_too_and_named(page: Page, address: str, shelf: Shelf) -> None:
    page.goto(f"{address}/check")
    drop(page, shelf.files[0])
    answer(page, "VALID")
    expect(page.locator("#answer .about:visible")).to_have_text("About: licence-0.ecert.json")


@pytest.mark.parametrize(("language", "words"), [("en", "One certificate at a time"), ("zh", "每次只能核验一份证照")])
def test_of_two_dropped_files_none_is_sent(page: Page, address: str, shelf: Shelf, language: str, words: str) -> None:
    page.goto(f"{address}/check?lang={language}")
    drop(page, shelf.files[0])
    expect(page.locator("#answer [data-result=VALID]:visible")).to_be_visible(timeout=60_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    drop(page, shelf.files[0], altered(shelf.files[1]))
    expect(page.locator("#answer .problem")).to_contain_text(words)
    expect(page.locator("#answer [data-result]")).to_have_count(0)
    assert asked == []


def test_an_altered_field_is_named_with_what_to_do(page: Page, address: str, shelf: Shelf, tmp_path: Path) -> None:
    forged = tmp_path / "forged.ecert.json"
    forged.write_bytes(altered(shelf.files[0]))
    choose(page, address, forged)
    answer(page, "INVALID")
    expect(page.locator("#answer")).to_contain_text('Not what the agency signed: "Scope of business"')
    expect(page.locator("#answer")).to_contain_text("Do not accept it")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7 this is no certificate", "This is not a certificate file."),
        (b"\x89PNG\r\n\x1a\n", "This is not a certificate file."),
        (b"\xff\xfe\x00", "This is not a certificate file."),
        (b'{"protected": "eyJ', "This file is damaged or was changed."),
        ('{"protected": "eyJ'.encode("utf-16"), "A text editor saved this file as UTF-16"),
        (b"", "This file is empty."),
    ],
)
def test_a_wrong_or_half_file_is_answered_in_words(
    page: Page, address: str, tmp_path: Path, content: bytes, words: str
) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_bytes(content)
    choose(page, address, wrong)
    said = page.locator("#answer article:visible, #answer section")
    expect(said).to_be_visible(timeout=60_000)
    expect(said).to_contain_text(words)


def test_an_empty_file_is_called_empty_in_chinese_too(page: Page, address: str, tmp_path: Path) -> None:
    empty = tmp_path / "empty.json"
    empty.touch()
    page.goto(f"{address}/check?lang=zh")
    page.set_input_files("#certificate", empty)
    expect(page.locator("#answer .problem")).to_contain_text("空文件", timeout=60_000)


def test_a_huge_file_is_refused_before_it_is_sent(page: Page, address: str, tmp_path: Path) -> None:
    huge = tmp_path / "huge.json"
    huge.write_bytes(b"x" * 20_000_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    choose(page, address, huge)
    expect(page.locator("#answer .problem")).to_be_visible()
    assert "POST" not in asked


def paste(page: Page, address: str, shelf: Shelf) -> list[str]:
    """Put text into the form; what is sent from then on."""
    page.goto(f"{address}/check")
    page.click("summary")
    page.fill("#text", shelf.files[0].decode())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    return asked


def test_a_double_click_asks_once_and_another_click_again(page: Page, address: str, shelf: Shelf) -> None:
    asked = paste(page, address, shelf)
    for times in (1, 2):
        page.dblclick("button:visible")
        answer(page, "VALID")
        page.wait_for_timeout(300)
        assert asked == ["POST"] * times
        page.click("h1")  # which ends a row of clicks


def test_whoever_clicks_again_while_it_is_asked_asks_once(page: Page, address: str, shelf: Shelf) -> None:
    held: list[Route] = []
    page.route(
        "**/check?lang=*", lambda route: held.append(route) if route.request.method == "POST" else route.continue_()
    )
    asked = paste(page, address, shelf)
    button = page.locator("button:visible")
    for _ in range(3):
        button.dispatch_event("click")
    expect(button).to_have_attribute("aria-disabled", "true")
    page.wait_for_timeout(300)
    assert asked == ["POST"]
    held[0].continue_()
    answer(page, "VALID")
    expect(button).not_to_have_attribute("aria-disabled", "true")
    page.locator("#text").dispatch_event("input")
    button.dispatch_event("click")
    page.wait_for_timeout(300)
    assert asked == ["POST", "POST"]


def test_pasted_text_is_checked(page: Page, address: str, shelf: Shelf) -> None:
    page.goto(f"{address}/check")
    page.click("summary")
    page.fill("#text", shelf.files[1].decode())
    page.click("button:visible")
    answer(page, "VALID")


def test_what_is_pasted_after_a_file_is_what_is_checked(
    page: Page, address: str, certificate: Path, shelf: Shelf
) -> None:
    choose(page, address, certificate)
    answer(page, "VALID")
    page.click(".paste summary")
    page.fill("#text", altered(shelf.files[1]).decode())
    expect(page.locator("#answer")).to_be_empty()
    assert page.evaluate("document.getElementById('certificate').files.length") == 0
    page.click("button:visible")
    answer(page, "INVALID")
    page.set_input_files("#certificate", certificate)
    expect(page.locator("#answer [data-result=VALID]:visible")).to_be_visible(timeout=60_000)
    assert page.input_value("#text") == ""


def test_a_file_and_a_text_that_are_both_there_all_the_same_are_not_sent(
    page: Page, address: str, certificate: Path
) -> None:
    choose(page, address, certificate)
    answer(page, "VALID")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.evaluate("document.getElementById('text').value = 'as a browser restores it'")
    page.click("button:visible")
    expect(page.locator("#answer .problem")).to_contain_text("There is a file and a text: leave one of them out")
    expect(page.locator("#answer [data-result]")).to_have_count(0)
    assert asked == []


def test_a_file_and_a_text_are_refused_without_script_too(
    browser: Browser, address: str, certificate: Path, shelf: Shelf
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    choose(page, address, certificate)
    page.click(".paste summary")
    page.fill("#text", altered(shelf.files[1]).decode())
    page.click("button:visible")
    expect(page.locator("#answer .problem")).to_contain_text("同时提供了文件和文本，请只保留其中一项")
    expect(page.locator("#answer [data-result]")).to_have_count(0)
    context.close()


def test_the_page_speaks_chinese(page: Page, address: str, certificate: Path) -> None:
    page.goto(f"{address}/check?lang=zh")
    page.set_input_files("#certificate", certificate)
    answer(page, "有效")
    expect(page.locator("#answer .title:visible")).to_have_text("营业执照")
    assert page.locator("html").get_attribute("lang") == "zh-CN"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_verdict_stays_the_same_one_in_the_other_language(
    browser: Browser, address: str, shelf: Shelf, tmp_path: Path, *, scripts: bool
) -> None:
    forged = tmp_path / "forged.ecert.json"
    forged.write_bytes(altered(shelf.files[0]))
    context = browser.new_context(java_script_enabled=scripts, locale="en-GB")
    page = context.new_page()
    choose(page, address, forged)
    if not scripts:
        page.click("button:visible")
    answer(page, "INVALID")
    told = page.locator("#answer .as-of:visible").text_content() or ""
    url = page.url
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.click("text=中文")
    answer(page, "无效")
    expect(page.locator("h1 :visible")).to_have_text("核验证照")
    expect(page.locator("#answer .reasons:visible")).to_contain_text("“经营范围”")
    expect(page.locator("#answer .as-of:visible")).to_contain_text(told.split()[-1])
    page.keyboard.press("ArrowLeft")
    answer(page, "INVALID")
    assert (page.url, asked) == (url, [])
    context.close()


def test_the_language_that_is_switched_on_is_that_of_the_next_answer_too(
    browser: Browser, address: str, certificate: Path
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{address}/check")
    page.click("text=中文")
    page.click("button:visible")
    expect(page.locator("#answer .problem :visible").last).to_have_text("请先选择文件或粘贴证照文本。")
    page.set_input_files("#certificate", certificate)
    page.click("button:visible")
    answer(page, "有效")
    context.close()


def test_everything_works_as_a_plain_form_without_script(browser: Browser, address: str, certificate: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    choose(page, address, certificate)
    page.click("button:visible")
    answer(page, "VALID")
    context.close()


@pytest.mark.parametrize("width", [360, 1366, 1920])
def test_nothing_is_cut_off_at_the_side(page: Page, address: str, certificate: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    choose(page, address, certificate)
    answer(page, "VALID")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_on_a_phone_a_code_stands_in_one_line(page: Page, address: str, certificate: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    choose(page, address, certificate)
    answer(page, "VALID")
    code = page.locator("#answer dd:visible", has_text="91420111MAB3PRHM8E").bounding_box()
    assert code is not None
    assert code["height"] < 30


def test_the_service_gone_is_said_in_words(page: Page, address: str, certificate: Path) -> None:
    page.goto(f"{address}/check")
    page.route("**/check*", lambda route: route.abort())
    page.set_input_files("#certificate", certificate)
    expect(page.locator("#answer .problem")).to_be_visible(timeout=60_000)


@pytest.mark.parametrize("keys", [["Tab"] * 12])
def test_the_page_can_be_used_with_a_keyboard_alone(page: Page, address: str, keys: list[str]) -> None:
    page.goto(f"{address}/check")
    reached = set()
    for key in keys:
        page.keyboard.press(key)
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"certificate", "SUMMARY", "BUTTON"} <= reached


HOSTILE: dict[str, str | None] = {
    "document": None,
    "identifier": None,
    "use": "\u202eDILAV\u202c <b>VALID</b><script>alert(1)</script> \x07\u200b😀",
    "remarks": "first\nsecond" + "a" * 10_000,
    "other": "b" + "\u0489" * 3000,
    "v" * 64: "✔ VALID",
}


@pytest.mark.parametrize("vct", [bundled_types()["real-estate-title"].vct, f"urn:ecert:type:valid:{'a' * 64}:1"])
@pytest.mark.parametrize("width", [360, 1366])
def test_what_a_stranger_wrote_stays_in_its_place(
    page: Page, address: str, tmp_path: Path, vct: str, width: int
) -> None:
    strange = tmp_path / "strange.ecert.json"
    strange.write_bytes(saying(HOSTILE, vct=vct))
    page.set_viewport_size({"width": width, "height": 768})
    choose(page, address, strange)
    answer(page, "INVALID")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    said = page.locator("#answer article:visible").inner_text()
    assert "\ufffdDILAV\ufffd <b>VALID</b><script>alert(1)</script> \ufffd\ufffd😀" in said
    assert "first\nsecond" in said


def test_nothing_that_a_file_says_stands_before_the_words_that_it_is_not_to_be_relied_on(
    page: Page, address: str, shelf: Shelf, tmp_path: Path
) -> None:
    forged = tmp_path / "forged.ecert.json"
    forged.write_bytes(altered(shelf.files[0]))
    choose(page, address, forged)
    answer(page, "INVALID")
    before, caption, after = (
        page.locator("#answer article:visible").inner_text().partition("What the file says (do not rely on it)")
    )
    assert caption
    for said in ("Business licence", AGENCY_NAME, "3 May 2020"):
        assert said not in before
        assert said in after
    expect(page.locator("#answer dt:visible", has_text=re.compile("^Valid$"))).to_have_count(0)


def test_what_was_not_checked_is_said_above_the_fields(page: Page, address: str, certificate: Path) -> None:
    choose(page, address, certificate)
    answer(page, "VALID")
    said = page.locator("#answer article:visible").inner_text()
    assert said.index("Checked from the file alone") < said.index("Business licence")


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_small_phone_the_verdict_comes_into_view(
    browser: Browser, address: str, certificate: Path, *, scripts: bool
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 480}, java_script_enabled=scripts, locale="en-GB")
    page = context.new_page()
    choose(page, address, certificate)
    if not scripts:
        page.click("button:visible")
    answer(page, "VALID")
    expect(page.locator("#answer .head:visible")).to_be_in_viewport(ratio=1)
    context.close()


def test_what_is_printed_is_the_answer_alone(page: Page, address: str, certificate: Path) -> None:
    choose(page, address, certificate)
    answer(page, "VALID")
    page.emulate_media(media="print")
    expect(page.locator("#check")).to_be_hidden()
    expect(page.locator("#answer .word:visible")).to_have_text("VALID")


def test_with_colours_of_the_readers_own_a_button_has_an_edge(page: Page, address: str) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(f"{address}/check")
    assert page.evaluate("getComputedStyle(document.querySelector('button')).borderTopStyle") == "solid"
