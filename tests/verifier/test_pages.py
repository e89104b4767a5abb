"""The page /check works as a plain form, in both languages, and says its errors in words."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from ecert.certificate import Value
from ecert.checks.rules import CHECKS as RULES
from ecert.claims import EARLIEST, LATEST
from ecert.explaining import Language
from ecert.facts import Status
from ecert.types import TypeCatalogue
from ecert.verdict import Outcome, Result
from store.database import Database
from tests.ecert.making import FORGED
from tests.verifier.shelf import AGENCY_NAME, BAD_FILES, Shelf, answering_with, stock
from verifier.guards import MAX_BODY
from verifier.ledger_view import LedgerView
from verifier.pages.assets import assets
from verifier.pages.showing import short_name, value_lines
from verifier.pages.words import CHECKS, ID_TYPES, OUTCOMES, PROBLEMS, RESULTS, WORDS
from verifier.problems import Code
from verifier.services.verifying import Verifying
from verifier.web import Served, public_app

NEWER_THAN_CHROME_86 = (
    r":has\(|:is\(|:where\(|aspect-ratio|\binset\b|@layer|@container|accent-color|\bdvh\b|color-mix|"
    r"\.at\(|structuredClone|Object\.hasOwn|findLast|\?\?=|\|\|=|\.any\(|replaceAll|AbortSignal\.timeout"
)

MISENCODED = {"wrong encoding": "UTF-16", "a byte order mark": "UTF-8 with BOM"}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    shelf = stock(tmp_path_factory.mktemp("shelf"))
    shelf.change(2, Status.REVOKED)
    return shelf


@pytest.fixture(scope="module")
def database(shelf: Shelf) -> Iterator[Database]:
    with shelf.open() as database:
        yield database


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    view = LedgerView(database)
    view.refresh()
    app = public_app(Served(view=view, answering=answering_with(Verifying(view=view, types=TypeCatalogue.bundled()))))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.example") as client:
        yield client


async def drop(client: httpx.AsyncClient, content: bytes, language: str = "en", **headers: str) -> httpx.Response:
    files = {"file": ("c.ecert.json", content)}
    return await client.post(f"/check?lang={language}", files=files, data={"text": ""}, headers=headers)


async def test_the_front_door_leads_to_the_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/check")


async def test_the_page_begins_empty_and_is_small(client: httpx.AsyncClient) -> None:
    page = await client.get("/check")
    assert WORDS["empty"].en in page.text
    assert 'enctype="multipart/form-data"' in page.text
    assert 'aria-live="polite"' in page.text
    size = len(page.content) + sum(len(asset.content) for asset in assets().values())
    assert size <= 150_000


@pytest.mark.parametrize("address", ["/", "/check", "/check?lang=zh"])
async def test_the_head_of_the_page_is_that_of_the_whole(address: str, client: httpx.AsyncClient) -> None:
    whole, head = await client.get(address), await client.head(address)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert {**head.headers, "x-request-id": ""} == {**whole.headers, "x-request-id": ""}


@pytest.mark.parametrize(
    ("address", "accepted", "language"),
    [
        ("/check", "", "en"),
        ("/check", "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("/check", "en;q=0.5, zh;q=0.9", "zh-CN"),
        ("/check", "fr-FR,fr;q=0.9", "en"),
        ("/check", "zh;q=0", "en"),
        ("/check", "zh;q=much", "en"),
        ("/check?lang=zh", "en", "zh-CN"),
        ("/check?lang=en", "zh", "en"),
        ("/check?lang=xx", "zh", "zh-CN"),
    ],
)
async def test_the_language_is_the_one_asked_for_else_the_browsers(
    address: str, accepted: str, language: str, client: httpx.AsyncClient
) -> None:
    page = await client.get(address, headers={"accept-language": accepted})
    assert f'<html lang="{language}">' in page.text
    assert page.headers["content-language"] == language


@pytest.mark.parametrize(
    ("language", "said", "untrue"),
    [
        (
            "en",
            "What the certificate says is not kept; that it was checked is (agency, serial and result).",
            "Nothing you",
        ),
        ("zh", "证照所载内容不会被保存；核验记录（发证机构、序列号和结果）会被保存。", "您在此出示的内容不会被保存"),
    ],
)
async def test_what_is_kept_of_a_check_is_said(
    language: str, said: str, untrue: str, client: httpx.AsyncClient
) -> None:
    page = (await client.get(f"/check?lang={language}")).text
    assert said in page
    assert untrue not in page


async def test_a_valid_certificate_is_shown_with_its_fields(client: httpx.AsyncClient, shelf: Shelf) -> None:
    page = (await drop(client, shelf.files[0])).text
    assert 'data-result="VALID"' in page
    assert '<h2 class="word">VALID</h2>' in page
    assert AGENCY_NAME in page
    assert "示例市示例路1号" in page
    assert "Business licence" in page
    assert "3 May 2020 – no end" in page
    assert "<circle" in page


async def test_the_same_in_chinese(client: httpx.AsyncClient, shelf: Shelf) -> None:
    page = (await drop(client, shelf.files[0], "zh")).text
    assert '<h2 class="word">有效</h2>' in page
    assert "2020年5月3日 – 长期" in page
    assert "营业执照" in page


async def test_a_withdrawn_one_says_why_and_what_to_do(client: httpx.AsyncClient, shelf: Shelf) -> None:
    page = (await drop(client, shelf.files[2])).text
    assert 'data-result="INVALID"' in page
    assert "The agency revoked this certificate on" in page
    assert "Do not accept it" in page
    assert WORDS["fields_INVALID"].en in page
    assert re.search(r"<code>since: \d+ \w+ \d{4} \d\d:\d\d:\d\d</code>", page)


async def test_a_certificate_of_the_first_and_last_days_of_the_calendar_is_shown(client: httpx.AsyncClient) -> None:
    forged = FORGED.but(claims={"nbf": EARLIEST, "exp": LATEST}).file()
    page = (await drop(client, forged)).text
    assert "31 December 9999" in page
    assert "9999年12月31日" in page


async def test_pasted_text_does_as_well_as_a_file(client: httpx.AsyncClient, shelf: Shelf) -> None:
    pasted = f"  {shelf.certificates[0].compact()}\n".encode()
    page = (await client.post("/check", files=[("file", ("", b"")), ("text", (None, pasted))])).text
    assert 'data-result="UNKNOWN"' in page
    assert 'data-reason="proof_missing"' in page


@pytest.mark.parametrize("kind", [kind for kind in BAD_FILES if kind not in {"empty", "too large", *MISENCODED}])
async def test_a_wrong_file_is_a_verdict_in_words(kind: str, client: httpx.AsyncClient, shelf: Shelf) -> None:
    answer = await drop(client, BAD_FILES[kind](shelf.files[0]))
    assert answer.status_code == 200
    begins = kind not in {"not JSON", "nested too deep", "a bare number"}
    assert WORDS["damaged" if begins else "no_certificate"].en in answer.text
    assert 'data-result="INVALID"' in answer.text


@pytest.mark.parametrize("kind", MISENCODED)
@pytest.mark.parametrize("language", list(Language))
async def test_a_file_that_an_editor_saved_in_another_encoding_is_told_by_that(
    kind: str, language: Language, client: httpx.AsyncClient, shelf: Shelf
) -> None:
    for presented in (shelf.files[0], shelf.certificates[0].compact().encode()):
        page = (await drop(client, BAD_FILES[kind](presented))).text
        assert language.of(WORDS["misencoded"]).format(encoding=MISENCODED[kind]) in page
        assert language.of(WORDS["damaged"]) not in page


@pytest.mark.parametrize("language", list(Language))
async def test_nothing_chosen_and_too_large_are_said_in_words(language: Language, client: httpx.AsyncClient) -> None:
    nothing = await client.post(f"/check?lang={language}", files=[("file", ("", b"")), ("text", (None, b""))])
    assert nothing.status_code == 422
    assert language.of(PROBLEMS[Code.NOT_UNDERSTOOD]) in nothing.text
    large = await drop(client, b" " * MAX_BODY, language)
    assert large.status_code == 413
    assert language.of(PROBLEMS[Code.TOO_LARGE]) in large.text
    assert "<form" in large.text


@pytest.mark.parametrize("content", [b"", b" \n"])
@pytest.mark.parametrize("language", list(Language))
async def test_an_empty_file_is_called_empty(content: bytes, language: Language, client: httpx.AsyncClient) -> None:
    answer = await drop(client, content, language)
    assert answer.status_code == 422
    assert language.of(WORDS["empty_file"]) in answer.text
    assert language.of(WORDS["nothing_chosen"]) not in re.sub(r"<form.*?</form>", "", answer.text, flags=re.DOTALL)


@pytest.mark.parametrize("language", list(Language))
async def test_a_file_and_a_text_at_once_are_refused_and_neither_is_judged(
    language: Language, client: httpx.AsyncClient, shelf: Shelf
) -> None:
    for content in (shelf.files[0], b""):
        files = [("file", ("good.ecert.json", content)), ("text", (None, shelf.files[2]))]
        answer = await client.post(f"/check?lang={language}", files=files, headers={"x-in-place": "1"})
        assert answer.status_code == 422
        assert language.of(WORDS["file_and_text"]) in answer.text
        assert "data-result" not in answer.text


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", ["file", "text"])
async def test_two_certificates_at_once_are_refused_and_neither_is_judged(
    name: str, language: Language, client: httpx.AsyncClient, shelf: Shelf
) -> None:
    files = [(name, (f"{at}.json" if name == "file" else None, shelf.files[at])) for at in (2, 0)]
    answer = await client.post(f"/check?lang={language}", files=files, headers={"x-in-place": "1"})
    assert answer.status_code == 422
    assert language.of(WORDS["one_at_a_time"]) in answer.text
    assert "data-result" not in answer.text


async def test_the_answer_names_what_it_is_about(client: httpx.AsyncClient, shelf: Shelf) -> None:
    for sent, named in [
        ("张三 (2).ecert.json", "张三 (2).ecert.json"),
        ("<b>&.json", "&lt;b&gt;&amp;.json"),
        ("f" * 200 + ".ecert.json", "f" * 39 + "…" + "f" * 9 + ".ecert.json"),
    ]:
        page = await client.post("/check", files=[("file", (sent, shelf.files[0])), ("text", (None, b""))])
        assert f"About: <bdi>{named}</bdi>" in page.text
    pasted = await client.post("/check?lang=zh", files=[("text", (None, shelf.files[0]))])
    assert "核验对象：<bdi>粘贴的文本</bdi>" in pasted.text


def test_a_files_name_cannot_turn_the_words_around_it() -> None:
    assert short_name("nosj.\u202etrece\n") == "nosj.\ufffdtrece\ufffd"


def test_rare_characters_and_full_width_spaces_of_a_name_stay() -> None:
    for name in ("张\u3000三.json", "\U0002ebf0\ue123.json", "\u0645\u06cc\u200c\u062e.json"):
        assert short_name(name) == name


def test_a_value_is_told_in_its_own_lines_and_turns_no_words() -> None:
    assert value_lines("one\n\ttwo \u202ethree", None, Language.EN) == ("one", " two \ufffdthree")
    assert value_lines(["a\nb\u2066"], None, Language.EN) == ("a b\ufffd",)


PEOPLE: list[Value] = [
    {"id_number": "420102199003071232", "id_type": "111", "name": "李明", "share": "1/2"},
    {"id_number": "X1234567", "id_type": "414", "name": "Ana Pérez", "share": "1/2", "since": "2020"},
    {"id_number": "Y7", "id_type": "999", "name": "Ben"},
    {"id_number": "420102199003071232", "name": "Zoe"},
    "nobody",
]


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            Language.EN,
            (
                "李明 · 420102199003071232 · resident identity card · share 1/2",
                "Ana Pérez · X1234567 · passport · share 1/2 · 2020",
                "Ben · Y7 · 999",
                "Zoe · 420102199003071232",
                "nobody",
            ),
        ),
        (
            Language.ZH,
            (
                "李明 · 420102199003071232 · 居民身份证 · 份额 1/2",
                "Ana Pérez · X1234567 · 护照 · 份额 1/2 · 2020",
                "Ben · Y7 · 999",
                "Zoe · 420102199003071232",
                "nobody",
            ),
        ),
    ],
)
def test_people_are_told_by_name_number_kind_of_id_and_share(language: Language, lines: tuple[str, ...]) -> None:
    title = TypeCatalogue.bundled().by_slug("real-estate-title")
    assert title is not None
    assert value_lines(PEOPLE, title.field("holders"), language) == lines


def test_records_are_told_in_the_order_that_the_type_names_their_members() -> None:
    bill = TypeCatalogue.bundled().by_slug("medical-e-bill")
    assert bill is not None
    items: list[Value] = [{"amount_cny": "12.00", "item": "X-ray", "quantity": 1}]
    assert value_lines(items, bill.field("items"), Language.EN) == ("X-ray · 12.00 · 1",)
    assert value_lines(items, None, Language.EN) == ("12.00 · X-ray · 1",)


async def test_a_service_that_is_starting_says_so(database: Database, shelf: Shelf) -> None:
    view = LedgerView(database)
    app = public_app(Served(view=view, answering=answering_with(Verifying(view=view, types=TypeCatalogue.bundled()))))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service.example") as client:
        answer = await drop(client, shelf.files[0])
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert PROBLEMS[Code.NOT_READY].en in answer.text


async def test_a_form_of_another_kind_or_a_broken_one_is_said_in_words(client: httpx.AsyncClient) -> None:
    plain = await client.post("/check", data={"text": "x"})
    assert (plain.status_code, "<form" in plain.text) == (415, True)
    broken = await client.post("/check", content=b"junk", headers={"content-type": "multipart/form-data; boundary=x"})
    assert broken.status_code == 400
    assert PROBLEMS[Code.BAD_FORM].en in broken.text


async def test_the_script_gets_the_answer_alone(client: httpx.AsyncClient, shelf: Shelf) -> None:
    answer = await drop(client, shelf.files[0], **{"x-in-place": "1"})
    assert "<html" not in answer.text
    assert answer.text.lstrip().startswith('<article class="verdict VALID en" lang="en"')


async def test_what_stands_on_a_certificate_cannot_become_markup(client: httpx.AsyncClient) -> None:
    answer = await drop(client, b'{"<script>alert(1)</script>": 1}')
    assert "<script>alert" not in answer.text


async def test_no_script_or_style_stands_in_the_page_itself(client: httpx.AsyncClient, shelf: Shelf) -> None:
    page = await drop(client, shelf.files[0])
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page.text)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_style_script_and_icon_are_ours_and_may_be_kept_for_ever(client: httpx.AsyncClient) -> None:
    page = (await client.get("/check")).text
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(addresses) == 3
    for address in addresses:
        answer = await client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert (await client.get("/static/check.css")).status_code == 404


def test_nothing_newer_than_chrome_86_is_used() -> None:
    for asset in assets().values():
        found = re.search(NEWER_THAN_CHROME_86, asset.content.decode())
        assert found is None, f"{asset.address}: {found}"


def test_every_word_is_there_in_both_languages() -> None:
    assert set(CHECKS) == {rule.name for rule in RULES}
    assert set(OUTCOMES) == set(Outcome)
    assert set(RESULTS) == set(Result)
    assert set(PROBLEMS) == set(Code)
    for table in (WORDS, ID_TYPES, CHECKS, OUTCOMES, RESULTS, PROBLEMS):
        for words in table.values():
            assert words.en
            assert re.search("[\u4e00-\u9fff]", words.zh)
