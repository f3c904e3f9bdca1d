"""How long a warm question takes and what it finds, by how many passages are read.

    python benchmarks/latency.py --index INDEX --questions ../shared/eval/squad2/questions.jsonl

The index holds the articles that the questions are about.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from machine import describe_machine

import qa.assistant
from qa import Assistant, Settings
from qa.judging import judge
from qa.question_sets import Question, read_questions

PASSAGES = (1, 3, 5, 10, 20)


def main() -> None:
    """Ask the same questions with each number of passages and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--count", type=int, default=100, help="questions, evenly drawn from those with an answer")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    asked = [q for q in read_questions(options.questions) if q.answerable and q.is_scored]
    asked = asked[:: max(1, len(asked) // options.count)][: options.count]
    adaptive = (qa.assistant.FIRST_READ, qa.assistant.PASSAGES_READ)
    print(describe_machine())
    print(f"{len(asked)} questions of {options.questions.name}, {options.threads} threads")
    print("| passages read | evidence@1 | evidence@5 | p50 ms | p95 ms |\n|---|---|---|---|---|")
    with Assistant.open(options.index, settings=Settings(threads=options.threads)) as assistant:
        assistant.ask(asked[0].text)
        for count in PASSAGES:
            qa.assistant.FIRST_READ = qa.assistant.PASSAGES_READ = count
            print(_row(str(count), assistant, asked, k=min(5, count)))
        qa.assistant.FIRST_READ, qa.assistant.PASSAGES_READ = adaptive
        print(_row(f"{adaptive[0]}, then up to {adaptive[1]}", assistant, asked, k=5))


def _row(name: str, assistant: Assistant, asked: list[Question], *, k: int) -> str:
    seconds, first, five = [], 0, 0
    for question in asked:
        started = time.perf_counter()
        answer = assistant.ask(question.text, k=k)
        seconds.append(time.perf_counter() - started)
        judged = judge(question, answer.to_dict())
        first += judged.is_right
        five += any(judged.supports)
    p95 = statistics.quantiles(seconds, n=20)[-1]
    figures = (f"{first / len(asked):.3f}", f"{five / len(asked):.3f}")
    return f"| {name} | {' | '.join(figures)} | {statistics.median(seconds) * 1000:.0f} | {p95 * 1000:.0f} |"


if __name__ == "__main__":
    main()
