"""The tools of the MCP server: what each takes, does and gives, apart from how it is carried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from index import DocumentInfo, Filters, Page, Section
from qa.answers import Answer, IndexState
from qa.assistant import Assistant
from qa.citations import FoundPassage
from qa.plain_text import answer_text, one_line, place_of

LONGEST_TEXT = 20_000
"""Most characters of an article in one call."""


class ToolError(Exception):
    """A call that cannot be done as it was made; the message says what to do.

    Attributes:
        code: For programs; never changes its meaning.
    """

    def __init__(self, code: str, message: str) -> None:
        """Keep the code apart from the message."""
        super().__init__(message)
        self.code = code


Question = Annotated[str, Field(min_length=1, max_length=100_000, description="The question, in plain words.")]
FilterList = Annotated[
    list[Annotated[str, Field(max_length=1000)]],
    Field(
        max_length=20,
        description="Only from articles such as `date>=2024`, `title=*NATO*` or `source=*.pdf`; several must all hold.",
        examples=[["date>=2024"]],
    ),
]


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class AskArguments(_Arguments):
    """What ``ask`` takes."""

    question: Question
    k: Annotated[int, Field(ge=1, le=100, description="Most citations; 5 unless set otherwise.")] | None = None
    risk: (
        Annotated[
            float,
            Field(gt=0, lt=1, description="Largest share of wrong answers among those given; smaller abstains more."),
        ]
        | None
    ) = None
    filters: FilterList = []


class SearchArguments(_Arguments):
    """What ``search`` takes."""

    question: Question
    k: Annotated[int, Field(ge=1, le=100, description="Most passages.")] = 10
    filters: FilterList = []


class ReadDocumentArguments(_Arguments):
    """What ``read_document`` takes."""

    id: Annotated[str, Field(min_length=1, max_length=100, description="The article's `document.id`.")]
    start: Annotated[int, Field(ge=0, description="First character, from 0.")] = 0
    end: (
        Annotated[
            int, Field(ge=0, description=f"One past the last character; at most {LONGEST_TEXT:,} are given at once.")
        ]
        | None
    ) = None


class ListDocumentsArguments(_Arguments):
    """What ``list_documents`` takes."""

    filters: FilterList = []
    offset: Annotated[int, Field(ge=0, description="How many articles to pass over.")] = 0
    limit: Annotated[int, Field(ge=1, le=200, description="Most articles.")] = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Passages, best first. None of them is claimed to answer."""

    question: str
    hits: tuple[FoundPassage, ...]
    index: IndexState


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentText:
    """A part of an article: ``text`` is its characters ``start`` to ``end``.

    Attributes:
        document: The article.
        characters: How many the whole article has.
        start: First character of ``text``.
        end: One past its last.
        text: The article's own, never edited.
        next: Where to read on, or None where the article ends.
        pages: The pages that the part touches.
        sections: The sections that it touches.
    """

    document: DocumentInfo
    characters: int
    start: int
    end: int
    text: str
    next: int | None
    pages: tuple[Page, ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentList:
    """A part of the list of articles, in the order of their sources."""

    total: int
    offset: int
    limit: int
    documents: tuple[DocumentInfo, ...]
    index: IndexState


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gives: the data, and the same in short for a reader who sees only text."""

    data: dict[str, Any]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool as clients see it.

    Attributes:
        name: What it is called by.
        title: For people.
        description: For the model that decides whether to call it.
        arguments: What it takes; anything else is refused.
        result: The shape of its data.
        run: Does it.
    """

    name: str
    title: str
    description: str
    arguments: type[_Arguments]
    result: type
    run: Callable[[Assistant, Any], ToolResult]

    @property
    def output_schema(self) -> dict[str, Any]:
        """The JSON schema of the data."""
        return TypeAdapter(self.result).json_schema(mode="serialization")


def ask(assistant: Assistant, asked: AskArguments) -> ToolResult:
    """Answer with verbatim, cited quotes, or abstain."""
    answer = assistant.ask(asked.question, k=asked.k, risk=asked.risk, filters=_filters(asked.filters))
    return ToolResult(answer.to_dict(), answer_text(answer))


def search(assistant: Assistant, asked: SearchArguments) -> ToolResult:
    """Find passages without deciding whether they answer."""
    hits = assistant.search(asked.question, k=asked.k, filters=_filters(asked.filters))
    found = SearchResult(
        question=asked.question, hits=tuple(FoundPassage.of(hit) for hit in hits), index=_state(assistant)
    )
    lines = [_hit_line(hit) for hit in found.hits]
    return _result(found, "\n".join(lines) or "No passage has a word or a meaning of the question.")


def read_document(assistant: Assistant, asked: ReadDocumentArguments) -> ToolResult:
    """Give a part of an article's text."""
    try:
        document = assistant.passages.document(asked.id)
    except KeyError:
        raise ToolError("not_found", f"no article has the id {asked.id!r}; list_documents gives the ids") from None
    length = len(document.text)
    wanted = length if asked.end is None else asked.end
    if asked.start > length or asked.start > wanted:
        limits = f"the article has characters 0 to {length}"
        raise ToolError("invalid_range", f"there is nothing from character {asked.start} to {wanted}: {limits}")
    end = min(wanted, length, asked.start + LONGEST_TEXT)
    part = DocumentText(
        document=document.info,
        characters=length,
        start=asked.start,
        end=end,
        text=document.text[asked.start : end],
        next=end if end < length else None,
        pages=tuple(p for p in document.pages if p.start < end and asked.start < p.end),
        sections=tuple(s for s in document.sections if s.start < end and asked.start < s.end),
    )
    return _result(part, part.text)


def list_documents(assistant: Assistant, asked: ListDocumentsArguments) -> ToolResult:
    """List the articles."""
    documents = assistant.passages.documents(_filters(asked.filters))
    listed = DocumentList(
        total=len(documents),
        offset=asked.offset,
        limit=asked.limit,
        documents=tuple(documents[asked.offset : asked.offset + asked.limit]),
        index=_state(assistant),
    )
    heading = f"{len(listed.documents)} of {listed.total} articles"
    return _result(listed, "\n".join([heading, *(f"{d.id}  {place_of(d, (), None)}" for d in listed.documents)]))


def _hit_line(hit: FoundPassage) -> str:
    place = f"{place_of(hit.document, hit.section, None)}, characters {hit.passage.start}-{hit.passage.end}"
    return f"[{hit.rank}] {one_line(hit.passage.text)}\n    {place} of article {hit.document.id}"


def _filters(written: Sequence[str]) -> Filters | None:
    try:
        return Filters.parse(list(written)) if written else None
    except ValueError as error:
        raise ToolError("invalid_filter", str(error)) from None


def _state(assistant: Assistant) -> IndexState:
    passages = assistant.passages
    return IndexState(passages.revision, passages.document_count, passages.passage_count)


def _result(data: SearchResult | DocumentText | DocumentList, text: str) -> ToolResult:
    return ToolResult(asdict(data), text)


TOOLS = (
    Tool(
        name="ask",
        title="Ask the articles",
        description=(
            "Answer a question from the user's articles with verbatim quotes, each with its article, page, section and "
            "character offsets, and a calibrated confidence. Nothing is generated. `answered: false` means that the "
            "articles do not say; `nearest` then holds passages that are not an answer, so do not answer from them."
        ),
        arguments=AskArguments,
        result=Answer,
        run=ask,
    ),
    Tool(
        name="search",
        title="Search the articles",
        description=(
            "Find passages of the user's articles for a question, best first, without deciding whether they answer it. "
            "To answer a question, use `ask`."
        ),
        arguments=SearchArguments,
        result=SearchResult,
        run=search,
    ),
    Tool(
        name="read_document",
        title="Read an article",
        description=(
            "Read an article's text by its id, whole or a range of characters, such as what stands around a quote. "
            f"At most {LONGEST_TEXT:,} characters at once; `next` says where to read on."
        ),
        arguments=ReadDocumentArguments,
        result=DocumentText,
        run=read_document,
    ),
    Tool(
        name="list_documents",
        title="List the articles",
        description="List the user's articles with id, title, author, date and file, in the order of their files.",
        arguments=ListDocumentsArguments,
        result=DocumentList,
        run=list_documents,
    ),
)
