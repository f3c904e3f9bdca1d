"""Fit ranking and confidence to answers from given texts: ``python -m training.fit_texts``.

The questions, the halves and the indexes are those of ``training.fit_confidence``, which is run before. What is given
are the passages that a plain vector search finds, best first, as the retrievers of other tools give them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from index import Document, Hit
from qa.assistant import Assistant
from qa.candidates import Ranked
from qa.confidence import SHIPPED
from qa.from_texts import TextAssistant, calibration_name, shipped_calibration
from qa.judging import supports
from qa.question_sets import Question
from qa.reader import open_reader
from qa.settings import Settings
from training.fit_confidence import EACH, SETS, questions
from training.linear import fit_calibration, report

TEXTS = 10
"""How many texts are given with a question."""


def main() -> None:
    """Ask the questions, fit, print the figures, write the calibration."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/eval"), help="folder of the question sets")
    parser.add_argument("--cache", type=Path, required=True, help="folder that fit_confidence keeps its indexes in")
    parser.add_argument("--reader", default="default", help="default or none")
    parser.add_argument("--each", type=int, default=EACH, help="most questions of a set and kind")
    parser.add_argument("--write", action="store_true", help=f"write {SHIPPED.name}")
    options = parser.parse_args()
    rows = [row for name in SETS if (options.cache / "indexes" / name).exists() for row in features_of(name, options)]
    fitted_on, reported_on = ([row for row in rows if row["half"] == half] for half in (0, 1))
    sets = ", ".join(dict.fromkeys(row["set"] for row in rows))
    provenance = f"{TEXTS} given texts with each of {len(fitted_on)} questions, on half of the articles of {sets}"
    calibration = fit_calibration(fitted_on, provenance=provenance)
    print("Fitted on half of the articles, figures of the other half:", *report(calibration, reported_on), sep="\n")
    plain = shipped_calibration("no such reader" if options.reader == "default" else options.reader)
    print(f"\nWith the calibration that is there now ({plain.provenance}):", *report(plain, reported_on), sep="\n")
    if options.write:
        calibration.save(SHIPPED, reader=calibration_name(options.reader))


def features_of(name: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the features of a set's questions, from the cache where they are there."""
    cached: Path = options.cache / f"{name}-texts-{options.reader}-{options.each}.jsonl"
    if not cached.exists():
        lines = [json.dumps(row) for row in _rows(name, options)]
        cached.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [json.loads(line) for line in cached.read_text(encoding="utf-8").splitlines()]


def _rows(name: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    settings = Settings(reader=options.reader, threads=2)
    texts = TextAssistant(open_reader(options.reader, threads=2), shipped_calibration(options.reader), settings)
    with Assistant.open(options.cache / "indexes" / name, settings=settings) as assistant:
        for kind, half, question in questions(name, options):
            given = given_texts(assistant, question.text)
            candidates = [
                {
                    "features": dict(ranked.candidate.features),
                    "answer": ranked.candidate.answer,
                    "right": kind == "answerable" and _is_right(question, ranked, given),
                }
                for ranked in texts.consider(question.text, [_document(place, hit) for place, hit in enumerate(given)])
            ]
            yield {"set": name, "kind": kind, "half": half, "question": question.text, "candidates": candidates}


def given_texts(assistant: Assistant, question: str) -> list[Hit]:
    """Return the passages nearest to a question by their vectors alone, best first."""
    hits = assistant.search(question, k=4 * TEXTS)
    return sorted(hits, key=lambda hit: (-(hit.dense or 0.0), hit.passage.id))[:TEXTS]


def _document(place: int, hit: Hit) -> Document:
    return Document(id=str(place), text=hit.text)


def _is_right(question: Question, ranked: Ranked, given: list[Hit]) -> bool:
    hit = ranked.candidate.hit
    origin = given[int(hit.document.id)]
    start = origin.passage.start
    passage = {"text": hit.text, "start": start + hit.passage.start, "end": start + hit.passage.end}
    return supports(question, {"document": {"source": origin.document.source}, "passage": passage})


if __name__ == "__main__":
    main()
