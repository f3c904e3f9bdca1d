"""Which passages, which fields, which fusion? Retrieval alone, one choice changed at a time.

    python benchmarks/ablation.py [--sets squad2 selqa ...] [--questions 200] [--share 1.0] [--only sizes fusion ...]

Each row changes one thing in the row named ``base``. Figures are the shares of answerable questions with a passage
that holds the answer among the first 1, 5, 10 and 20 (``evidence@k`` of the question sets' scorer), averaged over the
sets. Vectors are kept in ``--cache``, so that a second run embeds nothing again. BM25 is computed here, since
tantivy's k1 and b cannot be set; with its own values the ranking is tantivy's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sqlite3
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from index.documents import Document, Passage
from index.encoder import DEFAULT_MODEL, OnnxEncoder
from index.encoder_export import export_encoder
from index.passages import PassageSettings, split_passages
from index.readers import read_article

if TYPE_CHECKING:
    from numpy.typing import NDArray

SETS = ("squad2", "squad1", "selqa", "cmu_qa", "covidqa", "fairytaleqa", "qed_nq")
RANKS = (1, 5, 10, 20)
_NONE: NDArray[Any] = np.array([], dtype=np.int64)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Everything that a row can change."""

    max_words: int = 120
    min_words: int = 60
    overlap: int = 1
    embed_context: bool = True
    context_boost: float = 0.5
    stem: bool = True
    query_stopwords: bool = False
    k1: float = 1.2
    b: float = 0.75
    fusion: str = "share"
    rank_constant: float = 60.0
    dense_weight: float = 0.33
    lexical_weight: float = 0.67
    depth: int = 100


@dataclass(frozen=True)
class Question:
    """An answerable question and what proves an answer to it."""

    text: str
    document: str
    answers: tuple[str, ...]
    paragraph: tuple[int, int] | None


def main() -> None:
    """Print a row for each choice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eval", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "eval")
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--questions", type=int, default=200, help="of each set")
    parser.add_argument("--share", type=float, default=1.0, help="of each set's articles")
    parser.add_argument("--only", nargs="+", default=list(ROWS))
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "article-qa-vectors.db")
    parser.add_argument("--json", type=Path, help="write every set's figures here")
    arguments = parser.parse_args()
    embed = Embedder(arguments.cache)
    sets = {name: load(arguments.eval / name, arguments.questions, arguments.share) for name in arguments.sets}
    print(
        f"{'choice':34}" + "".join(f"{f'@{rank}':>8}" for rank in RANKS) + "   " + " ".join(f"{n:>7.7}" for n in sets)
    )
    kept: dict[str, dict[str, list[float]]] = {}
    for group in arguments.only:
        for name, choice in ROWS[group].items():
            figures = {s: evidence(documents, questions, choice, embed) for s, (documents, questions) in sets.items()}
            mean = np.mean(list(figures.values()), axis=0)
            detail = " ".join(f"{values[0]:7.3f}" for values in figures.values())
            print(f"{group + ': ' + name:34}" + "".join(f"{value:8.3f}" for value in mean) + "   " + detail, flush=True)
            kept[f"{group}: {name}"] = figures
    if arguments.json:
        arguments.json.write_text(json.dumps(kept, indent=1), encoding="utf-8")


def rows() -> dict[str, dict[str, Choice]]:
    """Return the rows by group."""
    base = Choice()
    sizes = [(40, 20, 1), (60, 30, 1), (80, 40, 1), (100, 50, 1), (150, 75, 1), (200, 100, 1)]
    return {
        "base": {"the choice": base},
        "alone": {
            "BM25": replace(base, dense_weight=0.0),
            "dense": replace(base, lexical_weight=0.0),
            **{f"BM25, {m} words": replace(base, dense_weight=0.0, max_words=m, min_words=n) for m, n, _ in sizes},
            **{f"BM25, overlap {n}": replace(base, dense_weight=0.0, overlap=n) for n in (0, 2)},
        },
        "size": {f"{m} words": replace(base, max_words=m, min_words=n, overlap=o) for m, n, o in sizes},
        "overlap": {str(n): replace(base, overlap=n) for n in (0, 1, 2)},
        "filled": {f"from {n} words": replace(base, min_words=n) for n in (30, 60, 80, 100)},
        "filled, BM25": {f"from {n} words": replace(base, dense_weight=0.0, min_words=n) for n in (30, 60, 80, 100)},
        "context": {
            "embedded, not in BM25": replace(base, context_boost=0.0),
            "not embedded": replace(base, embed_context=False),
            "neither": replace(base, embed_context=False, context_boost=0.0),
            **{f"BM25 boost {boost}": replace(base, context_boost=boost) for boost in (0.25, 1.0)},
        },
        "bm25": {
            f"alone, k1 {k1}, b {b}": replace(base, dense_weight=0.0, k1=k1, b=b)
            for k1, b in (
                (0.6, 0.4),
                (0.9, 0.4),
                (0.9, 0.75),
                (1.2, 0.4),
                (1.2, 0.75),
                (1.2, 0.9),
                (1.6, 0.75),
                (2.0, 0.75),
            )
        },
        "terms": {
            "alone, no stemming": replace(base, dense_weight=0.0, stem=False),
            "alone, stop words asked too": replace(base, dense_weight=0.0, query_stopwords=True),
            "no stemming": replace(base, stem=False),
            "stop words asked too": replace(base, query_stopwords=True),
        },
        "rrf": {
            f"constant {c}, dense {w}": replace(
                base, fusion="rrf", rank_constant=float(c), dense_weight=w, lexical_weight=1.0
            )
            for c, w in ((1, 0.7), (3, 0.5), (10, 0.3), (10, 1.0), (60, 0.3), (60, 1.0))
        },
        "sum": {
            f"{kind}, dense {w}": replace(base, fusion=kind, dense_weight=w, lexical_weight=1 - w)
            for kind in ("share", "raw", "max", "minmax", "zscore")
            for w in (0.2, 0.3, 0.4, 0.5, 0.6)
        },
        "depth": {str(n): replace(base, depth=n) for n in (10, 20, 50, 100, 200)},
    }


ROWS = rows()


def load(folder: Path, limit: int, share: float) -> tuple[list[Document], list[Question]]:
    """Return the articles of a set, read as the product reads them, and its questions, both sampled by hash."""
    documents = {}
    with tempfile.TemporaryDirectory() as scratch:
        for line in (folder / "docs.jsonl").read_text(encoding="utf-8").split("\n"):
            if not line:
                continue
            article = json.loads(line)
            name = re.sub(r"[^A-Za-z0-9._-]", "_", article["id"])
            if hash_of(article["id"]) >= share:
                continue
            path = Path(scratch, name + ".txt")
            path.write_bytes(article["text"].encode())
            documents[article["id"]] = read_article(path)
    questions = []
    for line in (folder / "questions.jsonl").read_text(encoding="utf-8").split("\n"):
        question = json.loads(line or "{}")
        if question.get("gold") and question["answers"] and question["answerable"] and question["doc_id"] in documents:
            paragraph = tuple(question["para"]) if question.get("para") else None
            answers = tuple(flat(answer) for answer in question["answers"])
            document = documents[question["doc_id"]].id
            questions.append((hash_of(question["id"]), Question(question["question"], document, answers, paragraph)))
    questions.sort(key=lambda pair: pair[0])
    return list(documents.values()), [question for _, question in questions[:limit]]


def hash_of(name: str) -> float:
    """Return a number from 0 to 1 that depends on the name alone."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 2**32


def flat(text: str) -> str:
    """Return a text as the scorer compares it."""
    return re.sub(r"\s+", " ", text).strip().lower()


def evidence(
    documents: Sequence[Document], questions: Sequence[Question], choice: Choice, embed: Embedder
) -> list[float]:
    """Return evidence@k for each rank."""
    passages, texts = cut(tuple(documents), choice.max_words, choice.min_words, choice.overlap)
    flats = flats_of(texts)
    ranker = Ranker(passages, texts, choice, embed)
    hits = np.zeros(len(RANKS))
    for question in questions:
        ranking = ranker.rank(question.text)[: max(RANKS)]
        right = [supports(question, passages[i], flats[i]) for i in ranking]
        hits += [any(right[:rank]) for rank in RANKS]
    return [float(hit) / max(1, len(questions)) for hit in hits]


@cache
def cut(documents: tuple[Document, ...], *sizes: int) -> tuple[tuple[Passage, ...], tuple[str, ...]]:
    """Return the passages of all articles and their texts."""
    settings = PassageSettings(max_words=sizes[0], min_words=sizes[1], overlap=sizes[2])
    pairs = [(document, p) for document in documents for p in split_passages(document, settings=settings)]
    return tuple(p for _, p in pairs), tuple(document.text[p.start : p.end] for document, p in pairs)


@cache
def flats_of(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the texts as the scorer compares them."""
    return tuple(flat(text) for text in texts)


def supports(question: Question, passage: Passage, text: str) -> bool:
    """Return whether a passage proves an answer, as the scorer says."""
    if passage.document_id != question.document:
        return False
    paragraph = question.paragraph
    if paragraph and not (passage.start < paragraph[1] and paragraph[0] < passage.end):
        return False
    return any(answer and answer in text for answer in question.answers)


class Ranker:
    """Ranks the passages of a set for a query."""

    def __init__(self, passages: Sequence[Passage], texts: Sequence[str], choice: Choice, embed: Embedder) -> None:
        """Embed and index the passages as the choice says."""
        self.choice = choice
        self.embed = embed
        joined = [
            f"{p.context}\n{t}" if p.context and choice.embed_context else t
            for p, t in zip(passages, texts, strict=True)
        ]
        self.vectors = embed.passages(joined) if choice.dense_weight else None
        self.text = field(tuple(texts), choice.stem)
        self.context = field(tuple(passage.context for passage in passages), choice.stem)
        self.size = len(texts)
        self.weights = (choice.dense_weight, choice.lexical_weight)

    def rank(self, query: str) -> list[int]:
        """Return positions of passages, best first."""
        choice = self.choice
        dense = self.vectors @ self.embed.query(query) if self.vectors is not None else np.zeros(self.size)
        lexical, most = self._lexical(query)
        lists = [best(dense, choice.depth, -1.0), best(lexical, choice.depth, 1e-9)]
        lists = [some if weight else some[:0] for some, weight in zip(lists, self.weights, strict=True)]
        found = np.unique(np.concatenate(lists))
        scores = np.zeros(len(found))
        for some, values, weight, top in zip(lists, (dense, lexical), self.weights, (1.0, most), strict=True):
            if len(some):
                scores += weight * points(values, some, found, choice, top)
        return [int(position) for position in found[np.argsort(-scores, kind="stable")]]

    def _lexical(self, query: str) -> tuple[NDArray[np.float64], float]:
        """Return each passage's BM25 score, and the score that nothing exceeds: all terms, endlessly often."""
        analyzer = analyzer_of(self.choice.stem, not self.choice.query_stopwords)
        terms = Counter(analyzer.analyze(query) or analyzer_of(self.choice.stem, False).analyze(query))
        scores = np.zeros(self.size)
        most = 1e-9
        if not self.choice.lexical_weight:
            return scores, most
        for words, boost in ((self.text, 1.0), (self.context, self.choice.context_boost)):
            for term, count in terms.items() if boost else ():
                positions, frequencies = words.postings.get(term, (_NONE, _NONE))
                idf = np.log(1 + (self.size - len(positions) + 0.5) / (len(positions) + 0.5))
                most += count * idf * (self.choice.k1 + 1) * (words is self.text)
                norm = self.choice.k1 * (1 - self.choice.b + self.choice.b * words.lengths[positions] / words.mean)
                scores[positions] += boost * count * idf * frequencies * (self.choice.k1 + 1) / (frequencies + norm)
        return scores, most


def best(values: NDArray[np.float64], depth: int, least: float) -> NDArray[np.int64]:
    """Return the positions of the highest values above ``least``, best first, ties by position."""
    order = np.argsort(-values, kind="stable")[:depth]
    return order[values[order] > least]


def points(
    values: NDArray[np.float64], some: NDArray[np.int64], found: NDArray[np.int64], choice: Choice, most: float
) -> NDArray[np.float64]:
    """Return what a list gives every candidate: by its rank, or by its score on a scale that can be added up."""
    is_dense = most == 1.0
    if choice.fusion == "rrf":
        ranks = {int(position): rank for rank, position in enumerate(some, 1)}
        return np.array([1 / (choice.rank_constant + ranks[int(p)]) if int(p) in ranks else 0.0 for p in found])
    scores = np.asarray(values[found], dtype=np.float64)
    if not is_dense:
        scores = np.where(np.isin(found, some), scores, 0.0)
    if choice.fusion == "share":
        return scores / most
    if choice.fusion == "raw":
        return scores if is_dense else scores / 25
    if choice.fusion == "max":
        return scores / max(1e-9, scores.max())
    listed = values[some]
    if choice.fusion == "minmax":
        return np.maximum(0.0, scores - listed.min()) / max(1e-9, float(np.ptp(listed)))
    return (scores - listed.mean()) / max(1e-9, float(listed.std()))


@dataclass(frozen=True)
class Field:
    """The words of a field: for each term, which passages have it and how often."""

    postings: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]
    lengths: NDArray[np.float64]
    mean: float


@cache
def field(texts: tuple[str, ...], stem: bool) -> Field:
    """Return the inverted file of a field."""
    analyzer = analyzer_of(stem, False)
    lists: dict[str, list[tuple[int, int]]] = defaultdict(list)
    lengths = np.zeros(len(texts))
    for position, text in enumerate(texts):
        terms = Counter(analyzer.analyze(text))
        lengths[position] = terms.total()
        for term, count in terms.items():
            lists[term].append((position, count))
    postings = {
        term: (np.array([p for p, _ in pairs]), np.array([float(c) for _, c in pairs])) for term, pairs in lists.items()
    }
    return Field(postings, lengths, max(1.0, float(lengths.mean())))


@cache
def analyzer_of(stem: bool, without_stopwords: bool) -> Any:  # noqa: ANN401
    """Return a tantivy analyzer like the product's."""
    import tantivy

    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    builder = builder.filter(tantivy.Filter.remove_long(60)).filter(tantivy.Filter.lowercase())
    if without_stopwords:
        builder = builder.filter(tantivy.Filter.stopword("english"))
    builder = builder.filter(tantivy.Filter.ascii_fold())
    return (builder.filter(tantivy.Filter.stemmer("english")) if stem else builder).build()


class Embedder:
    """The default encoder with a memory on disk."""

    def __init__(self, path: Path) -> None:
        """Open the memory; the model is loaded when it is first needed."""
        self._store = sqlite3.connect(path)
        self._store.execute("create table if not exists vectors (key blob primary key, vector blob)")
        self._encoder: OnnxEncoder | None = None

    def query(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a query."""
        return self._vectors("q", [text], lambda encoder, texts: encoder.encode_query(texts[0])[None])[0]

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of passages, in order."""
        return self._vectors("p", texts, lambda encoder, some: encoder.encode_passages(some))

    def _vectors(
        self, kind: str, texts: Sequence[str], encode: Callable[[OnnxEncoder, list[str]], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        keys = [hashlib.sha256((kind + text).encode()).digest() for text in texts]
        known = dict(self._known(keys))
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        chunks = [list(missing)[i : i + 256] for i in range(0, len(missing), 256)]
        for chunk in tqdm(chunks, desc="embedding", disable=len(chunks) < 3):
            vectors = encode(self._load(), [missing[key] for key in chunk])
            pairs = [(key, vector.tobytes()) for key, vector in zip(chunk, vectors, strict=True)]
            self._store.executemany("insert or ignore into vectors values (?, ?)", pairs)
            self._store.commit()
            known.update(pairs)
        return np.stack([np.frombuffer(known[key], dtype=np.float32) for key in keys])

    def _known(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        for start in range(0, len(keys), 500):
            some = keys[start : start + 500]
            marks = ",".join("?" * len(some))
            yield from self._store.execute(f"select key, vector from vectors where key in ({marks})", some)

    def _load(self) -> OnnxEncoder:
        if self._encoder is None:
            folder = Path(tempfile.mkdtemp())
            export_encoder(DEFAULT_MODEL, folder)
            self._encoder = OnnxEncoder.open(folder)
        return self._encoder


if __name__ == "__main__":
    main()
