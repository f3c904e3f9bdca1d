"""Indexes and answers of the question sets, kept in a folder so that nothing is built or asked twice.

What is kept is named by a digest of the articles and of the code that makes it: the modules of ``qa`` and ``index``
that the assistant (or the building of an index) imports, and the models' files. Changed code asks anew.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from question_sets import ROOT, QuestionSet, digest_of
from tqdm import tqdm

from qa.question_sets import Question
from qa.settings import Settings

_RESULT_KEYS = ("answered", "confidence", "reason", "citations", "nearest", "conflicts", "timings_ms", "question")
_assistants: dict[Path, Any] = {}


@dataclass(frozen=True)
class Workshop:
    """Where things are kept, and how questions are asked.

    Attributes:
        folder: Of everything that is kept.
        settings: Of the assistant.
        jobs: Processes that ask.
        reuse: Take what is kept whatever code made it.
    """

    folder: Path
    settings: Settings
    jobs: int = 1
    reuse: bool = False

    def index_of(self, name: str, sets: Sequence[QuestionSet]) -> Path:
        """Return the index of the articles of some sets, built where it is not kept."""
        from index import build_index

        code = "any" if self.reuse else code_digest("index.build")
        key = f"{name}-{digest_of([one.articles_digest for one in sets])[:8]}-{code}"
        target = self.folder / "indexes" / key
        if (target / "built").exists():
            return target / "index"
        older = sorted((self.folder / "indexes").glob(f"{key.rpartition('-')[0]}-*/built")) if self.reuse else []
        if older:
            return max(older, key=lambda path: path.stat().st_mtime).parent / "index"
        folders = [one.unpack(self.folder / "articles" / f"{one.name}-{one.articles_digest}") for one in sets]
        with tqdm(desc=f"index {name}", unit="article", disable=None) as bar:
            build_index(folders, target / "index", progress=partial(_show, bar))
        (target / "built").touch()
        return target / "index"

    def answers(self, index: Path, questions: Sequence[Question]) -> list[dict[str, Any]]:
        """Return the answers to the questions, in order; only those that are not kept are asked."""
        setting = f"{self.settings.reader}-{self.settings.risk:g}-{self.settings.k}".replace("/", "_")
        code = "any" if self.reuse else code_digest("qa.assistant")
        kept_at = self.folder / "answers" / f"{index.parent.name}-{setting}-{code}.jsonl"
        kept = _kept(kept_at)
        asked = [question for question in questions if _key(question) not in kept]
        kept_at.parent.mkdir(parents=True, exist_ok=True)
        with kept_at.open("a", encoding="utf-8") as file:
            for answer in tqdm(self._ask(index, asked), total=len(asked), desc="ask", unit="question", disable=None):
                file.write(json.dumps(answer, ensure_ascii=False) + "\n")
                kept[answer["key"]] = answer
        return [{**kept[_key(question)], "id": question.id} for question in questions]

    def _ask(self, index: Path, questions: Sequence[Question]) -> Iterator[dict[str, Any]]:
        texts = [question.text for question in questions]
        if self.jobs == 1 or len(texts) < 2 * self.jobs:
            yield from map(partial(_answer, index, self.settings), texts)
            return
        with ProcessPoolExecutor(self.jobs, get_context("spawn")) as pool:
            yield from pool.map(partial(_answer, index, self.settings), texts, chunksize=8)


def _answer(index: Path, settings: Settings, text: str) -> dict[str, Any]:
    from qa.assistant import Assistant
    from qa.errors import InvalidQuestionError

    if index not in _assistants:
        _assistants[index] = Assistant.open(index, settings=settings)
    try:
        plain = _assistants[index].ask(text).to_dict()
    except InvalidQuestionError as error:
        empty: dict[str, Any] = {"citations": [], "nearest": [], "conflicts": [], "timings_ms": {}}
        plain = {"question": text, "answered": False, "confidence": 0.0, "reason": str(error), **empty}
    return {"key": _text_key(text), **{name: plain[name] for name in _RESULT_KEYS}}


def _show(bar: tqdm[Any], progress: Any) -> None:  # noqa: ANN401  (index.Progress)
    bar.total = progress.total
    bar.update(max(0, progress.done - bar.n))


def _kept(path: Path) -> dict[str, dict[str, Any]]:
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").split("\n")
    return {answer["key"]: answer for answer in map(json.loads, filter(None, lines[:-1]))}


def _key(question: Question) -> str:
    return _text_key(question.text)


def _text_key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@cache
def code_digest(module: str) -> str:
    """Return 8 hex digits of a module's source, of all it imports from this project, and of the shipped models."""
    sources = sorted(_imported(module))
    models = sorted(path for path in (ROOT / "qa").rglob("*") if path.suffix in (".json", ".onnx") and path.is_file())
    paths = sources + (models if module.startswith("qa") else [])
    total = hashlib.sha256(sys.version.encode())
    for path in paths:
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:8]


def _imported(module: str) -> set[Path]:
    """Return the files of a module and of everything in this project that it imports, at any depth."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = ROOT / f"{name.replace('.', '/')}.py"
        path = path if path.exists() else ROOT / name.replace(".", "/") / "__init__.py"
        if not path.exists() or path in found:
            continue
        found.add(path)
        waiting += [taken for taken in _imports(path) if taken.split(".")[0] in ("qa", "index")]
    return found


def _imports(path: Path) -> Iterable[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def text_lookup(texts: Mapping[str, str], document: Mapping[str, Any]) -> str | None:
    """Return the text of the article that a citation names, from the set itself."""
    return texts.get(Path(document["source"]).stem)
