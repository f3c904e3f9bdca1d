"""The page in a real browser: what a person sees, hears and types, and what an article cannot do to it."""

from __future__ import annotations

import json
import re
import shutil
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from index import PassageSettings, build_index
from qa.answers import Conflict, ConflictSide, Quote
from tests.conftest import ARTICLES, WordsEncoder, write_articles
from tests.qa.conftest import READ_KEY, make_assistant, served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no page is tested")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium on this machine: NO PAGE IS TESTED (apt-get install chromium)"
    ),
]
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync""".split()
PWN = "<img src=x onerror=window.pwned=1><script>window.pwned=1</script>"
HOSTILE = {
    f"{PWN.replace('/', '')[:60]}.txt": f"{PWN} the queen\n\n{PWN} The queen of {PWN} plays chess with the king.",
    "<b>'\"&amp;.md": f"# Ships {PWN} [x](javascript:window.pwned=1)\n\nNine ships of {PWN} went to sea in the wind.",
}
QUESTION = "what is Caspian Wind-2025"
NOT_IN_THEM = "who is the president of France"


@pytest.fixture(scope="module")
def page_index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    short = PassageSettings(max_words=20, min_words=5, tiny_words=3, overlap=0)
    articles = write_articles(folder / "articles", {**ARTICLES, **HOSTILE})
    build_index([articles], folder / "index", encoder=WordsEncoder(), settings=short)
    return folder / "index"


@pytest.fixture(scope="module")
def service(page_index):
    with served(page_index, risk=0.25) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with playwright_api.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser, service):
    contexts = []

    def opened(path="/", *, base=service, width=1000, dark=False):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light",
            permissions=["clipboard-read", "clipboard-write"],
        )  # fmt: skip
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.problems, page.asked = [], []
        page.on("console", lambda message: page.problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(base + path)
        page.wait_for_load_state("networkidle")
        return page

    yield opened
    for context in contexts:
        context.close()


def ask(page, question):
    page.get_by_label("Your question").fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_selector(".verdict")


def test_a_question_shows_quotes_with_their_confidence_and_place(open_page, service):
    page = open_page()
    assert page.locator("#titles button").count() == 5
    ask(page, "how many sailors took part")
    first = page.locator(".citation").first
    assert "300 sailors took part." in first.locator("blockquote").inner_text()
    assert [word.lower() for word in first.locator("blockquote .word").all_inner_texts()] == ["sailors", "took", "part"]
    assert re.search(r"(likely|certain|not|doubtful) \(\d\d%\)", first.locator(".confidence").inner_text())
    assert first.locator("cite").inner_text() == "Caspian Wind-2025"
    assert page.url == f"{service}/?q=how+many+sailors+took+part" and page.title().startswith("how many sailors")
    assert "quote" in page.get_by_role("status").first.inner_text() and page.problems == []


def test_a_link_to_a_question_asks_it_and_back_goes_back(open_page):
    page = open_page("/?q=what+is+Caspian+Wind-2025")
    assert page.locator(".verdict h2").inner_text() == "The articles say"
    ask(page, NOT_IN_THEM)
    page.go_back()
    page.wait_for_selector("text=The articles say")
    assert page.get_by_label("Your question").input_value() == QUESTION


def test_a_quote_opens_in_its_article_with_previous_and_next(open_page):
    page = open_page("/?q=what+is+Caspian+Wind-2025")
    quote = page.locator(".citation").first.locator("blockquote").inner_text()
    button = page.locator(".citation .open").first
    button.click()
    page.wait_for_selector("dialog[open] mark.current")
    current = page.locator("mark.current")
    assert current.inner_text() == quote
    box, view = current.bounding_box(), page.locator("#reader-text").bounding_box()
    assert view["y"] <= box["y"] <= view["y"] + view["height"]
    assert re.search(r"read=\w{16}#char=\d+,\d+$", page.url)
    marks = page.locator("#reader-text mark").count()
    assert marks > 1 and page.locator("#reader-place").inner_text() == f"Quote 1 of {marks}"
    page.get_by_role("button", name="Next quote").click()
    assert page.locator("#reader-place").inner_text() == f"Quote 2 of {marks}" and current.inner_text() != quote
    page.get_by_role("button", name="Previous quote").click()
    assert current.inner_text() == quote
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog:not([open])", state="attached")
    page.wait_for_url(re.compile(r"\?q=[^&#]+$"))
    assert button.evaluate("(it) => it === document.activeElement")


def test_a_link_into_an_article_opens_it_there_counting_code_points(open_page, service):
    text = ARTICLES["tea.txt"]
    start = text.index("Black tea")
    assert "🍵" in text[:start]
    page = open_page("/")
    id = page.evaluate("fetch('/v1/documents?filter=source=tea.txt').then(r => r.json()).then(d => d.documents[0].id)")
    page.goto(f"{service}/?read={id}#char={start},{start + 9}")
    page.wait_for_selector("dialog[open]")
    assert page.locator("mark.current").inner_text() == "Black tea"


def test_what_is_not_in_the_articles_is_said_and_the_nearest_are_no_answer(open_page):
    page = open_page()
    ask(page, NOT_IN_THEM)
    assert page.locator(".verdict h2").inner_text() == "Not in the articles"
    assert "not an answer" in page.get_by_role("heading", level=3).inner_text()
    assert page.locator(".nearest .citation").count() > 0
    assert page.locator("mark").count() == 0 and page.locator(".citation .confidence").count() == 0
    assert page.get_by_role("status").first.inner_text().startswith("Not in the articles")


def answer_with_spans(page_index):
    """An answer whose citations have spans and a conflict, as one with a reader has them."""
    with make_assistant(page_index) as assistant:
        answer = assistant.ask("how many ships and sailors took part", k=2).to_dict()
    citations = answer["citations"] + answer["nearest"]
    sides = []
    for rank, citation in enumerate(citations, 1):
        quote = citation["quote"]
        citation["span"] = {"text": quote["text"][:4], "start": quote["start"], "end": quote["start"] + 4}
        sides.append(ConflictSide(rank, Quote(**citation["span"])))
    conflict = Conflict("number", *sides)
    plain = {"kind": conflict.kind, **{
        name: {"rank": side.rank, "value": {"text": side.value.text, "start": side.value.start, "end": side.value.end}}
        for name, side in (("left", conflict.left), ("right", conflict.right))
    }}  # fmt: skip
    return {**answer, "answered": True, "citations": citations, "nearest": [], "conflicts": [plain]}


def test_the_answer_is_marked_and_disagreement_stands_side_by_side(open_page, page_index):
    answer = answer_with_spans(page_index)
    page = open_page()
    page.route("**/v1/ask", lambda route: route.fulfill(json=answer))
    ask(page, answer["question"])
    assert page.locator(".citation mark").all_inner_texts() == [c["span"]["text"] for c in answer["citations"]]
    conflict = page.get_by_role("region", name="The articles disagree on a figure")
    assert conflict.locator(".value").all_inner_texts() == [c["span"]["text"] for c in answer["citations"]]
    left, right = [side.bounding_box() for side in conflict.locator(".sides > li").all()]
    assert left["y"] == right["y"] and left["x"] + left["width"] <= right["x"]
    conflict.get_by_role("link", name="Quote 2").click()
    assert page.url.endswith("#citation-2")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("text", r"“Four ships and 300 sailors took part\.” — “Caspian Wind-2025”, .*caspian\.txt"),
        ("markdown", r"> Four ships and 300 sailors took part\.\n>\n> — \*Caspian Wind\\-2025\*, caspian\.txt"),
        (
            "bibtex",
            r"@misc\{article-\w{16}-\d+,\n  title = \{\{Caspian Wind-2025\}\},\n  note = \{“Four ships .*\}\n\}",
        ),
    ],
)
def test_a_citation_is_copied(open_page, name, wanted):
    page = open_page("/?q=how+many+sailors+took+part")
    page.locator(f"[data-copy={name}]").first.click()
    page.wait_for_selector(".copying .done")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(wanted, copied, re.DOTALL), copied


def test_an_answer_can_be_held_to_one_article(open_page):
    page = open_page()
    page.get_by_label("Answer from").select_option(label="How chess is won")
    ask(page, "what is made of hot water and how is it won")
    assert set(page.locator("cite").all_inner_texts()) == {"How chess is won"}
    assert "document=" in page.url


def test_neither_an_article_nor_a_question_runs_a_script(open_page):
    page = open_page()
    for question in ("which queen plays chess with the king", "how many ships went to sea in the wind", f"{PWN} queen"):
        ask(page, question)
        for button in page.locator(".citation .open:visible").all()[:2]:
            button.click()
            page.wait_for_selector("dialog[open]")
            page.keyboard.press("Escape")
            page.wait_for_selector("dialog:not([open])", state="attached")
    page.goto(page.url + "&read=" + PWN)
    page.wait_for_timeout(200)
    assert page.evaluate("window.pwned") is None
    assert page.locator("img, #results script, #reader script, [onerror]").count() == 0
    assert PWN in page.get_by_label("Your question").input_value()
    assert all("404" in problem for problem in page.problems), page.problems
    ask(page, "which queen plays chess with the king")
    assert PWN in page.locator(".citation").first.inner_text()


def test_nothing_is_asked_of_any_other_host(open_page, service):
    page = open_page("/?q=what+is+Caspian+Wind-2025")
    page.locator(".citation .open").first.click()
    page.wait_for_selector("dialog[open]")
    assert page.asked and all(url.startswith(service + "/") for url in page.asked)


def violations(page):
    from importlib.resources import files

    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed: no axe check")
    page.evaluate("0")
    source = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": source})
    found = page.evaluate("axe.run().then((result) => JSON.stringify(result.violations))")
    return [(one["id"], one["impact"], [node["target"] for node in one["nodes"]]) for one in json.loads(found)]


@pytest.mark.parametrize(("width", "dark"), [(1000, False), (360, True)], ids=["wide-light", "phone-dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(open_page, page_index, width, dark):
    def check(page):
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    page = open_page(width=width, dark=dark)
    check(page)
    ask(page, QUESTION)
    check(page)
    page.locator(".citation .open").first.click()
    page.wait_for_selector("dialog[open]")
    check(page)
    assert page.locator("dialog").bounding_box()["width"] <= width
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog:not([open])", state="attached")
    ask(page, NOT_IN_THEM)
    check(page)
    page.route("**/v1/ask", lambda route: route.fulfill(json=answer_with_spans(page_index)))
    ask(page, "how many ships")
    check(page)


def test_the_keyboard_alone_is_enough(open_page):
    page = open_page()
    assert page.evaluate("document.activeElement.id") == "question"
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    page.wait_for_selector(".citation")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.open") == "1":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    assert page.evaluate("document.activeElement.id") == "reader-title"
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "reader-next":
            break
    page.keyboard.press("Enter")
    assert page.locator("#reader-place").inner_text().startswith("Quote 2 of")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.open") == "1"


def test_light_and_dark_follow_the_system_or_the_choice(open_page):
    def paper(page):
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light, page = paper(open_page()), open_page(dark=True)
    dark = paper(page)
    assert light != dark
    page.locator("#theme").click()
    assert paper(page) == light
    page.reload()
    assert paper(page) == light and page.locator("#theme").inner_text() == "Theme: light"


def test_where_keys_are_set_the_page_asks_for_one(open_page, page_index):
    with served(page_index, api_keys=(f"read:{READ_KEY}",)) as address:
        page = open_page("/?q=what+is+Caspian+Wind-2025", base=address)
        page.get_by_label("This service asks for a key").fill(READ_KEY)
        page.get_by_role("button", name="Use it").click()
        page.wait_for_selector(".verdict")
        assert READ_KEY not in page.url and page.locator(".citation").count() > 0


def test_the_page_says_what_is_wrong(open_page):
    page = open_page()
    page.route("**/v1/ask", lambda route: route.abort())
    page.get_by_label("Your question").fill(QUESTION)
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert page.get_by_role("alert").inner_text() == "The service cannot be reached."


def test_the_page_comes_back_where_the_service_is_too_busy(open_page, page_index):
    busy = {"error": {"code": "overloaded", "message": "Too many questions at once."}}
    refusals = [1]

    def answer(route):
        if refusals:
            refusals.pop()
            route.fulfill(status=503, headers={"Retry-After": "0.1"}, json=busy)
        else:
            route.continue_()

    page = open_page()
    page.route("**/v1/ask", answer)
    ask(page, QUESTION)
    assert page.locator(".citation").count() > 0 and refusals == []


@contextmanager
def other_site(folder):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def test_one_script_tag_puts_an_ask_box_into_another_site(open_page, page_index, tmp_path):
    with other_site(tmp_path) as site, served(page_index, cors_origins=(site,)) as address:
        (tmp_path / "index.html").write_text(
            f"<!doctype html><title>x</title><style>li {{ display: none }}</style><p>News</p>"
            f'<script src="{address}/embed.js" data-label="Ask our archive" async></script>'
        )
        page = open_page("/", base=site)
        page.get_by_label("Ask our archive").fill("how many sailors took part")
        page.keyboard.press("Enter")
        page.wait_for_selector("ask-articles li")  # visible: the site's styles do not reach it
        assert "300 sailors took part." in page.locator("ask-articles li").first.inner_text()
        link = page.locator("ask-articles a").first.get_attribute("href")
        assert re.fullmatch(re.escape(address) + r"/\?q=how\+many\+sailors\+took\+part&read=\w+#char=\d+,\d+", link)
        assert page.evaluate("document.querySelector('ask-articles').shadowRoot !== null")


def test_a_site_that_is_not_allowed_gets_no_answer(open_page, service, tmp_path):
    with other_site(tmp_path) as site:
        (tmp_path / "index.html").write_text(f'<!doctype html><script src="{service}/embed.js"></script>')
        page = open_page("/", base=site)
        page.locator("ask-articles input").fill(QUESTION)
        page.keyboard.press("Enter")
        page.wait_for_function(
            "document.querySelector('ask-articles').shadowRoot.textContent.includes('cannot be reached')"
        )


def test_the_demo_page_has_the_box(open_page):
    page = open_page("/demo")
    page.get_by_label("Ask our archive").fill(QUESTION)
    page.keyboard.press("Enter")
    page.wait_for_selector("ask-articles li")
    assert violations(page) == [] and page.problems == []
