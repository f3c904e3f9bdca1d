"""Articles on disk -> documents: one file per format, picked by what the file holds."""

from __future__ import annotations

from index.readers.article import document_id, read_article
from index.readers.find import find_articles
from index.readers.limits import DEFAULT_LIMITS, ReadLimits
from index.readers.pool import ReadOutcome, read_articles

__all__ = [
    "DEFAULT_LIMITS",
    "ReadLimits",
    "ReadOutcome",
    "document_id",
    "find_articles",
    "read_article",
    "read_articles",
]
