from __future__ import annotations

import time
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.lines import read_lines
from index.sentences import split_sentences

BREAKS = ["\n", "\r\n", "\n\n", "\r", "\f", "\u2028", "\x85", " ", "\t", "\u00a0"]
PIECES = [
    "Dr. Ito",
    "e.g.",
    "The end.",
    "3.5",
    "...",
    "“Go!”",
    "(see Fig. 3.)",
    "今日は晴れ。",
    "- item",
    "| a | b |",
    "Q: why?",
    "1.",
    "نص؟",
    "x",
]
texts = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(PIECES + BREAKS), max_size=40).map("".join),
)


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


@given(texts)
def test_every_code_point_that_is_not_blank_lies_in_exactly_one_sentence(text: str) -> None:
    spans = split_sentences(text)
    covered = [i for span in spans for i in range(span.start, span.end)]
    assert covered == sorted(set(covered))
    assert {i for i, sign in enumerate(text) if not sign.isspace()} <= set(covered)


@given(texts)
def test_a_sentence_has_words_and_no_blanks_around_it(text: str) -> None:
    assert all(sentence and sentence == sentence.strip() for sentence in sentences(text))


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Ito met Gen. Lee at 5 p.m. on Monday.",
        "The U.S. Army bought 3.5 million tons from Acme Inc. and left.",
        "J. R. R. Tolkien wrote it, e.g. in Fig. 3 on pp. 12.",
        "He arrived on Oct. 22 with Smith et al. (see No. 4).",
        "Yahoo! is a company that asks what? and why? all day.",
        "It cost (as he said. Twice.) too much.",
        "1. Interaction with the alliance",
        "The U.S.-Kazakh council met.",
    ],
)
def test_a_stop_that_ends_nothing_does_not_split(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rained. We left.", ["It rained.", "We left."]),
        ("He said: “Go!” Then he left.", ["He said: “Go!”", "Then he left."]),
        (
            "It grew by 2.5%. In 2019 it fell. 15 people left.",
            ["It grew by 2.5%.", "In 2019 it fell.", "15 people left."],
        ),
        ("They moved to the U.S. The rest stayed.", ["They moved to the U.S.", "The rest stayed."]),
        ("See the list.[3] It is long.", ["See the list.[3]", "It is long."]),
        ("tokenised text . like this one .", ["tokenised text .", "like this one ."]),
        ("今日は晴れ。明日は雨。", ["今日は晴れ。", "明日は雨。"]),
        ("ما هذا؟ هذا كتاب.", ["ما هذا؟", "هذا كتاب."]),
        ("1. Wash it. 2. Dry it.", ["1. Wash it.", "2. Dry it."]),
    ],
)
def test_a_stop_that_ends_a_sentence_splits(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_headings_items_and_rows_are_sentences_of_their_own() -> None:
    text = "Glossary\n- Tea: a leaf\n- Coffee: a bean. Roasted.\n| a | b |\n|---|---|\nLast line"
    assert sentences(text) == [
        "Glossary",
        "- Tea: a leaf",
        "- Coffee: a bean.",
        "Roasted.",
        "| a | b |",
        "|---|---|",
        "Last line",
    ]


def test_lines_that_were_only_wrapped_are_read_as_one() -> None:
    wrapped = (
        "The exercise brought together the naval forces of\n"
        "Kazakhstan and Azerbaijan in the Caspian Sea, rich\n"
        "in oil. It ended."
    )
    assert len(read_lines(wrapped)) == 1
    assert sentences(wrapped)[1] == "It ended."
    assert len(read_lines("A heading\n" + wrapped)) == 2


@pytest.mark.parametrize(
    "piece", ["word ", "A. ", ". ", "(", "(a. ", "...", ".'", '"', "\n ", "字。", "x.\n", "a" * 50]
)
def test_time_grows_no_faster_than_the_text(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        return min(timeit.repeat(lambda: split_sentences(text), number=1, repeat=3, timer=time.process_time))

    small, large = seconds(4_000), seconds(64_000)
    assert large < 16 * 4 * small + 0.05


def test_a_bullet_after_a_full_stop_starts_a_sentence():
    text = "Wear them in pairs. • Wash them."
    assert [text[s.start : s.end] for s in split_sentences(text)] == ["Wear them in pairs.", "• Wash them."]
