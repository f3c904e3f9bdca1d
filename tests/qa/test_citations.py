import copy

import pytest

from index import DocumentInfo, Hit, Page, Passage, Span, read_article
from qa.answers import Answer, IndexState
from qa.citations import deep_link, make_citation, unproved, verify_answer

TEXT = "A line.\n\nThe “Caspian Wind-2025” exercise was held in early 2025. It ended well."


@pytest.fixture
def article(tmp_path):
    path = tmp_path / "article.txt"
    path.write_bytes(TEXT.encode())
    return path


@pytest.fixture
def answer(article):
    document = read_article(article)
    start = TEXT.index("The “Caspian")
    text = TEXT[start:]
    passage = Passage(id=7, document_id=document.id, start=start, end=len(TEXT))
    hit = Hit(rank=1, score=1.0, dense=0.5, lexical=2.0, passage=passage, text=text, document=document.info)
    at = text.index("early 2025")
    sentence = Span(0, text.index(" It ended"))
    citation = make_citation(hit, sentence, Span(at, at + 10), rank=1, confidence=0.9)
    return Answer(
        question="When?",
        answered=True,
        confidence=0.9,
        reason=None,
        citations=(citation,),
        nearest=(),
        conflicts=(),
        index=IndexState(1, 1, 1),
    )


def test_offsets_of_a_citation_are_those_of_the_document(answer):
    citation = answer.citations[0]
    for part in (citation.quote, citation.span, citation.passage):
        assert TEXT[part.start : part.end] == part.text
    assert citation.span.text == "early 2025"


def test_a_true_answer_is_proved_from_the_file(answer):
    proofs = verify_answer(answer.to_dict())
    assert [proof.part for proof in proofs] == ["quote", "span", "passage"]
    assert unproved(proofs) == []


def test_a_changed_figure_is_not_proved(answer):
    plain = copy.deepcopy(answer.to_dict())
    plain["citations"][0]["quote"]["text"] = plain["citations"][0]["quote"]["text"].replace("early 2025", "early 2026")
    failed = unproved(verify_answer(plain))
    assert [proof.part for proof in failed] == ["quote"]
    assert "does not stand" in failed[0].reason


def test_an_edited_file_is_said(answer, article):
    article.write_bytes(b"Another text.")
    failed = unproved(verify_answer(answer.to_dict()))
    assert len(failed) == 3
    assert "has changed since it was indexed" in failed[0].reason


def test_a_missing_file_is_said(answer, article):
    article.unlink()
    assert "cannot be read" in verify_answer(answer.to_dict())[0].reason


def test_a_wrong_page_is_not_proved(answer):
    plain = copy.deepcopy(answer.to_dict())
    plain["citations"][0]["page"] = 3
    assert "page None, not 3" in unproved(verify_answer(plain))[0].reason


def test_something_else_than_an_answer_is_refused():
    with pytest.raises(ValueError, match="not an answer"):
        verify_answer({"citations": [{}], "nearest": []})


def test_the_page_of_a_quote_is_the_one_it_starts_on():
    passage = Passage(document_id="d", start=90, end=120)
    pages = (Page(1, 0, 100), Page(2, 100, 200))
    hit = Hit(
        rank=1, score=1.0, dense=None, lexical=None, passage=passage, text="x" * 30,
        document=DocumentInfo(id="d", source="/a/b.pdf"), pages=pages,
    )  # fmt: skip
    assert make_citation(hit, Span(0, 5), None, rank=1, confidence=0.5).page == 1
    second = make_citation(hit, Span(12, 20), None, rank=1, confidence=0.5)
    assert second.page == 2
    assert second.link == "file:///a/b.pdf#page=2"


def test_a_published_article_is_linked_with_a_text_fragment():
    document = DocumentInfo(id="d", url="https://example.org/news?a=1#top")
    assert deep_link(document, "Kazakhstan, well-known", None) == (
        "https://example.org/news?a=1#:~:text=Kazakhstan%2C%20well%2Dknown"
    )
    long = deep_link(document, " ".join(f"w{i}" for i in range(40)), None)
    assert long.endswith("#:~:text=w0%20w1%20w2%20w3%20w4%20w5%20w6%20w7,w32%20w33%20w34%20w35%20w36%20w37%20w38%20w39")
