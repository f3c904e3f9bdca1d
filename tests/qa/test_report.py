from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from qa.evaluation import MEANINGS, Evaluation, evaluate, interval
from qa.question_sets import Question
from qa.report import figure_rows, html_report

from .test_evaluation import answer, bridge, mill

ATTACK = "<script>alert('1')</script> & \"more\""


def evaluation(*, text: str = "When was the mill built?") -> Evaluation:
    right = Question(id="a", text=text, answers=("1897",))
    wrong = Question(id="b", text="Who owns the mill?", answerable=False, kind="near miss")
    other = Question(id="c", text="How long is it?", answers=("40 m",), kind="figure")
    given = [
        answer(mill(), confidence=0.9),
        answer(bridge(), confidence=0.8),
        answer(bridge(), answered=False, confidence=0.3),
    ]
    return evaluate([right, wrong, other], given)


def page(**changes: str) -> str:
    return html_report(evaluation(**changes), title=f"Answers {ATTACK}", facts={"Index": ATTACK})


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_page_runs_no_script_and_asks_no_other_host():
    html = page(text=ATTACK)
    tags = Tags(html).found
    assert {tag for tag, _ in tags}.isdisjoint({"script", "link", "img", "iframe", "object"})
    assert not any(name.startswith("on") or name in ("src", "href") for _, attributes in tags for name in attributes)
    assert not re.search(r"https?://|url\(|@import", html)


def test_questions_quotes_and_facts_are_escaped():
    html = page(text=ATTACK)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 3


def test_the_three_charts_are_well_formed_and_have_a_name():
    pictures = re.findall(r"<svg.*?</svg>", page(), re.DOTALL)
    assert [ET.fromstring(picture).get("aria-label") for picture in pictures] == [
        "Risk over coverage",
        "Share right over confidence",
        "Questions by confidence",
    ]


def test_mistakes_are_shown_with_their_quotes():
    html = page()
    wrong, missed = html.index("Wrong, and sure of it"), html.index("Right, but not given")
    assert "Who owns the mill?" in html[wrong:missed]
    assert "It is 40 m long." in html[wrong:missed]
    assert "How long is it?" in html[missed:]


def test_every_figure_of_an_evaluation_has_a_meaning():
    figures = evaluation().to_dict()
    assert figures.pop("evidence@1 by kind") == {"answerable": "1/1", "figure": "1/1"}
    assert set(figures) == set(MEANINGS)


def test_a_set_in_which_nothing_counts_makes_a_page():
    nothing = evaluate([Question(id="a", text="Yes?", is_scored=False)], [answer()])
    assert "No question of the set counts." in html_report(nothing, title="Empty", facts={})


def test_a_share_of_few_questions_has_a_wide_interval():
    scored = evaluation().scored
    low, high = interval(scored, "evidence@1", 1.0) or pytest.fail("a share has an interval")
    assert (round(low, 3), high) == (0.342, 1.0)  # 2 of 2, by Wilson's formula
    assert interval(scored, "quote_words", 7.0) is None
    assert dict((name, bounds) for name, _, bounds, _ in figure_rows(evaluation()))["evidence@1"] == "0.342-1.000"
