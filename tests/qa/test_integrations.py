"""LangChain, LlamaIndex and Haystack: each integration against the real package."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from haystack import Document as HaystackDocument
from haystack import Pipeline
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from llama_index.core.base.base_retriever import BaseRetriever as NodeRetriever
from llama_index.core.schema import MetadataMode, NodeWithScore, TextNode

from index import Filters, PassageIndex
from qa.assistant import Assistant
from qa.from_texts import TextAssistant
from qa.integrations.haystack import ArticleAnswerer, DocumentCiter
from qa.integrations.langchain import ArticleRetriever, CiteDocuments
from qa.integrations.llama_index import ArticleQueryEngine, CitingQueryEngine
from qa.integrations.llama_index import ArticleRetriever as ArticleNodeRetriever
from tests.conftest import WordsEncoder
from tests.qa.test_from_texts import BY_WORDS, CHESS, PORT, TEA
from tests.shipped import shipped_index  # noqa: F401  (a fixture)

ROOT = Path(__file__).parents[2]
ASKED, QUOTE = "What water does black tea want?", "Black tea wants boiling water."
UNANSWERED = "Who painted the Mona Lisa?"


@pytest.fixture(scope="module")
def assistant(built_index: Path) -> Iterator[Assistant]:
    with Assistant(PassageIndex.open(built_index, encoder=WordsEncoder()), None, BY_WORDS) as opened:
        yield opened


@pytest.fixture(scope="module")
def texts() -> TextAssistant:
    return TextAssistant(None, BY_WORDS)


class Threads(TextAssistant):
    """Notes which thread asks."""

    def __init__(self):
        super().__init__(None, BY_WORDS)
        self.seen = set()

    def ask(self, *arguments, **options):
        self.seen.add(threading.get_ident())
        return super().ask(*arguments, **options)


def check_metadata(metadata, assistant):
    """Hold the metadata of a cited passage against its article."""
    text = assistant.passages.document(metadata["document_id"]).text
    assert text[metadata["quote_start"] : metadata["quote_end"]] == metadata["quote"]
    assert metadata["passage_start"] <= metadata["quote_start"] < metadata["quote_end"] <= metadata["passage_end"]
    assert Path(metadata["source"]).read_text(encoding="utf-8") == text
    assert metadata["link"] == Path(metadata["source"]).as_uri()
    assert 0 <= metadata["confidence"] <= 1
    json.dumps(metadata)


class TestLangChain:
    def test_the_retriever_gives_passages_with_their_citation(self, assistant):
        documents = ArticleRetriever(assistant=assistant, k=2).invoke(ASKED)
        assert len(documents) == 2
        assert documents[0].metadata["quote"] == QUOTE
        for document in documents:
            metadata = document.metadata
            check_metadata(metadata, assistant)
            text = assistant.passages.document(metadata["document_id"]).text
            assert document.page_content == text[metadata["passage_start"] : metadata["passage_end"]]
            assert metadata["answers"] is True
        assert len({document.id for document in documents}) == 2

    def test_the_retriever_is_a_retriever_in_a_chain_sync_and_async_and_in_batches(self, assistant):
        retriever = ArticleRetriever(assistant=assistant)
        chain = retriever | RunnableLambda(lambda documents: documents[0].metadata["quote"])
        assert isinstance(retriever, BaseRetriever)
        assert chain.invoke(ASKED) == asyncio.run(chain.ainvoke(ASKED)) == QUOTE
        assert retriever.batch([ASKED, UNANSWERED])[1] == []

    def test_the_retriever_gives_nothing_where_the_articles_do_not_answer_unless_asked_to(self, assistant):
        assert ArticleRetriever(assistant=assistant).invoke(UNANSWERED) == []
        nearest = ArticleRetriever(assistant=assistant, nearest=True).invoke(UNANSWERED)
        assert nearest
        assert {document.metadata["answers"] for document in nearest} == {False}

    def test_the_retriever_keeps_to_filters(self, assistant):
        retriever = ArticleRetriever(assistant=assistant, filters=Filters.parse(["source=*chess.txt"]), nearest=True)
        assert {Path(d.metadata["source"]).name for d in retriever.invoke("tea, chess, water")} == {"chess.txt"}

    def test_citing_quotes_any_retrievers_documents(self, texts):
        documents = [
            LangChainDocument(page_content=CHESS, metadata={"source": "chess.md"}),
            LangChainDocument(id="t", page_content=TEA, metadata={"source": "https://tea.example/a", "page": 3}),
        ]
        retriever = RunnableLambda(lambda question: documents)
        chain = {"question": RunnablePassthrough(), "documents": retriever} | CiteDocuments(texts)
        answer = chain.invoke(ASKED)
        assert answer["answered"]
        citation = answer["citations"][0]
        assert citation["input"] == {"place": 1, "id": "t", "metadata": documents[1].metadata}
        quote = citation["quote"]
        assert quote["text"] == TEA[quote["start"] : quote["end"]] == QUOTE
        assert citation["link"].startswith("https://tea.example/a#:~:text=Black%20tea")
        json.dumps(answer)

    def test_citing_abstains_and_then_cites_nothing(self, texts):
        documents = [LangChainDocument(page_content=text) for text in (TEA, CHESS)]
        answer = CiteDocuments(texts).invoke({"question": UNANSWERED, "documents": documents})
        assert (answer["answered"], answer["citations"]) == (False, [])
        assert answer["reason"]
        assert {citation["input"]["place"] for citation in answer["nearest"]} == {0, 1}

    def test_citing_from_no_documents_abstains(self, texts):
        assert not CiteDocuments(texts).invoke({"question": ASKED, "documents": []})["answered"]

    def test_citing_leaves_the_event_loop_free(self):
        noted = Threads()
        asked = {"question": ASKED, "documents": [LangChainDocument(page_content=TEA)]}
        assert asyncio.run(CiteDocuments(noted).ainvoke(asked))["answered"]
        assert threading.get_ident() not in noted.seen

    def test_citing_tells_what_it_takes_and_gives(self, texts):
        cite = CiteDocuments(texts)
        assert set(cite.get_input_jsonschema()["$defs"]["CiteInput"]["required"]) == {"question", "documents"}
        assert cite.get_output_jsonschema()["type"] == "object"

    def test_citing_refuses_any_other_input(self, texts):
        for wrong in ({"question": ASKED}, {"question": ASKED, "documents": [], "context": ""}, ASKED):
            with pytest.raises(ValueError, match="CiteDocuments takes"):
                CiteDocuments(texts).invoke(wrong)
        with pytest.raises(ValueError, match="takes no temperature"):
            CiteDocuments(texts).invoke({"question": ASKED, "documents": []}, temperature=0)


class GivenNodes(NodeRetriever):
    def __init__(self, *texts):
        super().__init__()
        self.nodes = [NodeWithScore(node=TextNode(text=text), score=0.5) for text in texts]

    def _retrieve(self, query_bundle):
        return self.nodes


class TestLlamaIndex:
    def test_the_retriever_gives_nodes_at_their_place_in_the_article(self, assistant):
        nodes = ArticleNodeRetriever(assistant, k=2).retrieve(ASKED)
        assert len(nodes) == 2
        for found in nodes:
            check_metadata(found.node.metadata, assistant)
            text = assistant.passages.document(found.node.metadata["document_id"]).text
            assert text[found.node.start_char_idx : found.node.end_char_idx] == found.node.text
            assert found.score == found.node.metadata["confidence"]
            assert found.node.get_content(MetadataMode.LLM) == found.node.text
        assert nodes[0].node.metadata["quote"] == QUOTE

    def test_the_retriever_gives_nothing_where_the_articles_do_not_answer_unless_asked_to(self, assistant):
        assert ArticleNodeRetriever(assistant).retrieve(UNANSWERED) == []
        nearest = asyncio.run(ArticleNodeRetriever(assistant, nearest=True).aretrieve(UNANSWERED))
        assert {found.node.metadata["answers"] for found in nearest} == {False}

    def test_the_query_engine_answers_in_quotes_sync_and_async(self, assistant):
        engine = ArticleQueryEngine(assistant, k=1)
        response = engine.query(ASKED)
        assert str(response).startswith(f"[1] “{QUOTE}”")
        assert response.metadata["answer"]["citations"][0]["quote"]["text"] == QUOTE
        assert [found.node.metadata["quote"] for found in response.source_nodes] == [QUOTE]
        assert str(asyncio.run(engine.aquery(ASKED))) == str(response)

    def test_the_query_engine_abstains_without_sources(self, assistant):
        response = ArticleQueryEngine(assistant).query(UNANSWERED)
        assert str(response).startswith("The articles do not answer this.")
        assert (response.source_nodes, response.metadata["answer"]["answered"]) == ([], False)

    def test_citing_quotes_the_nodes_of_any_retriever(self, texts):
        retriever = GivenNodes(CHESS, TEA, PORT)
        response = CitingQueryEngine(retriever, assistant=texts, k=1).query(ASKED)
        assert response.source_nodes == [retriever.nodes[1]]
        citation = response.metadata["answer"]["citations"][0]
        assert citation["node_id"] == retriever.nodes[1].node.node_id
        assert TEA[citation["quote"]["start"] : citation["quote"]["end"]] == citation["quote"]["text"] == QUOTE

    def test_citing_abstains_and_leaves_the_event_loop_free(self):
        noted = Threads()
        response = asyncio.run(CitingQueryEngine(GivenNodes(CHESS, TEA), assistant=noted).aquery(UNANSWERED))
        assert not response.metadata["answer"]["answered"]
        assert response.source_nodes == []
        assert threading.get_ident() not in noted.seen


def answerer(assistant, **options):
    """Return the component with an index that is open already."""
    made = ArticleAnswerer(**options)
    made._assistant = assistant
    return made


def citer(texts, **options):
    made = DocumentCiter(**options)
    made._assistant = texts
    return made


class TestHaystack:
    def test_the_answerer_gives_extracted_answers_with_offsets_into_their_document(self, assistant):
        given = answerer(assistant, k=2).run(query=ASKED)
        first = given["answers"][0]
        assert first.data == first.context == QUOTE
        for answer, document in zip(given["answers"], given["documents"], strict=True):
            assert answer.document is document
            offset = answer.context_offset
            assert document.content[offset.start : offset.end] == answer.context
            assert document.content[answer.document_offset.start : answer.document_offset.end] == answer.data
            check_metadata(answer.meta, assistant)
            assert answer.score == document.score == answer.meta["confidence"]
            assert type(answer).from_dict(json.loads(json.dumps(answer.to_dict()))) == answer
        assert given["result"]["citations"][0]["quote"]["text"] == QUOTE

    def test_the_answerer_abstains_with_its_reason(self, assistant):
        given = answerer(assistant).run(query=UNANSWERED)
        assert (given["answers"], given["documents"]) == ([], [])
        assert "Mona" in given["result"]["reason"]

    def test_the_answerer_keeps_to_filters(self, assistant):
        given = answerer(assistant, filters=["source=*chess.txt"]).run(query="How is chess won?")
        assert {Path(answer.meta["source"]).name for answer in given["answers"]} == {"chess.txt"}

    def test_the_citer_quotes_the_documents_of_a_pipeline(self, texts):
        documents = [HaystackDocument(content=text) for text in (CHESS, TEA)]
        documents.append(HaystackDocument(content=None))
        pipeline = Pipeline()
        pipeline.add_component("citer", citer(texts, k=1))
        given = pipeline.run({"citer": {"query": ASKED, "documents": documents}})["citer"]
        (answer,) = given["answers"]
        assert answer.document is given["documents"][0]
        assert answer.document.content == TEA
        assert TEA[answer.context_offset.start : answer.context_offset.end] == answer.context == QUOTE

    def test_the_citer_runs_beside_an_event_loop(self):
        noted = Threads()
        pipeline = Pipeline()
        pipeline.add_component("citer", citer(noted))
        asked = {"citer": {"query": UNANSWERED, "documents": [HaystackDocument(content=TEA)]}}
        given = asyncio.run(pipeline.run_async(asked))["citer"]
        assert (given["answers"], given["result"]["answered"]) == ([], False)
        assert threading.get_ident() not in noted.seen

    def test_a_pipeline_is_saved_and_loaded_with_its_settings(self, tmp_path):
        pipeline = Pipeline()
        pipeline.add_component("answerer", ArticleAnswerer(index=str(tmp_path), k=3, filters=["title=*"]))
        pipeline.add_component("citer", DocumentCiter(risk=0.05))
        loaded = Pipeline.loads(pipeline.dumps(), allowed_modules=["qa.integrations.haystack"])
        again = loaded.get_component("answerer")
        assert (again.index, again.k, again.risk, again.filters) == (str(tmp_path), 3, None, ["title=*"])
        assert loaded.get_component("citer").risk == 0.05

    @pytest.mark.slow
    def test_a_pipeline_opens_the_index_and_closes_it(self, shipped_index):  # noqa: F811
        pipeline = Pipeline()
        pipeline.add_component("answerer", ArticleAnswerer(index=str(shipped_index)))
        given = pipeline.run({"answerer": {"query": "what is Caspian Wind-2025"}})["answerer"]
        assert given["result"]["index"]["documents"] == 2
        pipeline.close()
        assert pipeline.get_component("answerer")._assistant is None


@pytest.mark.slow
def test_the_retrievers_open_an_index_by_its_path(shipped_index):  # noqa: F811
    retriever = ArticleRetriever.open(shipped_index, nearest=True)
    engine = ArticleQueryEngine.open(shipped_index)
    try:
        question = "what is Caspian Wind-2025"
        assert any("Caspian Wind-2025" in document.metadata["quote"] for document in retriever.invoke(question))
        assert engine.query(question).metadata["answer"]["index"]["documents"] == 2
    finally:
        retriever.assistant.close()


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [
        ("langchain", "langchain_core", "langchain"),
        ("llama_index", "llama_index", "llama-index"),
        ("haystack", "haystack", "haystack"),
    ],
)
def test_without_its_package_an_integration_names_the_extra(module, package, extra):
    code = f"import sys; sys.modules['{package}'] = None; import qa.integrations.{module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    told = f"the package {package} is not installed; it comes with: pip install 'article-qa[{extra}]'"
    assert done.stderr.splitlines()[-1] == f"ModuleNotFoundError: {told}"
