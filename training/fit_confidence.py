"""Fit the ranking and the confidence on questions with known answers: ``python -m training.fit_confidence``.

Each question set is split in two by a hash of the article, so that no article is on both sides: weights and risk
curve come from one half, the figures printed from the other. What is asked is mixed as in use:

* questions that the articles answer (the first citation is then right or wrong);
* near misses: questions written to have no answer, and answerable ones with a number or a name replaced;
* off topic: questions of one set asked to the articles of another.

The features of every candidate are kept in a cache folder, so that fitting again asks nothing again.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import random
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from index import build_index
from qa.assistant import Assistant
from qa.candidates import Ranked
from qa.citations import make_citation
from qa.confidence import SHIPPED
from qa.judging import supports
from qa.question_sets import Question, document_slug, read_questions
from qa.settings import Settings
from qa.terms import question_terms
from training.linear import fit_calibration, report

SETS = ("squad2", "squad1", "selqa", "cmu_qa", "covidqa", "fairytaleqa", "qed_nq")
EACH = 500
"""Most questions of a set for each kind; drawn by hash, the same every time."""
KINDS = ("answerable", "near miss", "swapped", "off topic")


def main() -> None:
    """Ask the questions, fit, print the figures, write the calibration."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/eval"), help="folder of the question sets")
    parser.add_argument("--cache", type=Path, required=True, help="folder for indexes and features")
    parser.add_argument("--reader", default="default", help="default or none")
    parser.add_argument("--each", type=int, default=EACH, help="most questions of a set and kind")
    parser.add_argument("--jobs", type=int, default=2, help="sets asked at the same time, a thread each")
    parser.add_argument("--write", action="store_true", help=f"write {SHIPPED.name}")
    options = parser.parse_args()
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        rows = [row for some in pool.map(partial(features_of, options=options), SETS) for row in some]
    fitted_on, reported_on = ([row for row in rows if row["half"] == half] for half in (0, 1))
    calibration = fit_calibration(fitted_on, provenance=_provenance(fitted_on))
    print("Fitted on half of the articles, figures of the other half:", *report(calibration, reported_on), sep="\n")
    print("\nFitted without the set it is measured on:")
    for name in dict.fromkeys(row["set"] for row in rows):
        without = fit_calibration([row for row in fitted_on if row["set"] != name], provenance="")
        print(report(without, [row for row in reported_on if row["set"] == name])[2])
    if options.write:
        calibration.save(SHIPPED, reader=options.reader)


def _provenance(rows: Sequence[dict[str, Any]]) -> str:
    kinds = ", ".join(f"{sum(row['kind'] == kind for row in rows)} {kind}" for kind in KINDS)
    return f"questions on half of the articles of {', '.join(dict.fromkeys(row['set'] for row in rows))}: {kinds}"


def features_of(name: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the features of a set's questions, from the cache where they are there."""
    folder: Path = options.data / name
    if not folder.exists():
        print(f"{folder} is missing: left out", file=sys.stderr)
        return []
    cached: Path = options.cache / f"{name}-{options.reader}-{options.each}.jsonl"
    if not cached.exists():
        index = _indexed(folder, options.cache)
        lines = []
        with Assistant.open(index, settings=Settings(reader=options.reader, threads=1)) as assistant:
            for kind, half, question in questions(name, options):
                row = {"set": name, "kind": kind, "half": half, "question": question.text}
                lines.append(json.dumps({**row, "candidates": _candidates(assistant, kind, question)}))
        cached.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [json.loads(line) for line in cached.read_text(encoding="utf-8").splitlines()]


def _indexed(folder: Path, cache: Path) -> Path:
    articles, index = cache / "articles" / folder.name, cache / "indexes" / folder.name
    if not articles.exists():
        articles.mkdir(parents=True)
        for line in (folder / "docs.jsonl").read_text(encoding="utf-8").splitlines():
            document = json.loads(line)
            path = articles / f"{document_slug(str(document['id']))}.txt"
            path.write_bytes(document["text"].encode())
    build_index([articles], index)
    return index


def _candidates(assistant: Assistant, kind: str, question: Question) -> list[dict[str, Any]]:
    return [
        {
            "features": dict(ranked.candidate.features),
            "answer": ranked.candidate.answer,
            "right": kind == "answerable" and _is_right(question, ranked),
        }
        for ranked in assistant.consider(question.text)
    ]


def _is_right(question: Question, ranked: Ranked) -> bool:
    citation = make_citation(ranked.candidate.hit, ranked.candidate.whole, None, rank=1, confidence=0.0)
    return supports(question, citation.to_dict())


def questions(name: str, options: argparse.Namespace) -> Iterator[tuple[str, int, Question]]:
    """Yield kind, half (0 to fit, 1 to report) and question, of every kind."""
    asked = [q for q in read_questions(options.data / name / "questions.jsonl") if q.is_scored]
    yield from _drawn("answerable", [q for q in asked if q.answerable], options.each)
    yield from _drawn("near miss", [q for q in asked if not q.answerable], options.each)
    answerable = [q for q in asked if q.answerable]
    yield from _drawn("swapped", _swapped(answerable), options.each // 4)
    other = SETS[(SETS.index(name) + 2) % len(SETS)]
    elsewhere = options.data / other / "questions.jsonl"
    if elsewhere.exists():
        yield from _drawn("off topic", [q for q in read_questions(elsewhere) if q.is_scored], options.each // 4)


def _drawn(kind: str, pool: Sequence[Question], most: int) -> Iterator[tuple[str, int, Question]]:
    for question in sorted(pool, key=lambda q: _hash(q.id + q.text))[:most]:
        yield kind, _hash(question.stem or question.text) % 2, question


def _swapped(pool: Sequence[Question]) -> list[Question]:
    """Return questions made unanswerable: a number changed, or a name replaced by another question's."""
    draw = random.Random(1)
    names = [term for q in pool for term in question_terms(q.text).names if len(term.text) > 3]
    swapped = []
    for question in pool:
        terms = question_terms(question.text)
        words = terms.numbers or terms.names
        if not words:
            continue
        word = draw.choice(words)
        new = str(_other_number(word.text, draw)) if word.is_number else draw.choice(names).text
        if new.casefold() == word.text.casefold():
            continue
        text = question.text[: word.start] + new + question.text[word.end :]
        swapped.append(dataclasses.replace(question, text=text))
    return swapped


def _other_number(number: str, draw: random.Random) -> int:
    digits = "".join(c for c in number if c.isdigit())
    value = int(digits[:9])
    return value + draw.choice((1, 2, 3, 7, 10)) * draw.choice((1, 1, -1) if value > 10 else (1,))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6])


if __name__ == "__main__":
    main()
