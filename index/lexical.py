"""Tantivy over the passages' words (BM25): which passages use the query's terms? Derived from the database.

The binding offers no way to set BM25's k1 and b: they are tantivy's, 1.2 and 0.75.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import PassageIndexError

if TYPE_CHECKING:
    import tantivy

RECIPE = "tantivy 1: simple, 60, lowercase, fold, english stems, freq"
_HEAP_BYTES = 50_000_000
_MOST_TERMS = 200
_K1 = 1.2  # tantivy's
_LOCKS = (".tantivy-meta.lock", ".tantivy-writer.lock")


@dataclass(frozen=True, slots=True)
class LexicalRow:
    """A passage as it is indexed: its id, its article's key, its text and the words it is found by besides."""

    passage: int
    document: int
    text: str
    context: str


class LexicalIndex:
    """Words by passage id, in memory or in a folder."""

    def __init__(self, folder: Path | None = None, *, fresh: bool = False) -> None:
        """Open the index in a folder, or make an empty one there; in memory where no folder is given."""
        import tantivy

        self.folder = folder
        if folder is None or fresh:
            self._index = tantivy.Index(_schema(), path=None if folder is None else str(folder))
        else:
            self._index = tantivy.Index.open(str(folder))
        self._index.register_tokenizer("article", _analyzer())
        self._searcher = self._index.searcher()

    def change(self, *, removed: Sequence[int] = (), rows: Iterable[LexicalRow] = ()) -> None:
        """Take away the passages of articles, by their keys, and add others.

        Raises:
            PassageIndexError: There is no room or no permission.
        """
        import tantivy

        try:
            writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
            if removed:  # by query: by term, the binding takes no number for an unsigned field, and says nothing
                gone = tantivy.Query.term_set_query(self._index.schema, "document", list(removed))
                writer.delete_documents_by_query(gone)
            for row in rows:
                entry = tantivy.Document()
                entry.add_text("text", row.text)
                entry.add_text("context", row.context)
                entry.add_unsigned("passage", row.passage)
                entry.add_unsigned("document", row.document)
                writer.add_document(entry)
            writer.commit()
            writer.wait_merging_threads()
        except (OSError, ValueError, RuntimeError) as error:
            where = self.folder or "the index in memory"
            raise PassageIndexError(
                f"{where} cannot be written ({error}); free some space or check its permissions"
            ) from error
        self._index.reload()
        self._searcher = self._index.searcher()

    def __len__(self) -> int:
        """Return the number of passages."""
        return int(self._searcher.num_docs)

    def ids(self) -> list[int]:
        """Return the passage ids, in no particular order."""
        import tantivy

        if not len(self):
            return []
        found = self._searcher.search(tantivy.Query.all_query(), len(self), count=False).hits
        ids = self._searcher.fast_field_values("passage", [address for _, address in found])
        return [int(id_ or 0) for id_ in ids]

    def search(
        self, query: str, limit: int, *, allowed: Sequence[int] | None = None, context_boost: float = 1.0
    ) -> list[tuple[int, float]]:
        """Return up to ``limit`` passage ids with their BM25 score, best first, ties by id.

        The query is a bag of words: quotes, brackets and operators have no meaning.

        Args:
            query: What is asked.
            limit: At most so many.
            allowed: Keys of the articles to choose from. If None, all.
            context_boost: How much a match in the context counts against one in the text.
        """
        import tantivy

        terms = _terms(query)
        if not terms or limit < 1 or (allowed is not None and not len(allowed)):
            return []
        clauses = _clauses(self._index.schema, terms, context_boost)
        if allowed is not None:
            permitted = tantivy.Query.term_set_query(self._index.schema, "document", list(allowed))
            words = tantivy.Query.boolean_query(clauses)
            clauses = [
                (tantivy.Occur.Must, tantivy.Query.const_score_query(permitted, 0.0)),
                (tantivy.Occur.Must, words),
            ]
        found = self._searcher.search(tantivy.Query.boolean_query(clauses), limit, count=False).hits
        ids = self._searcher.fast_field_values("passage", [address for _, address in found])
        hits = [(int(id_ or 0), float(score)) for id_, (score, _) in zip(ids, found, strict=True)]
        return sorted(hits, key=lambda hit: (-hit[1], hit[0]))

    def most(self, query: str) -> float:
        """Return the BM25 score of a text that has all of the query's words endlessly often: none has more."""
        size = len(self)
        found = ((count, int(self._searcher.doc_freq("text", term))) for term, count in _terms(query))
        return sum(count * (_K1 + 1) * math.log(1 + (size - some + 0.5) / (some + 0.5)) for count, some in found)

    def frequencies(self, words: Sequence[str]) -> list[int]:
        """Return for each word how many passages have it in their text; 0 for what is no word."""
        analyzer = _analyzer()
        terms = [max(analyzer.analyze(word), key=len, default="") for word in words]
        return [int(self._searcher.doc_freq("text", term)) for term in terms]


def open_words(folder: Path) -> LexicalIndex:
    """Open the index in a folder; where that may only be read, a copy of it, since tantivy wants to lock a file."""
    from tempfile import TemporaryDirectory

    if os.access(folder, os.W_OK):
        return LexicalIndex(folder)
    with TemporaryDirectory() as scratch:  # what is open stays readable when its name is gone
        copy_files(folder, Path(scratch, "words"))
        return LexicalIndex(Path(scratch, "words"))


def copy_files(old: Path, new: Path) -> None:
    """Start a new generation from an old one: segments never change, so they are linked where that is possible."""
    import shutil

    new.mkdir(parents=True)
    for path in old.iterdir():
        if path.name in _LOCKS:
            continue
        if path.suffix == ".json":
            shutil.copyfile(path, new / path.name)
            continue
        try:
            os.link(path, new / path.name)
        except OSError:
            shutil.copyfile(path, new / path.name)


def segment_files(folder: Path) -> list[Path]:
    """Return the files that make up the index in a folder, in a fixed order."""
    return sorted(path for path in folder.iterdir() if path.name not in _LOCKS)


def _schema() -> tantivy.Schema:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name="article", index_option="freq")
    builder.add_text_field("context", tokenizer_name="article", index_option="freq")
    builder.add_unsigned_field("passage", fast=True)
    builder.add_unsigned_field("document", indexed=True)
    return builder.build()


@cache
def _analyzer(*, stopwords: bool = False) -> tantivy.TextAnalyzer:
    import tantivy

    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    builder = builder.filter(tantivy.Filter.remove_long(60)).filter(tantivy.Filter.lowercase())
    if stopwords:
        builder = builder.filter(tantivy.Filter.stopword("english"))
    return builder.filter(tantivy.Filter.ascii_fold()).filter(tantivy.Filter.stemmer("english")).build()


def _terms(query: str) -> list[tuple[str, int]]:
    """Return the query's terms and how often it has them; stop words only where there is nothing else."""
    words = _analyzer(stopwords=True).analyze(query) or _analyzer().analyze(query)
    return Counter(words).most_common(_MOST_TERMS)


def _clauses(
    schema: tantivy.Schema, terms: Sequence[tuple[str, int]], context_boost: float
) -> list[tuple[tantivy.Occur, tantivy.Query]]:
    import tantivy

    clauses = []
    for term, count in terms:
        for name, boost in (("text", 1.0), ("context", context_boost)):
            if boost <= 0:
                continue
            query = tantivy.Query.term_query(schema, name, term, "freq")
            if boost * count != 1.0:
                query = tantivy.Query.boost_query(query, boost * count)
            clauses.append((tantivy.Occur.Should, query))
    return clauses
