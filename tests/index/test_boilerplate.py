from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.boilerplate import Byline, find_boilerplate, find_byline, find_title

SEEDS = Path(__file__).parents[2] / "seeds"
EVALUATION = Path(__file__).parents[3] / "shared" / "eval"
PROSE = "The tea road ran from Kyakhta over the steppe to the markets of Nizhny Novgorod."


def marked(text: str) -> list[str]:
    """The words of every marked line."""
    lines = "\n".join(text[span.start : span.end] for span in find_boilerplate(text)).split("\n")
    return [line.strip() for line in lines if line.strip()]


def seed(number: str) -> str:
    (path,) = SEEDS.glob(f"{number}_*.txt")
    return path.read_bytes().decode()


def test_the_first_seed_is_left_with_nothing_but_its_article():
    text = seed("000")
    assert marked(text) == ["top of page", "Search", "• 6 min read", "ree", "Comments", "bottom of page"]
    assert find_title(text) == text.split("\n")[3]
    assert find_byline(text) == Byline(author="Times Tengri", date="Oct 22")


def test_the_second_seed_is_left_with_nothing_but_its_article():
    text = seed("004")
    assert marked(text) == ["— 7 min read"]
    assert find_title(text) == "Kazakhstan's Multivector vs Western Tactics: Foreign Policy Ripples"
    assert find_byline(text) == Byline()


PAGE = f"""Skip to content
Menu
Home
News
Sport
Contact

We use cookies to improve your experience on our site. Read our policy.
Accept

The Long Road to Astana

By Jane Doe and John Smith | May 3, 2024
Share
Facebook
Twitter

5 min read

Search

{PROSE}

Comments

{PROSE}

Home

{PROSE}

Share this article
Related posts
Another headline about something
© 2024 The Site. All rights reserved.
Privacy Policy | Terms of Use | Contact
"""


def test_menus_banners_and_buttons_at_the_ends_of_a_copy_are_marked():
    words = marked(PAGE)
    for line in ("Skip to content", "Sport", "Accept", "Facebook", "5 min read", "Related posts"):
        assert line in words
    assert any(line.startswith("We use cookies") for line in words)
    assert words[-1] == "Privacy Policy | Terms of Use | Contact"


def test_the_same_words_are_kept_where_they_are_headings():
    own = PAGE[PAGE.index("Search\n") : PAGE.index("Share this article")]
    assert own.strip() not in marked(PAGE)
    for span in find_boilerplate(PAGE):
        assert span.end <= PAGE.index("Search\n") or span.start >= PAGE.index("Share this article")


def test_bylines_and_headlines_are_never_marked():
    words = marked(PAGE)
    assert "The Long Road to Astana" not in words
    assert not any("Jane Doe" in line for line in words)


@pytest.mark.parametrize(
    "text",
    [
        "The Way\n\nHome\nis where the heart is\nnot where the sun shines\nSearch\n",
        f"Search\n\n{PROSE}\n{PROSE}\n",
        f"Comments\n\n{PROSE}",
        f"A Life in News\n\n{PROSE}\n\nThe End\n",
        f"Title\n\n{PROSE}\nWe use cookies in our kitchen, said the baker, and a lot of them.\n{PROSE}\n{PROSE}\n" * 3,
        f"{PROSE} Skip to content is what the link says.\n",
        f"Team\n\n{PROSE}\n\nPhone\nEmail\n",
        "Home\n",
        "",
    ],
    ids=["poem", "title", "heading", "ends", "bakery", "mention", "contact", "no prose", "empty"],
)
def test_an_article_that_is_no_web_copy_is_left_alone(text: str):
    assert find_boilerplate(text) == ()


@pytest.mark.parametrize(
    "line",
    [
        "3 min read",
        "— 12 minute read",
        "Reading time: 5 minutes",
        "Skip to main content",
        "Back to top",
        "Share on Facebook",
        "Click to share on Twitter (Opens in new window)",
        "Leave a Reply",
        "4 Comments",
        "Log in / Sign up",
        "Subscribe to our newsletter",
        "Powered by WordPress",
        "Advertisement",
        "ree",
    ],
)
def test_lines_that_are_nobodys_prose_are_marked_anywhere(line: str):
    assert marked(f"The Tea Road\n\n{PROSE}\n\n{line}\n\n{PROSE}") == [line]


@pytest.mark.parametrize(
    ("lines", "byline"),
    [
        ("By Jane Doe", Byline("Jane Doe")),
        ("By JANE VAN DER BERG and John Smith", Byline("JANE VAN DER BERG and John Smith")),
        ("Written by Jane Doe\nPublished on May 3, 2024", Byline("Jane Doe", "May 3, 2024")),
        ("Author: Jane Doe\nUpdated: 4 May 2024\nPublished: 3 May 2024", Byline("Jane Doe", "3 May 2024")),
        ("2024-05-03", Byline(None, "2024-05-03")),
        ("Jane Doe, by the sea", Byline()),
        ("By the river", Byline()),
        ("Authors: Doe, Jane; Smith, John\nDate: 2020-02-19", Byline("Doe, Jane; Smith, John", "2020-02-19")),
        ("https://example.org/tea", Byline(url="https://example.org/tea")),
        ("Автор: Иван Иванов", Byline("Иван Иванов")),
    ],
)
def test_the_lines_under_the_headline_tell_author_date_and_address(lines: str, byline: Byline):
    assert find_byline(f"The Tea Road\n{lines}\n\n{PROSE}") == byline


def test_a_headline_that_begins_with_by_is_no_byline():
    text = f"By Land And Sea\n\n{PROSE}"
    assert find_byline(text) == Byline()
    assert find_title(text) == "By Land And Sea"


def test_words_in_the_prose_are_no_byline():
    assert find_byline(f"The Tea Road\n\n{PROSE}\n\nBy Jane Doe\n") == Byline()


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (f"The Tea Road\n\n{PROSE}", "The Tea Road"),
        (f"Menu\nHome\nThe Tea Road\nBy Jane Doe\n{PROSE}", "The Tea Road"),
        (f"Title: The Tea Road\n{PROSE}", "The Tea Road"),
        (f"2024-05-03\nIs tea the future of the steppe?\n{PROSE}", "Is tea the future of the steppe?"),
        (PROSE, None),
        ("only a line", None),
        ("", None),
        (f"{PROSE}\n\nA heading\n\n{PROSE}", None),
    ],
)
def test_the_title_is_the_first_line_that_is_neither_menu_byline_nor_prose(text: str, title: str | None):
    assert find_title(text) == title


@given(st.lists(st.sampled_from(PAGE.split("\n") + [PROSE, "", " ree ", "\u2028Search\x0b", "•"]), max_size=30))
def test_spans_are_whole_lines_in_order_and_disjoint(lines: list[str]):
    text = "\n".join(lines)
    spans = find_boilerplate(text)
    assert all(before.end <= after.start for before, after in zip(spans, spans[1:], strict=False))
    for span in spans:
        assert text[span.start : span.end].strip() == text[span.start : span.end] != ""
        assert not re.search(r"[^\s\u200b\ufeff]", re.split(r"[\n\x0b\u2028]", text[: span.start])[-1])


@pytest.mark.skipif(not EVALUATION.is_dir(), reason="the evaluation articles are not beside the checkout")
def test_nothing_is_marked_in_articles_that_are_no_web_copies():
    counts = {}
    for path in sorted(EVALUATION.glob("*/docs.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            document = json.loads(line)
            if lines := marked(document["text"]):
                counts[document["id"]] = lines
    assert counts == {}


@pytest.mark.parametrize("text", ["tea " * 500_000, "Tea\n" * 50_000, "•" * 100_000, " \n" * 100_000, "by " * 50_000])
@pytest.mark.timeout(20)
def test_the_time_grows_with_the_text_only(text: str):
    find_boilerplate(text)
    find_byline(text)
    find_title(text)
