"""How good the answers are, on every question set that is there, against the floors of ``floors.json``.

    python benchmarks/quality.py --sample 200 --jobs 2
    python benchmarks/quality.py --set squad2 --set selqa --json figures.json
    python benchmarks/quality.py --update                    # raise the floors to what was measured

Exit status: 0 all floors hold, 1 one is broken, 2 wrong use or no set there.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from asking import Workshop, text_lookup
from floors import breaches, load_floors, save_floors, updated
from machine import describe_machine
from question_sets import BESIDE, RETRIEVAL, ROOT, QuestionSet, as_unanswerable, digest_of, find_sets, sample, texts_of
from retrieval import retrieval_figures

from qa.evaluation import evaluate
from qa.question_sets import Question
from qa.settings import Settings

ANSWER_COLUMNS = (
    "A", "U", "evidence@1", "evidence@5", "quote@1", "quote_words", "span_f1", "auroc", "ece", "answered_A",
    "answered_U", "precision", "coverage@0.1", "verbatim",
)  # fmt: skip
TOGETHER = "together"


class Run:
    """One run over the sets: measures, and keeps what was measured with its digest."""

    def __init__(self, workshop: Workshop, sets: Sequence[QuestionSet], count: int | None) -> None:
        """Take what to ask with, the sets and how many questions of each."""
        self.workshop = workshop
        self.sets = sets
        self.count = count
        self.figures: dict[str, dict[str, Any]] = {}
        self.digests: dict[str, str] = {}

    def answers(self, one: QuestionSet) -> None:
        """Measure a set on the index of its own articles."""
        index = self.workshop.index_of(one.name, [one])
        self._keep(one.name, one.digest, self._measured(index, sample(one.questions, self.count), [one]))

    def elsewhere(self, own: QuestionSet, other: QuestionSet) -> None:
        """Ask the index of one set its own questions and those of another, which it cannot answer."""
        questions = sample(own.questions, self.count) + as_unanswerable(sample(other.questions, self.count))
        index = self.workshop.index_of(own.name, [own])
        name = f"{other.name} asked to {own.name}"
        self._keep(name, digest_of([own.digest, other.digest]), self._measured(index, questions, [own]))

    def together(self, asked: Sequence[QuestionSet]) -> None:
        """Ask one index of all sets' articles the questions of each."""
        index = self.workshop.index_of(TOGETHER, self.sets)
        everything = digest_of([one.digest for one in self.sets])
        for one in asked:
            questions = sample(one.questions, self.count)
            self._keep(f"{one.name} {TOGETHER}", everything, self._measured(index, questions, self.sets))

    def retrieval(self, one: QuestionSet) -> None:
        """Measure document retrieval on a set."""
        index = self.workshop.index_of(one.name, [one])
        for name, figures in retrieval_figures(one, index, sample(one.questions, self.count)).items():
            self._keep(one.name if name == "fused" else f"{one.name}, {name}", one.digest, figures)

    def _measured(self, index: Path, questions: list[Question], sets: Sequence[QuestionSet]) -> dict[str, Any]:
        answers = self.workshop.answers(index, questions)
        measured = evaluate(questions, answers, text_of=partial(text_lookup, texts_of(sets)))
        conflicts = sum(bool(answer["conflicts"]) for answer in answers)
        return {**measured.to_dict(), "conflicts": conflicts}

    def _keep(self, name: str, digest: str, figures: Mapping[str, Any]) -> None:
        key = name if self.count is None else f"{name}@{self.count}"
        self.figures[key] = dict(figures)
        self.digests[key] = digest


def main() -> int:
    """Measure, print the tables, compare with the floors or update them."""
    options = _options()
    sets = find_sets(options.eval)
    names = [one.name for one in sets]
    unknown = set(options.set or ()) - set(names)
    if unknown or not sets:
        print(f"no such set in {options.eval}: {', '.join(sorted(unknown)) or 'it is empty'}", file=sys.stderr)
        return 2
    chosen = [one for one in sets if not options.set or one.name in options.set]
    settings = replace(Settings(), risk=options.risk, reader=options.reader, threads=options.threads)
    run = Run(Workshop(options.cache, settings, options.jobs, options.reuse), sets, options.sample)
    _measure(run, chosen, mixed=not options.set if options.mixed is None else options.mixed)
    print(_heading())
    print(_tables(run.figures))
    if options.json:
        options.json.write_text(json.dumps({**_machine(), "figures": run.figures}, indent=1) + "\n", encoding="utf-8")
    return _settle(run, update=options.update, lower=options.lower)


def _measure(run: Run, chosen: Sequence[QuestionSet], *, mixed: bool) -> None:
    by_name = {one.name: one for one in run.sets}
    answering = [one for one in chosen if one.name not in RETRIEVAL]
    for one in answering:
        run.answers(one)
    for one in chosen:
        if one.name in RETRIEVAL:
            run.retrieval(one)
    if mixed:
        if {"selqa", "squad2"} <= by_name.keys():
            run.elsewhere(by_name["selqa"], by_name["squad2"])
        run.together(answering)


def _settle(run: Run, *, update: bool, lower: Sequence[str]) -> int:
    floors = load_floors()
    broken = [
        breach for name, figures in run.figures.items() for breach in breaches(floors, name, run.digests[name], figures)
    ]
    if update:
        for name, figures in run.figures.items():
            floors = updated(floors, name, run.digests[name], figures, lower=lower)
        save_floors(floors)
        broken = [b for n, f in run.figures.items() for b in breaches(floors, n, run.digests[n], f)]
    for breach in broken:
        print(f"BROKEN {breach.message}", file=sys.stderr)
    return 1 if broken else 0


def _tables(figures: Mapping[str, Mapping[str, Any]]) -> str:
    answers = {name: row for name, row in figures.items() if "A" in row}
    documents = {name: row for name, row in figures.items() if "A" not in row}
    tables = [_table("set", ANSWER_COLUMNS + ("conflicts",), answers)] if answers else []
    tables += [_table("set", ("nDCG@10", "R@100"), documents)] if documents else []
    return "\n\n".join(tables)


def _table(corner: str, columns: Sequence[str], rows: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [f"| {' | '.join((corner, *columns))} |", f"|{'---|' * (len(columns) + 1)}"]
    lines += [f"| {' | '.join((name, *(_cell(c, row.get(c)) for c in columns)))} |" for name, row in rows.items()]
    return "\n".join(lines)


def _cell(column: str, value: object) -> str:
    if not isinstance(value, float):
        return "" if value is None else str(value)
    return f"{value:.0f}" if column == "quote_words" else f"{value:.3f}"


def _heading() -> str:
    machine = _machine()
    return f"{machine['date']}, {machine['machine']}, commit {machine['commit']}: `{machine['command']}`\n"


def _machine() -> dict[str, str]:
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe_machine(),
        "commit": head.stdout.strip() or "unknown",
        "command": shlex.join(["python", "benchmarks/quality.py", *sys.argv[1:]]),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", metavar="NAME", help="only this set (may be repeated)")
    parser.add_argument("--sample", type=int, metavar="N", help="so many questions of each set, always the same")
    parser.add_argument("--jobs", type=int, default=1, help="processes that ask")
    parser.add_argument("--threads", type=int, default=0, help="threads of each, as QA_THREADS")
    parser.add_argument("--risk", type=float, default=Settings().risk)
    parser.add_argument("--reader", default=Settings().reader)
    parser.add_argument(
        "--mixed",
        action=argparse.BooleanOptionalAction,
        help="also ask across sets and one index of all (default: unless --set is given)",
    )
    parser.add_argument("--reuse", action="store_true", help="take kept indexes and answers whatever code made them")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures there")
    parser.add_argument("--update", action="store_true", help="raise the floors to what was measured")
    parser.add_argument("--lower", action="append", default=[], metavar="SET[:FIGURE]", help="floors that may fall")
    parser.add_argument("--eval", type=Path, default=BESIDE, help="folder of the sets")
    parser.add_argument("--cache", type=Path, default=ROOT / "runs" / "quality", help="folder of what is kept")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
