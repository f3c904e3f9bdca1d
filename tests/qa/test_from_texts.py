"""Answers from given texts: real slices of them, by the assistant's own steps."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import Document, Filters, Page
from qa import Settings
from qa.confidence import Calibration, RiskPoint
from qa.errors import InvalidQuestionError, SettingsError
from qa.from_texts import GivenTexts, TextAssistant, cite_texts, shipped_calibration

BY_WORDS = Calibration(
    ranking={"coverage": 1.0, "lexical": 0.2},
    confidence={"coverage": 8.0, "missing_name": -3.0, "missing_number": -3.0},
    bias=-5.0,
    curve=(RiskPoint(0.9, 100, 2), RiskPoint(0.5, 200, 15)),
    questions=200,
    provenance="weights that can be checked by eye",
)
PORT = "The old port burnt down in 1890. The new port of Aktau was built in 1963, beside the oil field."
TEA = "Green tea wants water of 80 °C 🍵. Black tea wants boiling water."
CHESS = "Chess is won by taking the king.\n\nThe queen is the strongest piece of chess."


def cite(question, texts, **options):
    return cite_texts(question, texts, reader=None, calibration=BY_WORDS, **options)


def test_a_quote_is_a_slice_of_the_text_that_it_names():
    texts = [TEA, CHESS, PORT]
    answer = cite("What water does black tea want?", texts)
    assert answer.answered
    first = answer.citations[0]
    assert (first.document.id, first.quote.text) == ("0", "Black tea wants boiling water.")
    for citation in answer.citations:
        text = texts[int(citation.document.id)]
        for part in (citation.quote, citation.passage):
            assert text[part.start : part.end] == part.text


def test_it_abstains_where_the_texts_lack_what_the_question_names():
    answer = cite("Who painted the Mona Lisa?", [TEA, CHESS])
    assert not answer.answered
    assert answer.citations == ()
    assert "Mona" in answer.reason
    assert {citation.document.id for citation in answer.nearest} == {"0", "1"}


def test_without_texts_or_with_blank_ones_it_abstains():
    for texts in ([], ["", " \n"]):
        answer = cite("What water does black tea want?", texts)
        assert not answer.answered
        assert (answer.nearest, answer.confidence) == ((), 0.0)


def test_a_document_keeps_what_is_known_of_it():
    port = Document(
        id="port",
        title="Ports",
        source="notes",
        url="https://ports.example/aktau",
        text=PORT,
        pages=(Page(7, 0, len(PORT)),),
    )
    citation = cite("When was the new port of Aktau built?", [TEA, port]).citations[0]
    assert citation.document == port.info
    assert citation.page == 7
    assert citation.link.startswith("https://ports.example/aktau#:~:text=The%20new%20port")


def test_two_documents_with_one_id_are_refused():
    with pytest.raises(ValueError, match="same id"):
        cite("tea?", [Document(id="1", text=TEA), Document(id="1", text=CHESS)])
    with pytest.raises(ValueError, match="same id"):
        cite("tea?", [Document(id="1", text=TEA), CHESS])


def test_a_question_without_a_word_and_bounds_out_of_range_are_refused():
    with pytest.raises(InvalidQuestionError, match="blank"):
        cite(" ?", [TEA])
    with pytest.raises(SettingsError, match="QA_K"):
        cite("tea?", [TEA], k=0)


def test_k_bounds_the_citations_and_a_smaller_risk_abstains_sooner():
    # all but "hot" is there, which weighs 1.79, the five others 0.69 each: coverage 0.66, a probability of 0.57,
    # between the two thresholds
    question, texts = "Which hot water does boiling black tea want?", [TEA, CHESS]
    assert cite(question, texts, risk=0.10).answered
    assert not cite(question, texts, risk=0.04).answered
    assert len(cite(question, texts, k=1).citations) == 1


def test_the_same_question_and_texts_give_the_same_answer():
    texts = [TEA, CHESS, PORT] * 5
    first, second = (cite("When was the port built?", texts) for _ in range(2))
    assert replace(first, timings_ms={}).to_dict() == replace(second, timings_ms={}).to_dict()


def test_a_text_in_many_passages_is_searched_whole():
    filler = "Nothing of note was seen on that day, and the crew went on with its work as before. " * 400
    text = f"{filler}\n\nThe new port of Aktau was built in 1963.\n\n{filler}"
    answer = cite("When was the new port of Aktau built?", [text])
    quote = answer.citations[0].quote
    assert quote.text == "The new port of Aktau was built in 1963."
    assert text[quote.start : quote.end] == quote.text


def test_search_fuses_the_given_order_with_that_by_words():
    same = [Document(id=str(i), text="Tea is made of leaves.") for i in range(3)]
    better = Document(id="better", text="Black tea is made of black leaves.")
    hits = GivenTexts([*same, better]).search("black tea", k=3)
    assert [hit.document.id for hit in hits] == ["0", "better", "1"]
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert GivenTexts(same).search("black tea", k=2)[0].document.id == "0"


def test_a_word_counts_once_however_many_texts_have_it():
    given_texts = GivenTexts([Document(id=str(i), text=TEA) for i in range(3)])
    assert given_texts.passage_frequencies(["teas", "Water", "chess", "boils"]) == [1, 1, 0, 1]


def test_search_filters_by_what_is_known_of_a_document():
    given_texts = GivenTexts([Document(id="a", title="Tea", text=TEA), Document(id="b", title="Chess", text=CHESS)])
    hits = given_texts.search("water", filters=Filters.parse(["title=Chess"]))
    assert {hit.document.id for hit in hits} == {"b"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=300), max_size=4), st.text(alphabet="abc wind 12?", min_size=1, max_size=40))
def test_every_part_of_any_text_is_cited_code_point_for_code_point(texts, words):
    answer = cite(f"wind {words}", texts)
    for citation in (*answer.citations, *answer.nearest):
        text = texts[int(citation.document.id)]
        for part in (citation.quote, citation.passage):
            assert text[part.start : part.end] == part.text != ""


@pytest.mark.parametrize("reader", ["default", "none"])
def test_the_shipped_calibration_for_given_texts_is_one_of_its_own(reader):
    calibration = shipped_calibration(reader)
    assert "given texts" in calibration.provenance
    assert calibration.confidence.get("dense", 0) == 0
    assert calibration.threshold(Settings().risk) <= 1


@pytest.mark.slow
def test_the_shipped_reader_marks_the_words_of_the_answer():
    answer = TextAssistant.open().ask("When was the new port of Aktau built?", [TEA, CHESS, PORT])
    assert answer.answered
    citation = answer.citations[0]
    assert citation.quote.text == "The new port of Aktau was built in 1963, beside the oil field."
    assert "1963" in citation.span.text
    assert PORT[citation.span.start : citation.span.end] == citation.span.text


@pytest.mark.slow
def test_the_shipped_reader_abstains_where_the_texts_do_not_say():
    assistant = TextAssistant.open()
    for question in ("Who won the chess championship of 1998?", "What is the capital of Peru?"):
        assert not assistant.ask(question, [TEA, CHESS, PORT]).answered
