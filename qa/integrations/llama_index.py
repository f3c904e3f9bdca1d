"""LlamaIndex: a retriever of cited passages, and query engines that return the cited answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from index import Filters
from qa.answers import Answer
from qa.assistant import Assistant
from qa.extras import missing_extra
from qa.from_texts import TextAssistant
from qa.integrations.citing import citation_metadata, given_document, passage_id, shown
from qa.plain_text import answer_text

try:
    from llama_index.core.base.base_query_engine import BaseQueryEngine
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.base.response.schema import Response
    from llama_index.core.callbacks.base import CallbackManager
    from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle, TextNode
except ModuleNotFoundError as error:
    raise missing_extra("llama-index", error) from error


class ArticleRetriever(BaseRetriever):
    """Retrieves the passages that answer, each with its citation as metadata; none where the articles do not answer.

    A node's text is the passage, its score the confidence; ``start_char_idx`` and ``end_char_idx`` are its place in
    the article. See :func:`qa.integrations.citing.citation_metadata` for the metadata; none of it is shown to a
    language model or embedded unless you ask for it.

    Example:
        >>> retriever = ArticleRetriever(Assistant.open("my-index"), k=3)  # doctest: +SKIP
        >>> retriever.retrieve("what is Caspian Wind-2025")  # doctest: +SKIP
    """

    def __init__(
        self,
        assistant: Assistant,
        *,
        k: int | None = None,
        risk: float | None = None,
        filters: Filters | None = None,
        nearest: bool = False,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        """Take who answers.

        Args:
            assistant: Who answers.
            k: Most nodes; None takes the setting.
            risk: Largest share of wrong answers among the answers given; None takes the setting.
            filters: Which articles to answer from; None means all.
            nearest: Whether an abstention gives the nearest passages, marked ``"answers": False``, instead of none.
            callback_manager: LlamaIndex's own.
        """
        super().__init__(callback_manager=callback_manager)
        self._engine = ArticleQueryEngine(assistant, k=k, risk=risk, filters=filters)
        self._nearest = nearest

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return _nodes(self._engine.ask(query_bundle.query_str), nearest=self._nearest)

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


class ArticleQueryEngine(BaseQueryEngine):
    """Answers from an index with verbatim, cited quotes, or says that the articles do not answer.

    ``response.response`` has the quotes, numbered, each with its place; ``response.source_nodes`` the passages;
    ``response.metadata["answer"]`` the answer as :meth:`qa.Answer.to_dict` gives it.

    Example:
        >>> engine = ArticleQueryEngine(Assistant.open("my-index"))  # doctest: +SKIP
        >>> print(engine.query("what is Caspian Wind-2025"))  # doctest: +SKIP
    """

    def __init__(
        self,
        assistant: Assistant,
        *,
        k: int | None = None,
        risk: float | None = None,
        filters: Filters | None = None,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        """Take who answers; the arguments are those of :class:`ArticleRetriever`."""
        super().__init__(callback_manager)
        self._assistant = assistant
        self._k = k
        self._risk = risk
        self._filters = filters

    @classmethod
    def open(
        cls, path: Path | str | None = None, *, k: int | None = None, risk: float | None = None
    ) -> ArticleQueryEngine:
        """Open an index, as :meth:`qa.Assistant.open` does."""
        return cls(Assistant.open(path), k=k, risk=risk)

    def ask(self, question: str) -> Answer:
        """Return the answer itself."""
        return self._assistant.ask(question, k=self._k, risk=self._risk, filters=self._filters)

    def _get_prompt_modules(self) -> dict[str, Any]:
        return {}

    def _query(self, query_bundle: QueryBundle) -> Response:
        answer = self.ask(query_bundle.query_str)
        return Response(answer_text(answer), _nodes(answer, nearest=False), {"answer": answer.to_dict()})

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        return await asyncio.to_thread(self._query, query_bundle)


class CitingQueryEngine(BaseQueryEngine):
    """Answers from the nodes of any retriever with verbatim, cited quotes, or abstains; nothing is generated.

    The response is as :class:`ArticleQueryEngine` gives it, with ``source_nodes`` the retriever's own nodes that are
    cited. In ``response.metadata["answer"]`` each citation has ``node_id`` besides, and its offsets count the code
    points of that node's text, of which every quote is a slice.

    Example:
        >>> engine = CitingQueryEngine(vector_index.as_retriever())  # doctest: +SKIP
        >>> print(engine.query("what is Caspian Wind-2025"))  # doctest: +SKIP
    """

    def __init__(
        self,
        retriever: BaseRetriever,
        *,
        assistant: TextAssistant | None = None,
        k: int | None = None,
        risk: float | None = None,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        """Take a retriever, and who answers from its nodes.

        Args:
            retriever: Any.
            assistant: None opens one by the settings.
            k: Most citations; None takes the setting.
            risk: Largest share of wrong answers among the answers given; None takes the setting.
            callback_manager: LlamaIndex's own.
        """
        super().__init__(callback_manager)
        self._retriever = retriever
        self._assistant = assistant or TextAssistant.open()
        self._k = k
        self._risk = risk

    def _get_prompt_modules(self) -> dict[str, Any]:
        return {"retriever": self._retriever}

    def _query(self, query_bundle: QueryBundle) -> Response:
        return self._cited(query_bundle, self._retriever.retrieve(query_bundle))

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        nodes = await self._retriever.aretrieve(query_bundle)
        return await asyncio.to_thread(self._cited, query_bundle, nodes)

    def _cited(self, query_bundle: QueryBundle, nodes: Sequence[NodeWithScore]) -> Response:
        texts = [
            given_document(place, found.node.get_content(MetadataMode.NONE), found.node.metadata)
            for place, found in enumerate(nodes)
        ]
        answer = self._assistant.ask(query_bundle.query_str, texts, k=self._k, risk=self._risk)
        plain = answer.to_dict()
        for citation in (*plain["citations"], *plain["nearest"]):
            citation["node_id"] = nodes[int(citation["document"]["id"])].node.node_id
        cited = dict.fromkeys(int(citation.document.id) for citation in answer.citations)
        return Response(answer_text(answer), [nodes[place] for place in cited], {"answer": plain})


def _nodes(answer: Answer, *, nearest: bool) -> list[NodeWithScore]:
    nodes = []
    for citation in shown(answer, nearest=nearest):
        metadata = citation_metadata(citation, answers=answer.answered)
        node = TextNode(
            id_=passage_id(citation),
            text=citation.passage.text,
            start_char_idx=citation.passage.start,
            end_char_idx=citation.passage.end,
            metadata=metadata,
            excluded_llm_metadata_keys=list(metadata),
            excluded_embed_metadata_keys=list(metadata),
        )
        nodes.append(NodeWithScore(node=node, score=citation.confidence))
    return nodes
