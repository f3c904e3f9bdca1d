"""Without a reader: what the assistant itself decides."""

import json
import subprocess
import sys

import pytest

from index import Document, Filters
from qa.assistant import Assistant
from qa.confidence import Calibration, RiskPoint
from qa.errors import InvalidQuestionError, SettingsError
from qa.from_texts import GivenTexts
from qa.settings import Settings

CALIBRATION = Calibration(
    ranking={"dense": 1.0, "coverage": 1.0},
    confidence={"coverage": 8.0, "missing_number": -6.0, "other_code": -6.0},
    bias=-5.0,
    curve=(RiskPoint(0.9, 100, 1), RiskPoint(0.5, 200, 15), RiskPoint(0.1, 300, 80)),
    questions=300,
    provenance="made by hand",
)


@pytest.fixture
def assistant(passages):
    return Assistant(passages, None, CALIBRATION, Settings())


def test_a_question_that_the_articles_answer_is_cited_word_for_word(assistant):
    answer = assistant.ask("Where was Caspian Wind-2025 held?")
    assert answer.answered
    first = answer.citations[0]
    assert first.document.title == "Caspian Wind-2025"
    assert "port of Aktau" in first.passage.text
    for citation in answer.citations:
        text = assistant.passages.document(citation.document.id).text
        for part in (citation.quote, citation.passage):
            assert text[part.start : part.end] == part.text
    assert answer.confidence == first.confidence
    assert answer.nearest == ()
    assert answer.reason is None


def test_ranks_count_from_one_without_repeating_a_quote(assistant):
    citations = assistant.ask("What is tea made of?").citations
    assert [citation.rank for citation in citations] == list(range(1, len(citations) + 1))
    quotes = [citation.quote.text for citation in citations]
    assert len(set(quotes)) == len(quotes)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"source": "report 9.txt"}, {"source": "report 10.txt"}),
        ({"source": "b.txt", "date": "2023-05-01"}, {"source": "a.txt", "date": "2024-01-31"}),
        ({"source": "b.txt"}, {"source": "a.txt", "date": "2019"}),
    ],
)
def test_of_articles_with_the_same_quote_the_newest_is_cited_and_the_others_are_counted(older, newer):
    text = "The toll of the bridge is nine crowns."
    for order in ((older, newer), (newer, older)):
        documents = [Document(id=f"d{i}", text=text, **about) for i, about in enumerate(order)]
        with Assistant(GivenTexts(documents), None, CALIBRATION, Settings()) as assistant:
            (citation,) = assistant.ask("What is the toll of the bridge?").citations
        assert (citation.document.source, citation.duplicates) == (newer["source"], 1)


def test_of_articles_that_are_no_editions_of_each_other_the_best_is_cited():
    documents = [Document(id=name, text="The toll of the bridge is nine crowns.", source=name) for name in "ab"]
    with Assistant(GivenTexts(documents), None, CALIBRATION, Settings()) as assistant:
        (citation,) = assistant.ask("What is the toll of the bridge?").citations
    assert (citation.document.source, citation.duplicates) == ("a", 1)


@pytest.mark.parametrize(
    ("question", "missing"),
    [("What is Caspian Wind-2026?", "Caspian Wind-2026"), ("How many sailors came from Mongolia?", "Mongolia")],
)
def test_what_the_articles_lack_is_named(assistant, question, missing):
    answer = assistant.ask(question)
    assert not answer.answered
    assert missing in answer.reason
    assert answer.citations == ()
    assert answer.nearest


@pytest.mark.parametrize("question", ["", "   ", "\x00\x07", "?!", "\u200b"])
def test_a_blank_question_is_refused(assistant, question):
    with pytest.raises(InvalidQuestionError, match="blank"):
        assistant.ask(question)


def test_a_question_over_the_limit_is_refused_with_the_limit(assistant):
    with pytest.raises(InvalidQuestionError, match="2,000"):
        assistant.ask("tea " * 2500)


@pytest.mark.parametrize(
    "question",
    [
        '"caspian OR (',
        "tea'; DROP TABLE documents;--",
        "caspian* AND NOT wind~2",
        "что такое чай",
        "紅茶とは何ですか",
        "tea\x00leaf",
    ],
)
def test_no_character_of_a_question_has_a_meaning_of_its_own(assistant, question):
    answer = assistant.ask(question)
    assert 0 <= answer.confidence <= 1
    assert answer.question == question


def test_the_same_question_gives_the_same_bytes(assistant):
    def plain():
        answer = assistant.ask("Which tea wants boiling water?").to_dict(explain=True)
        answer.pop("timings_ms")
        return json.dumps(answer)

    assert plain() == plain()


def test_a_smaller_risk_abstains_more_often(assistant):
    question = "Is green tea strong?"
    confidence = assistant.ask(question, risk=0.29).confidence
    answered = [assistant.ask(question, risk=risk).answered for risk in (0.02, 0.09, 0.29)]
    assert answered == [confidence >= 0.9, confidence >= 0.5, confidence >= 0.1]
    assert answered == sorted(answered)


def test_a_risk_that_no_calibration_supports_answers_nothing(assistant):
    answer = assistant.ask("What is tea made of?", risk=0.001)
    assert not answer.answered
    assert "risk" in answer.reason


def test_k_is_the_most_citations(assistant):
    assert len(assistant.ask("What is tea made of?", k=1).citations) == 1
    with pytest.raises(SettingsError, match="QA_K=0"):
        assistant.ask("What is tea made of?", k=0)


def test_filters_keep_to_the_articles_that_they_name(assistant):
    answer = assistant.ask("What is tea made of?", filters=Filters.parse(["source=chess.txt"]))
    cited = {citation.document.title for citation in (*answer.citations, *answer.nearest)}
    assert cited == {"How chess is won"}


def test_filters_that_leave_nothing_are_an_abstention(assistant):
    answer = assistant.ask("What is tea made of?", filters=Filters.parse(["source=none.txt"]))
    assert (answer.answered, answer.nearest, answer.confidence) == (False, (), 0.0)
    assert "No passage" in answer.reason


def test_the_shape_of_an_answer_is_the_one_that_is_documented(assistant):
    plain = assistant.ask("What is tea made of?").to_dict()
    assert list(plain) == [
        "version", "question", "answered", "confidence", "reason", "citations", "nearest", "conflicts", "index",
        "timings_ms",
    ]  # fmt: skip
    assert list(plain["citations"][0]) == [
        "rank", "confidence", "quote", "span", "passage", "document", "page", "section", "link", "duplicates",
    ]  # fmt: skip
    assert set(plain["citations"][0]["document"]) == {
        "id", "title", "source", "url", "author", "date", "sha256", "media_type", "language",
    }  # fmt: skip
    assert plain["index"] == {"revision": 1, "documents": 3, "passages": assistant.passages.passage_count}


def test_many_questions_are_answered_in_order(assistant):
    questions = ["What is tea made of?", "How is chess won?"]
    assert [answer.question for answer in assistant.ask_many(questions)] == questions


def test_searching_decides_nothing(assistant):
    assert assistant.search("queen", k=2)[0].document.title == "How chess is won"


def test_numpy_is_imported_before_two_threads_open_what_needs_it(built_index):
    code = """
import sys
import qa.assistant

class Stop(Exception):
    pass

def open_reader(*args, **options):
    raise Stop('numpy' in sys.modules)

qa.assistant.open_reader = open_reader
qa.assistant.PassageIndex.open = classmethod(lambda *args, **options: Index())

class Index:
    def warm_up(self):
        pass
    def close(self):
        pass

try:
    qa.assistant.Assistant.open(sys.argv[1])
except Stop as stop:
    print(stop.args[0])
"""
    done = subprocess.run([sys.executable, "-c", code, str(built_index)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
