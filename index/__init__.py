"""Which passages of the articles could hold the answer? Knows nothing of ``qa``.

Everything is loaded when it is first used, so that ``import index`` costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing it from typing takes longer than all the rest of this file
if TYPE_CHECKING:
    from index.build import build_index, remove_documents
    from index.documents import Document, DocumentInfo, Hit, Page, Passage, Section, Span
    from index.encoder import DEFAULT_MODEL, Encoder, OnnxEncoder, SentenceTransformersEncoder
    from index.errors import (
        ArticleError,
        CorruptIndexError,
        EncoderNotFoundError,
        IncompatibleIndexError,
        IndexLockedError,
        IndexNotFoundError,
        PassageIndexError,
    )
    from index.filters import Filters
    from index.fusion import RetrievalSettings
    from index.manifest import Manifest
    from index.passages import PassageSettings, split_passages
    from index.readers import DEFAULT_LIMITS, ReadLimits, find_articles, read_article
    from index.report import BuildReport, FileReport, FileStatus, Progress
    from index.retriever import PassageIndex
    from index.sentences import split_sentences
    from index.verify import Finding, VerifyReport, verify_index

__all__ = [
    "DEFAULT_LIMITS",
    "DEFAULT_MODEL",
    "ArticleError",
    "BuildReport",
    "CorruptIndexError",
    "Document",
    "DocumentInfo",
    "Encoder",
    "EncoderNotFoundError",
    "FileReport",
    "FileStatus",
    "Filters",
    "Finding",
    "Hit",
    "IncompatibleIndexError",
    "IndexLockedError",
    "IndexNotFoundError",
    "Manifest",
    "OnnxEncoder",
    "Page",
    "Passage",
    "PassageIndex",
    "PassageIndexError",
    "PassageSettings",
    "Progress",
    "ReadLimits",
    "RetrievalSettings",
    "Section",
    "SentenceTransformersEncoder",
    "Span",
    "VerifyReport",
    "build_index",
    "find_articles",
    "read_article",
    "remove_documents",
    "split_passages",
    "split_sentences",
    "verify_index",
]

_MODULES = {
    "build": ("build_index", "remove_documents"),
    "documents": ("Document", "DocumentInfo", "Hit", "Page", "Passage", "Section", "Span"),
    "encoder": ("DEFAULT_MODEL", "Encoder", "OnnxEncoder", "SentenceTransformersEncoder"),
    "errors": (
        "ArticleError",
        "CorruptIndexError",
        "EncoderNotFoundError",
        "IncompatibleIndexError",
        "IndexLockedError",
        "IndexNotFoundError",
        "PassageIndexError",
    ),
    "filters": ("Filters",),
    "fusion": ("RetrievalSettings",),
    "manifest": ("Manifest",),
    "passages": ("PassageSettings", "split_passages"),
    "readers": ("DEFAULT_LIMITS", "ReadLimits", "find_articles", "read_article"),
    "report": ("BuildReport", "FileReport", "FileStatus", "Progress"),
    "retriever": ("PassageIndex",),
    "sentences": ("split_sentences",),
    "verify": ("Finding", "VerifyReport", "verify_index"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load what ``__all__`` names when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the names that are exported."""
    return list(__all__)
