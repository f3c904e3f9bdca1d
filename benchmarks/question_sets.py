"""The question sets that lie beside the checkout, and the ones that ship: their articles and questions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from qa.question_sets import Question, document_slug, read_questions

ROOT = Path(__file__).resolve().parent.parent
BESIDE = ROOT.parent / "shared" / "eval"
"""Where the sets lie, unless ``--eval`` says otherwise."""
RETRIEVAL = ("cranfield", "medline1033", "time_mag")
"""Sets with relevance judgements of whole documents instead of answers."""


@dataclass(frozen=True)
class QuestionSet:
    """Articles and the questions about them.

    Attributes:
        name: Of its folder.
        questions_path: Its questions, JSON lines.
        docs_path: Its articles: a ``docs.jsonl``, or a folder of text files.
    """

    name: str
    questions_path: Path
    docs_path: Path

    @cached_property
    def texts(self) -> dict[str, str]:
        """The text of each article, by its file name without suffix."""
        if self.docs_path.is_dir():
            return {path.stem: path.read_bytes().decode("utf-8") for path in sorted(self.docs_path.glob("*.txt"))}
        rows = map(json.loads, self.docs_path.read_text(encoding="utf-8").split("\n")[:-1])
        return {document_slug(str(row["id"])): row["text"] for row in rows}

    @cached_property
    def questions(self) -> list[Question]:
        """Every question, in order."""
        return read_questions(self.questions_path)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Every line of the questions as it stands."""
        return [
            json.loads(line) for line in self.questions_path.read_text(encoding="utf-8").split("\n") if line.strip()
        ]

    @cached_property
    def articles_digest(self) -> str:
        """16 hex digits of the articles' names and texts."""
        return digest_of(f"{name}\0{text}" for name, text in sorted(self.texts.items()))

    @cached_property
    def digest(self) -> str:
        """16 hex digits of articles and questions: figures are comparable only where it is the same."""
        return digest_of([self.articles_digest, self.questions_path.read_text(encoding="utf-8")])

    def unpack(self, folder: Path) -> Path:
        """Write one text file an article, its text and nothing else, and return the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.texts.items():
            path = folder / f"{name}.txt"
            if not path.exists():
                path.write_bytes(text.encode("utf-8"))
        return folder


def find_sets(folder: Path) -> list[QuestionSet]:
    """Return the sets that are there, the seeds first, by name."""
    found = []
    seeds = folder / "seeds_questions.jsonl"
    if seeds.exists():
        found.append(QuestionSet("seeds", seeds, ROOT / "seeds"))
    for path in sorted(folder.glob("*/questions.jsonl")):
        found.append(QuestionSet(path.parent.name, path, path.with_name("docs.jsonl")))
    return found


def sample(questions: Sequence[Question], count: int | None) -> list[Question]:
    """Return ``count`` of the questions, in their order, always the same ones; all of them for None.

    They are chosen by the hash of their id, so that a larger sample holds every smaller one.
    """
    if count is None or count >= len(questions):
        return list(questions)
    chosen = sorted(range(len(questions)), key=lambda i: hashlib.sha256(questions[i].id.encode()).digest())[:count]
    return [questions[i] for i in sorted(chosen)]


def as_unanswerable(questions: Sequence[Question]) -> list[Question]:
    """Return the questions as they are to an index that does not hold their articles."""
    return [
        replace(q, answerable=False, is_scored=True, answers=(), evidence=(), paragraph=None, kind="elsewhere")
        for q in questions
    ]


def qrels_of(chosen: QuestionSet) -> Iterator[tuple[str, str, int]]:
    """Yield question id, article and relevance of every judgement of a retrieval set."""
    for row in chosen.rows:
        for judged in row.get("qrels", ()):
            yield str(row["id"]), document_slug(str(judged["doc_id"])), int(judged["rel"])


def digest_of(texts: Iterable[str]) -> str:
    """Return 16 hex digits that stand for the texts, in their order."""
    total = hashlib.sha256()
    for text in texts:
        total.update(hashlib.sha256(text.encode("utf-8")).digest())
    return total.hexdigest()[:16]


def texts_of(sets: Sequence[QuestionSet]) -> Mapping[str, str]:
    """Return the texts of several sets' articles; their file names do not clash."""
    return {name: text for one in sets for name, text in one.texts.items()}
