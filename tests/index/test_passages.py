from __future__ import annotations

import time
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.documents import Document, Passage, Section, Span
from index.passages import PassageSettings, count_words, split_passages

SMALL = PassageSettings(max_words=12, min_words=6, overlap=1, tiny_words=3, hard_words=30)
PIECES = [
    "The quick brown fox jumps over the lazy dog.", "Introduction", "# Title", "## Part", "II. The Second Part",
    "1. First", "- item one", "| a | b |", "|---|---|", "Q: why?", "A: because.", "Term: what it means", "word",
    "字" * 40, "。", "نص عربي؟", "Among these:", "\u200b", "a" * 90,
]  # fmt: skip
BREAKS = ["\n", "\r\n", "\n\n", "\f", "\u2028", " ", " "]
texts = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(PIECES + BREAKS * 2), max_size=60).map("".join),
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = draw(texts)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    gaps = tuple(Span(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False) if a < b)
    return Document(id="d", title=draw(st.sampled_from([None, "Introduction"])), text=text, boilerplate=gaps)


def words_of(document: Document, passages: list[Passage]) -> list[str]:
    return [document.text[p.start : p.end] for p in passages]


def cut(text: str, settings: PassageSettings | None = None, **details: object) -> list[str]:
    document = Document(id="d", text=text, **details)  # type: ignore[arg-type]
    return words_of(document, split_passages(document, settings=settings))


@given(documents())
def test_every_word_of_the_article_lies_in_a_passage_and_boilerplate_in_none(document: Document) -> None:
    inside = {i for p in split_passages(document, settings=SMALL) for i in range(p.start, p.end)}
    left_out = {i for gap in document.boilerplate for i in range(gap.start, gap.end)}
    written = {i for i, sign in enumerate(document.text) if not sign.isspace()}
    assert written - left_out <= inside
    assert not inside & left_out & written


@given(documents())
def test_passages_are_slices_in_reading_order_and_the_same_each_time(document: Document) -> None:
    passages = split_passages(document, settings=SMALL)
    assert all(0 <= p.start < p.end <= len(document.text) and p.document_id == "d" for p in passages)
    assert all(a.start < b.start and a.end < b.end for a, b in zip(passages, passages[1:], strict=False))
    assert all(text == text.strip() for text in words_of(document, passages))
    assert passages == split_passages(document, settings=SMALL)


@given(st.lists(st.integers(1, 9), max_size=60))
def test_passages_keep_to_the_words_asked_for(lengths: list[int]) -> None:
    text = " ".join(" ".join(["Word", *["word"] * n]) + "." for n in lengths)
    for passage in cut(text, SMALL):
        assert count_words(passage) <= SMALL.max_words + SMALL.tiny_words


def test_blank_text_has_no_passages() -> None:
    assert cut(" \n\u2028\t ") == []


def test_a_sentence_is_not_cut_below_the_hard_limit_and_is_cut_between_words_above() -> None:
    assert cut("word " * 25, SMALL) == [("word " * 25).strip()]
    long = cut("word " * 100, SMALL)
    assert {text.replace("word", "").strip() for text in long} == {""}
    assert max(map(count_words, long)) == SMALL.max_words


def test_neighbours_of_a_paragraph_share_a_sentence() -> None:
    text = "One two three four. Five six seven eight. Nine ten eleven twelve. One two three four."
    first, second = cut(text, SMALL)[:2]
    assert first.endswith("Five six seven eight.")
    assert second.startswith("Five six seven eight.")
    assert cut(text, PassageSettings(max_words=12, overlap=0, tiny_words=0))[1].startswith("Nine")


def test_a_heading_lies_in_the_passage_below_it_and_in_the_path_of_all_of_its_part() -> None:
    text = (
        "Opening words that say what the article is about, at some length, in one sentence.\n\n"
        "II. Partners\n\nThe country keeps many partners, and it speaks with all of them in turn, said one.\n\n"
        "1. The sea\n\nThe naval exercise was held in spring, with ships of two countries, close to the port.\n"
    )
    document = Document(id="d", title="Title", text=text)
    passages = split_passages(document, settings=PassageSettings(max_words=20, min_words=10, tiny_words=2))
    assert [p.section for p in passages] == [(), ("II. Partners",), ("II. Partners", "1. The sea")]
    assert words_of(document, passages)[2].startswith("1. The sea\n\nThe naval")
    assert passages[2].context == "Title\nII. Partners\n1. The sea"


def test_sections_that_the_reader_gave_are_the_headings() -> None:
    text = (
        "Tea\nSteep the leaves for three minutes in water.\nlower case heading\nPour it into the cup and drink it hot."
    )
    sections = (Section(("Tea",), 0, 49), Section(("Tea", "lower case heading"), 49, len(text)))
    document = Document(id="d", text=text, sections=sections)
    passages = split_passages(document, settings=PassageSettings(max_words=14, tiny_words=2))
    assert [p.section for p in passages] == [("Tea",), ("Tea", "lower case heading")]


def test_a_table_row_is_found_by_its_columns_and_quoted_as_it_stands() -> None:
    table = "| Metric | China | Russia |\n|---|---|---|\n| Financing (USD) | $8 billion | $2 billion |"
    text = f"The figures are these, as the ministry gave them to us.\n{table}\nThat was all there was to say of them."
    document = Document(id="d", text=text)
    found = [p for p in split_passages(document) if "$2" in text[p.start : p.end]]
    assert [text[p.start : p.end] for p in found] == [table]
    assert "Financing (USD); China: $8 billion; Russia: $2 billion" in found[0].context


def test_rows_of_a_long_table_all_know_their_columns() -> None:
    text = "| Name | Height |\n|---|---|\n" + "\n".join(f"| Peak {i} | {i}000 m |" for i in range(60))
    document = Document(id="d", text=text)
    passages = split_passages(document)
    assert len(passages) > 3
    assert "Peak 59; Height: 59000 m" in passages[-1].context


def test_a_question_and_its_answer_are_one_passage() -> None:
    pairs = [
        f"Q: What is number {i} of all these?\nA: It is the number {i}. There is nothing more to it than this, we say."
        for i in range(4)
    ]
    assert cut("\n".join(pairs), PassageSettings(max_words=30, min_words=10)) == pairs


def test_a_list_stays_with_its_lead_in() -> None:
    text = "Some words before the list that fill a passage here.\n\nThe parts are:\n- leaves\n- water\n- a cup"
    assert "The parts are:\n- leaves\n- water\n- a cup" in cut(
        text, PassageSettings(max_words=16, min_words=8, tiny_words=2)
    )


def test_tiny_parts_are_joined_with_their_neighbours() -> None:
    text = "# One\nShort.\n# Two\nBrief.\n# Three\nThe third part has a few more words than the others have."
    assert cut(text) == [text]


@pytest.mark.parametrize(
    "piece",
    ["word ", "The end. ", "x\n", "# a\n", "| a | b |\n", "- a\n", "Q: a\n", "字。", "a" * 50, "T: a\n", "1. a\n"],
)
def test_time_grows_no_faster_than_the_text(piece: str) -> None:
    def seconds(size: int) -> float:
        document = Document(id="d", text=piece * (size // len(piece)), boilerplate=(Span(0, 3), Span(50, 60)))
        return min(timeit.repeat(lambda: split_passages(document), number=1, repeat=3, timer=time.process_time))

    small, large = seconds(4_000), seconds(64_000)
    assert large < 16 * 4 * small + 0.05


@pytest.mark.parametrize("wrong", [{"max_words": 0}, {"overlap": -1}, {"min_words": -1}])
def test_sizes_that_cannot_be_met_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="not passage settings"):
        PassageSettings(**wrong)


def test_settings_survive_being_kept() -> None:
    assert PassageSettings.from_dict(SMALL.to_dict()) == SMALL
