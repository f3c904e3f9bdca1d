"""The JSON of requests and responses; an answer is ``Answer.to_dict``, key for key."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Question = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100_000,
        examples=["what is Caspian Wind-2025"],
        json_schema_extra={"pattern": r"\S"},  # only told: the assistant says it in better words
    ),
]
FilterList = Annotated[
    list[Annotated[str, Field(max_length=1000)]],
    Field(
        max_length=20, examples=[["date>=2024"]], description="Such as `date>=2024` or `title=*NATO*`; all must hold."
    ),
]
Offset = Annotated[int, Field(ge=0, le=2**53)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class AskRequest(_Request):
    """A question."""

    question: Question
    k: Annotated[int, Field(ge=1, le=100, description="Most citations.")] | None = None
    risk: (
        Annotated[float, Field(gt=0, lt=1, description="Largest share of wrong answers among those given.")] | None
    ) = None
    filters: FilterList = []
    explain: bool = Field(False, description="Whether each citation carries the scores behind it.")


class SearchRequest(_Request):
    """A question whose passages are wanted, without a decision."""

    question: Question
    k: Annotated[int, Field(ge=1, le=100, description="Most passages.")] = 10
    filters: FilterList = []


class QuoteModel(BaseModel):
    """A slice of a document's text, in code points."""

    text: str
    start: Offset
    end: Offset


class CitedPassageModel(QuoteModel):
    """The passage that a quote is taken from."""

    id: int


class DocumentModel(BaseModel):
    """What is known of an article besides its text."""

    id: str = Field(examples=["6ec5262110583e36"])
    source: str
    media_type: str
    sha256: str
    title: str | None
    author: str | None
    date: str | None
    url: str | None
    language: str | None


class ExplanationModel(BaseModel):
    """The scores behind a citation; only with `explain`."""

    score: float
    fused: float
    dense: float | None
    lexical: float | None
    reader: float | None
    coverage: float
    missing: list[str]


class CitationModel(BaseModel):
    """A quote with its proof."""

    rank: int
    confidence: Share
    quote: QuoteModel
    span: QuoteModel | None
    passage: CitedPassageModel
    document: DocumentModel
    page: int | None
    section: list[str]
    link: str
    duplicates: int
    explanation: ExplanationModel | None = None


class ConflictSideModel(BaseModel):
    """One side of a conflict."""

    rank: int
    value: QuoteModel


class ConflictModel(BaseModel):
    """Two citations that answer the question differently."""

    kind: str
    left: ConflictSideModel
    right: ConflictSideModel


class IndexStateModel(BaseModel):
    """Which state of the index answered."""

    revision: int
    documents: int
    passages: int


class AnswerModel(BaseModel):
    """An answer, or an abstention with its reason; `nearest` holds passages that are *not* an answer."""

    version: int
    question: str
    answered: bool
    confidence: Share
    reason: str | None
    citations: list[CitationModel]
    nearest: list[CitationModel]
    conflicts: list[ConflictModel]
    index: IndexStateModel
    timings_ms: dict[str, float]


class PageModel(BaseModel):
    """A page of a paginated article."""

    number: int
    start: Offset
    end: Offset


class SectionModel(BaseModel):
    """A part of an article under a heading."""

    path: list[str]
    start: Offset
    end: Offset


class HitModel(BaseModel):
    """A passage that was found."""

    rank: int
    score: float
    dense: float | None
    lexical: float | None
    passage: CitedPassageModel
    section: list[str]
    document: DocumentModel
    pages: list[PageModel]
    link: str


class SearchModel(BaseModel):
    """Passages, best first. None of them is claimed to answer."""

    question: str
    hits: list[HitModel]
    index: IndexStateModel


class DocumentListModel(BaseModel):
    """A page of the list of articles, in the order of their sources."""

    total: int
    offset: int
    limit: int
    documents: list[DocumentModel]
    index: IndexStateModel


class DocumentDetailModel(DocumentModel):
    """An article: what is known of it, and where its parts lie."""

    characters: int
    pages: list[PageModel]
    sections: list[SectionModel]
    text: str = Field(description="Address of its text; `#char=120,180` on it names a range of code points (RFC 5147).")


class UploadModel(BaseModel):
    """What became of an uploaded article."""

    status: Literal["indexed", "unchanged"]
    document: DocumentModel
    index: IndexStateModel


class RemovedModel(BaseModel):
    """The article that has left the index."""

    removed: DocumentModel
    index: IndexStateModel


class VerifyRequest(BaseModel):
    """An answer, as `/v1/ask` gives it; other keys of it may be left out."""

    citations: Annotated[list[CitationModel], Field(max_length=200)]
    nearest: Annotated[list[CitationModel], Field(max_length=200)] = []


class ProofModel(BaseModel):
    """Whether a text of the answer stands in its article, word for word."""

    rank: int
    part: Literal["quote", "span", "passage"]
    text: str
    source: str
    proved: bool
    reason: str | None


class VerifyModel(BaseModel):
    """Whether every text is proved, and each proof."""

    proved: bool
    proofs: list[ProofModel]


class HealthModel(BaseModel):
    """The process runs."""

    status: Literal["ok"]


class ReadyModel(BaseModel):
    """The index is open and its encoder warm."""

    status: Literal["ready"]
    index: IndexStateModel


class ErrorDetail(BaseModel):
    """What is wrong."""

    code: str
    message: str


class ErrorModel(BaseModel):
    """The shape of every error."""

    error: ErrorDetail
