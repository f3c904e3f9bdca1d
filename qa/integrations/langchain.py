"""LangChain: a retriever of cited passages, and a runnable that cites from any retriever's documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from index import Filters
from qa.assistant import Assistant
from qa.extras import missing_extra
from qa.from_texts import TextAssistant
from qa.integrations.citing import citation_metadata, given_document, passage_id, shown

try:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import Runnable, RunnableConfig
    from typing_extensions import TypedDict  # the one of typing has no schema before Python 3.12
except ModuleNotFoundError as error:
    raise missing_extra("langchain", error) from error


class ArticleRetriever(BaseRetriever):
    """Retrieves the passages that answer, each with its citation as metadata; none where the articles do not answer.

    A document's text is the passage; its metadata has ``quote``, ``confidence``, ``source``, ``page``, ``section``,
    ``link`` and the offsets of all of them. See :func:`qa.integrations.citing.citation_metadata`.

    Attributes:
        assistant: Who answers.
        k: Most documents; None takes the setting.
        risk: Largest share of wrong answers among the answers given; None takes the setting.
        filters: Which articles to answer from; None means all.
        nearest: Whether an abstention gives the nearest passages, marked ``"answers": False``, instead of none.

    Example:
        >>> retriever = ArticleRetriever.open("my-index", k=3)  # doctest: +SKIP
        >>> retriever.invoke("what is Caspian Wind-2025")  # doctest: +SKIP
    """

    assistant: Assistant
    k: int | None = None
    risk: float | None = None
    filters: Filters | None = None
    nearest: bool = False

    @classmethod
    def open(
        cls,
        path: Path | str | None = None,
        *,
        k: int | None = None,
        risk: float | None = None,
        filters: Filters | None = None,
        nearest: bool = False,
    ) -> ArticleRetriever:
        """Open an index, as :meth:`qa.Assistant.open` does; close it with ``retriever.assistant.close()``."""
        return cls(assistant=Assistant.open(path), k=k, risk=risk, filters=filters, nearest=nearest)

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        answer = self.assistant.ask(query, k=self.k, risk=self.risk, filters=self.filters)
        return [
            Document(
                id=passage_id(citation),
                page_content=citation.passage.text,
                metadata=citation_metadata(citation, answers=answer.answered),
            )
            for citation in shown(answer, nearest=self.nearest)
        ]


class CiteInput(TypedDict):
    """A question and the documents to answer it from, best first."""

    question: str
    documents: Sequence[Document]


class CiteDocuments(Runnable[CiteInput, dict[str, Any]]):
    """Cites the answer from documents of any retriever, or abstains; nothing is generated.

    Gives an answer as :meth:`qa.Answer.to_dict` does. Each citation has ``input`` besides: ``place`` (of its document
    among those given, from 0), ``id`` and ``metadata``. Offsets count the code points of that document's
    ``page_content``, of which every quote is a slice.

    Example:
        >>> cite = CiteDocuments()  # doctest: +SKIP
        >>> chain = {"question": RunnablePassthrough(), "documents": retriever} | cite  # doctest: +SKIP
    """

    def __init__(
        self, assistant: TextAssistant | None = None, *, k: int | None = None, risk: float | None = None
    ) -> None:
        """Take who answers, or load the shipped reader.

        Args:
            assistant: None opens one by the settings.
            k: Most citations; None takes the setting.
            risk: Largest share of wrong answers among the answers given; None takes the setting.
        """
        self._assistant = assistant or TextAssistant.open()
        self._k = k
        self._risk = risk

    def invoke(self, input: CiteInput, config: RunnableConfig | None = None, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401  (as LangChain has it)
        """Return the cited answer.

        Args:
            input: ``question`` and ``documents``, nothing else.
            config: As for every runnable.
            kwargs: None are taken.

        Raises:
            InvalidQuestionError: The question is blank or too long.
            ValueError: The input is not of that form.
        """
        if kwargs:
            raise ValueError(f"CiteDocuments takes no {', '.join(kwargs)}")
        return self._call_with_config(self._cite, input, config)

    def _cite(self, asked: CiteInput) -> dict[str, Any]:
        if not isinstance(asked, dict) or set(asked) != {"question", "documents"}:
            raise ValueError('CiteDocuments takes {"question": ..., "documents": [...]}')
        documents = list(asked["documents"])
        texts = [given_document(place, d.page_content, d.metadata) for place, d in enumerate(documents)]
        answer = self._assistant.ask(asked["question"], texts, k=self._k, risk=self._risk).to_dict()
        for citation in (*answer["citations"], *answer["nearest"]):
            place = int(citation["document"]["id"])
            citation["input"] = {"place": place, "id": documents[place].id, "metadata": documents[place].metadata}
        return answer
