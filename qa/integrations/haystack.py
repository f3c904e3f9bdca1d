"""Haystack: a component that answers from an index, and one that cites from the documents of a pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from index import Filters
from qa.answers import Answer, Citation, Quote
from qa.assistant import Assistant
from qa.extras import missing_extra
from qa.from_texts import TextAssistant
from qa.integrations.citing import citation_metadata, given_document, passage_id

try:
    from haystack import Document, component
    from haystack.dataclasses import ExtractedAnswer
except ModuleNotFoundError as error:
    raise missing_extra("haystack", error) from error


@component
class ArticleAnswerer:
    """Answers a query from an index with verbatim, cited quotes, or abstains: then there are no answers.

    Each answer's ``data`` are the exact words, or without a reader the quote; ``context`` is the quote, ``document``
    the passage, ``score`` the confidence, and ``meta`` the citation, see
    :func:`qa.integrations.citing.citation_metadata`. Offsets are code points of the passage; those in ``meta`` are of
    the article.

    Example:
        >>> answerer = ArticleAnswerer(index="my-index", k=3)  # doctest: +SKIP
        >>> answerer.run(query="what is Caspian Wind-2025")["answers"]  # doctest: +SKIP
    """

    def __init__(
        self,
        index: str | None = None,
        k: int | None = None,
        risk: float | None = None,
        filters: list[str] | None = None,
    ) -> None:
        """Name the index, which is opened by ``warm_up``.

        Args:
            index: The folder of the index; None takes the one that :meth:`qa.Assistant.open` does.
            k: Most answers; None takes the setting.
            risk: Largest share of wrong answers among the answers given; None takes the setting.
            filters: Which articles to answer from, such as ``["date>=2024"]``; None means all.
        """
        self.index = index
        self.k = k
        self.risk = risk
        self.filters = filters
        self._assistant: Assistant | None = None

    def warm_up(self) -> None:
        """Open the index, if it is not open yet."""
        if self._assistant is None:
            self._assistant = Assistant.open(self.index)

    def close(self) -> None:
        """Close the index."""
        if self._assistant is not None:
            self._assistant.close()
            self._assistant = None

    @component.output_types(answers=list[ExtractedAnswer], documents=list[Document], result=dict[str, Any])
    def run(self, query: str) -> dict[str, Any]:
        """Return ``answers``, the ``documents`` they are from, and ``result``, the answer as plain data.

        Where it abstains the first two are empty, and ``result["reason"]`` says why.
        """
        self.warm_up()
        assert self._assistant is not None
        filters = Filters.parse(self.filters) if self.filters else None
        answer = self._assistant.ask(query, k=self.k, risk=self.risk, filters=filters)
        documents = [_document(citation) for citation in answer.citations]
        return {
            "answers": [
                _extracted(answer, citation, document, citation.passage.start)
                for citation, document in zip(answer.citations, documents, strict=True)
            ],
            "documents": documents,
            "result": answer.to_dict(),
        }


@component
class DocumentCiter:
    """Cites the answer from the documents of any retriever, or abstains; nothing is generated.

    The answers are as :class:`ArticleAnswerer` gives them, but ``document`` is the retriever's own, and every offset
    counts the code points of its ``content``.

    Example:
        >>> DocumentCiter().run(query="when was the port built", documents=[...])["answers"]  # doctest: +SKIP
    """

    def __init__(self, k: int | None = None, risk: float | None = None) -> None:
        """Set the bounds; the reader is loaded by ``warm_up``.

        Args:
            k: Most answers; None takes the setting.
            risk: Largest share of wrong answers among the answers given; None takes the setting.
        """
        self.k = k
        self.risk = risk
        self._assistant: TextAssistant | None = None

    def warm_up(self) -> None:
        """Load the reader, if it is not loaded yet."""
        if self._assistant is None:
            self._assistant = TextAssistant.open()

    @component.output_types(answers=list[ExtractedAnswer], documents=list[Document], result=dict[str, Any])
    def run(self, query: str, documents: list[Document]) -> dict[str, Any]:
        """Return ``answers``, those of the ``documents`` that are cited, and ``result``, the answer as plain data."""
        self.warm_up()
        assert self._assistant is not None
        texts = [given_document(place, d.content or "", d.meta) for place, d in enumerate(documents)]
        answer = self._assistant.ask(query, texts, k=self.k, risk=self.risk)
        cited = [documents[int(citation.document.id)] for citation in answer.citations]
        return {
            "answers": [
                _extracted(answer, citation, document, 0)
                for citation, document in zip(answer.citations, cited, strict=True)
            ],
            "documents": _once(cited),
            "result": answer.to_dict(),
        }


def _document(citation: Citation) -> Document:
    return Document(
        id=passage_id(citation),
        content=citation.passage.text,
        meta=citation_metadata(citation, answers=True),
        score=citation.confidence,
    )


def _extracted(answer: Answer, citation: Citation, document: Document, origin: int) -> ExtractedAnswer:
    """Return a citation as Haystack has it; ``origin`` is where the document's content starts in the article."""
    words = citation.span or citation.quote
    return ExtractedAnswer(
        query=answer.question,
        score=citation.confidence,
        data=words.text,
        document=document,
        context=citation.quote.text,
        document_offset=_offset(words, origin),
        context_offset=_offset(citation.quote, origin),
        meta=citation_metadata(citation, answers=True),
    )


def _offset(quote: Quote, origin: int) -> ExtractedAnswer.Span:
    return ExtractedAnswer.Span(quote.start - origin, quote.end - origin)


def _once(documents: Sequence[Document]) -> list[Document]:
    return list({document.id: document for document in documents}.values())
